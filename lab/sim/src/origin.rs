//! The HTTP server of the video, or one of its mirrors: how it answers, and what it counts.

use std::collections::BTreeMap;

use core::time::Duration;

use rand::RngExt;
use shoal_engine::Time;
use shoal_wire::id::SegmentId;

use crate::event::RequestId;
use crate::request::Asked;
use crate::rng::{Purpose, Rng, stream};
use crate::scenario::OriginModel;

#[derive(Debug)]
pub(crate) struct Origin {
    model: OriginModel,
    rng: Rng,
    requests: u64,
    /// When all that it has sent so far is out.
    busy: Time,
    pub(crate) counts: OriginCounts,
}

/// Counts of the origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct OriginCounts {
    /// Bytes of media sent.
    pub(crate) media_bytes: u64,
    /// Bytes of the index sent.
    pub(crate) index_bytes: u64,
    /// Bytes sent of each segment.
    pub(crate) segments: BTreeMap<SegmentId, u64>,
    /// Bytes of both, by the time in which they left.
    pub(crate) load: Vec<u64>,
    /// Requests for media, those that failed included.
    pub(crate) media_requests: u64,
}

/// Span over which the origin's load is summed up.
pub(crate) const LOAD_SPAN: Duration = Duration::from_secs(10);

impl Origin {
    pub(crate) fn new(seed: u64, model: &OriginModel) -> Self {
        Self {
            model: model.clone(),
            rng: stream(seed, 0, Purpose::Origin),
            requests: 0,
            busy: Time(0),
            counts: OriginCounts::default(),
        }
    }

    /// The servers of the segments besides the origin.
    pub(crate) fn mirrors(seed: u64, models: &[OriginModel]) -> Vec<Self> {
        let mirror = |(nth, model)| Self {
            rng: stream(seed, nth + 1, Purpose::Origin),
            ..Self::new(seed, model)
        };
        (0_u64..).zip(models).map(mirror).collect()
    }

    /// The next request's number, among those to all servers.
    pub(crate) fn number_request(&mut self) -> RequestId {
        let number = RequestId(self.requests);
        self.requests += 1;
        number
    }

    /// One way from the middle of the network.
    pub(crate) fn latency(&self) -> Duration {
        self.model.latency
    }

    /// The time until it begins to answer.
    pub(crate) fn thinks(&self) -> Duration {
        self.model.thinks
    }

    /// Whether what it sends is not the video.
    pub(crate) fn is_corrupt(&self) -> bool {
        self.model.corrupt
    }

    /// Whether it takes requests and says nothing more.
    pub(crate) fn is_silent(&self, now: Time) -> bool {
        self.model.silent.is_some_and(|from| now >= Time(0) + from)
    }

    /// Whether a request that has just come fails.
    pub(crate) fn fails(&mut self, now: Time) -> bool {
        let inside =
            |&(from, to): &(Duration, Duration)| now >= Time(0) + from && now < Time(0) + to;
        self.model.outages.iter().any(inside) || self.rng.random_bool(self.model.errors)
    }

    /// Sends so many bytes of a response behind all that it sends; the moment when they are out.
    pub(crate) fn send(&mut self, now: Time, asked: Asked, size: u32) -> Time {
        self.busy = self.busy.max(now) + span(size, self.model.total);
        self.counts.count(now, asked, size);
        self.busy
    }

    /// Time that so many bytes take on one connection.
    pub(crate) fn on_a_connection(&self, size: u32) -> Duration {
        span(size, self.model.connection)
    }
}

impl OriginCounts {
    fn count(&mut self, now: Time, asked: Asked, size: u32) {
        let size = u64::from(size);
        match asked {
            Asked::Media { segment, .. } | Asked::Stock { segment, .. } => {
                self.media_bytes += size;
                *self.segments.entry(segment).or_default() += size;
            }
            Asked::Index | Asked::Part { .. } => self.index_bytes += size,
            // Playlists are read in both arms alike.
            Asked::Playlist(_) => return,
        }
        let span = (now.0 / LOAD_SPAN.as_micros() as u64) as usize;
        if self.load.len() <= span {
            self.load.resize(span + 1, 0);
        }
        self.load[span] += size;
    }
}

/// Time that `size` bytes take at `rate` bytes per second.
fn span(size: u32, rate: u64) -> Duration {
    Duration::from_micros((u64::from(size) * 1_000_000).div_ceil(rate.max(1)))
}
