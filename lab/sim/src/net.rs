//! Bytes on their way between viewers.
//!
//! A packet leaves through the sender's uplink, travels for both latencies (longer when something
//! was lost and had to be sent again), and comes in through the receiver's downlink, where it
//! competes with all else that the viewer receives. It never overtakes another of its link.
//! Messages without a block use the lines' time like everything else, but wait behind one packet
//! of each other flow at most, as on a line that serves its flows by packets.

use std::collections::VecDeque;

use core::time::Duration;

use rand::RngExt;
use shoal_engine::{Input, LOW_MARK, LinkId, Time};
use shoal_wire::peer::{Decoder, Frame, Message};

use crate::crowd::within;
use crate::hybrid::Packet;
use crate::node::Reported;
use crate::origin::RequestId;
use crate::store::Breach;
use crate::wire::{Body, Burst, Frames, HEADERS, PACKET, Weight, Wire, decode, new_decoder};
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

/// Bytes of blocks that the engine may have unsent on one link, and of everything else.
const MAX_BLOCKS: u32 = 256 << 10;
const MAX_MESSAGES: u32 = 64 << 10;
/// Bytes under way in one flow: what SCTP's receive window lets through at most, and what slow
/// flows keep in any case.
const WINDOW: core::ops::Range<u64> = 32 << 10..1 << 20;
/// Bytes of a long message that go through a line in one go.
const PART: u32 = 16 << 10;

impl World {
    /// Sends a frame. A small one whose link has nothing else on its way through the uplink does
    /// not queue there: it goes off with all that are sent in the same go, see `flush_sends`.
    pub(crate) fn link_send(
        &mut self,
        id: NodeId,
        link: LinkId,
        frame: Frame,
    ) -> Result<(), Breach> {
        let weight = Weight::of(&frame);
        let (theirs, passes) = self.charge(id, link, weight)?;
        let end = self.end(id, link)?;
        let (blocks, messages) = (end.blocks, end.buffered - end.blocks);
        if blocks > MAX_BLOCKS || messages > MAX_MESSAGES {
            return Err(format!(
                "leaves {blocks} + {messages} bytes unsent on {link:?}"
            ));
        }
        let body = Body::of(frame, self.scenario.strict)?;
        if passes {
            self.join_burst(link, body, weight);
            return Ok(());
        }
        let node = self.node(id);
        let wire = Box::new(Wire {
            link: theirs,
            body,
            weight,
            rotten: weight.payload > 0 && node.plan.rotten,
        });
        node.up.push(link, weight.size, wire);
        self.begin_up(id);
        Ok(())
    }

    /// Sends a message of the hybrid loader, a long one in parts.
    pub(crate) fn packet_send(
        &mut self,
        id: NodeId,
        link: LinkId,
        packet: Packet,
    ) -> Result<(), Breach> {
        let weight = Weight::new(packet.bytes(), packet.media());
        let (theirs, passes) = self.charge(id, link, weight)?;
        if passes {
            self.join_burst(link, Body::Hybrid(vec![packet]), weight);
            return Ok(());
        }
        let mut left = weight.bytes;
        let mut packet = Some(packet);
        while left > 0 {
            let part = left.min(PART);
            left -= part;
            let weight = Weight::new(part, part.min(weight.payload));
            let ends = packet.take_if(|_| left == 0);
            let wire = Wire {
                link: theirs,
                body: Body::Hybrid(ends.into_iter().collect()),
                weight,
                rotten: false,
            };
            self.node(id).up.push(link, weight.size, Box::new(wire));
        }
        self.begin_up(id);
        Ok(())
    }

    /// Puts what is sent down to a link. The receiver's name of the link, and whether it does not
    /// queue in the uplink.
    fn charge(
        &mut self,
        id: NodeId,
        link: LinkId,
        weight: Weight,
    ) -> Result<(LinkId, bool), Breach> {
        let passes = weight.payload == 0 && !self.node(id).up.holds(link);
        if weight.payload > 0 {
            // What was sent before goes before.
            self.flush_sends(id);
        }
        let end = self.end(id, link)?;
        let (Linking::Open, Some((_, theirs))) = (end.stage, end.peer) else {
            return Err(format!("sends on {link:?}, which is {:?}", end.stage));
        };
        if !passes {
            end.buffered += weight.bytes;
            end.blocks += weight.payload;
        }
        end.unreported += weight.bytes;
        // The event comes only when the buffer falls past the mark. The adapter reports, too, when
        // it never rises that far.
        if end.unreported >= LOW_MARK && end.buffered <= LOW_MARK {
            end.unreported = 0;
            self.soon(Duration::ZERO, id, Event::Drained(link));
        }
        if weight.payload == 0 {
            let tally = &mut self.node(id).tally;
            tally.messages += 1;
            tally.message_bytes += u64::from(weight.size);
        }
        Ok((theirs, passes))
    }

