//! Shoal's own index: what a video consists of, piece by piece, and who may share it.

mod count;
mod part;
mod space;

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::DecodeError;
use crate::id::{InfoHash, PIECE_LENGTH, hex};

pub use count::{MAX_COUNT_BYTES, ViewerCount};
pub use part::{MAX_PART_BYTES, MAX_PART_SEGMENTS, Part, PartSegment};
pub use space::PieceSpace;

/// The version of the index that this program reads and writes.
pub const INDEX_VERSION: u64 = 1;

/// Bytes of an index.
pub const MAX_INDEX_BYTES: usize = 64 * 1024;

/// Tracks of an index.
pub const MAX_TRACKS: usize = 64;

/// Mirrors of an index.
pub const MAX_MIRRORS: usize = 7;

const MAX_TRACKERS: usize = 8;
const MAX_ICE: usize = 8;
const MAX_URL: usize = 2048;
const MAX_TOKEN: usize = 1024;
const MAX_STRIDE: u32 = 65_536;

/// The index of a video. What [`Index::parse`] returns keeps all its rules; one that serde has read, or that is
/// put together by hand, is checked by [`Index::validate`]. Fields that are not known are passed over, and
/// `null` is as good as nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Index {
    /// [`INDEX_VERSION`].
    #[serde(rename = "shoal")]
    pub version: u64,
    /// The swarm that the viewers of this video form.
    #[serde(with = "hex")]
    pub swarm: InfoHash,
    /// The playlist still grows.
    #[serde(default, deserialize_with = "or_default")]
    pub live: bool,
    /// Bytes of a piece: [`PIECE_LENGTH`].
    pub piece_length: u32,
    /// Piece numbers reserved for each segment, a power of two.
    pub stride: u32,
    /// URLs relative to the index's own (then `http` becomes `ws`), or absolute with `ws:` or
    /// `wss:`. At most 8.
    #[serde(default, deserialize_with = "or_default")]
    pub trackers: Vec<String>,
    /// STUN and TURN servers. At most 8.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub ice: Vec<IceServer>,
    /// Other servers that have the segments: each is the URL, relative to the index's own or absolute, of a
    /// copy of the folder above the index's, with a slash at its end. At most 7.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub mirrors: Vec<String>,
    /// Who may share.
    #[serde(default, deserialize_with = "or_default")]
    pub policy: IndexPolicy,
    /// Lets whoever has this index join the swarm, for a while; sent with each announce, read by the
    /// tracker alone. At most 1,024 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Renditions and audio tracks, 1 to 64. Their order gives their
    /// [`TrackId`](crate::id::TrackId).
    pub tracks: Vec<IndexTrack>,
}

/// A STUN or TURN server, as `RTCConfiguration.iceServers` has it.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct IceServer {
    /// 1 to 8, each `stun:`, `stuns:`, `turn:` or `turns:`. Without a host, as `stun::3478`, it is the
    /// host that the index came from.
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For TURN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// The credential stays out of logs.
impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// What the site says about sharing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct IndexPolicy {
    /// The site operator's word. Default: ask.
    #[serde(default, deserialize_with = "or_default")]
    pub p2p: P2p,
    /// The video's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<P2p>,
    /// Viewers that there must be before anyone shares. Default: 0.
    #[serde(default, deserialize_with = "or_default")]
    pub min_viewers: u32,
    /// Where a [`ViewerCount`] is to be had, relative to the index's URL or absolute. Without it nobody
    /// shares where `min_viewers` is more than 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewers: Option<String>,
}

/// What one of those who decide on sharing has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum P2p {
    /// Ask the viewer first.
    #[default]
    Ask,
    /// Never.
    Off,
    /// Without asking.
    On,
}

/// A rendition or an audio track.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct IndexTrack {
    /// Its media playlist, relative to the index's URL.
    pub playlist: String,
    /// Segments that one part describes: 1 to 64, and 1 while live.
    pub part_segments: u32,
}

#[cfg(feature = "json")]
impl Index {
    /// Reads `index.json`.
    pub fn parse(json: &[u8]) -> Result<Self, DecodeError> {
        let index: Self = crate::json::read_bytes(json, MAX_INDEX_BYTES)?;
        index.validate()?;
        Ok(index)
    }

