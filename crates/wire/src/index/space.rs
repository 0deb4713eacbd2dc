//! The numbering of pieces: sparse, the same for every viewer, and stable for ever.

use core::ops::Range;

use crate::id::{PieceIndex, SegmentId, TrackId};

/// The numbering of a video's pieces.
///
/// Each segment has a slot of `stride` numbers, and its pieces are the first of them. Slots go
/// round the tracks, and round the number space when a live stream outlasts it:
///
/// ```text
/// rounds = floor((2^32 - 1) / stride / tracks)
/// slot   = ((seq mod rounds) * tracks + track) * stride
/// piece  = slot + 0, 1, 2, …
/// ```
///
/// Where nothing can be numbered (no track, a segment of more pieces than `stride`), there are no
/// pieces; nothing here fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PieceSpace {
    /// Bytes of a piece.
    pub piece_length: u32,
    /// Piece numbers reserved for each segment.
    pub stride: u32,
    /// How many tracks there are.
    pub tracks: u16,
}

impl PieceSpace {
    /// The numbering for pieces of `piece_length` bytes, `stride` numbers for each segment, and
    /// `tracks` tracks.
    pub const fn new(piece_length: u32, stride: u32, tracks: u16) -> Self {
        Self {
            piece_length,
            stride,
            tracks,
        }
    }

    /// Bytes of the longest segment that can be shared.
    pub fn max_length(&self) -> u32 {
        self.piece_length.saturating_mul(self.stride)
    }

    /// The numbers of all pieces of a segment of `length` bytes. Empty when the segment is empty,
    /// longer than [`PieceSpace::max_length`], or of a track that there is not.
    pub fn pieces(&self, segment: SegmentId, length: u32) -> Range<u32> {
        self.numbers(segment, length).unwrap_or(0..0)
    }

    /// The first number of a segment's slot; 0 for a track that there is not.
    pub fn slot(&self, segment: SegmentId) -> u32 {
        self.start(segment).unwrap_or(0)
    }

    /// The segment that a piece belongs to, and where in it the piece starts (bytes). Of all
    /// segments that share the number (after the space has wrapped) it is the one nearest to
    /// `hint`, a media sequence number that is being played.
    pub fn segment_near(&self, piece: PieceIndex, hint: u64) -> Option<(SegmentId, u32)> {
        let tracks = u32::from(self.tracks);
        let rounds = self.rounds();
        let slot = piece.0.checked_div(self.stride)?;
        let offset = piece
            .0
            .checked_rem(self.stride)?
            .checked_mul(self.piece_length)?;
        let round = slot.checked_div(tracks)?;
        if round >= rounds {
            return None;
        }
        let track = TrackId(u16::try_from(slot.checked_rem(tracks)?).ok()?);
        let seq = nearest(u64::from(round), u64::from(rounds), hint)?;
        Some((SegmentId { track, seq }, offset))
    }

    /// Segments of one track before the numbers begin anew.
    fn rounds(&self) -> u32 {
        u32::MAX
            .checked_div(self.stride)
            .and_then(|slots| slots.checked_div(u32::from(self.tracks)))
            .filter(|_| self.piece_length > 0)
            .unwrap_or(0)
    }

    fn numbers(&self, segment: SegmentId, length: u32) -> Option<Range<u32>> {
        let whole = length.checked_div(self.piece_length)?;
        let count = whole + u32::from(length.checked_rem(self.piece_length)? > 0);
        if count > self.stride {
            return None;
        }
        let start = self.start(segment)?;
        Some(start..start.checked_add(count)?)
    }

    fn start(&self, segment: SegmentId) -> Option<u32> {
        if segment.track.0 >= self.tracks {
            return None;
        }
        let round = segment.seq.checked_rem(u64::from(self.rounds()))?;
        u32::try_from(round)
            .ok()?
            .checked_mul(u32::from(self.tracks))?
            .checked_add(u32::from(segment.track.0))?
            .checked_mul(self.stride)
    }
}

/// The number nearest to `hint` that is `rest` modulo `modulus`; of two equally near, the lower.
fn nearest(rest: u64, modulus: u64, hint: u64) -> Option<u64> {
    let below = hint
        .checked_sub(hint.checked_rem(modulus)?)?
        .checked_add(rest);
    // One of the three next to each other is the nearest.
    let candidates = [
        below.and_then(|seq| seq.checked_sub(modulus)),
        below,
        below.and_then(|seq| seq.checked_add(modulus)),
    ];
    candidates
        .into_iter()
        .flatten()
        .min_by_key(|seq| seq.abs_diff(hint))
}
