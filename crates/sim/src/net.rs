//! Bytes on their way between viewers.
//!
//! A packet leaves through the sender's uplink, travels for both latencies (longer when something
//! was lost and had to be sent again), and comes in through the receiver's downlink, where it
//! competes with all else that the viewer receives. It never overtakes another of its link.

use core::time::Duration;

use rand::RngExt;
use shoal_engine::{Input, LOW_MARK, LinkId, Time};
use shoal_wire::peer::{Decoder, Frame, Message, Read};

use crate::crowd::within;
use crate::node::Reported;
use crate::origin::RequestId;
use crate::store::Breach;
use crate::world::{Event, NodeId, World};

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
    /// A frame from a peer.
    Wire(Wire),
}

/// A frame on its way.
#[derive(Debug)]
pub(crate) struct Wire {
    body: Body,
    /// Bytes of the block behind the header.
    payload: u32,
    rotten: bool,
    /// Bytes of header and block.
    bytes: u32,
}

#[derive(Debug)]
enum Body {
    Encoded(Vec<u8>),
    Typed(Frame),
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
    /// When the last packet comes to the other end.
    pub(crate) last: Time,
    pub(crate) decoder: Decoder,
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

/// Bytes of blocks that the engine may have unsent on one link, and of everything else.
const MAX_BLOCKS: u32 = 256 << 10;
const MAX_MESSAGES: u32 = 64 << 10;
/// Bytes under way in one flow: what SCTP's receive window lets through at most, and what slow
/// flows keep in any case.
const WINDOW: core::ops::Range<u64> = 32 << 10..1 << 20;
/// Payload of one packet, and what UDP, DTLS and SCTP add to it, bytes.
const PACKET: u32 = 1150;
const HEADERS: u32 = 77;

impl World {
    pub(crate) fn link_send(
        &mut self,
        id: NodeId,
        link: LinkId,
        frame: Frame,
    ) -> Result<(), Breach> {
        let strict = self.scenario.strict;
        let header = frame.encode();
        let payload = frame.payload_len();
        let bytes = header.len() as u32 + payload;
        let rotten = payload > 0 && self.node(id).plan.rotten;
        let end = self.end(id, link)?;
        if end.stage != Linking::Open {
            return Err(format!("sends on {link:?}, which is {:?}", end.stage));
        }
        end.buffered += bytes;
        end.blocks += payload;
        let messages = end.buffered - end.blocks;
        if end.blocks > MAX_BLOCKS || messages > MAX_MESSAGES {
            let blocks = end.blocks;
            return Err(format!(
                "leaves {blocks} + {messages} bytes unsent on {link:?}"
            ));
        }
        end.unreported += bytes;
        // The event comes only when the buffer falls past the mark. The adapter reports, too, when
        // it never rises that far.
        if end.unreported >= LOW_MARK && end.buffered <= LOW_MARK {
            end.unreported = 0;
            self.soon(Duration::ZERO, id, Event::Drained(link));
        }
        let body = if strict {
            Body::Encoded(header)
        } else {
            Body::Typed(frame)
        };
        let size = bytes + bytes.div_ceil(PACKET) * HEADERS;
        self.node(id).up.push(
            link,
            size,
            Wire {
                body,
                payload,
                rotten,
                bytes,
            },
        );
        self.begin_up(id);
        Ok(())
    }

    /// The uplink has sent a packet.
    pub(crate) fn up_free(&mut self, id: NodeId) {
        let now = self.now;
        let Some((link, size, wire)) = self.node(id).up.finish() else {
            return;
        };
        let Some(end) = self.node(id).links.get_mut(&link) else {
            return self.begin_up(id);
        };
        let was = end.buffered;
        end.buffered -= wire.bytes;
        end.blocks -= wire.payload;
        let buffered = end.buffered;
        if wire.payload > 0 {
            end.in_flight += size;
        }
        let in_flight = end.in_flight;
        let mut full = false;
        if let (Linking::Open, Some((other, theirs))) = (end.stage, end.peer) {
            full = in_flight >= self.window(other, self.one_way(id, other));
            let arrival = now + self.one_way(id, other) + self.lag(id, other, size);
            let Some(end) = self.node(id).links.get_mut(&link) else {
                return;
            };
            end.last = end.last.max(arrival);
            let arrival = end.last;
            let parcel = Parcel::Wire(wire);
            let flow = Flow::Link(theirs);
            self.schedule(arrival, other, Event::Parcel { flow, size, parcel });
        }
        self.node(id).up.pause(link, full);
        self.begin_up(id);
        if was > LOW_MARK && buffered <= LOW_MARK {
            self.drained(id, link);
        }
    }

    /// The channel's buffer is low.
    pub(crate) fn drained(&mut self, id: NodeId, link: LinkId) {
        if let Some(end) = self.node(id).links.get_mut(&link)
            && end.stage == Linking::Open
        {
            end.unreported = 0;
            let buffered = end.buffered;
            self.feed(id, Input::LinkDrained { link, buffered });
        }
    }

    /// A packet has come to the far end of the downlink. It takes its time there even when its
    /// flow is over.
    pub(crate) fn parcel(&mut self, id: NodeId, flow: Flow, size: u32, parcel: Parcel) {
        self.node(id).down.push(flow, size, parcel);
        self.begin_down(id);
    }

