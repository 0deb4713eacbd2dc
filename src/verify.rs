//! SHA-256 of pieces, one at a time, as they arrive.
//!
//! A piece takes about half a millisecond. A whole segment at once would hold up the page for
//! tens, wherever it is computed; so after a few the rest waits for the next turn.

use core::time::Duration;
use std::collections::VecDeque;

use sha2::{Digest as _, Sha256};
use shoal_engine::{Time, Verdict};
use shoal_wire::id::{PieceIndex, SegmentId};

use crate::catalogue::Catalogue;
use crate::store::Store;

/// Longest time that hashing takes of one turn: half of a frame at 60 Hz.
const LONGEST_TURN: Duration = Duration::from_millis(8);

/// A piece to verify.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// The piece.
    pub piece: PieceIndex,
    /// The segment that it lies in.
    pub segment: SegmentId,
    /// Where it starts in the segment, bytes.
    pub offset: u32,
    /// Bytes.
    pub length: u32,
}

/// The pieces that wait for their digest, and the one that is looked at.
#[derive(Debug, Default)]
pub struct Verifier {
    jobs: VecDeque<Job>,
    scratch: Vec<u8>,
}

impl Verifier {
    /// Takes in a piece.
    pub fn push(&mut self, job: Job) {
        self.jobs.push_back(job);
    }

    /// Whether pieces wait.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Whether the turn that began at `start` has had its share of hashing.
    #[must_use]
    pub fn is_tired(start: Time, now: Time) -> bool {
        now.since(start) >= LONGEST_TURN
    }

    /// Looks at the next piece.
    pub fn next(&mut self, store: &Store, catalogue: &Catalogue) -> Option<(PieceIndex, Verdict)> {
        let job = self.jobs.pop_front()?;
        Some((
            job.piece,
            self.verdict(job, store, catalogue)
                .unwrap_or(Verdict::Unknown),
        ))
    }

    /// Nothing when the bytes or their digest are not known.
    fn verdict(&mut self, job: Job, store: &Store, catalogue: &Catalogue) -> Option<Verdict> {
        let expected = catalogue.digest(job.segment, job.offset, job.length)?;
        let bytes = store.lend_range(job.segment, job.offset, job.length)?;
        self.scratch.resize(job.length as usize, 0);
        bytes.copy_to(&mut self.scratch);
        let found: [u8; 32] = Sha256::digest(&self.scratch).into();
        Some(if found == *expected {
            Verdict::Valid
        } else {
            Verdict::Invalid
        })
    }
}
