//! What both kinds of index have in common: the header and the shape of a finished index.

use std::collections::BTreeMap;

use bytes::Bytes;
use shoal_wire::{
    DecodeError,
    id::{InfoHash, PIECE_LENGTH},
    index::{IceServer, Index, IndexPolicy, IndexTrack, P2p},
};

use super::mirrors;
use crate::path::FilePath;

/// The least number of piece numbers kept for a segment: 16 MiB of it.
pub(super) const MIN_STRIDE: u32 = 256;

/// Decisions of the operator about every index.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whether viewers may share, and whether they are asked.
    pub p2p: P2p,
    /// The trackers to name. `None` stands for the one of this server. An address without a path gets
    /// `/tracker/<swarm>`, so that a balancer that hashes the path keeps a swarm on one node.
    pub trackers: Option<Vec<String>>,
    /// The STUN and TURN servers to name. Those whose credentials end are not among them.
    pub ice: Vec<IceServer>,
    /// Other servers that have a copy of the whole directory, by the URL of its top, with a slash at the
    /// end. At most 7.
    pub mirrors: Vec<String>,
}

/// A finished index.
#[derive(Clone, Debug)]
pub(super) struct Built {
    /// The index without its parts.
    pub(super) index: Index,
    /// For each track its parts by number.
    pub(super) tracks: Vec<BTreeMap<u64, Bytes>>,
}

/// The index without its parts.
pub(super) fn header(
    settings: &Settings,
    playlist: &FilePath,
    swarm: InfoHash,
    live: bool,
    stride: u32,
    tracks: Vec<IndexTrack>,
) -> Result<Index, DecodeError> {
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
        ice: settings.ice.clone(),
        mirrors: mirrors::of(&settings.mirrors, playlist),
        policy: IndexPolicy {
            p2p: settings.p2p,
            video: None,
            min_viewers: 0,
            viewers: None,
        },
        token: None,
        tracks,
    };
    // What no player would accept must not be published.
    Index::parse(index.to_json().as_bytes())
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