    /// The downlink has received a packet.
    pub(crate) fn down_free(&mut self, id: NodeId) {
        let finished = self.node(id).down.finish();
        self.begin_down(id);
        match finished {
            Some((Flow::Http(request), size, _)) => self.received(id, request, size),
            Some((Flow::Link(link), size, Parcel::Wire(wire))) => {
                self.frame(id, link, size, &wire);
            }
            _ => {}
        }
    }

    /// The other end has some bytes.
    pub(crate) fn acked(&mut self, id: NodeId, link: LinkId, size: u32) {
        let Some(end) = self.node(id).links.get_mut(&link) else {
            return;
        };
        end.in_flight = end.in_flight.saturating_sub(size);
        let (in_flight, peer) = (end.in_flight, end.peer);
        if let Some((other, _)) = peer {
            let full = in_flight >= self.window(other, self.one_way(id, other));
            self.node(id).up.pause(link, full);
            self.begin_up(id);
        }
    }

    /// One way between two viewers.
    pub(crate) fn one_way(&self, one: NodeId, other: NodeId) -> Duration {
        let latency = |id: NodeId| self.nodes[id.0 as usize].plan.access.latency;
        latency(one) + latency(other)
    }

    /// Bytes of one flow that are under way to a viewer: as congestion control has it, twice what
    /// the line holds, shared among the flows.
    pub(crate) fn window(&self, to: NodeId, one_way: Duration) -> u32 {
        let down = &self.nodes[to.0 as usize].down;
        let holds = down.rate() as f64 * 2.0 * one_way.as_secs_f64();
        let share = (holds * 2.0) as u64 / down.flows().max(1) as u64;
        share.clamp(WINDOW.start, WINDOW.end) as u32
    }

    /// What jitter and loss add: a lost packet comes a round trip later.
    fn lag(&mut self, from: NodeId, to: NodeId, size: u32) -> Duration {
        let trip = self.one_way(from, to) * 2;
        let kept = 1.0 - self.nodes[to.0 as usize].plan.access.loss;
        let node = self.node(from);
        let kept = kept * (1.0 - node.plan.access.loss);
        let all_kept = kept.powi(size.div_ceil(PACKET) as i32);
        let jitter = within(&mut node.chance, Duration::ZERO..trip / 20);
        if node.chance.random_bool(1.0 - all_kept) {
            jitter + trip
        } else {
            jitter
        }
    }

    pub(crate) fn end(&mut self, id: NodeId, link: LinkId) -> Result<&mut End, Breach> {
        let end = self.node(id).links.get_mut(&link);
        end.ok_or_else(|| format!("uses {link:?}, which is not there"))
    }

    fn begin_up(&mut self, id: NodeId) {
        if let Some(time) = self.node(id).up.begin() {
            self.soon(time, id, Event::UpFree);
        }
    }

    fn begin_down(&mut self, id: NodeId) {
        if let Some(time) = self.node(id).down.begin() {
            self.soon(time, id, Event::DownFree);
        }
    }

    /// A frame has come.
    fn frame(&mut self, id: NodeId, link: LinkId, size: u32, wire: &Wire) {
        let Some(end) = self.node(id).links.get_mut(&link) else {
            return;
        };
        if end.stage != Linking::Open {
            return;
        }
        let decoded = match &wire.body {
            Body::Typed(frame) => Ok((frame.clone(), wire.rotten)),
            Body::Encoded(header) => decode(&mut end.decoder, header, wire),
        };
        if wire.payload > 0
            && let Some((other, theirs)) = end.peer
        {
            let back = self.one_way(id, other);
            self.soon(back, other, Event::Acked { link: theirs, size });
        }
        match decoded {
            Ok((frame, rotten)) => {
                let node = self.node(id);
                if let Frame::Message(Message::Piece(block)) = &frame {
                    node.guard.reported = Some(Reported::Block {
                        block: *block,
                        rotten,
                    });
                    node.tally.peer_blocks += u64::from(block.length);
                }
                self.feed(id, Input::LinkFrame { link, frame });
            }
            Err(words) => self.breach(id, &format!("was sent what does not decode: {words}")),
        }
    }
}

/// Passes a frame through the real codec, cut in two as a byte stream may be.
fn decode(decoder: &mut Decoder, header: &[u8], wire: &Wire) -> Result<(Frame, bool), String> {
    let payload = vec![if wire.rotten { ROT } else { 0 }; wire.payload as usize];
    let (head, tail) = header.split_at(header.len() / 2);
    let mut found = None;
    let mut rotten = false;
    for mut input in [head, tail, &payload] {
        loop {
            match decoder.read(&mut input) {
                Ok(Some(Read::Frame(frame))) if found.is_none() => found = Some(frame),
                Ok(Some(Read::Frame(frame))) => return Err(format!("{frame:?} too")),
                Ok(Some(Read::PieceData { data, .. })) => rotten |= data.contains(&ROT),
                Ok(None) => break,
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    found
        .map(|frame| (frame, rotten))
        .ok_or_else(|| "nothing whole".to_owned())
}

/// What every byte of a rotten payload is.
const ROT: u8 = 0xbd;
