//! The bounds of the tracker's sockets, with their defaults.

use std::time::Duration;

use shoal_wire::tracker::Limits;

use super::address::Prefixes;

/// The bounds of one socket and of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// Sockets at a time. Default 20,000. Each costs about 3 KB; beyond it a new one gets 503.
    pub max_sockets: usize,
    /// Messages that wait for one socket. Default 64, which is several announces' worth of offers. When
    /// they are more, its client does not read, and it is closed. Higher costs memory in a crowd.
    pub max_queue: usize,
    /// Bytes that wait for one socket. Default 256 KiB: more is treated like more messages.
    pub max_queue_bytes: usize,
    /// Bytes that wait for all sockets together. Default 256 MiB. Beyond it offers and answers are
    /// dropped, not sockets: viewers try again.
    pub max_queued_bytes: usize,
    /// Time between pings. Default 30 s. Shorter than the minute after which many middleboxes forget
    /// a silent connection.
    pub ping: Duration,
    /// A socket that was silent for this long is closed. Default 90 s: three pings.
    pub idle: Duration,
    /// A socket that has not announced after this long is closed. Default 60 s: a browser needs up to 8
    /// to describe its offers.
    pub join_within: Duration,
    /// Bits of an address that stand for one subscriber.
    pub prefixes: Prefixes,
    /// Bounds of a message; its length is also the limit for a frame.
    pub limits: Limits,
}

impl Default for SocketConfig {
    fn default() -> Self {
        Self {
            max_sockets: 20_000,
            max_queue: 64,
            max_queue_bytes: 256 * 1024,
            max_queued_bytes: 256 * 1024 * 1024,
            ping: Duration::from_secs(30),
            idle: Duration::from_secs(90),
            join_within: Duration::from_secs(60),
            prefixes: Prefixes::default(),
            limits: Limits::default(),
        }
    }
}
