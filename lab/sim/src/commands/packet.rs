//! Bytes that leave for other viewers.
//!
//! A packet leaves through the sender's uplink, travels for both latencies (longer when something
//! was lost and had to be sent again), and comes in through the receiver's downlink, where it
//! competes with all else that the viewer receives. It never overtakes another of its link.
//! Messages without a block use the lines' time like everything else, but wait behind one packet
//! of each other flow at most, as on a line that serves its flows by packets.

use core::time::Duration;

use rand::RngExt;
use shoal_engine::{LOW_MARK, LinkId};
use shoal_wire::peer::Frame;

use crate::crowd::within;
use crate::event::{Event, NodeId};
use crate::link::Linking;
use crate::p2pml_model::Packet;
use crate::store::Breach;
use crate::wire::{Body, Burst, HEADERS, PACKET, Weight, Wire};
use crate::world::World;

/// Bytes of blocks that the engine may have unsent on one link, and of everything else.
const MAX_BLOCKS: u32 = 256 << 10;
const MAX_MESSAGES: u32 = 64 << 10;
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
            corrupt: weight.payload > 0 && node.plan.corrupt,
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
                corrupt: false,
            };
            self.node(id).up.push(link, weight.size, Box::new(wire));
        }
        self.begin_up(id);
        Ok(())
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
                corrupt: false,
            });
            self.travel(id, link, other, out, wire);
        }
        self.bursts = bursts;
    }

    pub(crate) fn begin_up(&mut self, id: NodeId) {
        let now = self.now;
        if let Some(time) = self.node(id).up.begin(now) {
            self.soon(time, id, Event::UpFree);
        }
    }

    /// A packet goes off to another viewer, so long from now.
    pub(crate) fn travel(
        &mut self,
        id: NodeId,
        link: LinkId,
        other: NodeId,
        out: Duration,
        wire: Box<Wire>,
    ) {
        let lag = self.lag(id, other, wire.weight.size);
        let arrival = self.now + out + self.one_way(id, other) + lag;
        let Some(end) = self.node(id).links.get_mut(&link) else {
            return;
        };
        end.last = end.last.max(arrival);
        let arrival = end.last;
        self.schedule(arrival, other, Event::Wire(wire));
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
            let counts = &mut self.node(id).counts;
            counts.messages += 1;
            counts.message_bytes += u64::from(weight.size);
        }
        Ok((theirs, passes))
    }

    fn join_burst(&mut self, link: LinkId, body: Body, weight: Weight) {
        match self.bursts.iter_mut().find(|burst| burst.link == link) {
            Some(burst) => burst.add(body, weight),
            None => self.bursts.push(Burst { link, body, weight }),
        }
    }

    /// What jitter and loss add: a lost packet comes a round trip later.
    fn lag(&mut self, from: NodeId, to: NodeId, size: u32) -> Duration {
        let trip = self.one_way(from, to) * 2;
        let loss = |id: NodeId| self.lines[id.0 as usize].loss;
        let kept = (1.0 - loss(from)) * (1.0 - loss(to));
        let rng = &mut self.node(from).rng;
        let jitter = within(rng, Duration::ZERO..trip / 20);
        if kept < 1.0 && rng.random_bool(1.0 - kept.powi(size.div_ceil(PACKET) as i32)) {
            jitter + trip
        } else {
            jitter
        }
    }
}
