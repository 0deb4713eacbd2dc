//! Does what the engine asks for, and holds it to its contract.

use core::time::Duration;

use shoal_engine::{Declined, Engine, Event as PageEvent, Input, NeedId, Output, State};
use shoal_wire::peer::{Frame, Message};

use crate::event::{Event, NodeId};
use crate::guard::Reported;
use crate::node::Node;
use crate::store::Breach;
use crate::world::World;

/// Outputs to one input that no honest engine needs.
const OUTPUTS_PER_INPUT: u32 = 100_000;
/// Time to hash a piece, in Wasm.
const DIGEST: Duration = Duration::from_micros(600);
/// How soon after the switch everything must be closed.
const HUSH: Duration = Duration::from_secs(1);

impl World {
    /// Gives the engine an input and does all that it asks for.
    pub(crate) fn feed(&mut self, id: NodeId, input: Input) {
        let now = self.now;
        let node = self.node(id);
        if node.hybrid.is_some() {
            return self.feed_hybrid(id, input);
        }
        let Some(engine) = &mut node.engine else {
            return;
        };
        let before = engine.state();
        node.guard.before = Some(before);
        engine.handle_input(now, input);
        for outputs in 0.. {
            let Some(engine) = &mut self.node(id).engine else {
                return;
            };
            let output = engine.poll_output();
            if let Output::Wait(deadline) = output {
                self.node(id).deadline = deadline;
                break;
            }
            if let Err(breach) = self.perform(id, output) {
                self.breach(id, &breach);
            }
            if outputs > OUTPUTS_PER_INPUT {
                self.breach(id, "never waits");
            }
        }
        self.flush_sends(id);
        self.rest(id, before);
        self.arm_timer(id);
    }

    /// The contract at `Output::Wait`.
    fn rest(&mut self, id: NodeId, before: State) {
        let limit = self.scenario.config.store_bytes;
        let node = self.node(id);
        node.guard.reported = None;
        if node.store.bytes() > limit {
            let bytes = node.store.bytes();
            self.breach(id, &format!("holds {bytes} bytes, more than {limit}"));
        }
        let node = self.node(id);
        let Some(engine) = &node.engine else { return };
        if Node::permitted(before) && !Node::permitted(engine.state()) {
            node.guard.switches += 1;
            let switch = node.guard.switches;
            self.expect_hush(id, switch);
        }
    }

    /// The engine has just been switched off: a second later all must be quiet.
    fn expect_hush(&mut self, id: NodeId, switch: u64) {
        self.soon(HUSH, id, Event::Hush(switch));
    }

    /// A second after P2P went off, unless it has been on again since.
    pub(crate) fn check_hush(&mut self, id: NodeId, switch: u64) {
        let node = self.node(id);
        let Some(engine) = &node.engine else { return };
        if switch != node.guard.switches || Node::permitted(engine.state()) {
            return;
        }
        if !node.links.is_empty() || node.socket.is_some() {
            self.breach(
                id,
                "has links or a tracker socket a second after P2P went off",
            );
        }
    }

