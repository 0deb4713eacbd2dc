//! The figures of a run.

use core::time::Duration;

use shoal_engine::Stats;

use crate::counts::Counts;
use crate::player::Watched;

/// One run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed of all random numbers.
    pub seed: u64,
    /// Every viewer who came, in the scenario's order.
    pub viewers: Vec<ViewerReport>,
    /// Bytes of media that the origin sent.
    pub origin_bytes: u64,
    /// Bytes of the index that the origin sent.
    pub index_bytes: u64,
    /// Requests for media that the origin got.
    pub origin_requests: u64,
    /// Segments of which the origin sent anything, and their bytes: what one viewer alone who
    /// watched all of it would have cost.
    pub segments: u64,
    /// See `segments`.
    pub unique_bytes: u64,
    /// Bytes of media that each mirror sent.
    pub mirror_bytes: Vec<u64>,
    /// Bytes of media and index that the origin sent, by tens of seconds from the beginning.
    pub origin_load: Vec<u64>,
    /// Messages that the tracker got.
    pub tracker_messages: u64,
    /// A hash of all that happened.
    pub trace: u64,
    /// Processor time that the run took. No part of the trace.
    pub cost: Duration,
}

/// One viewer.
#[derive(Clone, Debug, Default)]
pub struct ViewerReport {
    /// The viewer had said no to P2P when it came.
    pub refused: bool,
    /// Bytes that the viewer's line and cap would have let it send while it was there; none when it
    /// had said no, or can reach nobody.
    pub sendable: u64,
    /// From arrival to the first frame; `None` when the viewer left before it.
    pub startup: Option<Duration>,
    /// Times that playback stopped for want of media.
    pub stalls: u32,
    /// For how long.
    pub stalled: Duration,
    /// Waiting after seeks.
    pub sought: Duration,
    /// Media played.
    pub played: Duration,
    /// Live media jumped over.
    pub skipped: Duration,
    /// The engine's own figures.
    pub stats: Stats,
    /// Bytes of segments that the engine delivered and peers had sent.
    pub delivered_from_peers: u64,
    /// Bytes of segments that the engine delivered and the origin had sent.
    pub delivered_from_origin: u64,
    /// Bytes that came past the engine, by the player's own loader.
    pub stock_bytes: u64,
    /// Segments that the engine delivered.
    pub deliveries: u32,
    /// Segments that the engine left to the player's own loader.
    pub declines: u32,
    /// Messages without a block that were sent to peers.
    pub messages: u64,
    /// Bytes of them on the line, packet headers included.
    pub message_bytes: u64,
    /// Links that opened.
    pub links: u32,
    /// Links that the engine closed because their peer was banned.
    pub banned: u32,
    /// Connections made to the tracker.
    pub sockets: u32,
    /// Problems that the engine reported, of all kinds.
    pub problems: u32,
}

/// The arms of one scenario and seed.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// With P2P.
    pub shared: Report,
    /// From the origin alone.
    pub alone: Report,
    /// With the model of p2p-media-loader, if it was asked for.
    pub hybrid: Option<Report>,
}

impl Report {
    /// Bytes that the origin sent, in shares of the segments watched.
    #[must_use]
    pub fn fetches_per_segment(&self) -> f64 {
        share(self.origin_bytes, self.unique_bytes)
    }

    /// Bytes that viewers sent each other.
    #[must_use]
    pub fn peer_bytes(&self) -> u64 {
        self.viewers
            .iter()
            .map(|viewer| viewer.stats.peer_bytes)
            .sum()
    }

    /// Bytes that came to nothing.
    #[must_use]
    pub fn wasted_bytes(&self) -> u64 {
        self.viewers
            .iter()
            .map(|viewer| viewer.stats.wasted_bytes + viewer.stats.ahead_bytes)
            .sum()
    }

    /// Time that all viewers together waited in mid-play, for seeks too.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.viewers.iter().map(ViewerReport::waited).sum()
    }

    /// Times that playback stopped, over all viewers.
    #[must_use]
    pub fn stalls(&self) -> u32 {
        self.viewers.iter().map(|viewer| viewer.stalls).sum()
    }

    /// The median time to the first frame.
    #[must_use]
    pub fn startup(&self) -> Duration {
        let mut times: Vec<_> = self
            .viewers
            .iter()
            .filter_map(|viewer| viewer.startup)
            .collect();
        times.sort();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    /// Of all viewers' uploads in shares of their downloads, the one that so many of 100 do not
    /// pass.
    #[must_use]
    pub fn upload_share(&self, percent: usize) -> f64 {
        let viewers = self.viewers.iter();
        let mut shares: Vec<f64> = viewers.map(ViewerReport::upload_share).collect();
        shares.sort_by(f64::total_cmp);
        let last = shares.len().saturating_sub(1);
        shares
            .get(last * percent.min(100) / 100)
            .copied()
            .unwrap_or_default()
    }

    /// Bytes that came to nothing, in shares of all that viewers received.
    #[must_use]
    pub fn wasted_share(&self) -> f64 {
        let received = self.viewers.iter().map(ViewerReport::received).sum();
        share(self.wasted_bytes(), received)
    }

    /// Messages without a block that viewers sent each other, and their bytes on the line.
    #[must_use]
    pub fn messages(&self) -> (u64, u64) {
        self.viewers.iter().fold((0, 0), |(count, bytes), viewer| {
            (count + viewer.messages, bytes + viewer.message_bytes)
        })
    }

    /// Requests for media that the origin got, for each segment watched.
    #[must_use]
    pub fn requests_per_segment(&self) -> f64 {
        share(self.origin_requests, self.segments)
    }

    /// Minutes that all viewers together watched.
    #[must_use]
    pub fn viewer_minutes(&self) -> f64 {
        let played: Duration = self.viewers.iter().map(|viewer| viewer.played).sum();
        played.as_secs_f64() / 60.0
    }

    /// Processor time that a minute of one viewer cost the simulator.
    #[must_use]
    pub fn cost_per_viewer_minute(&self) -> Duration {
        let minutes = self.viewer_minutes();
        if minutes > 0.0 {
            self.cost.div_f64(minutes)
        } else {
            Duration::ZERO
        }
    }
}

