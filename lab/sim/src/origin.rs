//! The HTTP server of the video and its mirrors, and requests to them.
//!
//! A response leaves the origin no faster than one connection goes and than the origin's total
//! capacity allows, and comes in through the viewer's downlink beside all else.

use std::collections::BTreeMap;

use core::time::Duration;

use rand::RngExt;
use shoal_engine::{HttpFault, HttpId, Input, Pace, Time};
use shoal_wire::id::{PIECE_LENGTH, PieceIndex, SegmentId, TrackId};
use shoal_wire::peer::Block;

use crate::chance::{Chance, Purpose, stream};
use crate::node::Reported;
use crate::scenario::OriginModel;
use crate::store::Breach;
use crate::world::{Event, NodeId, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestId(pub(crate) u64);

#[derive(Debug)]
pub(crate) struct Origin {
    model: OriginModel,
    chance: Chance,
    requests: u64,
    /// When all that it has sent so far is out.
    busy: Time,
    pub(crate) tally: OriginTally,
}

/// What the origin counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct OriginTally {
    /// Bytes of media sent.
    pub(crate) media_bytes: u64,
    /// Bytes of the index sent.
    pub(crate) index_bytes: u64,
    /// Bytes sent of each segment.
    pub(crate) segments: BTreeMap<SegmentId, u64>,
    /// Bytes of both, by the time in which they left.
    pub(crate) load: Vec<u64>,
    /// Requests for media, those that failed included.
    pub(crate) media_requests: u64,
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) asked: Asked,
    length: u32,
    sent: u32,
    received: u32,
    in_flight: u32,
    /// Waits for the viewer to receive something.
    blocked: bool,
    /// When it was made, and when the first of the answer came.
    made: Time,
    began: Option<Time>,
    /// When the origin read what it answers.
    served: Time,
    /// When the connection may send more.
    next: Time,
    /// When the last packet arrives.
    last: Time,
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

/// Bytes that are sent in one go.
const CHUNK: u32 = 16 << 10;
/// What the origin's load is summed up over.
pub(crate) const LOAD_SPAN: Duration = Duration::from_secs(10);
/// Bytes of a playlist, and of the index without its parts.
const SMALL: u32 = 2000;
/// How soon the page asks for the index again.
const INDEX_RETRY: Duration = Duration::from_secs(5);

impl Origin {
    pub(crate) fn new(seed: u64, model: &OriginModel) -> Self {
        Self {
            model: model.clone(),
            chance: stream(seed, 0, Purpose::Origin),
            requests: 0,
            busy: Time(0),
            tally: OriginTally::default(),
        }
    }

    /// The servers of the segments besides the origin.
    pub(crate) fn mirrors(seed: u64, models: &[OriginModel]) -> Vec<Self> {
        let mirror = |(nth, model)| Self {
            chance: stream(seed, nth + 1, Purpose::Origin),
            ..Self::new(seed, model)
        };
        (0_u64..).zip(models).map(mirror).collect()
    }

    fn is_silent(&self, now: Time) -> bool {
        self.model.silent.is_some_and(|from| now >= Time(0) + from)
    }