    /// Writes `index.json`.
    pub fn to_json(&self) -> String {
        crate::json::write(self)
    }
}

impl Index {
    /// Checks every rule that the fields' descriptions state.
    pub fn validate(&self) -> Result<(), DecodeError> {
        if self.version != INDEX_VERSION {
            return Err(DecodeError::IndexVersion(self.version));
        }
        if self.piece_length != PIECE_LENGTH {
            return Err(DecodeError::PieceLength);
        }
        if !self.stride.is_power_of_two() || self.stride > MAX_STRIDE {
            return Err(DecodeError::Stride);
        }
        if self.trackers.len() > MAX_TRACKERS {
            return Err(DecodeError::TooMany {
                limit: MAX_TRACKERS,
            });
        }
        if self.ice.len() > MAX_ICE {
            return Err(DecodeError::TooMany { limit: MAX_ICE });
        }
        if self.mirrors.len() > MAX_MIRRORS {
            return Err(DecodeError::TooMany { limit: MAX_MIRRORS });
        }
        if !(1..=MAX_TRACKS).contains(&self.tracks.len()) {
            return Err(DecodeError::TrackCount);
        }
        self.trackers
            .iter()
            .try_for_each(|url| check_tracker(url))?;
        self.ice.iter().try_for_each(IceServer::check)?;
        self.mirrors.iter().try_for_each(|url| check_mirror(url))?;
        self.policy
            .viewers
            .iter()
            .try_for_each(|url| check_url(url))?;
        if self.token.as_ref().is_some_and(|it| it.len() > MAX_TOKEN) {
            return Err(DecodeError::Oversized { limit: MAX_TOKEN });
        }
        self.tracks
            .iter()
            .try_for_each(|track| track.check(self.live))
    }

    /// The numbering of this video's pieces.
    pub fn space(&self) -> PieceSpace {
        // More tracks than 64 do not pass `validate`.
        let tracks = u16::try_from(self.tracks.len()).unwrap_or(u16::MAX);
        PieceSpace::new(self.piece_length, self.stride, tracks)
    }
}

impl IndexTrack {
    fn check(&self, live: bool) -> Result<(), DecodeError> {
        let most = if live { 1 } else { MAX_PART_SEGMENTS as u32 };
        if !(1..=most).contains(&self.part_segments) {
            return Err(DecodeError::PartSegments);
        }
        check_url(&self.playlist)
    }
}

impl IceServer {
    fn check(&self) -> Result<(), DecodeError> {
        if !(1..=MAX_ICE).contains(&self.urls.len()) {
            return Err(DecodeError::IceServer);
        }
        // A browser refuses the whole configuration when a TURN server has no credential.
        let credible = self.username.is_some() && self.credential.is_some();
        self.urls.iter().try_for_each(|url| {
            check_url(url)?;
            match scheme(url).map(str::to_ascii_lowercase).as_deref() {
                Some("stun" | "stuns") => Ok(()),
                Some("turn" | "turns") if credible => Ok(()),
                _ => Err(DecodeError::IceServer),
            }
        })
    }
}

fn check_tracker(url: &str) -> Result<(), DecodeError> {
    check_url(url)?;
    match scheme(url).map(str::to_ascii_lowercase).as_deref() {
        None | Some("ws" | "wss") => Ok(()),
        Some(_) => Err(DecodeError::TrackerUrl),
    }
}

fn check_mirror(url: &str) -> Result<(), DecodeError> {
    check_url(url)?;
    match scheme(url).map(str::to_ascii_lowercase).as_deref() {
        None | Some("http" | "https") if url.ends_with('/') => Ok(()),
        _ => Err(DecodeError::Url),
    }
}

fn check_url(url: &str) -> Result<(), DecodeError> {
    if url.is_empty() || url.len() > MAX_URL || url.chars().any(char::is_control) {
        return Err(DecodeError::Url);
    }
    Ok(())
}

/// What stands before the first colon, when it can be a scheme (RFC 3986 §3.1).
fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let mut characters = scheme.chars();
    let begins = characters.next()?.is_ascii_alphabetic();
    let goes_on = characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    (begins && goes_on).then_some(scheme)
}

/// A value, or its type's default for `null`.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
