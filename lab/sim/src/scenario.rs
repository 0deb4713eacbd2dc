//! Scenarios: a video, a crowd, an origin and a tracker.

use core::time::Duration;

use shoal_engine::Config;

use crate::crowd::Crowd;
use crate::p2pml_model::HybridConfig;
use crate::video::Video;

/// A case to simulate. Reads as a sentence:
///
/// ```
/// use shoal_sim::{Access, Crowd, Scenario, minutes, secs};
/// let report = Scenario::vod(minutes(1))
///     .at_mbits(&[1.0])
///     .watched_by(Crowd::of(2).arriving_over(secs(10)).on(Access::cable()))
///     .with_seed(1)
///     .run();
/// assert_eq!(report.viewers.len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(crate) seed: u64,
    pub(crate) video: Video,
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) origin: OriginModel,
    pub(crate) mirrors: Vec<OriginModel>,
    pub(crate) tracker: TrackerModel,
    pub(crate) config: Config,
    pub(crate) hybrid: HybridConfig,
    /// Frames pass through the real codec.
    pub(crate) strict: bool,
    /// When the simulation ends at the latest.
    pub(crate) until: Duration,
    /// Time for which a page stays open after the video's end.
    pub(crate) linger: Duration,
}

/// An arm of a comparison. The viewers draw the same in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// Every viewer has answered no: all comes from the origin.
    Alone,
    /// A model of p2p-media-loader stands in the engine's place.
    Hybrid,
    /// P2P as the scenario says.
    Shared,
}

#[derive(Clone, Debug)]
pub(crate) struct OriginModel {
    /// One way from the middle of the network.
    pub(crate) latency: Duration,
    /// Until it begins to answer.
    pub(crate) thinks: Duration,
    /// Bytes per second of one connection.
    pub(crate) connection: u64,
    /// Bytes per second of all together.
    pub(crate) total: u64,
    /// Share of requests that fail with status 503.
    pub(crate) errors: f64,
    pub(crate) outages: Vec<(Duration, Duration)>,
    /// From then on it takes requests and says nothing more.
    pub(crate) silent: Option<Duration>,
    /// Every byte that the engine gets of it is corrupt.
    pub(crate) corrupt: bool,
}

/// Another server of the segments.
#[derive(Clone, Debug)]
pub struct Mirror(OriginModel);

impl Mirror {
    /// One that sends so much in Mbit/s on each connection.
    #[must_use]
    pub fn of_mbits(connection: f64) -> Self {
        Self(OriginModel {
            connection: mbits(connection),
            ..OriginModel::default()
        })
    }

    /// Makes every byte that it sends corrupt.
    #[must_use]
    pub fn corrupt(mut self) -> Self {
        self.0.corrupt = true;
        self
    }

    /// From then on it takes requests and says nothing more, in the middle of an answer too.
    #[must_use]
    pub fn silent_from(mut self, from: Duration) -> Self {
        self.0.silent = Some(from);
        self
    }

    /// This share of requests fails.
    #[must_use]
    pub fn with_errors(mut self, share: f64) -> Self {
        self.0.errors = share;
        self
    }
}

impl Default for OriginModel {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(10),
            thinks: Duration::from_millis(5),
            connection: mbits(100.0),
            total: mbits(10_000.0),
            errors: 0.0,
            outages: Vec::new(),
            silent: None,
            corrupt: false,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct TrackerModel {
    pub(crate) outages: Vec<(Duration, Duration)>,
}

impl Scenario {
    /// A video on demand of this length: one rendition of 2 Mbit/s in segments of 4 s.
    #[must_use]
    pub fn vod(length: Duration) -> Self {
        let segment = secs(4);
        let segments = length.as_millis().div_ceil(segment.as_millis()) as u64;
        Self::new(Video {
            live: false,
            segments,
            segment,
            sync: Duration::ZERO,
            rates: vec![mbits(2.0)],
            audio: false,
        })
    }

    /// A live stream that is watched for this long: one rendition of 2 Mbit/s in segments of 4 s,
    /// eight of which the playlist lists. Players start three segments behind the newest, hls.js's
    /// default.
    #[must_use]
    pub fn live(length: Duration) -> Self {
        let mut scenario = Self::new(Video {
            live: true,
            segments: 8,
            segment: secs(4),
            sync: secs(12),
            rates: vec![mbits(2.0)],
            audio: false,
        });
        scenario.until = length;
        scenario
    }

    /// The usual live stream: segments of 4 s, watched 20 s behind the newest.
    #[must_use]
    pub fn live_20s_behind(length: Duration) -> Self {
        Self::live(length)
            .in_segments_of(secs(4), 8)
            .syncing(secs(20))
    }

