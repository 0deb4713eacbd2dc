//! What the index and the playlists say of segments: where they are, how long, with what digests.
//!
//! The engine decides by numbers; URLs, byte ranges and digests stay here.

mod track;
mod url;

use core::ops::Range;

use shoal_engine::{IndexInfo, Rule, TrackInfo, Wish};
use shoal_wire::id::{PieceIndex, SegmentId, TrackId};
use shoal_wire::index::{IceServer, Index, P2p, PieceSpace};
use wasm_bindgen::JsValue;
use web_sys::Url;

use self::track::Track;
use self::url::{resolve, socket};
use crate::error::Error;
use crate::js::typed;

pub use self::track::Address;
pub(crate) use self::url::is_relay;

/// One video's index with what has been learnt since.
#[derive(Debug)]
pub struct Catalogue {
    base: Url,
    index: Index,
    space: PieceSpace,
    trackers: Vec<String>,
    tracks: Vec<Track>,
}

impl Catalogue {
    /// Takes an index that was got from `url`.
    pub fn new(index: JsValue, url: &str) -> Result<Self, Error> {
        let malformed = |reason: String| Error::IndexMalformed(reason);
        let index = read(index).map_err(|error| {
            malformed(format!(
                "The index cannot be read ({error}). Make it again with `shoal index`, or serve \
                 the video with `shoal serve`."
            ))
        })?;
        let base = Url::new(url)
            .map_err(|_| malformed("The address of the index is not absolute.".into()))?;
        let trackers = index.trackers.iter().map(|tracker| socket(tracker, &base));
        let trackers = trackers.collect::<Result<_, _>>()?;
        let tracks = index.tracks.iter().map(|track| {
            let playlist = resolve(&track.playlist, &base)?.href();
            Ok(Track::new(playlist, track.part_segments))
        });
        let tracks = tracks.collect::<Result<_, Error>>()?;
        let space = index.space();
        Ok(Self {
            base,
            index,
            space,
            trackers,
            tracks,
        })
    }

    /// What the engine decides by.
    #[must_use]
    pub fn info(&self) -> IndexInfo {
        IndexInfo {
            swarm: self.index.swarm,
            live: self.index.live,
            piece_length: self.index.piece_length,
            stride: self.index.stride,
            trackers: self.trackers.len(),
            tracks: self
                .index
                .tracks
                .iter()
                .map(|track| TrackInfo {
                    part_segments: track.part_segments,
                })
                .collect(),
        }
    }

    /// What the operator and the video say of P2P.
    #[must_use]
    pub fn rules(&self) -> [Rule; 4] {
        let policy = &self.index.policy;
        [
            Rule::Least(policy.min_viewers),
            Rule::Relay(self.relays()),
            Rule::Video(policy.video.map(wish)),
            Rule::Site(Some(wish(policy.p2p))),
        ]
    }

    /// The operator offers a relay.
    #[must_use]
    pub fn relays(&self) -> bool {
        let urls = self.index.ice.iter().flat_map(|server| &server.urls);
        urls.into_iter().any(|url| is_relay(url))
    }

    /// How many other servers have the segments.
    #[must_use]
    pub const fn mirrors(&self) -> usize {
        self.index.mirrors.len()
    }

