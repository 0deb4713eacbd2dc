//! The loader's settings.

use core::time::Duration;

use crate::player::Habits;
use crate::video::Video;

/// Settings of the modelled p2p-media-loader. The defaults are its own.
#[derive(Clone, Debug, PartialEq)]
pub struct HybridConfig {
    /// Media before the playhead for which HTTP is used at once. Default 15 s; PeerTube sets 4 s
    /// for live streams.
    pub high_demand: Duration,
    /// Media before the playhead that HTTP may prefetch by lot. Default 3000 s.
    pub http_window: Duration,
    /// Media before the playhead that P2P may prefetch. Default 6000 s.
    pub p2p_window: Duration,
    /// HTTP requests at a time. Default 2.
    pub http_slots: usize,
    /// P2P requests at a time, one a peer at most. Default 3.
    pub p2p_slots: usize,
    /// Silence after which an HTTP request is given up. Default 3 s.
    pub http_silence: Duration,
    /// Silence after which a peer's upload is given up. Default 2 s.
    pub p2p_silence: Duration,
    /// Failures of HTTP after which the player is told. Default 3.
    pub http_retries: u32,
    /// Silences of a peer since its last success after which it is dropped. Default 3.
    pub p2p_retries: u32,
    /// Bytes of segments that may be kept; a soft limit. Default 4 GiB, of a desktop.
    pub store_bytes: u64,
    /// For how long the swarm of a rendition is kept that is watched no more. Default 30 s.
    pub keeps_swarm: Duration,
    /// Sets the player as its hls.js adapter does where the user has not: less buffer, and up to
    /// 120 s behind the live edge. Default true. When false the player is that of the other arms.
    pub sets_player: bool,
}

/// Offers made with each announce.
pub(super) const OFFERS: usize = 5;
/// Time for which an offer may be answered.
pub(super) const OFFER_EXPIRES: Duration = Duration::from_secs(50);
/// Between announces until the tracker names an interval.
pub(super) const ANNOUNCE: Duration = Duration::from_secs(30);
/// Time for which failures of a request count.
pub(super) const FORGIVES: Duration = Duration::from_secs(60);
/// The bytes of one message of media.
pub(super) const MESSAGE: u32 = 65_535;
/// Time between two reports of a media element's position (`timeupdate`).
const TIMEUPDATE: Duration = Duration::from_millis(250);
/// Most that the adapter puts the player behind the live edge.
const MAX_LIVE_SYNC: Duration = Duration::from_secs(120);
/// Playlists with no more segments than this leave the player as it is.
const SHORT_PLAYLIST: u64 = 4;

impl Default for HybridConfig {
    fn default() -> Self {
        Self {
            high_demand: Duration::from_secs(15),
            http_window: Duration::from_secs(3000),
            p2p_window: Duration::from_secs(6000),
            http_slots: 2,
            p2p_slots: 3,
            http_silence: Duration::from_secs(3),
            p2p_silence: Duration::from_secs(2),
            http_retries: 3,
            p2p_retries: 3,
            store_bytes: 4096 << 20,
            keeps_swarm: Duration::from_secs(30),
            sets_player: true,
        }
    }
}

impl HybridConfig {
    /// PeerTube's settings.
    #[must_use]
    pub fn of_peertube(live: bool) -> Self {
        let config = Self::default();
        if live {
            let high_demand = Duration::from_secs(4);
            Self {
                high_demand,
                ..config
            }
        } else {
            let store_bytes = 1024 << 20;
            Self {
                store_bytes,
                ..config
            }
        }
    }

    /// The player's settings. Long playlists make the adapter change them.
    pub(crate) fn habits(&self, video: &Video) -> Habits {
        let player = Habits {
            report: TIMEUPDATE,
            ..Habits::default()
        };
        if !self.sets_player || video.segments <= SHORT_PLAYLIST {
            return player;
        }
        let target = video.segment;
        let far = (MAX_LIVE_SYNC.as_micros() / target.as_micros().max(1)) as u64;
        Habits {
            buffer: player.buffer.min(self.high_demand.max(target * 2)),
            sync: Some(target * far.min(video.segments - 1) as u32),
            ..player
        }
    }
}
