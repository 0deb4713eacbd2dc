//! Everything that can happen to the engine.

use core::time::Duration;

use shoal_wire::id::{InfoHash, PieceIndex, SegmentId, TrackId};
use shoal_wire::peer::{Block, Frame};

use crate::consent::Rule;

/// Bytes in a channel's send buffer at which it counts as drained. Lower: the connection runs dry
/// while we are busy; higher: what is asked for last waits longer.
pub const LOW_MARK: u32 = 16 * 1024;

/// Names a connection to a peer. The engine gives it; it is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Names one HTTP request. The engine gives it; it is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpId(pub u64);

/// Names one request of the player. The player gives it; it is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NeedId(pub u64);

/// The part of an index that the engine decides by. URLs and hashes stay with the adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexInfo {
    /// The swarm that the viewers of this video form.
    pub swarm: InfoHash,
    /// The playlist still grows.
    pub live: bool,
    /// Bytes of a piece; the last piece of a segment may be shorter.
    pub piece_length: u32,
    /// Piece numbers reserved for each segment, a power of two.
    pub stride: u32,
    /// How many trackers the index names.
    pub trackers: usize,
    /// Renditions and audio tracks, in the index's order.
    pub tracks: Vec<TrackInfo>,
}

/// One track of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackInfo {
    /// Segments described by one part of the index: part `n` holds the media sequence numbers
    /// from `n * part_segments` on.
    pub part_segments: u32,
}

/// One segment as the playlist lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineSegment {
    /// Media sequence number.
    pub seq: u64,
    /// Where it starts on the player's timeline.
    pub start: Duration,
    /// How long it plays.
    pub duration: Duration,
}

/// What the player is loading at present, one per track type (video, audio).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveTrack {
    /// The rendition or audio track.
    pub track: TrackId,
    /// End of the media that can be played without a gap from the playhead, on the player's
    /// timeline; the playhead itself when nothing is buffered.
    pub buffered: Duration,
}

/// Where the player is.
#[derive(Clone, Debug, PartialEq)]
pub struct Playhead {
    /// The player's clock.
    pub position: Duration,
    /// Media seconds per second; 0 while paused.
    pub rate: f64,
    /// At most `Config::max_active_tracks`.
    pub active: Vec<ActiveTrack>,
}

/// What became of a piece's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The bytes are not those of the index.
    Invalid,
    /// No digest is known, or it could not be computed.
    Unknown,
    /// The bytes are those of the index.
    Valid,
}

/// Why a link came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// The other side, or the network, closed it.
    Closed,
    /// The browser refused to make it, to read the SDP, or to gather candidates.
    Refused,
    /// The peer sent bytes that are no peer message.
    Malformed,
    /// The browser found no way by which a peer could come: no candidate that may be told.
    Routeless,
}

/// Why an HTTP request came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFault {
    /// The connection failed or broke off.
    Network,
    /// The body is not what was asked for: too short, too long, another range.
    Length,
    /// A status other than 200 or 206.
    Status(u16),
}

/// How long the origin took to answer a request of the player's own loader. Zero: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Until the first byte.
    pub first_byte: Duration,
    /// Until the last byte.
    pub whole: Duration,
}

/// Everything that can happen to the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The player no longer wants what it asked for.
    Cancel(NeedId),
    /// The page is in the background or the battery is low, or no longer.
    Frugal(bool),
    /// A block of an HTTP response is complete. The adapter holds its bytes aside until the next
    /// `Output::Wait` and writes them only on `Output::Keep`.
    HttpBlock {
        /// The request.
        id: HttpId,
        /// Never spans pieces.
        block: Block,
    },
    /// A response ended as it should; every block of it has been reported.
    HttpDone(HttpId),
    /// A request failed; the blocks reported before stay good.
    HttpFailed {
        /// The request.
        id: HttpId,
        /// Why.
        fault: HttpFault,
    },
    /// The index is here. Once.
    Index(IndexInfo),
    /// The viewer's own bounds, in place of the configuration's.
    Limits {
        /// As `Config::upload_rate`.
        upload_rate: u64,
        /// As `Config::upload_total`.
        upload_total: u64,
    },
    /// We made an offer (`Output::LinkOffer`) or an answer (`Output::LinkAccept`).
    LinkDescribed {
        /// The link.
        link: LinkId,
        /// The whole local SDP, candidates included, as others may see it.
        sdp: String,
    },
    /// The channel's send buffer is at or under [`LOW_MARK`]: it has fallen there, or as many bytes
    /// have been sent without it ever rising above.
    LinkDrained {
        /// The link.
        link: LinkId,
        /// Bytes still buffered.
        buffered: u32,
    },
    /// The link failed or was closed by the other side.
    LinkFailed {
        /// The link.
        link: LinkId,
        /// Why.
        fault: LinkFault,
    },
    /// A whole frame has come. With `Message::Piece` the adapter holds the block's bytes aside
    /// until the next `Output::Wait` and writes them only on `Output::Keep`.
    LinkFrame {
        /// The link.
        link: LinkId,
        /// What came.
        frame: Frame,
    },
    /// The data channel is open.
    LinkOpen(LinkId),
    /// The index names so many mirrors: other servers that have the video's segments. At most 7.
    Mirrors(usize),
    /// The player wants a segment.
    Need {
        /// The player's own number for it.
        id: NeedId,
        /// Which.
        segment: SegmentId,
    },
    /// The player got a whole segment past the engine (before it was ready). The adapter holds the
    /// bytes aside until the next `Output::Wait` and writes them only on `Output::KeepOffered`.
    Offered {
        /// Which.
        segment: SegmentId,
        /// Bytes.
        length: u32,
        /// How the origin sent it.
        pace: Pace,
    },
    /// A part of the index is here.
    Part {
        /// The track.
        track: TrackId,
        /// The part's number.
        part: u64,
        /// Media sequence number of the first segment described.
        first: u64,
        /// Bytes of each segment in turn. May be fewer than a full part on a live track.
        lengths: Vec<u32>,
    },
    /// A part of the index could not be had.
    PartFailed {
        /// The track.
        track: TrackId,
        /// The part's number.
        part: u64,
    },
    /// Where the player is; at least once a second while it plays.
    Playhead(Playhead),
    /// What became of `Output::RenewIndex`; rules and token that it brought have been told before.
    Renewed,
    /// One of those who decide on P2P has spoken.
    Rule(Rule),
    /// Time has come: the deadline of the last `Output::Wait`.
    Tick,
    /// The playlist of a track as it stands now, in order of `seq`.
    Timeline {
        /// The track.
        track: TrackId,
        /// All segments that the playlist lists.
        segments: Vec<TimelineSegment>,
    },
    /// What the tracker wants to see of who joins, from the index.
    Token(Option<String>),
    /// The tracker's socket closed or could not be opened.
    TrackerClosed,
    /// A text message of the tracker, unread.
    TrackerMessage(String),
    /// The tracker's socket is open.
    TrackerOpened,
    /// What became of `Output::Verify`.
    Verified {
        /// The piece.
        piece: PieceIndex,
        /// The outcome.
        verdict: Verdict,
    },
    /// What became of `Output::CountViewers`.
    Viewers {
        /// How many watch; nothing when the server could not be asked.
        viewers: Option<u32>,
        /// When to ask again.
        again: Duration,
    },
}
