//! Everything that the engine asks of its host.

use shoal_wire::id::{PieceIndex, SegmentId, TrackId};
use shoal_wire::peer::{Block, Frame};
use shoal_wire::tracker::ClientMessage;

use crate::event::Event;
use crate::input::{HttpId, LinkId, NeedId};
use crate::time::Time;

/// Why a link is closed by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Too many strikes: rot, lies, silence.
    Banned,
    /// A second link to a peer that we have one to.
    Duplicate,
    /// It did not open, or did not shake hands, in time.
    Expired,
    /// The other side closed it, or the network did.
    Gone,
    /// The peer broke the protocol.
    Malformed,
    /// P2P was switched off, or the video ended.
    Stopped,
    /// Another peer is more use.
    Superfluous,
}

/// Why the engine leaves a segment to the player's own loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declined {
    /// The origin failed; the player's own retries and messages take over.
    Origin,
    /// P2P is off.
    Off,
    /// The index does not describe the segment (yet).
    Unindexed,
}

/// Where the bytes of a delivered segment came from, and how fast.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delivery {
    /// Bytes of it from peers.
    pub from_peers: u32,
    /// Bytes of it from the origin.
    pub from_origin: u32,
    /// Bytes per second that the viewer can expect of both sources together, measured while
    /// transfers ran; 0 when nothing was measured yet. This is what the player's ABR is told.
    pub rate: f64,
}

/// Everything that the engine asks of its host.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Ask the server how many watch; answer with `Input::Viewers`.
    CountViewers {
        /// We are in the swarm, where we are counted already.
        member: bool,
    },
    /// Leave this need to the player's own loader.
    Decline {
        /// The player's number.
        id: NeedId,
        /// Why.
        reason: Declined,
    },
    /// Hand a copy of the segment to the player: every piece of it is verified.
    Deliver {
        /// The player's number.
        id: NeedId,
        /// Which.
        segment: SegmentId,
        /// How it came.
        delivery: Delivery,
    },
    /// Something that the page may want to know.
    Event(Event),
    /// Forget a segment's bytes.
    Evict(SegmentId),
    /// Get a part of the index over HTTP; answer with `Input::Part` or `Input::PartFailed`.
    FetchPart {
        /// The track.
        track: TrackId,
        /// The part's number.
        part: u64,
    },
    /// Abort a request. No more inputs about it.
    HttpAbort(HttpId),
    /// Get bytes of a segment from the origin or a mirror.
    HttpGet {
        /// Names the request.
        id: HttpId,
        /// Whom to ask: 0 is the origin, then come the mirrors in the index's order.
        server: usize,
        /// Which.
        segment: SegmentId,
        /// First byte, from the segment's start. Always a multiple of the piece length.
        offset: u32,
        /// Bytes. `offset + length` never passes the segment's length; when it is the whole
        /// segment, ask without `Range` so that caches can serve it.
        length: u32,
    },
    /// Write the block just reported (`Input::LinkFrame`, `Input::HttpBlock`) to its place.
    Keep(Block),
    /// Write the segment just offered (`Input::Offered`) to its place, which is reserved.
    KeepOffered(SegmentId),
    /// Answer this offer; report with `Input::LinkDescribed`.
    LinkAccept {
        /// Names the link.
        link: LinkId,
        /// The other side's SDP.
        sdp: String,
    },
    /// Close a link and drop all that belongs to it. No more inputs about it.
    LinkClose {
        /// The link.
        link: LinkId,
        /// Why.
        reason: CloseReason,
    },
    /// Complete the connection with the other side's answer.
    LinkConnect {
        /// The link.
        link: LinkId,
        /// The other side's SDP.
        sdp: String,
    },
    /// Make a connection and an offer; report with `Input::LinkDescribed`.
    LinkOffer(LinkId),
    /// Send a frame. With `Message::Piece` the block's bytes follow, from the store.
    LinkSend {
        /// The link.
        link: LinkId,
        /// What to send.
        frame: Frame,
    },
    /// Read the index again: its policy, token, STUN and TURN servers; answer with `Input::Renewed`.
    RenewIndex,
    /// Make room for a segment; its bytes come piece by piece.
    Reserve {
        /// Which.
        segment: SegmentId,
        /// Bytes.
        length: u32,
    },
    /// Close the tracker's socket. No more inputs about it.
    TrackerClose,
    /// Open the socket of this tracker (its position in the index).
    TrackerConnect(usize),
    /// Send a message to the tracker.
    TrackerSend(ClientMessage),
    /// Compute the digest of a piece whose blocks are all written; answer with `Input::Verified`.
    Verify {
        /// The piece.
        piece: PieceIndex,
        /// The segment that it lies in.
        segment: SegmentId,
        /// Where it starts in the segment, bytes.
        offset: u32,
        /// Bytes.
        length: u32,
    },
    /// Nothing more to do before this moment (never, when `None`). Always the last output.
    Wait(Option<Time>),
}
