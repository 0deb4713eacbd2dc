//! What is held, and what is on its way. Blind to the bytes themselves.
//!
//! Invariant: a segment is in the store from `Output::Reserve` to `Output::Evict`, and `have`
//! lists exactly the valid pieces of the segments in it.

use shoal_wire::id::{PieceIndex, SegmentId};
use shoal_wire::peer::{Block, Ranges};

use crate::piece::{MAX_BLOCKS, Piece};
use crate::table::Table;
use crate::time::Time;

/// The segments held or on their way.
#[derive(Debug, Default)]
pub(crate) struct Store {
    segments: Table<SegmentId, Segment>,
    by_first: Table<u32, SegmentId>,
    /// The valid pieces.
    pub(crate) have: Ranges,
    /// Bytes reserved.
    pub(crate) bytes: u64,
}

/// One segment held or on its way.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Its first piece.
    pub(crate) first: u32,
    /// Bytes.
    pub(crate) length: u32,
    piece_length: u32,
    block_length: u32,
    pieces: Vec<Piece>,
    /// How many peers have each piece, as last counted.
    copies: Vec<u16>,
    valid: usize,
    /// Last stored, played or sent.
    pub(crate) used: Time,
    /// Given to the player at least once.
    pub(crate) played: bool,
    /// Bytes of it sent to peers.
    pub(crate) served: u64,
    pub(crate) from_peers: u32,
    pub(crate) from_origin: u32,
}

impl Segment {
    pub(crate) fn new(
        first: u32,
        length: u32,
        piece_length: u32,
        block_length: u32,
        now: Time,
    ) -> Self {
        let count = length.div_ceil(piece_length.max(1)) as usize;
        Self {
            first,
            length,
            piece_length: piece_length.max(1),
            block_length: block_length.max(piece_length.div_ceil(MAX_BLOCKS)).max(1),
            pieces: vec![Piece::Blank; count],
            copies: Vec::new(),
            valid: 0,
            used: now,
            played: false,
            served: 0,
            from_peers: 0,
            from_origin: 0,
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.valid == self.pieces.len()
    }

    /// Some piece is valid or being checked.
    pub(crate) fn is_begun(&self) -> bool {
        self.pieces.iter().any(Piece::is_settled)
    }

    /// Pieces of it, in the swarm's numbers.
    pub(crate) fn span(&self) -> core::ops::Range<u32> {
        self.first..self.first + self.pieces.len() as u32
    }

    pub(crate) fn piece(&self, piece: u32) -> Option<&Piece> {
        self.pieces.get(piece.checked_sub(self.first)? as usize)
    }

    pub(crate) fn piece_mut(&mut self, piece: u32) -> Option<&mut Piece> {
        self.pieces.get_mut(piece.checked_sub(self.first)? as usize)
    }

    /// How many peers have a piece, as last counted.
    pub(crate) fn copies(&self, piece: u32) -> u16 {
        let at = piece.saturating_sub(self.first) as usize;
        self.copies.get(at).copied().unwrap_or(0)
    }

    /// Counts anew, given what each peer has.
    pub(crate) fn count_copies<'a>(&mut self, has: impl Iterator<Item = &'a Ranges>) {
        let (first, span) = (self.first, self.span());
        self.copies.clear();
        self.copies.resize(self.pieces.len(), 0);
        for range in has.flat_map(|has| has.within(span.clone())) {
            let held = (range.start - first) as usize..(range.end - first) as usize;
            for copies in self.copies.get_mut(held).unwrap_or_default() {
                *copies = copies.saturating_add(1);
            }
        }
    }

    /// Where a piece lies in the segment: offset and length, bytes.
    pub(crate) fn place(&self, piece: u32) -> (u32, u32) {
        let offset = piece
            .saturating_sub(self.first)
            .saturating_mul(self.piece_length);
        (
            offset,
            self.length.saturating_sub(offset).min(self.piece_length),
        )
    }

    /// How many blocks a piece is asked in.
    pub(crate) fn blocks(&self, piece: u32) -> u32 {
        self.place(piece).1.div_ceil(self.block_length)
    }

    /// A block by its number in the piece.
    pub(crate) fn block(&self, piece: u32, number: u32) -> Block {
        let begin = number * self.block_length;
        let length = self
            .place(piece)
            .1
            .saturating_sub(begin)
            .min(self.block_length);
        Block {
            piece: PieceIndex(piece),
            begin,
            length,
        }
    }

    /// The number of a block in its piece, when it is one that we would ask for.
    pub(crate) fn number(&self, block: Block) -> Option<u32> {
        let number = block.begin / self.block_length;
        (self.block(block.piece.0, number) == block && block.length > 0).then_some(number)
    }

