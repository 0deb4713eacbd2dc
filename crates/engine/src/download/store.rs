//! What is held, and what is on its way. Blind to the bytes themselves.
//!
//! Invariant: a segment is in the store from `Output::Reserve` to `Output::Evict`, and `have`
//! lists exactly the valid pieces of the segments in it.

use shoal_wire::id::{PieceIndex, SegmentId};
use shoal_wire::peer::{Block, Ranges};

use super::piece::{MAX_BLOCKS, Piece, Source, Taken};
use crate::small_map::SmallMap;
use crate::time::Time;

/// The segments held or on their way.
#[derive(Debug, Default)]
pub(crate) struct Store {
    segments: SmallMap<SegmentId, Segment>,
    by_first: SmallMap<u32, SegmentId>,
    /// The valid pieces.
    have: Ranges,
    /// Bytes reserved.
    bytes: u64,
}

/// One segment held or on its way.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Its first piece.
    first: u32,
    /// Bytes.
    length: u32,
    piece_length: u32,
    block_length: u32,
    pieces: Vec<Piece>,
    /// How many peers have each piece, as last counted.
    copies: Vec<u16>,
    valid: usize,
    /// Last stored, played or sent.
    used: Time,
    /// Given to the player at least once.
    played: bool,
    /// Bytes of it sent to peers.
    served: u64,
    from_peers: u32,
    from_origin: u32,
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

    /// Where pieces in a row lie in the segment: offset and length, bytes.
    pub(super) fn extent(&self, pieces: &core::ops::Range<u32>) -> (u32, u32) {
        let (offset, _) = self.place(pieces.start);
        let (last, length) = self.place(pieces.end.saturating_sub(1));
        (offset, last + length - offset)
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

    /// It came from the player's own loader.
    pub(super) const fn offered(&mut self) {
        self.played = true;
    }

    /// It is given to the player. Returns the bytes of it from peers, and from the
    /// origin and its mirrors.
    pub(super) fn play(&mut self, now: Time) -> (u32, u32) {
        self.played = true;
        self.used = now;
        (self.from_peers, self.from_origin)
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

    /// Forgets a segment. Returns the bytes of it that were fetched in vain.
    pub(super) fn remove(&mut self, id: SegmentId) -> u64 {
        let Some(segment) = self.segments.remove(id) else {
            return 0;
        };
        self.by_first.remove(segment.first);
        let span = segment.span();
        self.have.remove(span.start, span.end);
        self.bytes = self.bytes.saturating_sub(u64::from(segment.length));
        segment.idle_bytes()
    }

    /// A piece that was being checked is valid. Returns whether its segment is complete now.
    pub(super) fn accept(&mut self, now: Time, id: SegmentId, piece: u32) -> bool {
        let Some(segment) = self.segments.get_mut(id) else {
            return false;
        };
        let Some(state) = segment.piece_mut(piece) else {
            return false;
        };
        for (source, bytes) in state.accept() {
            match source {
                Source::Peer(_) => segment.from_peers += bytes,
                Source::Http(_) => segment.from_origin += bytes,
                Source::Player => {}
            }
        }
        segment.used = now;
        segment.valid += 1;
        self.have.insert(piece, piece.saturating_add(1));
        segment.is_complete()
    }

    /// The valid pieces.
    pub(crate) const fn have(&self) -> &Ranges {
        &self.have
    }

    /// Bytes reserved.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether all of a block is valid.
    pub(crate) fn holds(&self, block: Block) -> bool {
        let segment = self.at(block.piece).and_then(|id| self.get(id));
        segment.is_some_and(|segment| {
            let (_, length) = segment.place(block.piece.0);
            let end = block.begin.checked_add(block.length);
            segment.piece(block.piece.0).is_some_and(Piece::is_valid)
                && block.length > 0
                && end.is_some_and(|end| end <= length)
        })
    }

    /// A block is sent to a peer. Returns whether it is still held.
    pub(crate) fn serve(&mut self, now: Time, block: Block) -> bool {
        let id = self.at(block.piece);
        let Some(segment) = id.and_then(|id| self.segments.get_mut(id)) else {
            return false;
        };
        segment.used = now;
        segment.served += u64::from(block.length);
        true
    }

    /// Marks a block as asked of a peer. Returns whether it was so already; nothing when it is not one
    /// that we would ask for.
    pub(super) fn mark(&mut self, block: Block) -> Option<bool> {
        let id = self.at(block.piece)?;
        let segment = self.segments.get_mut(id)?;
        let number = segment.number(block)?;
        let piece = segment.piece_mut(block.piece.0)?;
        let again = piece.is_asked(number);
        piece.ask(number);
        Some(again)
    }

    /// Takes that back.
    pub(super) fn unmark(&mut self, block: Block) {
        let id = self.at(block.piece);
        if let Some(segment) = id.and_then(|id| self.segments.get_mut(id))
            && let Some(number) = segment.number(block)
            && let Some(piece) = segment.piece_mut(block.piece.0)
        {
            piece.unask(number);
        }
    }

    /// Whether a block is marked as asked of a peer.
    pub(super) fn is_marked(&self, block: Block) -> bool {
        let segment = self.at(block.piece).and_then(|id| self.get(id));
        segment.is_some_and(|segment| {
            let number = segment.number(block);
            let piece = segment.piece(block.piece.0);
            number
                .zip(piece)
                .is_some_and(|(n, piece)| piece.is_asked(n))
        })
    }

    /// Puts a block that a peer sent in its place. Returns what became of it; nothing when it has none.
    pub(super) fn take(&mut self, block: Block, from: Source) -> Option<Taken> {
        let id = self.at(block.piece)?;
        let segment = self.segments.get_mut(id)?;
        let number = segment.number(block)?;
        let blocks = segment.blocks(block.piece.0);
        let piece = segment.piece_mut(block.piece.0)?;
        Some(piece.take(number, blocks, from, block.length))
    }

    /// Puts a whole piece in its place, over whatever was there.
    pub(super) fn take_piece(&mut self, id: SegmentId, piece: u32, from: Source) -> Option<Taken> {
        let segment = self.segments.get_mut(id)?;
        let (blocks, (_, length)) = (segment.blocks(piece), segment.place(piece));
        let piece = segment.piece_mut(piece)?;
        Some(piece.take_all(blocks, from, length))
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
        store.take_piece(ID, 769, Source::Player);
        assert!(!store.accept(Time::default(), ID, 769));
        assert!(store.have.contains(769));
        assert_eq!(store.at(PieceIndex(770)), Some(ID));
        assert_eq!(store.at(PieceIndex(771)), None);
        store.remove(ID);
        assert!(!store.have.contains(769));
        assert_eq!((store.bytes, store.at(PieceIndex(769))), (0, None));
    }
}
