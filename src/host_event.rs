//! What the adapters hand to the pump: the engine's inputs, and the bytes that belong to them.

use core::fmt;
use std::rc::Rc;

use js_sys::Uint8Array;
use shoal_engine::{HttpId, Input, LinkId, Pace};
use shoal_wire::id::{SegmentId, TrackId};
use web_sys::RtcDataChannel;

use crate::catalogue::Catalogue;

/// One thing that happened in the browser.
#[derive(Debug)]
pub enum HostEvent {
    /// The other side of an accepted link made its data channel.
    Channel {
        /// The link.
        link: LinkId,
        /// The channel.
        channel: RtcDataChannel,
    },
    /// A message of a data channel.
    ChannelData {
        /// The link.
        link: LinkId,
        /// The message.
        data: Uint8Array,
    },
    /// Bytes of an HTTP response up to the end of a piece.
    HttpData {
        /// The request.
        id: HttpId,
        /// Which segment.
        segment: SegmentId,
        /// Where in the segment they start.
        offset: u32,
        /// The bytes.
        data: Uint8Array,
    },
    /// The index is here.
    Index(Box<Catalogue>),
    /// Something that has no bytes.
    Input(Input),
    /// The player got a whole segment by itself.
    Offered {
        /// Which.
        segment: SegmentId,
        /// Its bytes.
        data: Uint8Array,
        /// How the origin sent it.
        pace: Pace,
    },
    /// A part of the index, or nothing when it could not be had.
    Part {
        /// The track.
        track: TrackId,
        /// The part's number.
        part: u64,
        /// The file's bytes.
        bytes: Option<Vec<u8>>,
    },
    /// The index once more, or nothing when it could not be had.
    Renewed(Option<Vec<u8>>),
    /// The engine may now take what it did not take when it was offered.
    Stashed,
    /// The turn that the pump asked for, to go on with what it put off.
    Turn,
}

impl From<Input> for HostEvent {
    fn from(input: Input) -> Self {
        Self::Input(input)
    }
}

/// Where arrivals go in. Cheap to clone; every listener and task holds one.
#[derive(Clone)]
pub struct Sender(Rc<dyn Fn(HostEvent)>);

impl Sender {
    /// Arrivals are given to `take` as they come.
    pub fn new(take: impl Fn(HostEvent) + 'static) -> Self {
        Self(Rc::new(take))
    }

    /// Hands over one event. It may be dealt with before this returns.
    pub fn push(&self, event: impl Into<HostEvent>) {
        (self.0)(event.into());
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}