    fn perform(&mut self, id: NodeId, output: Output) -> Result<(), Breach> {
        match output {
            Output::Wait(_) => {}
            Output::RenewIndex => self.soon(Duration::ZERO, id, Event::Renewed),
            Output::CountViewers { .. } => {
                return Err("counts viewers, and nobody wants a number of them".into());
            }
            Output::Event(PageEvent::Problem(code)) => {
                *self.node(id).counts.problems.entry(code).or_default() += 1;
            }
            Output::Event(_) => {}
            Output::Decline { id: need, reason } => self.declined(id, need, reason)?,
            Output::Deliver {
                id: need,
                segment,
                delivery,
            } => {
                let now = self.now;
                let node = self.node(id);
                if node.needs.remove(&need.0) != Some(segment) {
                    return Err(format!(
                        "delivers {segment:?} for {need:?}, which did not ask"
                    ));
                }
                let length = node.store.whole(segment)?;
                if delivery.from_peers + delivery.from_origin > length {
                    return Err(format!("counts more than {length} bytes: {delivery:?}"));
                }
                node.counts.deliveries += 1;
                node.counts.delivered_from_peers += u64::from(delivery.from_peers);
                node.counts.delivered_from_origin += u64::from(delivery.from_origin);
                if let Some(player) = &mut node.player {
                    player.loaded(now, need.0);
                }
            }
            Output::Evict(segment) => self.node(id).store.evict(segment)?,
            Output::FetchPart { track, part } => self.get_part(id, track, part),
            Output::HttpAbort(http) => {
                let request = self
                    .node(id)
                    .gets
                    .remove(&http)
                    .ok_or_else(|| format!("aborts {http:?}, which is not under way"))?;
                self.drop_request(id, request);
            }
            Output::HttpGet {
                id: http,
                server,
                segment,
                offset,
                length,
            } => {
                self.http_get(id, (http, server), segment, offset, length)?;
            }
            Output::Keep(block) => {
                let node = self.node(id);
                match node.guard.reported.take() {
                    Some(Reported::Block {
                        block: reported,
                        corrupt,
                    }) if reported == block => {
                        node.store.write(block, corrupt)?;
                    }
                    _ => return Err(format!("keeps {block:?}, which was not just reported")),
                }
            }
            Output::KeepOffered(segment) => {
                let node = self.node(id);
                match node.guard.reported.take() {
                    Some(Reported::Segment {
                        segment: offered,
                        length,
                    }) if offered == segment => {
                        node.store.fill(segment, length)?;
                    }
                    _ => return Err(format!("keeps {segment:?}, which was not just offered")),
                }
            }
            Output::LinkAccept { link, sdp } => {
                self.may_connect(id)?;
                self.link_accept(id, link, &sdp)?;
            }
            Output::LinkClose { link, reason } => self.link_close(id, link, reason)?,
            Output::LinkConnect { link, sdp } => {
                self.may_connect(id)?;
                self.link_connect(id, link, &sdp)?;
            }
            Output::LinkOffer(link) => {
                self.may_connect(id)?;
                self.link_offer(id, link)?;
            }
            Output::LinkSend { link, frame } => {
                self.may_connect(id)?;
                if let Frame::Message(Message::Piece(block)) = &frame {
                    let node = self.node(id);
                    node.store.readable(*block)?;
                    node.counts.sent_blocks += u64::from(block.length);
                }
                self.link_send(id, link, frame)?;
            }
            Output::Reserve { segment, length } => {
                if length != self.video.length(segment) {
                    return Err(format!("makes room for {length} bytes of {segment:?}"));
                }
                let pieces = self.video.pieces(segment);
                self.node(id).store.reserve(segment, length, pieces)?;
            }
            Output::TrackerClose => self.tracker_close(id)?,
            Output::TrackerConnect(which) => {
                self.may_connect(id)?;
                self.tracker_connect(id, which)?;
            }
            Output::TrackerSend(text) => {
                // Saying goodbye in the very drain that ends P2P is allowed.
                if !self.node(id).guard.before.is_some_and(Node::permitted) {
                    self.may_connect(id)?;
                }
                self.tracker_send(id, text)?;
            }
            Output::Verify {
                piece,
                segment,
                offset,
                length,
            } => {
                self.node(id).store.check(piece, segment, offset, length)?;
                self.soon(DIGEST, id, Event::Digest(piece));
            }
        }
        Ok(())
    }

    /// Until P2P is on, nothing is sent.
    fn may_connect(&mut self, id: NodeId) -> Result<(), Breach> {
        let state = self.node(id).engine.as_ref().map(Engine::state);
        match state {
            Some(state) if Node::permitted(state) => Ok(()),
            _ => Err(format!("uses the network while P2P is {state:?}")),
        }
    }

    fn declined(&mut self, id: NodeId, need: NeedId, reason: Declined) -> Result<(), Breach> {
        let node = self.node(id);
        let segment = node
            .needs
            .remove(&need.0)
            .ok_or_else(|| format!("declines {need:?}, which did not ask"))?;
        let (word, off) = match reason {
            Declined::Off => ("off", true),
            Declined::Origin => ("origin", false),
            Declined::Unindexed => ("unindexed", false),
        };
        if off && node.engine.as_ref().map(Engine::state) == Some(State::On) {
            return Err("declines because P2P is off while it is on".to_owned());
        }
        *node.counts.declines.entry(word).or_default() += 1;
        self.stock_get(id, need.0, segment);
        Ok(())
    }

    /// Every byte is accounted for: what the engine counts is what the adapters saw.
    pub(crate) fn check_counts(&mut self, id: NodeId) {
        let now = self.now;
        let node = self.node(id);
        let Some(engine) = &node.engine else { return };
        let stats = engine.stats(now);
        let seen = (
            node.counts.http_blocks,
            node.counts.peer_blocks,
            node.counts.sent_blocks,
        );
        let said = (stats.origin_bytes, stats.peer_bytes, stats.uploaded_bytes);
        if seen != said {
            self.breach(
                id,
                &format!("counts {said:?} bytes (origin, peers, up), not {seen:?}"),
            );
        }
    }
}
