//! Requests to the origin and its mirrors: the engine's, the page's and those of the stock loader.

use core::time::Duration;

use shoal_engine::HttpId;
use shoal_wire::id::{PIECE_LENGTH, SegmentId, TrackId};

use crate::event::{Event, NodeId, RequestId};
use crate::origin::Origin;
use crate::request::{Asked, Request};
use crate::store::Breach;
use crate::world::World;

/// Bytes of a playlist, and of the index without its parts.
const SMALL: u32 = 2000;

impl World {
    pub(crate) fn get_index(&mut self, id: NodeId) {
        self.ask(id, Asked::Index, SMALL);
    }

    pub(crate) fn read_playlist(&mut self, id: NodeId, track: TrackId) {
        self.ask(id, Asked::Playlist(track), SMALL);
    }

    pub(crate) fn get_part(&mut self, id: NodeId, track: TrackId, part: u64) {
        self.ask(id, Asked::Part { track, part }, 0);
    }

    pub(crate) fn stock_get(&mut self, id: NodeId, number: u64, segment: SegmentId) {
        let length = self.video.length(segment);
        self.ask(id, Asked::Stock { number, segment }, length);
    }

    pub(crate) fn http_get(
        &mut self,
        id: NodeId,
        (http, server): (HttpId, usize),
        segment: SegmentId,
        offset: u32,
        length: u32,
    ) -> Result<(), Breach> {
        if server > self.mirrors.len() {
            return Err(format!("asks server {server}, which nobody named"));
        }
        let total = self.video.length(segment);
        let fits = offset.checked_add(length).is_some_and(|end| end <= total);
        if length == 0 || !fits || !offset.is_multiple_of(PIECE_LENGTH) {
            return Err(format!(
                "gets {length} bytes at {offset} of {total} of {segment:?}"
            ));
        }
        if !self.node(id).store.holds(segment) {
            return Err(format!("gets {segment:?} without room for it"));
        }
        self.media_get(id, (http, server), segment, offset, length)
    }

    /// Asks for a part of a segment.
    pub(crate) fn media_get(
        &mut self,
        id: NodeId,
        (http, server): (HttpId, usize),
        segment: SegmentId,
        offset: u32,
        length: u32,
    ) -> Result<(), Breach> {
        let request = self.ask(
            id,
            Asked::Media {
                http,
                server,
                segment,
                offset,
            },
            length,
        );
        match self.node(id).gets.insert(http, request) {
            None => Ok(()),
            Some(_) => Err(format!("uses {http:?} twice")),
        }
    }

    /// Forgets a request. What the origin has sent is sent, and takes its time to come in.
    pub(crate) fn drop_request(&mut self, id: NodeId, request: RequestId) {
        self.node(id).requests.remove(&request);
    }

    /// One way between a viewer and the server that it asks.
    pub(crate) fn trip(&mut self, id: NodeId, asked: Asked) -> Duration {
        self.lines[id.0 as usize].latency + self.server(asked).latency()
    }

    /// Who is asked.
    pub(crate) fn server(&mut self, asked: Asked) -> &mut Origin {
        let mirror = asked.mirror().and_then(|at| self.mirrors.get_mut(at));
        mirror.unwrap_or(&mut self.origin)
    }

    fn ask(&mut self, id: NodeId, asked: Asked, length: u32) -> RequestId {
        let number = self.origin.number_request();
        let request = Request {
            asked,
            length,
            sent: 0,
            received: 0,
            in_flight: 0,
            blocked: false,
            made: self.now,
            began: None,
            served: self.now,
            next: self.now,
            last: self.now,
        };
        self.node(id).requests.insert(number, request);
        let trip = self.trip(id, asked);
        self.soon(trip, id, Event::Serve(number));
        number
    }
}
