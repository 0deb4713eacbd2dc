//! What happens to a link, and what it means to each part.

use shoal_wire::id::{OfferId, PeerId};
use shoal_wire::peer::{Frame, Message, shoal};

use super::Engine;
use crate::event::Event;
use crate::gossip::{Malformed, News};
use crate::input::{LinkFault, LinkId};
use crate::output::CloseReason;
use crate::peers::{Greeting, Heard};
use crate::time::Time;
use crate::timers::Timer;

impl Engine {
    /// A peer would like to connect to us.
    pub(super) fn link_offered(&mut self, peer: PeerId, offer: OfferId, sdp: String) {
        if self.peers.welcomes(&self.ctx, peer) && self.make_way() {
            self.peers.accept(&mut self.ctx, peer, offer, sdp);
        }
    }

    /// A frame has come.
    pub(super) fn link_frame(&mut self, id: LinkId, frame: Frame) {
        let heard = match self.peers.hear(&mut self.ctx, id, frame) {
            Heard::Greeted(greeting) => {
                self.greeted(id, greeting);
                Ok(())
            }
            Heard::Malformed => Err(Malformed),
            Heard::Message(message) => self.message(id, message),
            Heard::Nothing => Ok(()),
        };
        if heard == Err(Malformed) {
            self.link_failed(id, LinkFault::Malformed);
        }
    }

    fn greeted(&mut self, id: LinkId, Greeting { peer, fast }: Greeting) {
        self.gossip.meet(&self.ctx, id, peer);
        self.download.meet(&self.ctx, id, fast);
        self.upload.meet(id, fast);
        self.ctx.event(Event::Peers(self.peers.ready()));
    }

    fn message(&mut self, id: LinkId, message: Message) -> Result<(), Malformed> {
        let (ctx, gossip, download) = (&mut self.ctx, &mut self.gossip, &mut self.download);
        match message {
            Message::Cancel(block) => self.upload.cancelled(ctx, id, block),
            Message::Choke | Message::Unchoke => {
                let chokes_us = message == Message::Choke;
                self.upload.serves_us(id, !chokes_us);
                download.choke(ctx, id, chokes_us);
            }
            Message::Extended { id: 0, payload } => gossip.hello(ctx, id, &payload)?,
            Message::Extended {
                id: shoal::ID,
                payload,
            } => {
                let (have, fetching) = (download.have(), download.fetching());
                match gossip.hear(ctx, id, &payload, have, fetching)? {
                    News::Grew { track, seq } => download.track_grew(ctx, track, seq),
                    News::Has { first } => {
                        download.can_request(id);
                        if first {
                            download.changed();
                        }
                    }
                    News::Nothing => {}
                }
            }
            Message::Have(piece) => {
                let piece = core::iter::once(piece.0..piece.0.saturating_add(1));
                gossip.gained_by(ctx, id, &piece.collect())?;
                download.can_request(id);
            }
            Message::HaveAll => {
                gossip.has_all(id);
                download.can_request(id);
            }
            Message::HaveNone => gossip.has_none(id),
            Message::Interested => self.upload.interested(id, true),
            Message::NotInterested => self.upload.interested(id, false),
            Message::Piece(block) => download.block_came(ctx, id, block),
            Message::Reject(block) => download.refused(ctx, gossip, id, block),
            Message::Request(block) => self.upload.asked(ctx, download.store_mut(), id, block),
            Message::Bitfield(_)
            | Message::AllowedFast(_)
            | Message::Extended { .. }
            | Message::KeepAlive
            | Message::Port(_)
            | Message::Suggest(_) => {}
        }
        Ok(())
    }

    /// A link has failed, or its peer broke the protocol.
    pub(super) fn link_failed(&mut self, id: LinkId, fault: LinkFault) {
        if let Some((reason, blocked)) = self.peers.failed(&mut self.ctx, id, fault) {
            if blocked {
                self.consent.block();
            }
            self.close_link(id, reason);
        }
    }

    /// A peer did us harm.
    pub(super) fn strike(&mut self, id: LinkId, by: u32) {
        if self.peers.strike(&self.ctx, id, by) {
            self.close_link(id, CloseReason::Banned);
        }
    }

    /// Ends a link, and lets go of its peer.
    pub(super) fn close_link(&mut self, id: LinkId, reason: CloseReason) {
        let ctx = &mut self.ctx;
        if self.peers.close(ctx, id, reason) {
            self.gossip.part(id);
            self.download.part(ctx, id);
            self.upload.part(ctx.now, id);
            ctx.event(Event::Peers(self.peers.ready()));
        }
    }

    /// Ends what has lasted too long, keeps alive what should last, and lets the least useful go.
    pub(super) fn run_links(&mut self) {
        let now = self.ctx.now;
        if !self.ctx.timers.is_due(Timer::Links, now) {
            return;
        }
        for id in self.peers.names() {
            if self.peers.is_expired(&self.ctx, id) {
                self.close_link(id, CloseReason::Expired);
                continue;
            }
            if self.gossip.judge_claims(id, self.download.have(), now) {
                self.download.changed();
            }
            if self.download.is_silent(&self.ctx, id) && self.download.give_up_on(&mut self.ctx, id)
            {
                self.strike(id, 1);
            }
            self.peers.keep_alive(&mut self.ctx, id);
            self.download.wake_idle(now, id);
        }
        if self.peers.churns(&self.ctx)
            && let Some(id) = self.peers.least_useful(&self.ctx, &|id| self.use_of(id))
        {
            self.close_link(id, CloseReason::Superfluous);
        }
        let due = [
            self.peers.next_due(&self.ctx),
            self.gossip.next_claim(),
            self.download.next_due(&self.ctx),
        ];
        self.ctx
            .timers
            .set(Timer::Links, due.into_iter().flatten().min());
    }

    /// Sees to it that there is room for one more peer, at the cost of one of no use.
    fn make_way(&mut self) -> bool {
        let room = self.peers.room(&self.ctx, &|id| self.use_of(id));
        if let Err(Some(id)) = room {
            self.close_link(id, CloseReason::Superfluous);
        }
        room != Err(None)
    }

    /// When media was last exchanged with a peer, and how many bytes in all.
    fn use_of(&self, id: LinkId) -> (Time, u64) {
        let (got, taken) = self.download.use_of(id);
        let (gave, given) = self.upload.use_of(id);
        (got.max(gave), taken + given)
    }
}
