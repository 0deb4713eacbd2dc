//! Shoal's own index: what a video consists of, piece by piece, and who may share it.

mod count;
mod json;
mod part;
mod space;

use core::fmt;

use crate::DecodeError;
use crate::id::{InfoHash, PIECE_LENGTH};

pub use count::ViewerCount;
pub use part::{MAX_PART_BYTES, MAX_PART_SEGMENTS, Part, PartSegment};
pub use space::PieceSpace;

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

/// The index of a video. What [`Index::parse`] returns keeps all its rules; one that is put
/// together by hand is checked by [`Index::validate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The swarm that the viewers of this video form.
    pub swarm: InfoHash,
    /// The playlist still grows.
    pub live: bool,
    /// Bytes of a piece: [`PIECE_LENGTH`].
    pub piece_length: u32,
    /// Piece numbers reserved for each segment, a power of two.
    pub stride: u32,
    /// URLs relative to the index's own (then `http` becomes `ws`), or absolute with `ws:` or
    /// `wss:`. At most 8.
    pub trackers: Vec<String>,
    /// STUN and TURN servers. At most 8.
    pub ice: Vec<IceServer>,
    /// Other servers that have the segments: each is the URL, relative to the index's own or absolute, of a
    /// copy of the folder above the index's, with a slash at its end. At most 7.
    pub mirrors: Vec<String>,
    /// Who may share.
    pub policy: IndexPolicy,
    /// Lets whoever has this index join the swarm, for a while; sent with each announce, read by the
    /// tracker alone. At most 1,024 bytes.
    pub token: Option<String>,
    /// Renditions and audio tracks, 1 to 64. Their order gives their
    /// [`TrackId`](crate::id::TrackId).
    pub tracks: Vec<IndexTrack>,
}

/// A STUN or TURN server, as `RTCConfiguration.iceServers` has it.
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    /// 1 to 8, each `stun:`, `stuns:`, `turn:` or `turns:`. Without a host, as `stun::3478`, it is the
    /// host that the index came from.
    pub urls: Vec<String>,
    /// For TURN.
    pub username: Option<String>,
    /// For TURN.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexPolicy {
    /// The site operator's word. Default: ask.
    pub p2p: P2p,
    /// The video's own.
    pub video: Option<P2p>,
    /// Viewers that there must be before anyone shares. Default: 0.
    pub min_viewers: u32,
    /// Where a [`ViewerCount`] is to be had, relative to the index's URL or absolute. Without it nobody
    /// shares where `min_viewers` is more than 1.
    pub viewers: Option<String>,
}

/// What one of those who decide on sharing has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexTrack {
    /// Its media playlist, relative to the index's URL.
    pub playlist: String,
    /// Segments that one part describes: 1 to 64, and 1 while live.
    pub part_segments: u32,
}

impl Index {
    /// Checks every rule that the fields' descriptions state.
    pub fn validate(&self) -> Result<(), DecodeError> {
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
