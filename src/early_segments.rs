//! Whole segments that the player got by itself before the engine could take them: it has not
//! joined yet, or the part of the index that describes them is still to come.

use core::mem;

use js_sys::Uint8Array;
use shoal_wire::id::SegmentId;

/// Bytes that are put aside at most; the oldest segments make room.
const MOST_BYTES: u32 = 8 * 1024 * 1024;

/// Segments that are put aside at most.
const MOST_SEGMENTS: usize = 16;

/// Segments in the order in which they came.
#[derive(Debug, Default)]
pub struct EarlySegments(Vec<(SegmentId, Uint8Array)>);

impl EarlySegments {
    /// Puts a segment aside, in place of what is held of it. The bytes must be nobody else's.
    pub fn put(&mut self, segment: SegmentId, data: Uint8Array) {
        self.0.retain(|(held, _)| *held != segment);
        if data.length() > MOST_BYTES {
            return;
        }
        self.0.push((segment, data));
        let mut bytes = 0_u32;
        let fits = |(_, data): &&(SegmentId, Uint8Array)| {
            bytes = bytes.saturating_add(data.length());
            bytes <= MOST_BYTES
        };
        let newest = self.0.iter().rev().take(MOST_SEGMENTS);
        let surplus = self.0.len() - newest.take_while(fits).count();
        self.0.drain(..surplus);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// All that is held, taken out.
    #[must_use]
    pub fn take(&mut self) -> Vec<(SegmentId, Uint8Array)> {
        mem::take(&mut self.0)
    }
}
