//! The bounds of the tracker's state, with their defaults.

use crate::tracker::limits::{Announces, Bucket, Introductions};

/// The bounds of the tracker's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwarmConfig {
    /// Seconds between a viewer's announces. Default 120. Lower finds new viewers sooner, higher costs
    /// the tracker less: each announce carries several offers of 1–3 KB.
    pub interval: u32,
    /// Seconds that the interval grows to for who has used up its introductions. Default 480. Not
    /// less than `interval`.
    pub max_interval: u32,
    /// Offers of one announce that are forwarded. Default 10. Lower makes a swarm knit slower, higher
    /// lets a viewer reach more of the others at once.
    pub max_offers: usize,
    /// Peers (pairs of swarm and peer id) on one socket. Default 16. A page needs one for each video
    /// that it plays.
    pub max_peers_per_socket: usize,
    /// Sockets of one network address. Default 256: a school or an office. Lower shuts viewers out behind
    /// large NATs; with higher ones fewer addresses can take all places.
    pub max_sockets_per_address: usize,
    /// Forwarded offers per peer that still may be answered. Default 32; the oldest is forgotten.
    /// Clients keep an offer for 50 s, and get as many as they send in the mean: 10 for each interval.
    pub max_unanswered: usize,
    /// Swarms that come and go with their viewers, on a tracker that is open to any. Default 50,000.
    pub max_open_swarms: usize,
    /// Numbers of introductions.
    pub introductions: Introductions,
    /// Numbers of announces that are answered.
    pub announces: Announces,
    /// Messages of one socket, of all kinds; one with more is closed. Default 600, then 3,600 per hour:
    /// several times what the announces and the introductions allow for.
    pub messages: Bucket,
}

impl Default for SwarmConfig {
    fn default() -> Self {
        let bucket = |burst, per_hour| Bucket { burst, per_hour };
        Self {
            interval: 120,
            max_interval: 480,
            max_offers: 10,
            max_peers_per_socket: 16,
            max_sockets_per_address: 256,
            max_unanswered: 32,
            max_open_swarms: 50_000,
            introductions: Introductions {
                socket: bucket(60, 120),
                address: bucket(100, 160),
            },
            announces: Announces {
                socket: bucket(100, 600),
                address: bucket(2_000, 10_000),
            },
            messages: bucket(600, 3_600),
        }
    }
}
