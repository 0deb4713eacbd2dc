//! Packets on their way through the lines, and frames that have come.

use core::time::Duration;

use shoal_engine::{Input, LOW_MARK, LinkId};
use shoal_wire::peer::{Frame, Message};

use crate::event::{Event, NodeId, RequestId};
use crate::guard::Reported;
use crate::link::{Flow, Linking, Parcel};
use crate::p2pml_model::Packet;
use crate::wire::{Body, Frames, Wire, decode, new_decoder};
use crate::world::{WINDOW, World};

impl World {
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
        let (frames, corrupt) = match wire.body {
            Body::Typed(frames) => (frames, wire.corrupt),
            Body::Hybrid(packets) => return self.packets(id, link, packets),
            Body::Encoded(ref header) => {
                let Some(end) = self.node(id).links.get_mut(&link) else {
                    return;
                };
                let decoder = end.decoder.get_or_insert_with(new_decoder);
                match decode(decoder, header, &wire) {
                    Ok((frames, corrupt)) => (Frames::Many(frames), corrupt),
                    Err(words) => {
                        self.breach(id, &format!("was sent what does not decode: {words}"))
                    }
                }
            }
        };
        match frames {
            Frames::One(frame) => self.frame(id, link, frame, corrupt),
            Frames::Many(frames) => {
                for frame in frames {
                    // The engine may have closed the link over the one before.
                    if self.node(id).links.contains_key(&link) {
                        self.frame(id, link, frame, corrupt);
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
    fn frame(&mut self, id: NodeId, link: LinkId, frame: Frame, corrupt: bool) {
        if let Frame::Message(Message::Piece(block)) = &frame {
            let node = self.node(id);
            node.guard.reported = Some(Reported::Block {
                block: *block,
                corrupt,
            });
            node.counts.peer_blocks += u64::from(block.length);
        }
        self.feed(id, Input::LinkFrame { link, frame });
    }
}
