//! Peers: making links, shaking hands, reading what they say, and letting them go.

use shoal_wire::id::{OfferId, PeerId, PieceIndex};
use shoal_wire::peer::shoal::{self, Extension};
use shoal_wire::peer::{Block, ExtendedHandshake, Extensions, Frame, Handshake, Message, Ranges};

use crate::engine::Engine;
use crate::event::Event;
use crate::input::{LinkFault, LinkId};
use crate::link::{Link, Phase};
use crate::output::{CloseReason, Output};
use crate::time::Time;

impl Engine {
    pub(crate) fn add_link(&mut self, link: Link) -> LinkId {
        self.next_link += 1;
        let id = LinkId(self.next_link);
        self.due_by(link.expires(&self.config));
        self.links.insert(id, link);
        id
    }

    /// Peers connected at present.
    pub(crate) fn ready_links(&self) -> u32 {
        self.links.values().filter(|link| link.is_ready()).count() as u32
    }

    /// Someone would like to connect to us.
    pub(crate) fn link_offered(&mut self, peer: PeerId, offer: OfferId, sdp: String) {
        let known = self.links.values().any(|link| link.peer == Some(peer));
        if known || self.trust.is_banned(peer, &self.config, self.now) || !self.make_way() {
            return;
        }
        let link = self.add_link(Link::new(offer, false, Some(peer), self.now));
        self.out.push_back(Output::LinkAccept { link, sdp });
    }

    /// Someone has answered our offer.
    pub(crate) fn link_answered(&mut self, peer: PeerId, offer: OfferId, sdp: String) {
        let ours = |link: &Link| link.ours && link.phase == Phase::Offered && link.offer == offer;
        let Some(id) = self
            .links
            .iter()
            .find(|(_, link)| ours(link))
            .map(|(id, _)| id)
        else {
            return;
        };
        if self.trust.is_banned(peer, &self.config, self.now) {
            return self.close_link(id, CloseReason::Banned);
        }
        let rival = self.links.iter().find(|(_, link)| link.peer == Some(peer));
        if let Some((rival, link)) = rival {
            // Both sides keep the offer of the lesser name, unless a link is already open.
            if link.is_ready() || link.phase == Phase::Greeting || link.ours || peer < self.me {
                return self.close_link(id, CloseReason::Duplicate);
            }
            self.close_link(rival, CloseReason::Duplicate);
        }
        if let Some(link) = self.links.get_mut(id) {
            link.peer = Some(peer);
            link.enter(Phase::Connecting, self.now);
            let due = link.expires(&self.config);
            self.due_by(due);
            self.out.push_back(Output::LinkConnect { link: id, sdp });
        }
    }

    /// Our side of a link has been described.
    pub(crate) fn link_described(&mut self, id: LinkId, sdp: String) {
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        if link.phase != Phase::Describing {
            return;
        }
        if link.ours {
            self.routeless = 0;
        }
        match link.peer {
            Some(peer) => {
                link.enter(Phase::Connecting, self.now);
                let (offer, due) = (link.offer, link.expires(&self.config));
                self.due_by(due);
                self.send_answer(peer, offer, sdp);
            }
            None if link.described => {}
            None => {
                link.described = true;
                self.offer_ready(id, sdp);
            }
        }
    }

    /// The channel is open: say who we are.
    pub(crate) fn link_open(&mut self, id: LinkId) {
        let (swarm, me, now) = (self.swarm(), self.me, self.now);
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        if link.phase != Phase::Connecting {
            return;
        }
        link.enter(Phase::Greeting, now);
        link.last_heard = now;
        let due = link.expires(&self.config);
        self.due_by(due);
        let hello = Handshake {
            info_hash: swarm,
            peer_id: me,
            fast: true,
            extended: true,
        };
        self.send_frame(id, Frame::Handshake(hello));
    }

    pub(crate) fn link_failed(&mut self, id: LinkId, fault: LinkFault) {
        let Some(link) = self.links.get(id) else {
            return;
        };
        let reason = match fault {
            LinkFault::Closed | LinkFault::Refused | LinkFault::Routeless => {
                // A browser without a way to go either says so or gives up before anybody is asked. Of
                // answers nothing follows: they depend on what a stranger offers.
                let lost = fault == LinkFault::Routeless
                    || (fault == LinkFault::Closed && link.phase == Phase::Describing);
                if lost && link.ours {
                    self.routeless += 1;
                    if self.routeless >= self.config.max_routeless {
                        self.policy.block();
                    }
                }
                CloseReason::Gone
            }
            LinkFault::Malformed => {
                if let Some(peer) = link.peer {
                    self.trust.strike(peer, 2, &self.config, self.now);
                }
                self.problem("peer-malformed");
                CloseReason::Malformed
            }
        };
        self.close_link(id, reason);
    }

