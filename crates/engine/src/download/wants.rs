//! The list of what should come, in the order of its deadlines.

use shoal_wire::id::SegmentId;

use crate::small_map::SmallMap;
use crate::time::Time;

/// A segment that should come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Want {
    pub(super) segment: SegmentId,
    /// When the player stalls without it.
    pub(super) deadline: Time,
    /// From here on the origin is asked for what no peer is sending.
    pub(super) danger: Time,
    /// From here on the origin is asked for all that is missing, whoever is sending it.
    pub(super) last_moment: Time,
    /// The player has asked for it.
    pub(super) needed: bool,
}

impl Want {
    /// Whether the player waits for it, and the time for peers to bring it is over.
    pub(super) fn is_urgent(&self, now: Time) -> bool {
        self.needed && self.danger <= now
    }
}

/// What should come.
#[derive(Debug, Default)]
pub(super) struct Wants {
    pub(super) list: Vec<Want>,
    /// Since when each of them has been wanted.
    pub(super) since: SmallMap<SegmentId, Time>,
    /// Left to the player's own loader, of those that are wanted.
    pub(super) left: SmallMap<SegmentId, ()>,
    /// Something has happened that may change the list.
    pub(super) stale: bool,
}

impl Wants {
    /// Whether a segment should come.
    pub(super) fn has(&self, segment: SegmentId) -> bool {
        self.list.iter().any(|want| want.segment == segment)
    }
}
