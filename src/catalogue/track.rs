//! One track: where its segments are, and what the index's parts say of them.

use core::ops::Range;

use shoal_wire::index::{Part, PartSegment};

/// Segments of one track whose addresses are kept; of a longer playlist, the last. Four days of
/// four-second segments.
const MOST_ADDRESSES: usize = 100_000;

/// Parts of one track that are kept; of a stream that goes on for longer, the last.
const MOST_PARTS: usize = 100_000;

/// Where a segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The resource.
    pub url: String,
    /// The segment's bytes in it; nothing when they are all of it.
    pub range: Option<Range<u64>>,
}

#[derive(Debug)]
pub(super) struct Track {
    playlist: String,
    part_segments: u32,
    /// In order of their media sequence numbers.
    addresses: Vec<(u64, Address)>,
    /// In order of their numbers.
    parts: Vec<(u64, Part)>,
}

impl Track {
    /// A track of which nothing is known but its playlist's address.
    pub(super) const fn new(playlist: String, part_segments: u32) -> Self {
        Self {
            playlist,
            part_segments,
            addresses: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Returns the absolute address of the playlist.
    pub(super) fn playlist(&self) -> &str {
        &self.playlist
    }

    /// Replaces what is known of the playlist. Segments that are out of order are left out.
    pub(super) fn list(&mut self, segments: Vec<(u64, Address)>) {
        let surplus = segments.len().saturating_sub(MOST_ADDRESSES);
        self.addresses.clear();
        for (seq, address) in segments.into_iter().skip(surplus) {
            if self.addresses.last().is_none_or(|(last, _)| *last < seq) {
                self.addresses.push((seq, address));
            }
        }
    }

    /// Learns a part. Its first segment and the length of each, or nothing when the file is no such
    /// part.
    pub(super) fn learn(
        &mut self,
        part: u64,
        bytes: &[u8],
        stride: u32,
    ) -> Option<(u64, Vec<u32>)> {
        let learnt = Part::decode(bytes).ok()?;
        let fits = |segment: &PartSegment| segment.pieces.len() <= stride as usize;
        if !learnt.is_of(part, self.part_segments) || !learnt.segments.iter().all(fits) {
            return None;
        }
        let lengths = learnt.segments.iter().map(|segment| segment.length);
        let outcome = (learnt.first, lengths.collect());
        match self
            .parts
            .binary_search_by_key(&part, |(number, _)| *number)
        {
            Ok(position) => {
                self.parts.remove(position);
                self.parts.insert(position, (part, learnt));
            }
            Err(position) => self.parts.insert(position, (part, learnt)),
        }
        let surplus = self.parts.len().saturating_sub(MOST_PARTS);
        self.parts.drain(..surplus);
        Some(outcome)
    }

    /// Where a segment is, if the playlist lists it.
    pub(super) fn address(&self, seq: u64) -> Option<&Address> {
        let position = self
            .addresses
            .binary_search_by_key(&seq, |(seq, _)| *seq)
            .ok()?;
        self.addresses.get(position).map(|(_, address)| address)
    }

    /// What the index says of a segment, if its part is here.
    pub(super) fn described(&self, seq: u64) -> Option<&PartSegment> {
        let number = seq.checked_div(u64::from(self.part_segments))?;
        let position = self
            .parts
            .binary_search_by_key(&number, |(number, _)| *number)
            .ok()?;
        let (_, part) = self.parts.get(position)?;
        part.segments
            .get(usize::try_from(seq.checked_sub(part.first)?).ok()?)
    }
}
