//! What the page is told.

use crate::consent::State;

/// Something that the page may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Connected peers, after a change.
    Peers(u32),
    /// A peer, the tracker or the origin did something that cost it, not the viewer. The code is
    /// stable and names no one: `peer-malformed`, `peer-rotten-piece`, `tracker-malformed`, …
    Problem(&'static str),
    /// The policy's outcome, after a change.
    State(State),
}

/// A snapshot of what the engine has done since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Media bytes that the origin and its mirrors sent to the engine.
    pub origin_bytes: u64,
    /// Media bytes that peers sent.
    pub peer_bytes: u64,
    /// Media bytes sent to peers.
    pub uploaded_bytes: u64,
    /// Media bytes of the two above that came to nothing: duplicates, rot, and what was forgotten
    /// before it was played or passed on.
    pub wasted_bytes: u64,
    /// Media bytes of the first two that have been neither played nor passed on so far: wasted, if
    /// the viewer leaves now.
    pub ahead_bytes: u64,
    /// Media bytes in the store.
    pub stored_bytes: u64,
    /// Peers connected at present.
    pub peers: u32,
    /// Viewers in the swarm as the tracker last counted them, ourselves included.
    pub swarm: u32,
    /// Bytes per second from the origin over the last seconds.
    pub origin_rate: f64,
    /// Bytes per second from peers over the last seconds.
    pub peer_rate: f64,
    /// Bytes per second to peers over the last seconds.
    pub upload_rate: f64,
    /// Pieces whose digest was not the index's.
    pub rotten_pieces: u32,
    /// HTTP requests for media made.
    pub origin_requests: u32,
    /// Inputs handled: it grows as long as the engine is alive.
    pub inputs: u64,
}

impl Stats {
    /// Every figure under the name that pages know it by.
    #[must_use]
    pub fn figures(&self) -> [(&'static str, f64); 14] {
        // One that is missing from the list does not compile.
        let Self {
            origin_bytes,
            peer_bytes,
            uploaded_bytes,
            wasted_bytes,
            ahead_bytes,
            stored_bytes,
            peers,
            swarm,
            origin_rate,
            peer_rate,
            upload_rate,
            rotten_pieces,
            origin_requests,
            inputs,
        } = *self;
        [
            ("originBytes", origin_bytes as f64),
            ("peerBytes", peer_bytes as f64),
            ("uploadedBytes", uploaded_bytes as f64),
            ("wastedBytes", wasted_bytes as f64),
            ("aheadBytes", ahead_bytes as f64),
            ("storedBytes", stored_bytes as f64),
            ("peers", peers.into()),
            ("swarm", swarm.into()),
            ("originRate", origin_rate),
            ("peerRate", peer_rate),
            ("uploadRate", upload_rate),
            ("rottenPieces", rotten_pieces.into()),
            ("originRequests", origin_requests.into()),
            ("inputs", inputs as f64),
        ]
    }
}