    pub(crate) fn link_frame(&mut self, id: LinkId, frame: Frame) {
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        link.last_heard = self.now;
        match (link.phase, frame) {
            (Phase::Greeting, Frame::Handshake(hello)) => self.greeted(id, hello),
            (Phase::Ready, Frame::Message(message)) => self.link_message(id, message),
            _ => self.link_failed(id, LinkFault::Malformed),
        }
    }

    fn greeted(&mut self, id: LinkId, hello: Handshake) {
        let (swarm, me) = (self.swarm(), self.me);
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        let stranger = link.peer.is_some_and(|peer| peer != hello.peer_id);
        if hello.info_hash != swarm || hello.peer_id == me || stranger {
            return self.link_failed(id, LinkFault::Malformed);
        }
        link.peer = Some(hello.peer_id);
        link.fast = hello.fast;
        link.last_used = self.now;
        link.busy_wait = self.config.busy_wait;
        link.enter(Phase::Ready, self.now);
        if hello.extended {
            let hello = ExtendedHandshake {
                m: Extensions::from([(shoal::NAME.to_owned(), shoal::ID)]),
                client: Some(concat!("Shoal ", env!("CARGO_PKG_VERSION")).to_owned()),
                reqq: Some(self.config.max_upload_queue as u32),
                metadata_size: None,
            };
            let payload = hello.encode();
            self.send(id, Message::Extended { id: 0, payload });
        }
        // What we have is told by our extension, once the peer has shown that it speaks it.
        self.send(
            id,
            if hello.fast {
                Message::HaveNone
            } else {
                Message::Bitfield(Vec::new())
            },
        );
        self.send(id, Message::Interested);
        self.plan.stale = true;
        let peers = self.ready_links();
        self.out.push_back(Output::Event(Event::Peers(peers)));
    }

    fn link_message(&mut self, id: LinkId, message: Message) {
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        match message {
            Message::Cancel(block) => self.cancelled_by(id, block),
            Message::Choke => {
                link.chokes_us = true;
                if !link.fast {
                    self.unask_all(id, false);
                }
            }
            Message::Unchoke => {
                link.chokes_us = false;
                self.hungry.push(id);
            }
            Message::Extended { id: 0, payload } => match ExtendedHandshake::decode(&payload) {
                Ok(hello) => {
                    let first = link.shoal.is_none();
                    link.shoal = hello.m.get(shoal::NAME).filter(|&id| id != 0);
                    if first && link.shoal.is_some() {
                        let wants = Extension::Wants(self.window.clone());
                        self.send_extension(id, &wants);
                    }
                }
                Err(_) => self.link_failed(id, LinkFault::Malformed),
            },
            Message::Extended {
                id: shoal::ID,
                payload,
            } => match Extension::decode(&payload, &shoal::Limits::default()) {
                Ok(extension) => self.link_extension(id, extension),
                Err(_) => self.link_failed(id, LinkFault::Malformed),
            },
            Message::Have(PieceIndex(piece)) => self.gained_by(id, &single(piece)),
            Message::HaveAll => {
                link.has_all = true;
                self.hungry.push(id);
            }
            Message::HaveNone => {
                link.has = Ranges::new();
                link.has_all = false;
            }
            Message::Interested => {
                link.interested = true;
                self.slots_stale = true;
            }
            Message::NotInterested => {
                link.interested = false;
                self.slots_stale = true;
            }
            Message::Piece(block) => self.block_came(id, block),
            Message::Reject(block) => self.refused_by(id, block),
            Message::Request(block) => self.asked_of_us(id, block),
            Message::Bitfield(_)
            | Message::AllowedFast(_)
            | Message::Extended { .. }
            | Message::KeepAlive
            | Message::Port(_)
            | Message::Suggest(_) => {}
        }
    }

    /// A peer will not send a block. One that speaks our extension says by `lost` what it no longer
    /// has, so it is only busy; another may have no more of it than we know.
    fn refused_by(&mut self, id: LinkId, block: Block) {
        let now = self.now;
        let jitter = self.chance.around_one(0.3);
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        if !link.asked.has(block) {
            return;
        }
        if link.shoal.is_some() {
            if link.busy_until <= now {
                link.busy_until = now + link.busy_wait.mul_f64(jitter);
                link.busy_wait = (link.busy_wait * 2).min(self.config.busy_wait * 8);
            }
            let due = link.busy_until;
            self.due_by(due);
        } else {
            let piece = block.piece.0;
            link.has.remove(piece, piece.saturating_add(1));
        }
        self.take_back(id, false, |asked| *asked == block);
    }

    pub(crate) fn send(&mut self, id: LinkId, message: Message) {
        self.send_frame(id, Frame::Message(message));
    }

    fn send_frame(&mut self, id: LinkId, frame: Frame) {
        if let Some(link) = self.links.get_mut(id) {
            link.last_said = self.now;
            self.out.push_back(Output::LinkSend { link: id, frame });
        }
    }