impl ViewerReport {
    /// Joins what one viewer has seen with what its adapters counted.
    pub(crate) fn of(watched: &Watched, stats: Stats, counts: &Counts) -> Self {
        Self {
            refused: false,
            sendable: 0,
            startup: watched.startup,
            stalls: watched.stalls,
            stalled: watched.stalled,
            sought: watched.sought,
            played: watched.played,
            skipped: watched.skipped,
            stats,
            delivered_from_peers: counts.delivered_from_peers,
            delivered_from_origin: counts.delivered_from_origin,
            stock_bytes: counts.stock_bytes,
            deliveries: counts.deliveries,
            declines: counts.declines.values().sum(),
            messages: counts.messages,
            message_bytes: counts.message_bytes,
            links: counts.links_opened,
            banned: counts.links_banned,
            sockets: counts.sockets,
            problems: counts.problems.values().sum(),
        }
    }

    /// Time that the viewer waited in mid-play, for seeks too.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.stopped() + self.sought
    }

    /// Time for which playback stopped unasked, and live media jumped over.
    #[must_use]
    pub fn stopped(&self) -> Duration {
        self.stalled + self.skipped
    }

    /// Bytes sent to peers, in shares of the bytes received.
    #[must_use]
    pub fn upload_share(&self) -> f64 {
        share(self.stats.uploaded_bytes, self.received())
    }

    /// Media bytes received, whatever became of them.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.stats.origin_bytes + self.stats.peer_bytes + self.stock_bytes
    }
}

impl Comparison {
    /// 1 − what the origin sent, in shares of what it would have sent without P2P.
    #[must_use]
    pub fn offload(&self) -> f64 {
        self.offload_of(&self.shared)
    }

    /// The same of any arm.
    #[must_use]
    pub fn offload_of(&self, arm: &Report) -> f64 {
        let sent = arm.origin_bytes + arm.index_bytes;
        1.0 - share(sent, self.alone.origin_bytes)
    }

    /// The offload if the origin sent every segment once, and all that they watch to those who
    /// have said no.
    #[must_use]
    pub fn ceiling(&self) -> f64 {
        let refused = self.pairs().filter(|(with, _)| with.refused);
        let refused: u64 = refused.map(|(_, without)| without.received()).sum();
        let least = self.alone.unique_bytes + refused;
        1.0 - share(least.min(self.alone.origin_bytes), self.alone.origin_bytes)
    }

    /// The offload if, besides, every viewer sent all the time as fast as its line and its cap
    /// allow.
    #[must_use]
    pub fn upload_ceiling(&self) -> f64 {
        let viewers = self.shared.viewers.iter();
        let sendable: u64 = viewers.map(|viewer| viewer.sendable).sum();
        let sendable = share(sendable, self.alone.origin_bytes);
        self.ceiling().min(sendable)
    }

    /// By how much the worst-off viewer waited longer with P2P than without, in mid-play.
    #[must_use]
    pub fn worst_wait(&self) -> Duration {
        self.pairs()
            .map(|(with, without)| with.waited().saturating_sub(without.waited()))
            .max()
            .unwrap_or_default()
    }

    /// The same without the waits after seeks.
    #[must_use]
    pub fn worst_stall(&self) -> Duration {
        self.pairs()
            .map(|(with, without)| with.stopped().saturating_sub(without.stopped()))
            .max()
            .unwrap_or_default()
    }

    /// By how much the worst-off viewer waited longer for the first frame.
    #[must_use]
    pub fn worst_startup(&self) -> Duration {
        let longer = self
            .pairs()
            .map(|(with, without)| match (with.startup, without.startup) {
                (Some(with), Some(without)) => with.saturating_sub(without),
                (None, Some(_)) => Duration::MAX,
                (_, None) => Duration::ZERO,
            });
        longer.max().unwrap_or_default()
    }

    fn pairs(&self) -> impl Iterator<Item = (&ViewerReport, &ViewerReport)> {
        self.shared.viewers.iter().zip(&self.alone.viewers)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
