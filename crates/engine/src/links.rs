//! Peers: making links, shaking hands, reading what they say, and letting them go.

use shoal_wire::id::{OfferId, PeerId, PieceIndex};
use shoal_wire::peer::shoal::{self, Extension};
use shoal_wire::peer::{Block, ExtendedHandshake, Extensions, Frame, Handshake, Message, Ranges};

use crate::engine::Engine;
use crate::event::Event;
use crate::input::{LinkFault, LinkId};
use crate::link::{Link, Phase};
use crate::origin::Fetch;
use crate::output::{CloseReason, Output};

impl Engine {
    pub(crate) fn add_link(&mut self, link: Link) -> LinkId {
        self.next_link += 1;
        let id = LinkId(self.next_link);
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
        if known
            || self
                .links
                .values()
                .filter(|link| link.peer.is_some())
                .count()
                >= self.config.max_links
            || self.trust.is_banned(peer, &self.config, self.now)
        {
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
        match link.peer {
            Some(peer) => {
                link.enter(Phase::Connecting, self.now);
                let offer = link.offer;
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
            LinkFault::Closed | LinkFault::Refused => CloseReason::Gone,
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
            Message::Cancel(block) => {
                let before = link.queue.len();
                link.queue.retain(|&queued| queued != block);
                if link.fast && link.queue.len() < before {
                    self.send(id, Message::Reject(block));
                }
            }
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
                        self.introduce(id);
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
            Message::Interested => link.interested = true,
            Message::NotInterested => {
                link.interested = false;
                link.queue.clear();
            }
            Message::Piece(block) => self.block_came(id, block),
            Message::Reject(block) => {
                if link.asked.has(block) {
                    // It does not have what it said, or has no room: somebody else may.
                    link.has
                        .remove(block.piece.0, block.piece.0.saturating_add(1));
                    self.take_back(id, false, |asked| *asked == block);
                }
            }
            Message::Request(block) => self.asked_of_us(id, block),
            Message::Bitfield(_)
            | Message::AllowedFast(_)
            | Message::Extended { .. }
            | Message::KeepAlive
            | Message::Port(_)
            | Message::Suggest(_) => {}
        }
    }

    fn link_extension(&mut self, id: LinkId, extension: Extension) {
        let (now, trust) = (self.now, self.config.fetching_trust);
        match extension {
            Extension::Have(ranges) => {
                if let Some(link) = self.links.get_mut(id) {
                    self.plan.stale |= !link.told;
                    link.told = true;
                }
                self.gained_by(id, &ranges);
            }
            Extension::Lost(ranges) => {
                if let Some(link) = self.links.get_mut(id) {
                    for range in ranges.iter() {
                        link.has.remove(range.start, range.end);
                        link.fetching.retain(|(fetching, _)| *fetching != range);
                    }
                }
            }
            Extension::Fetching(ranges) => {
                if let Some(link) = self.links.get_mut(id) {
                    link.fetching.retain(|&(_, until)| until > now);
                    let room = MAX_FETCHING.saturating_sub(link.fetching.len());
                    link.fetching
                        .extend(ranges.iter().take(room).map(|range| (range, now + trust)));
                }
            }
            Extension::Grew { track, seq } => {
                let timeline = self.timeline.as_mut().filter(|t| t.grows(track, seq));
                if let Some(timeline) = timeline {
                    let segment = shoal_wire::id::SegmentId { track, seq };
                    if let crate::timeline::Length::Ask(part) = timeline.length(segment, now) {
                        self.out.push_back(Output::FetchPart { track, part });
                    }
                }
            }
        }
    }

    fn gained_by(&mut self, id: LinkId, ranges: &Ranges) {
        let most = self.config.max_ranges;
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        for range in ranges.iter() {
            link.has.insert(range.start, range.end);
        }
        if link.has.len() > most {
            return self.link_failed(id, LinkFault::Malformed);
        }
        self.hungry.push(id);
    }

    /// Tells a peer that speaks our extension what we have, be it nothing: it waits to know.
    fn introduce(&mut self, id: LinkId) {
        let have = Extension::Have(self.store.have.clone());
        self.send_extension(id, &have);
        let mut fetching = Ranges::new();
        for rest in self.fetches.values().map(Fetch::rest) {
            fetching.insert(rest.start, rest.end);
        }
        if !fetching.is_empty() {
            self.send_extension(id, &Extension::Fetching(fetching));
        }
    }

    /// Tells everybody that we fetch these pieces from the origin.
    pub(crate) fn tell_fetching(&mut self, pieces: core::ops::Range<u32>) {
        let mut ranges = Ranges::new();
        ranges.insert(pieces.start, pieces.end);
        self.tell(&Extension::Fetching(ranges));
    }

    /// Tells everybody what was gained and lost since the last time.
    pub(crate) fn announce_pieces(&mut self) {
        let gained = core::mem::take(&mut self.gained);
        let lost = core::mem::take(&mut self.lost);
        if !lost.is_empty() {
            self.tell(&Extension::Lost(lost));
        }
        if !gained.is_empty() {
            for id in self.ready_ids() {
                let plain = self.links.get(id).is_some_and(|link| link.shoal.is_none());
                if plain {
                    for piece in gained.iter().flatten() {
                        self.send(id, Message::Have(PieceIndex(piece)));
                    }
                }
            }
            self.tell(&Extension::Have(gained));
        }
    }

    /// Tells all peers that speak our extension.
    pub(crate) fn tell(&mut self, extension: &Extension) {
        for id in self.ready_ids() {
            self.send_extension(id, extension);
        }
    }

    fn send_extension(&mut self, id: LinkId, extension: &Extension) {
        if let Some(theirs) = self.links.get(id).and_then(|link| link.shoal) {
            self.send(
                id,
                Message::Extended {
                    id: theirs,
                    payload: extension.encode(),
                },
            );
        }
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

    /// Ends what has lasted too long, and keeps alive what should last.
    pub(crate) fn run_links(&mut self) {
        let now = self.now;
        for id in self.links.names() {
            let Some(link) = self.links.get(id) else {
                continue;
            };
            if link.expires(&self.config) <= now {
                self.close_link(id, CloseReason::Expired);
                continue;
            }
            let silent = link.silent_at(&self.config).is_some_and(|at| at <= now);
            let quiet = link.is_ready() && link.last_said + self.config.keep_alive <= now;
            if silent {
                self.unask_all(id, true);
                if let Some(link) = self.links.get_mut(id) {
                    link.snubbed = true;
                    link.last_block = now;
                }
                self.hungry = self.ready_ids();
            }
            if quiet {
                self.send(id, Message::KeepAlive);
            }
        }
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
            self.busy.stop(self.now);
        }
        for block in blocks {
            self.unask(block);
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
    let mut ranges = Ranges::new();
    ranges.insert(piece, piece.saturating_add(1));
    ranges
}

/// Ranges that one peer may say it is fetching.
const MAX_FETCHING: usize = 64;
