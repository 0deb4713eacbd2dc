//! Digests that are known, by the place of their segment and the state of its file.

use std::{collections::HashMap, ops::Range};

use shoal_wire::index::PartSegment;

use crate::{path::FilePath, root::Stamp};

/// Place of a segment: a file and, where it is not all of it, its bytes there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SegmentPlace {
    pub(super) path: FilePath,
    pub(super) range: Option<Range<u64>>,
}

/// Digests by the place of their segment and the state of its file.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<SegmentPlace, Noted>);

#[derive(Debug)]
struct Noted {
    stamp: Stamp,
    segment: PartSegment,
    used: bool,
}

impl Known {
    pub(super) fn insert(&mut self, place: SegmentPlace, stamp: Stamp, segment: PartSegment) {
        let noted = Noted {
            stamp,
            segment,
            used: true,
        };
        self.0.insert(place, noted);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&SegmentPlace, Stamp, &PartSegment)> {
        let noted = self.0.iter();
        noted.map(|(place, noted)| (place, noted.stamp, &noted.segment))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The digests of a segment whose file is in this state.
    pub(super) fn get(&mut self, place: &SegmentPlace, stamp: Stamp) -> Option<&PartSegment> {
        let noted = self.0.get_mut(place)?;
        // A file that holds several segments may grow behind this one.
        let grown = place.range.is_some() && noted.stamp.len < stamp.len;
        if noted.stamp != stamp && !grown {
            return None;
        }
        noted.used = true;
        Some(&noted.segment)
    }

    /// Forgets what was not asked for since the last call.
    pub(super) fn forget_unused(&mut self) {
        self.0.retain(|_, noted| std::mem::take(&mut noted.used));
    }
}
