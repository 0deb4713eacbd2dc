//! Requests that come to the origin and its mirrors, and what comes back.
//!
//! A response leaves the origin no faster than one connection goes and than the origin's total
//! capacity allows, and comes in through the viewer's downlink beside all else.

use core::time::Duration;

use rand::RngExt;
use shoal_engine::{HttpFault, Input, Pace};
use shoal_wire::id::{PIECE_LENGTH, PieceIndex};
use shoal_wire::peer::Block;

use crate::event::{Event, NodeId, RequestId};
use crate::guard::Reported;
use crate::request::Asked;
use crate::world::World;

/// Bytes that are sent in one go.
const CHUNK: u32 = 16 << 10;
/// Time until the page asks for the index again.
const INDEX_RETRY: Duration = Duration::from_secs(5);

impl World {
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
        let failed = server.fails(now);
        let fault = match asked {
            Asked::Media { .. } | Asked::Stock { .. } if failed => Some(503),
            Asked::Media { segment, .. } | Asked::Stock { segment, .. } => {
                (!self.video.exists(segment.seq, now)).then_some(404)
            }
            Asked::Part { track, part } if self.video.part(track, part, now).is_none() => Some(404),
            _ => failed.then_some(503),
        };
        if matches!(asked, Asked::Media { .. } | Asked::Stock { .. }) {
            self.server(asked).counts.media_requests += 1;
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
        let thinks = self.server(asked).thinks();
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
        let out = server.send(now, asked, size);
        request.sent += size;
        request.in_flight += size;
        request.next = request.next.max(now) + server.on_a_connection(size);
        request.last = request.last.max(out.max(request.next) + trip + lag);
        let arrival = request.last;
        let next = request.next.max(out);
        request.blocked = request.in_flight >= window;
        let go_on = !request.blocked && left > size;
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
            let corrupt = self.server(asked).is_corrupt();
            let node = self.node(id);
            node.guard.reported = Some(Reported::Block { block, corrupt });
            node.counts.http_blocks += u64::from(block.length);
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

    /// Delay of a chunk by loss: a round trip when one of its packets had to be sent again.
    fn resent(&mut self, id: NodeId, one_way: Duration) -> Duration {
        let trip = one_way * 2;
        let loss = self.lines[id.0 as usize].loss;
        let packets = CHUNK / 1400;
        let lost = 1.0 - (1.0 - loss).powi(packets as i32);
        if loss > 0.0 && self.node(id).rng.random_bool(lost) {
            trip
        } else {
            Duration::ZERO
        }
    }
}