    /// Bytes of it that were fetched, if none of it was played or passed on.
    pub(crate) fn idle_bytes(&self) -> u64 {
        if self.played || self.served > 0 {
            return 0;
        }
        u64::from(self.from_peers) + u64::from(self.from_origin)
    }

    /// Bytes that are neither valid nor being checked.
    pub(crate) fn missing_bytes(&self) -> u64 {
        self.span()
            .filter(|&piece| self.piece(piece).is_some_and(|p| !p.is_settled()))
            .map(|piece| u64::from(self.place(piece).1))
            .sum()
    }
}

impl Store {
    pub(crate) fn get(&self, id: SegmentId) -> Option<&Segment> {
        self.segments.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: SegmentId) -> Option<&mut Segment> {
        self.segments.get_mut(id)
    }

    /// The segment held that a piece lies in.
    pub(crate) fn at(&self, piece: PieceIndex) -> Option<SegmentId> {
        let &id = self.by_first.up_to(piece.0)?;
        self.segments
            .get(id)?
            .span()
            .contains(&piece.0)
            .then_some(id)
    }

    pub(crate) fn insert(&mut self, id: SegmentId, segment: Segment) {
        self.bytes += u64::from(segment.length);
        self.by_first.insert(segment.first, id);
        self.segments.insert(id, segment);
    }

    /// Forgets a segment: says what it was.
    pub(crate) fn remove(&mut self, id: SegmentId) -> Option<Segment> {
        let segment = self.segments.remove(id)?;
        self.by_first.remove(segment.first);
        let span = segment.span();
        self.have.remove(span.start, span.end);
        self.bytes = self.bytes.saturating_sub(u64::from(segment.length));
        Some(segment)
    }

    /// A piece of a segment has become valid.
    pub(crate) fn settle(&mut self, id: SegmentId, piece: u32) {
        if let Some(segment) = self.segments.get_mut(id) {
            segment.valid += 1;
            self.have.insert(piece, piece.saturating_add(1));
        }
    }

    /// Blocks that are marked as asked of a peer.
    pub(crate) fn asked_blocks(&self) -> usize {
        let open = self.segments.values().filter(|it| !it.is_complete());
        let pieces = open.flat_map(|segment| &segment.pieces);
        pieces.map(Piece::asked_blocks).sum()
    }

    /// Bytes fetched that were neither played nor passed on.
    pub(crate) fn idle_bytes(&self) -> u64 {
        self.segments.values().map(Segment::idle_bytes).sum()
    }

    /// The segment to forget first: the one used longest ago, of those that `may` be forgotten.
    pub(crate) fn oldest(&self, may: impl Fn(SegmentId) -> bool) -> Option<SegmentId> {
        self.segments
            .iter()
            .filter(|&(id, _)| may(id))
            .min_by_key(|&(id, segment)| (segment.used, id))
            .map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shoal_wire::id::TrackId;

    const ID: SegmentId = SegmentId {
        track: TrackId(0),
        seq: 3,
    };

    fn segment() -> Segment {
        Segment::new(768, 150_000, 65_536, 16_384, Time::default())
    }

    #[test]
    fn the_last_piece_and_its_last_block_are_shorter() {
        let segment = segment();
        assert_eq!(segment.span(), 768..771);
        assert_eq!(segment.place(770), (131_072, 18_928));
        assert_eq!(segment.blocks(770), 2);
        assert_eq!(segment.block(770, 1).length, 18_928 - 16_384);
        assert_eq!(segment.missing_bytes(), 150_000);
    }

    #[test]
    fn only_blocks_that_we_would_ask_for_have_a_number() {
        let segment = segment();
        assert_eq!(segment.number(segment.block(769, 3)), Some(3));
        let crooked = Block {
            piece: PieceIndex(769),
            begin: 1,
            length: 16_384,
        };
        assert_eq!(segment.number(crooked), None);
        let beyond = Block {
            piece: PieceIndex(770),
            begin: 32_768,
            length: 16_384,
        };
        assert_eq!(segment.number(beyond), None);
    }

    #[test]
    fn what_is_forgotten_is_no_longer_had() {
        let mut store = Store::default();
        store.insert(ID, segment());
        store.settle(ID, 769);
        assert!(store.have.contains(769));
        assert_eq!(store.at(PieceIndex(770)), Some(ID));
        assert_eq!(store.at(PieceIndex(771)), None);
        store.remove(ID);
        assert!(!store.have.contains(769));
        assert_eq!((store.bytes, store.at(PieceIndex(769))), (0, None));
    }
}