    fn join_burst(&mut self, link: LinkId, body: Body, weight: Weight) {
        match self.bursts.iter_mut().find(|burst| burst.link == link) {
            Some(burst) => burst.add(body, weight),
            None => self.bursts.push(Burst { link, body, weight }),
        }
    }

    /// What the viewer has just sent goes off. One wire holds all small frames of a link.
    pub(crate) fn flush_sends(&mut self, id: NodeId) {
        let now = self.now;
        let mut bursts = core::mem::take(&mut self.bursts);
        for Burst { link, body, weight } in bursts.drain(..) {
            let Some(end) = self.node(id).links.get(&link) else {
                continue;
            };
            let (Linking::Open, Some((other, theirs))) = (end.stage, end.peer) else {
                continue;
            };
            let out = self.node(id).up.pass(now, weight.size, PACKET + HEADERS);
            let wire = Box::new(Wire {
                link: theirs,
                body,
                weight,
                rotten: false,
            });
            self.travel(id, link, other, out, wire);
        }
        self.bursts = bursts;
    }

    /// The uplink has sent a packet.
    pub(crate) fn up_free(&mut self, id: NodeId) {
        let now = self.now;
        let Some((link, size, wire)) = self.node(id).up.finish(now) else {
            return;
        };
        let Some(end) = self.node(id).links.get_mut(&link) else {
            return self.begin_up(id);
        };
        let was = end.buffered;
        end.buffered -= wire.weight.bytes;
        end.blocks -= wire.weight.payload;
        let buffered = end.buffered;
        if wire.weight.payload > 0 {
            end.in_flight += size;
        }
        if let (Linking::Open, Some((other, _))) = (end.stage, end.peer) {
            self.travel(id, link, other, Duration::ZERO, wire);
            self.pace(id, link);
        }
        self.begin_up(id);
        // The hybrid loader looks at the buffer whenever it sends; to be told of an empty one will do.
        let empty = buffered == 0 && self.node(id).hybrid.is_some();
        if empty || was > LOW_MARK && buffered <= LOW_MARK {
            self.drained(id, link);
        }
    }

    /// A packet goes off to another viewer, so long from now.
    fn travel(&mut self, id: NodeId, link: LinkId, other: NodeId, out: Duration, wire: Box<Wire>) {
        let lag = self.lag(id, other, wire.weight.size);
        let arrival = self.now + out + self.one_way(id, other) + lag;
        let Some(end) = self.node(id).links.get_mut(&link) else {
            return;
        };
        end.last = end.last.max(arrival);
        let arrival = end.last;
        self.schedule(arrival, other, Event::Wire(wire));
    }

    /// Looks at the receipts that have come, and lets the link send or wait for the next.
    pub(crate) fn pace(&mut self, id: NodeId, link: LinkId) {
        let now = self.now;
        let Some(end) = self.node(id).links.get_mut(&link) else {
            return;
        };
        while let Some(&(at, size)) = end.receipts.front()
            && at <= now
        {
            end.in_flight -= size;
            end.receipts.pop_front();
        }
        let (in_flight, peer, was) = (end.in_flight, end.peer, end.full);
        let next = end.receipts.front().map(|&(at, _)| at);
        let full = u64::from(in_flight) >= WINDOW.start
            && peer
                .is_some_and(|(other, _)| in_flight >= self.window(other, self.one_way(id, other)));
        if full && let Some(next) = next {
            self.schedule(next, id, Event::Receipt(link));
        }
        if full != was {
            let node = self.node(id);
            node.up.pause(link, full);
            if let Some(end) = node.links.get_mut(&link) {
                end.full = full;
            }
            self.begin_up(id);
        }
    }

    /// A viewer has received a block: the other end learns of it.
    fn acknowledge(&mut self, id: NodeId, other: NodeId, theirs: LinkId, size: u32) {
        let at = self.now + self.one_way(id, other);
        let Some(end) = self.node(other).links.get_mut(&theirs) else {
            return;
        };
        end.receipts.push_back((at, size));
        if end.full && end.receipts.len() == 1 {
            self.schedule(at, other, Event::Receipt(theirs));
        }
    }

