//! The segments that a viewer keeps, to play and to pass on.

use std::collections::BTreeMap;

use core::time::Duration;

use shoal_wire::id::{SegmentId, TrackId};

use super::request::Held;

/// Whole segments of all tracks.
#[derive(Debug, Default)]
pub(super) struct Store {
    segments: BTreeMap<SegmentId, Stored>,
    bytes: u64,
    /// The position that the player last reported.
    position: Option<Duration>,
}

/// A segment that is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) held: Held,
    start: Duration,
    end: Duration,
    /// Whether it has been played or passed on.
    pub(super) used: bool,
}

/// When the store makes room.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keeping {
    /// Live: segments that have long been played go at once.
    Recent(Duration),
    /// On demand: segments that have been played go when these bytes are passed.
    UpTo(u64),
}

impl Store {
    pub(super) fn moved(&mut self, position: Duration) {
        self.position = Some(position);
    }

    pub(super) fn has(&self, segment: SegmentId) -> bool {
        self.segments.contains_key(&segment)
    }

    pub(super) fn get(&mut self, segment: SegmentId) -> Option<&mut Stored> {
        self.segments.get_mut(&segment)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sequence numbers of what is kept of a track.
    pub(super) fn of(&self, track: TrackId) -> impl Iterator<Item = u64> {
        let all = SegmentId { track, seq: 0 }..=SegmentId {
            track,
            seq: u64::MAX,
        };
        self.segments.range(all).map(|(segment, _)| segment.seq)
    }

    /// Free space in percent of `limit`, counting only what the playhead has not passed.
    pub(super) fn free_percent(&self, limit: u64) -> f64 {
        let ahead = |stored: &&Stored| self.position.is_none_or(|at| at <= stored.end);
        let used: u64 = self
            .segments
            .values()
            .filter(ahead)
            .map(|stored| u64::from(stored.held.all()))
            .sum();
        100.0 - used as f64 / limit.max(1) as f64 * 100.0
    }

    /// Makes room for a segment and keeps it; what had to go.
    pub(super) fn keep(
        &mut self,
        segment: SegmentId,
        held: Held,
        time: core::ops::Range<Duration>,
        keeping: Keeping,
    ) -> Vec<(SegmentId, Stored)> {
        let gone = self.make_room(u64::from(held.all()), keeping);
        let stored = Stored {
            held,
            start: time.start,
            end: time.end,
            used: false,
        };
        self.bytes += u64::from(held.all());
        self.segments.insert(segment, stored);
        gone
    }

    fn make_room(&mut self, bytes: u64, keeping: Keeping) -> Vec<(SegmentId, Stored)> {
        let Some(position) = self.position else {
            return Vec::new();
        };
        let behind = match keeping {
            Keeping::Recent(behind) => behind,
            Keeping::UpTo(_) => Duration::ZERO,
        };
        let mut old: Vec<_> = self
            .segments
            .iter()
            .filter(|(_, stored)| position > stored.end + behind)
            .map(|(&segment, &stored)| (segment, stored))
            .collect();
        old.sort_by_key(|(_, stored)| stored.start);
        let mut gone = Vec::new();
        for (segment, stored) in old {
            if let Keeping::UpTo(limit) = keeping
                && self.bytes + bytes <= limit
            {
                break;
            }
            self.segments.remove(&segment);
            self.bytes -= u64::from(stored.held.all());
            gone.push((segment, stored));
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn keep(store: &mut Store, seq: u64, keeping: Keeping) -> Vec<u64> {
        let segment = SegmentId {
            track: TrackId(0),
            seq,
        };
        let held = Held {
            origin: 100,
            peers: 0,
        };
        let time = SECOND * 4 * seq as u32..SECOND * 4 * (seq as u32 + 1);
        let gone = store.keep(segment, held, time, keeping);
        gone.into_iter().map(|(segment, _)| segment.seq).collect()
    }

    #[test]
    fn on_demand_nothing_goes_before_the_limit() {
        let mut store = Store::default();
        store.moved(SECOND * 60);
        for seq in 0..3 {
            assert!(keep(&mut store, seq, Keeping::UpTo(300)).is_empty());
        }
        assert_eq!(keep(&mut store, 3, Keeping::UpTo(300)), [0]);
        assert_eq!(store.bytes(), 300);
    }

    #[test]
    fn what_has_not_been_played_stays_beyond_the_limit() {
        let mut store = Store::default();
        store.moved(SECOND);
        for seq in 0..4 {
            assert!(keep(&mut store, seq, Keeping::UpTo(300)).is_empty());
        }
        assert_eq!(store.bytes(), 400);
        assert!(store.free_percent(800) <= 50.0);
    }

    #[test]
    fn live_segments_go_when_they_are_long_past() {
        let mut store = Store::default();
        let recent = Keeping::Recent(SECOND * 15);
        for seq in 0..3 {
            keep(&mut store, seq, recent);
        }
        store.moved(SECOND * 20);
        assert_eq!(keep(&mut store, 5, recent), [0]);
    }
}
