//! A request of a viewer to the origin or to a mirror.

use shoal_engine::{HttpId, Time};
use shoal_wire::id::{SegmentId, TrackId};

/// A request under way.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) asked: Asked,
    pub(crate) length: u32,
    pub(crate) sent: u32,
    pub(crate) received: u32,
    pub(crate) in_flight: u32,
    /// Waits for the viewer to receive something.
    pub(crate) blocked: bool,
    /// When it was made, and when the first of the answer came.
    pub(crate) made: Time,
    pub(crate) began: Option<Time>,
    /// When the origin read what it answers.
    pub(crate) served: Time,
    /// When the connection may send more.
    pub(crate) next: Time,
    /// When the last packet arrives.
    pub(crate) last: Time,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    Index,
    Part {
        track: TrackId,
        part: u64,
    },
    Playlist(TrackId),
    /// The engine's request, to the origin (0) or a mirror: bytes of a segment from `offset` on.
    Media {
        http: HttpId,
        server: usize,
        segment: SegmentId,
        offset: u32,
    },
    /// The stock loader's request for a whole segment.
    Stock {
        number: u64,
        segment: SegmentId,
    },
}

impl Asked {
    /// The position of the mirror that is asked, if one is.
    pub(crate) fn mirror(self) -> Option<usize> {
        match self {
            Self::Media { server, .. } => server.checked_sub(1),
            _ => None,
        }
    }
}
