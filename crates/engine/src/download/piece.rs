//! One piece on its way into the store.
//!
//! A piece is blank, filling, being checked, or valid; while it fills, each of its blocks is had,
//! asked of one peer, or neither. Nothing here knows who has what, or when it is needed.

use crate::input::LinkId;

/// Blocks in a piece at most: they are bits of a word.
pub(crate) const MAX_BLOCKS: u32 = 64;

/// Who sent some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The origin (0), or one of its mirrors.
    Http(usize),
    /// The player's own loader, past the engine.
    Player,
    Peer(LinkId),
}

/// Where a piece stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Piece {
    #[default]
    Blank,
    Filling(Filling),
    /// All bytes are there and their digest is being computed.
    Checking(Filling),
    Valid,
}

/// The blocks of a piece, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filling {
    had: u64,
    asked: u64,
    sources: Vec<(Source, u32)>,
}

/// What became of bytes that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Wanted, and the piece is now complete: check it.
    Completed,
    /// Wanted.
    Kept,
    /// Had already.
    Surplus,
}

impl Piece {
    /// The first block from `from` on that is neither had nor asked.
    pub(crate) fn open_block(&self, blocks: u32) -> Option<u32> {
        let busy = match self {
            Self::Blank => 0,
            Self::Filling(filling) => filling.had | filling.asked,
            Self::Checking(_) | Self::Valid => return None,
        };
        let first = busy.trailing_ones();
        (first < blocks).then_some(first)
    }

    /// Every block is had or asked of somebody.
    pub(crate) fn all_asked(&self, blocks: u32) -> bool {
        self.open_block(blocks).is_none()
    }

    /// The block has been asked of somebody and has not come.
    pub(crate) const fn is_asked(&self, block: u32) -> bool {
        matches!(self, Self::Filling(filling) if filling.asked & bit(block) != 0)
    }

    /// How many blocks have been asked of somebody and have not come.
    pub(crate) const fn asked_blocks(&self) -> usize {
        match self {
            Self::Filling(filling) => filling.asked.count_ones() as usize,
            Self::Blank | Self::Checking(_) | Self::Valid => 0,
        }
    }

    /// The block has not come.
    pub(crate) const fn lacks(&self, block: u32) -> bool {
        match self {
            Self::Blank => true,
            Self::Filling(filling) => filling.had & bit(block) == 0,
            Self::Checking(_) | Self::Valid => false,
        }
    }

    /// Nothing more has to come for this piece.
    pub(crate) const fn is_settled(&self) -> bool {
        matches!(self, Self::Checking(_) | Self::Valid)
    }

    pub(crate) const fn is_valid(&self) -> bool {
        matches!(self, Self::Valid)
    }

    /// Marks a block as asked of a peer.
    pub(crate) fn ask(&mut self, block: u32) {
        if let Some(filling) = self.filling() {
            filling.asked |= bit(block);
        }
    }

    /// Takes that back.
    pub(crate) fn unask(&mut self, block: u32) {
        if let Self::Filling(filling) = self {
            filling.asked &= !bit(block);
            if filling.asked | filling.had == 0 {
                *self = Self::Blank;
            }
        }
    }

    /// A block has come.
    pub(crate) fn take(&mut self, block: u32, blocks: u32, source: Source, bytes: u32) -> Taken {
        let Some(filling) = self.filling() else {
            return Taken::Surplus;
        };
        if filling.had & bit(block) != 0 {
            return Taken::Surplus;
        }
        filling.had |= bit(block);
        filling.asked &= !bit(block);
        filling.credit(source, bytes);
        self.check_if_full(blocks)
    }

    /// The whole piece has come at once, over whatever was there.
    pub(crate) fn take_all(&mut self, blocks: u32, source: Source, bytes: u32) -> Taken {
        if self.is_settled() {
            return Taken::Surplus;
        }
        let mut filling = Filling {
            had: full(blocks),
            ..Filling::default()
        };
        filling.credit(source, bytes);
        *self = Self::Filling(filling);
        self.check_if_full(blocks)
    }