    /// Ends a link and takes back all that was asked of it.
    pub(crate) fn close_link(&mut self, id: LinkId, reason: CloseReason) {
        self.unask_all(id, false);
        self.drop_queue(id);
        let Some(link) = self.links.remove(id) else {
            return;
        };
        self.hungry.retain(|&hungry| hungry != id);
        self.out.push_back(Output::LinkClose { link: id, reason });
        if link.is_ready() {
            self.plan.stale = true;
            let peers = self.ready_links();
            self.out.push_back(Output::Event(Event::Peers(peers)));
        }
    }

    /// The links must be looked at again by then.
    pub(crate) fn due_by(&mut self, at: Time) {
        self.links_due = Some(self.links_due.map_or(at, |due| due.min(at)));
    }

    /// Ends what has lasted too long, keeps alive what should last, and lets the least useful go.
    pub(crate) fn run_links(&mut self) {
        let now = self.now;
        if self.links_due.is_none_or(|due| due > now) {
            return;
        }
        for id in self.links.names() {
            let Some(link) = self.links.get_mut(id) else {
                continue;
            };
            if link.expires(&self.config) <= now {
                self.close_link(id, CloseReason::Expired);
                continue;
            }
            self.plan.stale |= link.judge_word(&self.window, &self.store.have, now);
            let silent = link.silent_at(&self.config).is_some_and(|at| at <= now);
            let quiet = link.is_ready() && link.last_said + self.config.keep_alive <= now;
            if silent {
                self.fell_silent(id);
            }
            if quiet {
                self.send(id, Message::KeepAlive);
            }
            if self
                .links
                .get(id)
                .is_some_and(|link| link.busy_until <= now)
            {
                self.hungry.push(id);
            }
        }
        self.run_churn();
        self.links_due = self.next_link_deadline();
    }

    /// When something is due that depends on time alone.
    fn next_link_deadline(&self) -> Option<Time> {
        let links = self.links.values().flat_map(|link| {
            let alive = link
                .is_ready()
                .then(|| link.last_said + self.config.keep_alive);
            let busy = Some(link.busy_until).filter(|&until| until > self.now);
            let silent = link.silent_at(&self.config);
            let word = link.fetching.iter().map(|&(_, until)| until).min();
            [Some(link.expires(&self.config)), silent, alive, busy, word]
        });
        links.flatten().chain(self.churn_at).min()
    }

    /// A peer owes us blocks and sends none: they are asked elsewhere. Who does it again without
    /// having sent anything meanwhile is struck.
    fn fell_silent(&mut self, id: LinkId) {
        self.unask_all(id, true);
        let now = self.now;
        let again = self.links.get_mut(id).is_some_and(|link| {
            link.last_block = now;
            core::mem::replace(&mut link.snubbed, true)
        });
        if again {
            self.strike(id, 1);
        }
        self.hungry = self.ready_ids();
    }

    /// A peer did us harm.
    pub(crate) fn strike(&mut self, id: LinkId, by: u32) {
        let Some(peer) = self.links.get(id).and_then(|link| link.peer) else {
            return;
        };
        if self.trust.strike(peer, by, &self.config, self.now) {
            self.close_link(id, CloseReason::Banned);
        }
    }

    pub(crate) fn ready_ids(&self) -> Vec<LinkId> {
        self.links
            .iter()
            .filter(|(_, link)| link.is_ready())
            .map(|(id, _)| id)
            .collect()
    }

    /// Takes back a request, so that the block can be asked elsewhere.
    fn unask(&mut self, block: Block) {
        if let Some(segment) = self
            .store
            .at(block.piece)
            .and_then(|id| self.store.get_mut(id))
            && let Some(number) = segment.number(block)
            && let Some(piece) = segment.piece_mut(block.piece.0)
        {
            piece.unask(number);
        }
    }

    /// Takes back all requests to a peer; with `say`, tells it.
    pub(crate) fn unask_all(&mut self, id: LinkId, say: bool) {
        self.take_back(id, say, |_| true);
    }

    /// Takes back those requests to a peer that `pick` picks; with `say`, tells it.
    pub(crate) fn take_back(&mut self, id: LinkId, say: bool, pick: impl Fn(&Block) -> bool) {
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        let blocks = link.asked.keys().filter(|block| pick(block));
        let blocks = blocks.collect::<Vec<_>>();
        if blocks.is_empty() {
            return;
        }
        for &block in &blocks {
            link.asked.remove(block);
            link.recalled.push_back(block);
        }
        let surplus = link
            .recalled
            .len()
            .saturating_sub(self.config.max_pipeline * 2);
        link.recalled.drain(..surplus);
        if link.asked.is_empty() {
            link.down.stop(self.now);
            self.busy.stop(self.now);
        }
        for block in blocks {
            // Where the origin is down a second peer may have been asked: the block is still on its way.
            if !self.doubled || !self.links.values().any(|link| link.asked.has(block)) {
                self.unask(block);
            }
            if say {
                self.send(id, Message::Cancel(block));
            }
        }
        let ready = self.ready_ids();
        self.hungry.extend(ready);
    }
}

/// The set of one piece.
fn single(piece: u32) -> Ranges {
    core::iter::once(piece..piece.saturating_add(1)).collect()
}