    /// A live stream of low latency: segments of 1 s, watched 4 s behind the newest.
    #[must_use]
    pub fn live_4s_behind(length: Duration) -> Self {
        Self::live(length)
            .in_segments_of(secs(1), 12)
            .syncing(secs(4))
    }

    /// The duration of a live stream's segments, and how many the playlist lists.
    #[must_use]
    pub fn in_segments_of(mut self, segment: Duration, listed: u64) -> Self {
        self.video.segment = segment;
        self.video.segments = listed;
        self
    }

    /// Sets how far behind the end of the playlist players start a live stream: hls.js
    /// `liveSyncDuration`. No player can have more in its buffer.
    #[must_use]
    pub fn syncing(mut self, behind: Duration) -> Self {
        self.video.sync = behind;
        self
    }

    fn new(video: Video) -> Self {
        Self {
            seed: 1,
            video,
            crowds: Vec::new(),
            origin: OriginModel::default(),
            mirrors: Vec::new(),
            tracker: TrackerModel::default(),
            config: Config::default(),
            hybrid: HybridConfig::default(),
            strict: true,
            until: Duration::from_secs(6 * 3600),
            linger: Duration::from_secs(1),
        }
    }

    /// The renditions' bit rates in Mbit/s, lowest first.
    #[must_use]
    pub fn at_mbits(mut self, rates: &[f64]) -> Self {
        self.video.rates = rates.iter().map(|&rate| mbits(rate)).collect();
        self
    }

    /// An audio track beside the renditions, in Mbit/s. Say it after the renditions.
    #[must_use]
    pub fn with_audio_at_mbits(mut self, rate: f64) -> Self {
        self.video.rates.push(mbits(rate));
        self.video.audio = true;
        self
    }

    /// Viewers; may be said more than once.
    #[must_use]
    pub fn watched_by(mut self, crowd: Crowd) -> Self {
        self.crowds.push(crowd);
        self
    }

    /// The seed of all random numbers.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Every viewer sends no faster than the best rendition plays: an upload cap of 1x.
    #[must_use]
    pub fn capped_at_the_bit_rate(mut self) -> Self {
        self.config.upload_rate = self.video.rates.iter().copied().max().unwrap_or_default();
        self
    }

    /// Every viewer sends no faster than this in Mbit/s, and no more than this in bytes; 0 is no
    /// limit.
    #[must_use]
    pub fn capped_at(mut self, rate: f64, total: u64) -> Self {
        self.config.upload_rate = mbits(rate);
        self.config.upload_total = total;
        self
    }

    /// The engines' settings.
    #[must_use]
    pub fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The settings of the hybrid loader that is compared with.
    #[must_use]
    pub fn with_hybrid(mut self, config: HybridConfig) -> Self {
        self.hybrid = config;
        self
    }

    /// The origin sends no more than this in Mbit/s, to all together.
    #[must_use]
    pub fn from_an_origin_of_mbits(mut self, total: f64) -> Self {
        self.origin.total = mbits(total);
        self
    }

    /// The origin sends no more than this in Mbit/s on one connection.
    #[must_use]
    pub fn with_origin_connections_of_mbits(mut self, connection: f64) -> Self {
        self.origin.connection = mbits(connection);
        self
    }

    /// The index names a mirror; may be said more than once.
    #[must_use]
    pub fn mirrored_by(mut self, mirror: Mirror) -> Self {
        self.mirrors.push(mirror.0);
        self
    }

    /// This share of requests fails.
    #[must_use]
    pub fn with_origin_errors(mut self, share: f64) -> Self {
        self.origin.errors = share;
        self
    }

    /// The origin answers nothing from then on, for so long.
    #[must_use]
    pub fn with_origin_outage(mut self, from: Duration, lasting: Duration) -> Self {
        self.origin.outages.push((from, from + lasting));
        self
    }

    /// The tracker is unreachable from then on, for so long.
    #[must_use]
    pub fn with_tracker_outage(mut self, from: Duration, lasting: Duration) -> Self {
        self.tracker.outages.push((from, from + lasting));
        self
    }

    /// Pages stay open so long after the video's end.
    #[must_use]
    pub fn lingering(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Frames are passed as they are and only their bytes are counted, for large crowds.
    #[must_use]
    pub fn without_codec(mut self) -> Self {
        self.strict = false;
        self
    }

    /// Every frame passes through the real codec. So it does by default.
    #[must_use]
    pub fn with_codec(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Number of viewers who come.
    #[must_use]
    pub fn viewers(&self) -> usize {
        self.crowds.iter().map(Crowd::len).sum()
    }
}

/// Seconds.
#[must_use]
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Minutes.
#[must_use]
pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// Bytes per second.
fn mbits(rate: f64) -> u64 {
    (rate * 125_000.0) as u64
}