    /// The digest is the index's: says where the bytes came from.
    pub(crate) fn accept(&mut self) -> Vec<(Source, u32)> {
        match core::mem::replace(self, Self::Valid) {
            Self::Checking(filling) | Self::Filling(filling) => filling.sources,
            Self::Blank | Self::Valid => Vec::new(),
        }
    }

    /// The digest is another: says who sent the bytes and forgets them.
    pub(crate) fn refuse(&mut self) -> Vec<(Source, u32)> {
        match core::mem::take(self) {
            Self::Checking(filling) | Self::Filling(filling) => filling.sources,
            Self::Blank | Self::Valid => Vec::new(),
        }
    }

    fn filling(&mut self) -> Option<&mut Filling> {
        if *self == Self::Blank {
            *self = Self::Filling(Filling::default());
        }
        match self {
            Self::Filling(filling) => Some(filling),
            Self::Blank | Self::Checking(_) | Self::Valid => None,
        }
    }

    fn check_if_full(&mut self, blocks: u32) -> Taken {
        match core::mem::take(self) {
            Self::Filling(filling) if filling.had == full(blocks) => {
                *self = Self::Checking(filling);
                Taken::Completed
            }
            other => {
                *self = other;
                Taken::Kept
            }
        }
    }
}

impl Filling {
    fn credit(&mut self, source: Source, bytes: u32) {
        match self.sources.iter_mut().find(|(known, _)| *known == source) {
            Some((_, sum)) => *sum += bytes,
            None => self.sources.push((source, bytes)),
        }
    }
}

const fn bit(block: u32) -> u64 {
    1_u64.wrapping_shl(block)
}

const fn full(blocks: u32) -> u64 {
    if blocks >= MAX_BLOCKS {
        u64::MAX
    } else {
        (1 << blocks) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Source = Source::Peer(LinkId(1));
    const OTHER: Source = Source::Peer(LinkId(2));

    #[test]
    fn a_piece_fills_from_several_sources_and_names_them() {
        let mut piece = Piece::default();
        assert_eq!(piece.open_block(3), Some(0));
        piece.ask(0);
        piece.ask(1);
        assert_eq!(piece.open_block(3), Some(2));
        assert_eq!(piece.take(0, 3, PEER, 10), Taken::Kept);
        assert_eq!(piece.take(0, 3, PEER, 10), Taken::Surplus);
        assert_eq!(piece.take(2, 3, OTHER, 5), Taken::Kept);
        assert_eq!(piece.take(1, 3, PEER, 10), Taken::Completed);
        assert!(piece.is_settled());
        assert_eq!(piece.refuse(), [(PEER, 20), (OTHER, 5)]);
        assert_eq!(piece, Piece::Blank);
    }

    #[test]
    fn a_block_that_is_no_longer_asked_may_be_asked_again() {
        let mut piece = Piece::default();
        piece.ask(0);
        assert!(piece.all_asked(1));
        piece.unask(0);
        assert_eq!(piece.open_block(1), Some(0));
        assert_eq!(piece, Piece::Blank);
    }

    #[test]
    fn a_whole_piece_replaces_what_peers_had_sent_of_it() {
        let mut piece = Piece::default();
        assert_eq!(piece.take(0, 4, PEER, 10), Taken::Kept);
        assert_eq!(piece.take_all(4, Source::Http(0), 40), Taken::Completed);
        assert_eq!(piece.accept(), [(Source::Http(0), 40)]);
        assert!(piece.is_valid());
        assert_eq!(piece.take(0, 4, PEER, 10), Taken::Surplus);
    }

    #[test]
    fn a_piece_may_have_as_many_blocks_as_a_word_has_bits() {
        let mut piece = Piece::default();
        for block in 0..63 {
            assert_eq!(piece.take(block, 64, PEER, 1), Taken::Kept);
        }
        assert_eq!(piece.take(63, 64, PEER, 1), Taken::Completed);
    }
}