    /// The channel's buffer is low, unless more has been sent at this very moment: then its falling
    /// is reported later.
    pub(crate) fn drained(&mut self, id: NodeId, link: LinkId) {
        if let Some(end) = self.node(id).links.get_mut(&link)
            && end.stage == Linking::Open
            && end.buffered <= LOW_MARK
        {
            end.unreported = 0;
            let buffered = end.buffered;
            self.feed(id, Input::LinkDrained { link, buffered });
        }
    }

    /// A part of an HTTP response has come to the far end of the downlink. It takes its time there
    /// even when its request is over.
    pub(crate) fn chunk(&mut self, id: NodeId, request: RequestId, size: u32) {
        self.node(id)
            .down
            .push(Flow::Http(request), size, Parcel::Chunk);
        self.begin_down(id);
    }

    /// Frames have come to the far end of the downlink. Small ones pass when it is idle.
    pub(crate) fn wire(&mut self, id: NodeId, wire: Box<Wire>) {
        let now = self.now;
        let flow = Flow::Link(wire.link);
        let down = &mut self.node(id).down;
        if wire.weight.payload == 0 && down.is_idle() {
            down.pass(now, wire.weight.size, 0);
            return self.frames(id, *wire);
        }
        down.push(flow, wire.weight.size, Parcel::Wire(wire));
        self.begin_down(id);
    }

    /// The downlink has received a packet.
    pub(crate) fn down_free(&mut self, id: NodeId) {
        let now = self.now;
        let finished = self.node(id).down.finish(now);
        self.begin_down(id);
        match finished {
            Some((Flow::Http(request), size, _)) => self.received(id, request, size),
            Some((Flow::Link(_), _, Parcel::Wire(wire))) => self.frames(id, *wire),
            _ => {}
        }
    }

    /// One way between two viewers.
    pub(crate) fn one_way(&self, one: NodeId, other: NodeId) -> Duration {
        let latency = |id: NodeId| self.lines[id.0 as usize].latency;
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
        let loss = |id: NodeId| self.lines[id.0 as usize].loss;
        let kept = (1.0 - loss(from)) * (1.0 - loss(to));
        let chance = &mut self.node(from).chance;
        let jitter = within(chance, Duration::ZERO..trip / 20);
        if kept < 1.0 && chance.random_bool(1.0 - kept.powi(size.div_ceil(PACKET) as i32)) {
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
        let now = self.now;
        if let Some(time) = self.node(id).up.begin(now) {
            self.soon(time, id, Event::UpFree);
        }
    }

    fn begin_down(&mut self, id: NodeId) {
        let now = self.now;
        if let Some(time) = self.node(id).down.begin(now) {
            self.soon(time, id, Event::DownFree);
        }
    }

    /// Frames have come.
    fn frames(&mut self, id: NodeId, wire: Wire) {
        let link = wire.link;
        let Some(end) = self.node(id).links.get_mut(&link) else {
            return;
        };
        if end.stage != Linking::Open {
            return;
        }
        if wire.weight.payload > 0
            && let Some((other, theirs)) = end.peer
        {
            self.acknowledge(id, other, theirs, wire.weight.size);
        }
        let (frames, rotten) = match wire.body {
            Body::Typed(frames) => (frames, wire.rotten),
            Body::Hybrid(packets) => return self.packets(id, link, packets),
            Body::Encoded(ref header) => {
                let Some(end) = self.node(id).links.get_mut(&link) else {
                    return;
                };
                let decoder = end.decoder.get_or_insert_with(new_decoder);
                match decode(decoder, header, &wire) {
                    Ok((frames, rotten)) => (Frames::Many(frames), rotten),
                    Err(words) => {
                        self.breach(id, &format!("was sent what does not decode: {words}"))
                    }
                }
            }
        };
        match frames {
            Frames::One(frame) => self.frame(id, link, frame, rotten),
            Frames::Many(frames) => {
                for frame in frames {
                    // The engine may have closed the link over the one before.
                    if self.node(id).links.contains_key(&link) {
                        self.frame(id, link, frame, rotten);
                    }
                }
            }
        }
    }

    fn packets(&mut self, id: NodeId, link: LinkId, packets: Vec<Packet>) {
        for packet in packets {
            self.packet(id, link, packet);
        }
    }

    /// A frame has come.
    fn frame(&mut self, id: NodeId, link: LinkId, frame: Frame, rotten: bool) {
        if let Frame::Message(Message::Piece(block)) = &frame {
            let node = self.node(id);
            node.guard.reported = Some(Reported::Block {
                block: *block,
                rotten,
            });
            node.tally.peer_blocks += u64::from(block.length);
        }
        self.feed(id, Input::LinkFrame { link, frame });
    }
}
