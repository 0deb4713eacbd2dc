//! Media bytes, in JavaScript's heap: one `Uint8Array` for each segment.
//!
//! The store owns its arrays and lends none of them out: the player empties the buffers that it is
//! given, so it gets copies. What is kept and for how long is the engine's affair.

use core::ops::Range;

use js_sys::Uint8Array;
use shoal_wire::id::{PieceIndex, SegmentId};
use shoal_wire::peer::Block;

/// The segments that room was made for. There are some hundreds of them at most, so that looking
/// through the list for each block costs about a microsecond.
#[derive(Debug, Default)]
pub struct Store(Vec<Shelf>);

#[derive(Debug)]
struct Shelf {
    segment: SegmentId,
    pieces: Range<u32>,
    piece_length: u32,
    bytes: Uint8Array,
}

impl Store {
    /// Makes room for `length` bytes that are divided into `pieces`.
    pub fn reserve(
        &mut self,
        segment: SegmentId,
        pieces: Range<u32>,
        piece_length: u32,
        length: u32,
    ) {
        self.evict(segment);
        let bytes = Uint8Array::new_with_length(length);
        self.0.push(Shelf {
            segment,
            pieces,
            piece_length,
            bytes,
        });
    }

    /// Forgets a segment.
    pub fn evict(&mut self, segment: SegmentId) {
        self.0.retain(|shelf| shelf.segment != segment);
    }

    /// Puts a block in its place. `false` when there is none.
    pub fn write(&self, block: Block, data: &[u8]) -> bool {
        let Some(place) = self
            .place(block)
            .filter(|_| data.len() == block.length as usize)
        else {
            return false;
        };
        place.copy_from(data);
        true
    }

    /// As `write`, for bytes that are in JavaScript's heap.
    pub fn write_array(&self, block: Block, data: &Uint8Array) -> bool {
        let Some(place) = self.place(block).filter(|_| data.length() == block.length) else {
            return false;
        };
        place.set(data, 0);
        true
    }

    /// Puts a whole segment in its place. `false` when there is none of this size.
    pub fn fill(&self, segment: SegmentId, data: &Uint8Array) -> bool {
        let Some(shelf) = self
            .shelf(segment)
            .filter(|shelf| shelf.bytes.length() == data.length())
        else {
            return false;
        };
        shelf.bytes.set(data, 0);
        true
    }

    /// A copy of a whole segment, for good.
    #[must_use]
    pub fn copy(&self, segment: SegmentId) -> Option<Uint8Array> {
        let shelf = self.shelf(segment)?;
        Some(shelf.bytes.slice(0, shelf.bytes.length()))
    }

    /// The bytes of a block where they lie, to be copied from before the store is touched again.
    #[must_use]
    pub fn lend(&self, block: Block) -> Option<Uint8Array> {
        self.place(block)
    }

    /// The bytes of a segment from `offset` on, where they lie.
    #[must_use]
    pub fn lend_range(&self, segment: SegmentId, offset: u32, length: u32) -> Option<Uint8Array> {
        let shelf = self.shelf(segment)?;
        let end = offset
            .checked_add(length)
            .filter(|end| *end <= shelf.bytes.length())?;
        Some(shelf.bytes.subarray(offset, end))
    }

    fn shelf(&self, segment: SegmentId) -> Option<&Shelf> {
        self.0.iter().find(|shelf| shelf.segment == segment)
    }

    fn place(&self, block: Block) -> Option<Uint8Array> {
        let PieceIndex(piece) = block.piece;
        // Numbers come round again in a stream without end: the later segment has them.
        let shelf = self
            .0
            .iter()
            .rev()
            .find(|shelf| shelf.pieces.contains(&piece))?;
        let end_in_piece = block.begin.checked_add(block.length)?;
        if end_in_piece > shelf.piece_length {
            return None;
        }
        let piece_start = (piece - shelf.pieces.start).checked_mul(shelf.piece_length)?;
        let offset = piece_start.checked_add(block.begin)?;
        let end = offset
            .checked_add(block.length)
            .filter(|end| *end <= shelf.bytes.length())?;
        Some(shelf.bytes.subarray(offset, end))
    }
}
