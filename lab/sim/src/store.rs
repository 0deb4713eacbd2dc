//! The byte store of a simulated viewer: which bytes are written and whether they are corrupt.
//!
//! Each method refuses, with a sentence, what a real store could not do or what the engine's
//! contract forbids.

use core::ops::Range;

use shoal_wire::id::{PIECE_LENGTH, PieceIndex, SegmentId};
use shoal_wire::peer::Block;

use crate::small_map::SmallMap;

/// A breach of the contract, in words.
pub(crate) type Breach = String;

#[derive(Debug)]
pub(crate) struct Store {
    /// By the number of a segment's first piece.
    rooms: SmallMap<u32, Room>,
    /// The first piece of each segment held.
    first: SmallMap<SegmentId, u32>,
    bytes: u64,
}

#[derive(Debug)]
struct Room {
    segment: SegmentId,
    length: u32,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Some bytes are written: where, and whether they are corrupt.
    Writing(Vec<(Range<u32>, bool)>),
    /// The digest is being computed over bytes that are corrupt or not.
    Checking(bool),
    Valid,
}

impl Store {
    pub(crate) const fn new() -> Self {
        Self {
            rooms: SmallMap::new(),
            first: SmallMap::new(),
            bytes: 0,
        }
    }

    /// Bytes that rooms are made for.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn holds(&self, segment: SegmentId) -> bool {
        self.first.contains_key(&segment)
    }

    pub(crate) fn reserve(
        &mut self,
        segment: SegmentId,
        length: u32,
        pieces: Range<u32>,
    ) -> Result<(), Breach> {
        if self.holds(segment) {
            return Err(format!("reserves {segment:?} twice"));
        }
        let empty = Piece::Writing(Vec::new());
        let room = Room {
            segment,
            length,
            pieces: vec![empty; pieces.len()],
        };
        self.first.insert(segment, pieces.start);
        self.rooms.insert(pieces.start, room);
        self.bytes += u64::from(length);
        Ok(())
    }

    pub(crate) fn evict(&mut self, segment: SegmentId) -> Result<(), Breach> {
        let first = self.first.remove(&segment);
        let room = first
            .and_then(|first| self.rooms.remove(&first))
            .ok_or_else(|| format!("evicts {segment:?}, which has no room"))?;
        self.bytes -= u64::from(room.length);
        Ok(())
    }

    /// Writes a block.
    pub(crate) fn write(&mut self, block: Block, corrupt: bool) -> Result<(), Breach> {
        let (piece, length) = self.piece(block.piece)?;
        let range = block.begin..block.begin + block.length;
        if block.length == 0 || range.end > length {
            return Err(format!("keeps {block:?} in a piece of {length} bytes"));
        }
        let Piece::Writing(written) = piece else {
            return Err(format!("keeps {block:?} in a piece that is verified"));
        };
        // Most blocks of a piece come in their order.
        if written
            .last()
            .is_none_or(|(last, _)| last.end <= range.start)
        {
            match written.last_mut() {
                Some((last, was_corrupt)) if last.end == range.start && *was_corrupt == corrupt => {
                    last.end = range.end;
                }
                _ => written.push((range, corrupt)),
            }
            return Ok(());
        }
        let mut left = Vec::with_capacity(written.len() + 2);
        for (old, was_corrupt) in written.drain(..) {
            let before = old.start..old.end.min(range.start);
            let behind = old.start.max(range.end)..old.end;
            left.extend(
                [before, behind]
                    .into_iter()
                    .filter(|r| !r.is_empty())
                    .map(|r| (r, was_corrupt)),
            );
        }
        left.push((range, corrupt));
        left.sort_by_key(|(range, _)| range.start);
        *written = left;
        Ok(())
    }

    /// Writes a whole segment.
    pub(crate) fn fill(&mut self, segment: SegmentId, length: u32) -> Result<(), Breach> {
        let room = self
            .first
            .get(&segment)
            .and_then(|first| self.rooms.get_mut(first))
            .ok_or_else(|| format!("keeps {segment:?}, which has no room"))?;
        if room.length != length {
            return Err(format!("keeps {length} bytes in a room of {}", room.length));
        }
        for (nth, piece) in room.pieces.iter_mut().enumerate() {
            if let Piece::Writing(written) = piece {
                *written = vec![(0..piece_length(length, nth), false)];
            }
        }
        Ok(())
    }

    /// Begins a digest.
    pub(crate) fn check(
        &mut self,
        index: PieceIndex,
        segment: SegmentId,
        offset: u32,
        length: u32,
    ) -> Result<(), Breach> {
        let (room, nth) = self.room(index)?;
        let true_length = piece_length(room.length, nth);
        let true_place = (room.segment, nth as u32 * PIECE_LENGTH);
        let piece = &mut room.pieces[nth];
        let Piece::Writing(written) = piece else {
            return Err(format!("verifies {index:?}, which is verified"));
        };
        let mut end = 0;
        for (range, _) in written.iter() {
            if range.start > end {
                break;
            }
            end = range.end;
        }
        if true_place != (segment, offset) || length != true_length {
            return Err(format!(
                "verifies {index:?} as {length} bytes at {offset} of {segment:?}"
            ));
        }
        if end < length {
            return Err(format!(
                "verifies {index:?} with {end} of {length} bytes written"
            ));
        }
        *piece = Piece::Checking(written.iter().any(|&(_, corrupt)| corrupt));
        Ok(())
    }

    /// Ends a digest: whether the bytes are good, unless the piece was forgotten meanwhile.
    pub(crate) fn checked(&mut self, index: PieceIndex) -> Option<bool> {
        let (piece, _) = self.piece(index).ok()?;
        let Piece::Checking(corrupt) = *piece else {
            return None;
        };
        *piece = if corrupt {
            Piece::Writing(Vec::new())
        } else {
            Piece::Valid
        };
        Some(!corrupt)
    }

    /// Whether a block may be sent to a peer.
    pub(crate) fn readable(&mut self, block: Block) -> Result<(), Breach> {
        let (piece, length) = self.piece(block.piece)?;
        match piece {
            Piece::Valid if block.begin + block.length <= length => Ok(()),
            Piece::Valid => Err(format!("sends {block:?} of a piece of {length} bytes")),
            _ => Err(format!("sends {block:?}, which is not verified")),
        }
    }

    /// Whether a segment may be handed to the player; its length.
    pub(crate) fn whole(&self, segment: SegmentId) -> Result<u32, Breach> {
        let room = self
            .first
            .get(&segment)
            .and_then(|first| self.rooms.get(first))
            .ok_or_else(|| format!("delivers {segment:?}, which has no room"))?;
        if room
            .pieces
            .iter()
            .all(|piece| matches!(piece, Piece::Valid))
        {
            Ok(room.length)
        } else {
            Err(format!(
                "delivers {segment:?} before every piece is verified"
            ))
        }
    }

    /// The room that a piece is in, and the piece's number there.
    fn room(&mut self, index: PieceIndex) -> Result<(&mut Room, usize), Breach> {
        self.rooms
            .up_to_mut(&index.0)
            .map(|(first, room)| (room, (index.0 - first) as usize))
            .filter(|(room, nth)| *nth < room.pieces.len())
            .ok_or_else(|| format!("touches {index:?}, which has no room"))
    }

    fn piece(&mut self, index: PieceIndex) -> Result<(&mut Piece, u32), Breach> {
        let (room, nth) = self.room(index)?;
        let length = piece_length(room.length, nth);
        Ok((&mut room.pieces[nth], length))
    }
}

fn piece_length(segment: u32, nth: usize) -> u32 {
    (segment - nth as u32 * PIECE_LENGTH).min(PIECE_LENGTH)
}
