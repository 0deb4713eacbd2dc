//! One end of a link between two viewers, and what shares a line with it.

use std::collections::VecDeque;

use shoal_engine::{LinkId, Time};
use shoal_wire::peer::Decoder;

use crate::event::{NodeId, RequestId};
use crate::wire::Wire;

/// What shares a downlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flow {
    Http(RequestId),
    Link(LinkId),
}

/// What comes through a downlink.
#[derive(Debug)]
pub(crate) enum Parcel {
    /// A part of an HTTP response.
    Chunk,
    /// Frames from a peer.
    Wire(Box<Wire>),
}

/// One end of a link, as the adapter sees it.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) stage: Linking,
    pub(crate) peer: Option<(NodeId, LinkId)>,
    /// Bytes that the channel has buffered, of messages and of blocks.
    pub(crate) buffered: u32,
    pub(crate) blocks: u32,
    /// Bytes sent since the engine last heard of the buffer.
    pub(crate) unreported: u32,
    /// Bytes of blocks sent, and not known to have arrived.
    pub(crate) in_flight: u32,
    /// When the other end's receipts of how many bytes come, those that have not been looked at.
    pub(crate) receipts: VecDeque<(Time, u32)>,
    /// Nothing is sent until a receipt comes.
    pub(crate) full: bool,
    /// When the last packet comes to the other end.
    pub(crate) last: Time,
    /// Of frames that pass through the codec.
    pub(crate) decoder: Option<Box<Decoder>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linking {
    /// An offer is being made, or waits for its answer.
    Offering,
    /// An answer is being made, or has been.
    Answering,
    /// The offerer has the answer.
    Connecting,
    Open,
    /// It failed, and the engine knows.
    Failed,
}
