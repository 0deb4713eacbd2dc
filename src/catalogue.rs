//! What the index and the playlists say of segments: where they are, how long, with what digests.
//!
//! The engine decides by numbers; URLs, byte ranges and digests stay here.

use core::ops::Range;

use shoal_engine::{IndexInfo, Rule, TrackInfo, Wish};
use shoal_wire::id::{PieceIndex, SegmentId, TrackId};
use shoal_wire::index::{IceServer, Index, P2p, Part, PartSegment, PieceSpace};
use web_sys::Url;

use crate::error::Error;
use crate::js::JsResult as _;

/// Segments of one track whose addresses are kept; of a longer playlist, the last. Four days of
/// four-second segments.
const MOST_ADDRESSES: usize = 100_000;

/// Parts of one track that are kept; of a stream that goes on for longer, the last.
const MOST_PARTS: usize = 100_000;

/// Where a segment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The resource.
    pub url: String,
    /// The segment's bytes in it; nothing when they are all of it.
    pub range: Option<Range<u64>>,
}

/// One video's index with what has been learnt since.
#[derive(Debug)]
pub struct Catalogue {
    base: Url,
    index: Index,
    space: PieceSpace,
    trackers: Vec<String>,
    tracks: Vec<Track>,
}

#[derive(Debug)]
struct Track {
    playlist: String,
    part_segments: u32,
    /// In order of their media sequence numbers.
    addresses: Vec<(u64, Address)>,
    /// In order of their numbers.
    parts: Vec<(u64, Part)>,
}

impl Catalogue {
    /// Reads an index that was got from `url`.
    pub fn new(json: &[u8], url: &str) -> Result<Self, Error> {
        let malformed = |reason: String| Error::IndexMalformed(reason);
        let index = Index::parse(json).map_err(|error| {
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
            Ok(Track {
                playlist: resolve(&track.playlist, &base)?.href(),
                part_segments: track.part_segments,
                addresses: Vec::new(),
                parts: Vec::new(),
            })
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
    pub fn renew(&mut self, json: &[u8]) -> bool {
        let Ok(index) = Index::parse(json) else {
            return false;
        };
        let same = index.swarm == self.index.swarm;
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
        self.tracks.iter().map(|track| track.playlist.as_str())
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
            let surplus = segments.len().saturating_sub(MOST_ADDRESSES);
            track.addresses.clear();
            for (seq, address) in segments.into_iter().skip(surplus) {
                if track.addresses.last().is_none_or(|(last, _)| *last < seq) {
                    track.addresses.push((seq, address));
                }
            }
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
        let learnt = Part::decode(bytes).ok()?;
        let stride = self.index.stride as usize;
        let track = self.tracks.get_mut(usize::from(track.0))?;
        let fits = learnt.is_of(part, track.part_segments)
            && learnt
                .segments
                .iter()
                .all(|segment| segment.pieces.len() <= stride);
        if !fits {
            return None;
        }
        let outcome = (
            learnt.first,
            learnt
                .segments
                .iter()
                .map(|segment| segment.length)
                .collect(),
        );
        match track
            .parts
            .binary_search_by_key(&part, |(number, _)| *number)
        {
            Ok(position) => {
                track.parts.remove(position);
                track.parts.insert(position, (part, learnt));
            }
            Err(position) => track.parts.insert(position, (part, learnt)),
        }
        let surplus = track.parts.len().saturating_sub(MOST_PARTS);
        track.parts.drain(..surplus);
        Some(outcome)
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

impl Track {
    fn address(&self, seq: u64) -> Option<&Address> {
        let position = self
            .addresses
            .binary_search_by_key(&seq, |(seq, _)| *seq)
            .ok()?;
        self.addresses.get(position).map(|(_, address)| address)
    }

    fn described(&self, seq: u64) -> Option<&PartSegment> {
        let number = seq.checked_div(u64::from(self.part_segments))?;
        let position = self
            .parts
            .binary_search_by_key(&number, |(number, _)| *number)
            .ok()?;
        let (_, part) = self.parts.get(position)?;
        part.segments
            .get(usize::try_from(seq.checked_sub(part.first)?).ok()?)
    }
}

/// Whether an ICE server passes on what peers send each other (RFC 7065), instead of only telling them
/// their addresses.
pub(crate) fn is_relay(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("turn") || scheme.eq_ignore_ascii_case("turns")
}

const fn wish(word: P2p) -> Wish {
    match word {
        P2p::Ask => Wish::Ask,
        P2p::Off => Wish::Off,
        P2p::On => Wish::On,
    }
}

/// An address in the index, made absolute.
fn resolve(address: &str, base: &Url) -> Result<Url, Error> {
    Url::new_with_base(address, &base.href())
        .or_thrown()
        .map_err(|_| {
            Error::IndexMalformed(format!(
                "The index names an address that is none: {address}"
            ))
        })
}

/// A tracker's address, made absolute: a path of a web server is a socket there.
fn socket(address: &str, base: &Url) -> Result<String, Error> {
    let url = resolve(address, base)?;
    match url.protocol().as_str() {
        "http:" => url.set_protocol("ws:"),
        "https:" => url.set_protocol("wss:"),
        _ => {}
    }
    if !matches!(url.protocol().as_str(), "ws:" | "wss:") {
        return Err(Error::IndexMalformed(format!(
            "The index names a tracker that is no WebSocket: {address}"
        )));
    }
    Ok(url.href())
}
