//! The playlist of a track, and which of its segments lie in which window before the playhead.

use core::ops::Range;
use core::time::Duration;

use shoal_engine::TimelineSegment;

use super::settings::HybridConfig;

/// Segments of a playlist, in order and without gaps.
#[derive(Debug, Default)]
pub(super) struct Playlist {
    segments: Vec<TimelineSegment>,
}

/// The windows before the playhead, as the store's free space has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Windows {
    pub(super) high_demand: Duration,
    pub(super) http: Duration,
    pub(super) p2p: Duration,
}

/// The windows that a segment lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) high_demand: bool,
    pub(super) http: bool,
    /// In the window, and some peer has it or fetches it by HTTP.
    pub(super) p2p: bool,
}

/// A segment that may be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) seq: u64,
    pub(super) standing: Standing,
}

/// Free space, in percent, at which P2P looks no further ahead than HTTP, and neither looks ahead.
const SCARCE: f64 = 10.0;
const FULL: f64 = 5.0;

impl Playlist {
    pub(super) fn new(segments: Vec<TimelineSegment>) -> Self {
        Self { segments }
    }

    pub(super) fn lists(&self, seq: u64) -> bool {
        self.nth(seq).is_some()
    }

    /// When a segment plays.
    pub(super) fn time(&self, seq: u64) -> Option<Range<Duration>> {
        let segment = self.segments.get(self.nth(seq)?)?;
        Some(segment.start..segment.start + segment.duration)
    }

    /// The mean length of a segment.
    pub(super) fn mean(&self) -> Duration {
        let sum: Duration = self.segments.iter().map(|segment| segment.duration).sum();
        sum / (self.segments.len() as u32).max(1)
    }

    /// The segments from `first` on, for as long as they lie in a window. A first segment just
    /// behind the playhead counts when the second lies in a window: the player has asked for it.
    pub(super) fn queue(
        &self,
        first: u64,
        position: Duration,
        windows: Windows,
        offered: impl Fn(u64) -> bool,
    ) -> Vec<Item> {
        let Some(nth) = self.nth(first) else {
            return Vec::new();
        };
        let item = |segment: &TimelineSegment| Item {
            seq: segment.seq,
            standing: windows.standing(segment, position, &offered),
        };
        let mut items = self.segments[nth..].iter().map(item).peekable();
        let mut queue = Vec::new();
        if let Some(head) = items.next_if(|item| !item.standing.any()) {
            if !items.peek().is_some_and(|second| second.standing.any()) {
                return queue;
            }
            let standing = Standing {
                high_demand: true,
                ..head.standing
            };
            queue.push(Item { standing, ..head });
        }
        queue.extend(items.take_while(|item| item.standing.any()));
        queue
    }

    fn nth(&self, seq: u64) -> Option<usize> {
        let first = self.segments.first()?.seq;
        let nth = usize::try_from(seq.checked_sub(first)?).ok()?;
        (nth < self.segments.len()).then_some(nth)
    }
}

impl Windows {
    pub(super) fn new(config: &HybridConfig, free_percent: f64) -> Self {
        let (http, p2p) = if free_percent <= FULL {
            (Duration::ZERO, Duration::ZERO)
        } else if free_percent <= SCARCE {
            (config.http_window, config.http_window)
        } else {
            (config.http_window, config.p2p_window)
        };
        Self {
            high_demand: config.high_demand,
            http,
            p2p,
        }
    }

    fn standing(
        &self,
        segment: &TimelineSegment,
        position: Duration,
        offered: impl Fn(u64) -> bool,
    ) -> Standing {
        let end = segment.start + segment.duration;
        let within = |window| position + window >= segment.start && position <= end;
        Standing {
            high_demand: within(self.high_demand),
            http: within(self.http),
            p2p: within(self.p2p) && offered(segment.seq),
        }
    }
}

impl Standing {
    fn any(self) -> bool {
        self.high_demand || self.http || self.p2p
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Segments of 4 s from number 10 on.
    fn playlist(segments: u32) -> Playlist {
        let segment = |nth: u32| TimelineSegment {
            seq: 10 + u64::from(nth),
            start: SECOND * 4 * nth,
            duration: SECOND * 4,
        };
        Playlist::new((0..segments).map(segment).collect())
    }

    fn queue(first: u64, position: u32, config: &HybridConfig, offered: &[u64]) -> Vec<Item> {
        let windows = Windows::new(config, 100.0);
        playlist(20).queue(first, SECOND * position, windows, |seq| {
            offered.contains(&seq)
        })
    }

    #[test]
    fn high_demand_reaches_as_far_as_its_window() {
        let queue = queue(10, 0, &HybridConfig::default(), &[]);
        let urgent = queue.iter().filter(|item| item.standing.high_demand);
        // The fourth starts at 12 s, the fifth at 16 s.
        assert_eq!(urgent.map(|item| item.seq).max(), Some(13));
        assert_eq!(queue.len(), 20);
    }

    #[test]
    fn p2p_reaches_further_than_http_but_only_to_what_peers_have() {
        let config = HybridConfig {
            http_window: SECOND * 20,
            ..HybridConfig::default()
        };
        let queue = queue(10, 0, &config, &[12, 16, 18]);
        let seqs: Vec<_> = queue.iter().map(|item| item.seq).collect();
        // 15 starts at 20 s; the queue ends before 17, which no window holds.
        assert_eq!(seqs, (10..=16).collect::<Vec<_>>());
        let shared = queue.iter().filter(|item| item.standing.p2p);
        assert_eq!(shared.map(|item| item.seq).collect::<Vec<_>>(), [12, 16]);
        assert!(!queue[6].standing.http);
    }

    #[test]
    fn a_first_segment_just_behind_the_playhead_is_urgent() {
        let queue = queue(10, 5, &HybridConfig::default(), &[]);
        assert_eq!(queue[0].seq, 10);
        assert!(queue[0].standing.high_demand && !queue[0].standing.http);
        assert_eq!(queue.len(), 20);
    }

    #[test]
    fn a_segment_far_behind_the_playhead_begins_no_queue() {
        assert!(queue(10, 30, &HybridConfig::default(), &[]).is_empty());
    }

    #[test]
    fn a_segment_that_the_playlist_lists_no_more_begins_no_queue() {
        assert!(queue(9, 0, &HybridConfig::default(), &[]).is_empty());
    }

    #[test]
    fn scarce_space_draws_the_windows_in() {
        let config = HybridConfig::default();
        assert_eq!(Windows::new(&config, 11.0).p2p, config.p2p_window);
        let scarce = Windows::new(&config, 10.0);
        assert_eq!(
            (scarce.http, scarce.p2p),
            (config.http_window, config.http_window)
        );
        let full = Windows::new(&config, 5.0);
        assert_eq!((full.http, full.p2p), (Duration::ZERO, Duration::ZERO));
        assert_eq!(full.high_demand, config.high_demand);
    }
}