    fn down(&self, now: Time) -> bool {
        let inside =
            |&(from, to): &(Duration, Duration)| now >= Time(0) + from && now < Time(0) + to;
        self.model.outages.iter().any(inside)
    }
}

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

    /// A request has come to the origin.
    pub(crate) fn serve(&mut self, id: NodeId, request: RequestId) {
        let now = self.now;
        let Some(asked) = self
            .node(id)
            .requests
            .get(&request)
            .map(|request| request.asked)
        else {
            return;
        };
        let server = self.server(asked);
        let failed = server.down(now) || server.chance.random_bool(server.model.errors);
        let fault = match asked {
            Asked::Media { .. } | Asked::Stock { .. } if failed => Some(503),
            Asked::Media { segment, .. } | Asked::Stock { segment, .. } => {
                (!self.video.exists(segment.seq, now)).then_some(404)
            }
            Asked::Part { track, part } if self.video.part(track, part, now).is_none() => Some(404),
            _ => failed.then_some(503),
        };
        if matches!(asked, Asked::Media { .. } | Asked::Stock { .. }) {
            self.server(asked).tally.media_requests += 1;
        }
        if let Some(status) = fault {
            let back = self.trip(id, asked);
            let fault = HttpFault::Status(status);
            return self.soon(back, id, Event::HttpLost { request, fault });
        }
        let length = match asked {
            Asked::Part { track, part } => Some(self.video.part_bytes(track, part, now)),
            _ => None,
        };
        if let Some(request) = self.node(id).requests.get_mut(&request) {
            request.served = now;
            request.length = length.unwrap_or(request.length);
        }
        let thinks = self.server(asked).model.thinks;
        self.soon(thinks, id, Event::Send(request));
    }

    /// The origin may send more of a response.
    pub(crate) fn send_more(&mut self, id: NodeId, number: RequestId) {
        let now = self.now;
        let Some(asked) = self.node(id).requests.get(&number).map(|it| it.asked) else {
            return;
        };
        if self.server(asked).is_silent(now) {
            return;
        }
        let trip = self.trip(id, asked);
        let lag = self.resent(id, trip);
        let window = self.window(id, trip);
        let node = &mut self.nodes[id.0 as usize];
        let Some(request) = node.requests.get_mut(&number) else {
            return;
        };
        let server = match asked.mirror().and_then(|at| self.mirrors.get_mut(at)) {
            Some(mirror) => mirror,
            None => &mut self.origin,
        };
        let left = request.length - request.sent;
        if left == 0 {
            return;
        }
        let size = left
            .min(CHUNK)
            .min(PIECE_LENGTH - request.sent % PIECE_LENGTH);
        let out = server.busy.max(now) + span(size, server.model.total);
        server.busy = out;
        request.sent += size;
        request.in_flight += size;
        request.next = request.next.max(now) + span(size, server.model.connection);
        request.last = request.last.max(out.max(request.next) + trip + lag);
        let arrival = request.last;
        let next = request.next.max(out);
        request.blocked = request.in_flight >= window;
        let go_on = !request.blocked && left > size;
        server.tally.count(now, asked, size);
        let request = number;
        self.schedule(arrival, id, Event::Chunk { request, size });
        if go_on {
            self.schedule(next, id, Event::Send(number));
        }
    }

    /// A part of a response has come in.
    pub(crate) fn received(&mut self, id: NodeId, number: RequestId, size: u32) {
        let now = self.now;
        let Some(request) = self.node(id).requests.get_mut(&number) else {
            return;
        };
        request.began.get_or_insert(now);
        request.received += size;
        request.in_flight -= size;
        let (asked, received, length) = (request.asked, request.received, request.length);
        let done = received == length;
        if request.blocked {
            request.blocked = false;
            let next = request.next.max(now);
            self.schedule(next, id, Event::Send(number));
        }
        if self.node(id).hybrid.is_some() {
            self.progress(id, asked, size, length);
        } else if let Asked::Media {
            http,
            segment,
            offset,
            ..
        } = asked
            && (done || received.is_multiple_of(PIECE_LENGTH))
        {
            let first = self.video.pieces(segment).start + offset / PIECE_LENGTH;
            let nth = (received - 1) / PIECE_LENGTH;
            let piece = PieceIndex(first + nth);
            let block = Block {
                piece,
                begin: 0,
                length: received - nth * PIECE_LENGTH,
            };
            let rotten = self.server(asked).model.rotten;
            let node = self.node(id);
            node.guard.reported = Some(Reported::Block { block, rotten });
            node.tally.http_blocks += u64::from(block.length);
            self.feed(id, Input::HttpBlock { id: http, block });
        }
        if done {
            self.complete(id, number);
        }
    }

    /// A request fails.
    pub(crate) fn http_lost(&mut self, id: NodeId, number: RequestId, fault: HttpFault) {
        let now = self.now;
        let node = self.node(id);
        let Some(request) = node.requests.remove(&number) else {
            return;
        };
        match request.asked {
            Asked::Index => self.soon(INDEX_RETRY, id, Event::GetIndex),
            Asked::Part { track, part } => self.feed(id, Input::PartFailed { track, part }),
            Asked::Playlist(track) => self.playlist(id, track, None),
            Asked::Media { http, .. } => {
                node.gets.remove(&http);
                self.feed(id, Input::HttpFailed { id: http, fault });
            }
            Asked::Stock { number, .. } => {
                if let Some(player) = &mut node.player {
                    player.failed(now, number);
                }
            }
        }
    }

    /// Every response under way breaks off.
    pub(crate) fn origin_fails(&mut self) {
        for number in 0..self.nodes.len() {
            let id = NodeId(number as u32);
            let requests = self.nodes[number].requests.iter();
            let started = requests.filter(|(_, request)| request.sent > 0);
            let requests: Vec<_> = started.map(|(number, _)| number).collect();
            for request in requests {
                let fault = HttpFault::Network;
                self.soon(Duration::ZERO, id, Event::HttpLost { request, fault });
            }
        }
    }

    fn ask(&mut self, id: NodeId, asked: Asked, length: u32) -> RequestId {
        let number = RequestId(self.origin.requests);
        self.origin.requests += 1;
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

    fn complete(&mut self, id: NodeId, number: RequestId) {
        let now = self.now;
        let node = self.node(id);
        // The engine may have dropped it while it took in the last block.
        let Some(request) = node.requests.remove(&number) else {
            return;
        };
        match request.asked {
            Asked::Index => self.attach(id),
            Asked::Part { track, part } => {
                let input = match self.video.part(track, part, request.served) {
                    Some((first, lengths)) => Input::Part {
                        track,
                        part,
                        first,
                        lengths,
                    },
                    None => Input::PartFailed { track, part },
                };
                self.feed(id, input);
                self.unstash(id);
            }
            Asked::Playlist(track) => self.playlist(id, track, Some(request.served)),
            Asked::Media { http, .. } => {
                node.gets.remove(&http);
                self.feed(id, Input::HttpDone(http));
            }
            Asked::Stock { number, segment } => {
                if let Some(player) = &mut node.player {
                    player.loaded(now, number);
                }
                let pace = Pace {
                    first_byte: request.began.unwrap_or(now).since(request.made),
                    whole: now.since(request.made),
                };
                self.offer(id, segment, pace);
            }
        }
    }

    /// One way between a viewer and the server that it asks.
    fn trip(&mut self, id: NodeId, asked: Asked) -> Duration {
        self.lines[id.0 as usize].latency + self.server(asked).model.latency
    }

    /// Who is asked.
    fn server(&mut self, asked: Asked) -> &mut Origin {
        let mirror = asked.mirror().and_then(|at| self.mirrors.get_mut(at));
        mirror.unwrap_or(&mut self.origin)
    }

    /// What loss adds to a chunk: a round trip when one of its packets had to be sent again.
    fn resent(&mut self, id: NodeId, one_way: Duration) -> Duration {
        let trip = one_way * 2;
        let loss = self.lines[id.0 as usize].loss;
        let packets = CHUNK / 1400;
        let lost = 1.0 - (1.0 - loss).powi(packets as i32);
        if loss > 0.0 && self.node(id).chance.random_bool(lost) {
            trip
        } else {
            Duration::ZERO
        }
    }
}

impl Asked {
    /// The position of the mirror that is asked, if one is.
    fn mirror(self) -> Option<usize> {
        match self {
            Self::Media { server, .. } => server.checked_sub(1),
            _ => None,
        }
    }
}

impl OriginTally {
    fn count(&mut self, now: Time, asked: Asked, size: u32) {
        let size = u64::from(size);
        match asked {
            Asked::Media { segment, .. } | Asked::Stock { segment, .. } => {
                self.media_bytes += size;
                *self.segments.entry(segment).or_default() += size;
            }
            Asked::Index | Asked::Part { .. } => self.index_bytes += size,
            // Playlists are read in both arms alike.
            Asked::Playlist(_) => return,
        }
        let span = (now.0 / LOAD_SPAN.as_micros() as u64) as usize;
        if self.load.len() <= span {
            self.load.resize(span + 1, 0);
        }
        self.load[span] += size;
    }
}

/// How long `size` bytes take at `rate` bytes per second.
fn span(size: u32, rate: u64) -> Duration {
    Duration::from_micros((u64::from(size) * 1_000_000).div_ceil(rate.max(1)))
}
