//! What both kinds of index have in common: the header and the shape of a finished index.

use std::collections::BTreeMap;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use shoal_wire::{
    DecodeError,
    id::{InfoHash, PIECE_LENGTH},
    index::{Index, IndexPolicy, IndexTrack, P2p},
};

/// The least number of piece numbers kept for a segment: 16 MiB of it.
pub(super) const MIN_STRIDE: u32 = 256;

/// What the operator decides about every index.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether viewers may share, and whether they are asked.
    pub p2p: P2p,
    /// The trackers to name. `None` stands for the one of this server. An address without a path gets
    /// `/tracker/<swarm>`, so that a balancer that hashes the path keeps a swarm on one node.
    pub trackers: Option<Vec<String>>,
}

/// A finished index.
#[derive(Clone, Debug)]
pub(super) struct Built {
    pub(super) swarm: InfoHash,
    pub(super) live: bool,
    /// `index.json`.
    pub(super) index: Bytes,
    /// For each track its parts by number.
    pub(super) tracks: Vec<BTreeMap<u64, Bytes>>,
}

impl Built {
    /// Names the contents of `index.json`: the policy in it changes without the swarm.
    pub(super) fn index_etag(&self) -> String {
        let digest = Sha256::digest(&self.index);
        let hex = |text: String, byte: &u8| format!("{text}{byte:02x}");
        format!("\"{}\"", digest.iter().take(16).fold(String::new(), hex))
    }
}

/// Writes `index.json`.
pub(super) fn header(
    settings: &Settings,
    swarm: InfoHash,
    live: bool,
    stride: u32,
    tracks: Vec<IndexTrack>,
) -> Result<Bytes, DecodeError> {
    let path = format!("/tracker/{swarm}");
    let trackers = match &settings.trackers {
        None => vec![path],
        Some(urls) => urls.iter().map(|url| with_path(url, &path)).collect(),
    };
    let index = Index {
        swarm,
        live,
        piece_length: PIECE_LENGTH,
        stride,
        trackers,
        ice: Vec::new(),
        policy: IndexPolicy {
            p2p: settings.p2p,
            video: None,
            min_viewers: 0,
            viewers: None,
        },
        token: None,
        tracks,
    };
    let json = index.to_json();
    // What no player would accept must not be published.
    Index::parse(json.as_bytes())?;
    Ok(Bytes::from(json))
}

fn with_path(url: &str, path: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.split_once('/') {
        None => format!("{url}{path}"),
        Some((_, "")) => format!("{}{path}", url.trim_end_matches('/')),
        Some(_) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracker_without_a_path_gets_the_swarms_own() {
        assert_eq!(
            with_path("wss://t.example", "/tracker/1"),
            "wss://t.example/tracker/1"
        );
        assert_eq!(
            with_path("wss://t.example:8000/", "/tracker/1"),
            "wss://t.example:8000/tracker/1"
        );
        assert_eq!(
            with_path("wss://t.example/announce", "/tracker/1"),
            "wss://t.example/announce"
        );
    }
}
