//! The counts of a viewer's adapters.

use std::collections::BTreeMap;

use core::time::Duration;

/// Counts of the adapters, to compare with what the engine says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) delivered_from_peers: u64,
    pub(crate) delivered_from_origin: u64,
    /// Media bytes that the stock loader got past the engine.
    pub(crate) stock_bytes: u64,
    pub(crate) http_blocks: u64,
    pub(crate) peer_blocks: u64,
    pub(crate) sent_blocks: u64,
    /// Messages without a block sent to peers, and their bytes on the line.
    pub(crate) messages: u64,
    pub(crate) message_bytes: u64,
    pub(crate) deliveries: u32,
    pub(crate) declines: BTreeMap<&'static str, u32>,
    pub(crate) problems: BTreeMap<&'static str, u32>,
    /// Time for which the page was open.
    pub(crate) present: Duration,
    pub(crate) links_opened: u32,
    pub(crate) links_banned: u32,
    pub(crate) sockets: u32,
}