    /// What the tracker wants to see of who joins.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        self.index.token.clone()
    }

    /// Where the index is.
    #[must_use]
    pub fn url(&self) -> String {
        self.base.href()
    }

    /// Takes over what the operator says now. `false` when this is no index of the same video.
    pub fn renew(&mut self, index: Index) -> bool {
        let same = index.validate().is_ok() && index.swarm == self.index.swarm;
        if same {
            self.index.policy = index.policy;
            self.index.ice = index.ice;
            self.index.token = index.token;
            self.index.mirrors = index.mirrors;
        }
        same
    }

    /// STUN and TURN servers. Those without a host are at the index's.
    #[must_use]
    pub fn ice(&self) -> Vec<IceServer> {
        let host = self.base.hostname();
        let mut servers = self.index.ice.clone();
        for url in servers.iter_mut().flat_map(|server| &mut server.urls) {
            // Looked for in two steps: searching for a text costs viewers 4 KB of WebAssembly.
            let place = url.find(':').map(|colon| colon + 1);
            if let Some(place) = place.filter(|&place| url.as_bytes().get(place) == Some(&b':')) {
                url.insert_str(place, &host);
            }
        }
        servers
    }

    /// Where the server says how many watch; `member`: we are in the swarm.
    #[must_use]
    pub fn viewers(&self, member: bool) -> Option<String> {
        let address = self.index.policy.viewers.as_ref()?;
        let url = resolve(address, &self.base).ok()?;
        if member {
            url.set_search("?member");
        }
        Some(url.href())
    }

    /// The playlists of the tracks, absolute.
    pub fn playlists(&self) -> impl Iterator<Item = &str> {
        self.tracks.iter().map(|track| track.playlist())
    }

    /// A tracker's address, absolute.
    #[must_use]
    pub fn tracker(&self, position: usize) -> Option<&str> {
        self.trackers.get(position).map(String::as_str)
    }

    /// Where a part of the index is.
    #[must_use]
    pub fn part_url(&self, track: TrackId, part: u64) -> Option<String> {
        self.track(track)?;
        resolve(&format!("{}/{part}.bin", track.0), &self.base)
            .ok()
            .map(|url| url.href())
    }

    /// Bytes of a piece.
    #[must_use]
    pub const fn piece_length(&self) -> u32 {
        self.index.piece_length
    }

    /// The piece numbers of a segment of `length` bytes.
    #[must_use]
    pub fn pieces(&self, segment: SegmentId, length: u32) -> Range<u32> {
        self.space.pieces(segment, length)
    }

    /// The piece that starts, or goes on, at `offset` of a segment.
    #[must_use]
    pub fn piece_at(&self, segment: SegmentId, offset: u32) -> PieceIndex {
        PieceIndex(
            self.space
                .slot(segment)
                .saturating_add(offset / self.index.piece_length),
        )
    }

    /// Replaces what is known of a track's playlist. Segments that are out of order are left out.
    pub fn list(&mut self, track: TrackId, segments: Vec<(u64, Address)>) {
        if let Some(track) = self.tracks.get_mut(usize::from(track.0)) {
            track.list(segments);
        }
    }

    /// Where `length` bytes from `offset` of a segment are, at the origin (0) or at a mirror. Nothing when the
    /// playlist does not list so much of it.
    #[must_use]
    pub fn locate(
        &self,
        server: usize,
        segment: SegmentId,
        offset: u32,
        length: u32,
    ) -> Option<Address> {
        let track = self.track(segment.track)?;
        let Address { url, range } = track.address(segment.seq)?;
        let url = self.mirrored(server, url).unwrap_or_else(|| url.clone());
        let whole = track
            .described(segment.seq)
            .map(|described| described.length);
        if range.is_none() && offset == 0 && whole == Some(length) {
            return Some(Address { url, range: None });
        }
        let (base, limit) = range
            .as_ref()
            .map_or((0, u64::MAX), |range| (range.start, range.end));
        let start = base.checked_add(u64::from(offset))?;
        let end = start
            .checked_add(u64::from(length))
            .filter(|end| *end <= limit)?;
        Some(Address {
            url,
            range: Some(start..end),
        })
    }

    /// Where a mirror has a resource of the folder above the index's.
    fn mirrored(&self, server: usize, url: &str) -> Option<String> {
        let copy = self.index.mirrors.get(server.checked_sub(1)?)?;
        let folder = resolve("..", &self.base).ok()?.href();
        let rest = url.strip_prefix(folder.as_str())?;
        Some(resolve(copy, &self.base).ok()?.href() + rest)
    }

    /// Learns a part of the index. Its first segment and the length of each, or nothing when the
    /// file is no such part.
    pub fn learn(&mut self, track: TrackId, part: u64, bytes: &[u8]) -> Option<(u64, Vec<u32>)> {
        let track = self.tracks.get_mut(usize::from(track.0))?;
        track.learn(part, bytes, self.index.stride)
    }

    /// Whether the part of the index that describes a segment is here.
    #[must_use]
    pub fn describes(&self, segment: SegmentId) -> bool {
        let track = self.track(segment.track);
        track.is_some_and(|track| track.described(segment.seq).is_some())
    }

    /// The digest of the piece that is `length` bytes from `offset` of a segment.
    #[must_use]
    pub fn digest(&self, segment: SegmentId, offset: u32, length: u32) -> Option<&[u8; 32]> {
        let described = self.track(segment.track)?.described(segment.seq)?;
        let piece_length = self.index.piece_length;
        let left = described.length.checked_sub(offset)?;
        if !offset.is_multiple_of(piece_length) || length != left.min(piece_length) {
            return None;
        }
        described.pieces.get((offset / piece_length) as usize)
    }

    fn track(&self, track: TrackId) -> Option<&Track> {
        self.tracks.get(usize::from(track.0))
    }
}

fn read(index: JsValue) -> Result<Index, String> {
    let index: Index = typed(index)?;
    let checked = index.validate().map_err(|error| error.to_string());
    checked.map(|()| index)
}

const fn wish(word: P2p) -> Wish {
    match word {
        P2p::Ask => Wish::Ask,
        P2p::Off => Wish::Off,
        P2p::On => Wish::On,
    }
}
