//! Events, and the ids of those to whom they happen.

use shoal_engine::{HttpFault, LinkFault, LinkId};
use shoal_wire::id::{PieceIndex, TrackId};

use crate::wire::Wire;

pub(crate) use shoal_server::tracker::swarm::SocketId;

/// A simulated viewer: its position among all viewers of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

/// A request to the origin or to a mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestId(pub(crate) u64);

/// Something that happens to a node.
#[derive(Debug)]
pub(crate) enum Event {
    /// The page is opened.
    Arrive,
    /// The engine is loaded.
    EngineReady,
    /// The page is closed.
    Leave,
    /// A step of the viewer's script.
    Step(usize),
    /// The player's timer.
    Wake,
    /// The engine's timer.
    Tick,
    /// P2P was switched off a second ago.
    Hush(u64),
    /// A request that waits for the engine is looked at again, and so many times more.
    Held { number: u64, left: u32 },
    /// Read a playlist again after an error.
    Playlist(TrackId),
    /// Read the index, again after an error.
    GetIndex,
    /// The policy in the index has been read again.
    Renewed,
    /// A digest is ready.
    Digest(PieceIndex),
    /// The uplink has sent a packet.
    UpFree,
    /// The downlink has received a packet.
    DownFree,
    /// A part of a response has come to the downlink's far end.
    Chunk { request: RequestId, size: u32 },
    /// Frames have come to the downlink's far end.
    Wire(Box<Wire>),
    /// The other end has bytes of a link that waits for it.
    Receipt(LinkId),
    /// The send buffer of a link is low.
    Drained(LinkId),
    /// An SDP is ready.
    Described(LinkId),
    /// A data channel is open.
    Opened(LinkId),
    /// Connecting has taken too long.
    Unreached(LinkId),
    /// A link has failed, or its other end was closed.
    Broken { link: LinkId, fault: LinkFault },
    /// A request has come to the origin.
    Serve(RequestId),
    /// The origin may send more of a response.
    Send(RequestId),
    /// A response fails.
    HttpLost {
        request: RequestId,
        fault: HttpFault,
    },
    /// The tracker has a new connection.
    TrackerReached(SocketId),
    /// The tracker has a message.
    TrackerHears(Box<Text>),
    /// The tracker has lost a connection.
    TrackerLeft(SocketId),
    /// The node's socket is open.
    SocketOpen(SocketId),
    /// The node's socket has a message.
    SocketText(Box<Text>),
    /// The node's socket is closed.
    SocketGone(SocketId),
    /// The origin fails from now on for a while. Happens to nobody in particular.
    OriginOutage,
    /// The tracker fails from now on for a while. Happens to nobody in particular.
    TrackerOutage,
}

/// A message between the tracker and a socket.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) socket: SocketId,
    pub(crate) text: String,
}
