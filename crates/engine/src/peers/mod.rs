//! Peers: making links, shaking hands, and letting them go.
//!
//! A link is this part's alone until its handshake is done. From then on gossip, download and upload
//! each keep what concerns them of the peer, until the link is closed.

mod link;
mod trust;

use shoal_wire::id::{OfferId, PeerId};
use shoal_wire::peer::shoal;
use shoal_wire::peer::{ExtendedHandshake, Extensions, Frame, Handshake, Message};

use self::link::{Link, Phase};
use self::trust::Trust;
use crate::ctx::Ctx;
use crate::input::{LinkFault, LinkId};
use crate::output::{CloseReason, Output};
use crate::small_map::SmallMap;
use crate::time::Time;
use crate::timers::Timer;

/// Every link, and who has done us harm.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    links: SmallMap<LinkId, Box<Link>>,
    last: u64,
    /// Descriptions in a row by which no peer could come.
    without_candidates: u32,
    /// When the least useful peer may go.
    churn_at: Option<Time>,
    trust: Trust,
}

/// What became of a description of ours.
#[derive(Debug)]
pub(crate) enum Described {
    /// It answers a peer's offer.
    Answer {
        peer: PeerId,
        offer: OfferId,
        sdp: String,
    },
    /// It is an offer, to be announced.
    Offer(String),
}

/// What came over a link.
#[derive(Debug)]
pub(crate) enum Heard {
    /// The handshake is done.
    Greeted(Greeting),
    /// The peer broke the protocol.
    Malformed,
    /// A message of a peer that has shaken hands.
    Message(Message),
    /// Something on a link that is closed.
    Nothing,
}

/// What is known of a peer when the handshake is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Greeting {
    pub(crate) peer: PeerId,
    /// It speaks the fast extension (BEP 6).
    pub(crate) fast: bool,
}

impl Peers {
    /// Returns how many peers are connected.
    pub(crate) fn ready(&self) -> u32 {
        self.links.values().filter(|link| link.is_ready()).count() as u32
    }

    /// Whether a peer is connected.
    pub(crate) fn is_ready(&self, id: LinkId) -> bool {
        self.links.get(id).is_some_and(|link| link.is_ready())
    }

    /// Returns the names of all links.
    pub(crate) fn names(&self) -> Vec<LinkId> {
        self.links.names()
    }

    /// Whether offers of ours are still being described.
    pub(crate) fn is_making_offers(&self) -> bool {
        self.links.values().any(|link| link.is_being_offered())
    }

    /// Makes offers, as far as there is room for peers, and at most so many.
    pub(crate) fn make_offers(&mut self, ctx: &mut Ctx, most: usize) {
        let room = ctx.config.target_links.saturating_sub(self.links.len());
        for _ in 0..ctx.config.offers.min(room).min(most) {
            let offer = ctx.rng.offer_id();
            let id = self.add(ctx, Link::offering(offer, ctx.now));
            ctx.push(Output::LinkOffer(id));
        }
    }

    /// Notes that an offer is with the tracker. Returns its name, unless the link is gone.
    pub(crate) fn offer_announced(&mut self, ctx: &mut Ctx, id: LinkId) -> Option<OfferId> {
        let link = self.links.get_mut(id)?;
        enter(ctx, link, Phase::Offered);
        Some(link.offer)
    }

    /// Ends offers that nobody has answered.
    pub(crate) fn drop_unanswered_offers(&mut self, ctx: &mut Ctx) {
        self.close_all(ctx, &|link| link.phase == Phase::Offered);
    }

    /// Ends all that waits for the tracker.
    pub(crate) fn drop_offers(&mut self, ctx: &mut Ctx) {
        self.close_all(ctx, &|link| {
            matches!(link.phase, Phase::Describing | Phase::Offered)
        });
    }

    /// Whether an offer of this peer is to be answered, if there is room.
    pub(crate) fn welcomes(&self, ctx: &Ctx, peer: PeerId) -> bool {
        let known = self.links.values().any(|link| link.peer == Some(peer));
        !known && !self.trust.is_banned(peer, &ctx.config, ctx.now)
    }

    /// Answers a peer's offer.
    pub(crate) fn accept(&mut self, ctx: &mut Ctx, peer: PeerId, offer: OfferId, sdp: String) {
        let link = self.add(ctx, Link::answering(offer, peer, ctx.now));
        ctx.push(Output::LinkAccept { link, sdp });
    }

    /// Connects to a peer that has answered an offer of ours.
    pub(crate) fn answered(&mut self, ctx: &mut Ctx, peer: PeerId, offer: OfferId, sdp: String) {
        let ours = |link: &Link| link.ours && link.phase == Phase::Offered && link.offer == offer;
        let Some((id, _)) = self.links.iter().find(|(_, link)| ours(link)) else {
            return;
        };
        if self.trust.is_banned(peer, &ctx.config, ctx.now) {
            self.close(ctx, id, CloseReason::Banned);
            return;
        }
        let rival = self.links.iter().find(|(_, link)| link.peer == Some(peer));
        if let Some((rival, link)) = rival {
            // Both sides keep the offer of the lesser name, unless a link is already open.
            let open = link.is_ready() || link.phase == Phase::Greeting;
            if open || link.ours || peer < ctx.me {
                self.close(ctx, id, CloseReason::Duplicate);
                return;
            }
            self.close(ctx, rival, CloseReason::Duplicate);
        }
        if let Some(link) = self.links.get_mut(id) {
            link.peer = Some(peer);
            enter(ctx, link, Phase::Connecting);
            ctx.push(Output::LinkConnect { link: id, sdp });
        }
    }

    /// Notes that our side of a link is described. Returns what to do with the description.
    pub(crate) fn described(
        &mut self,
        ctx: &mut Ctx,
        id: LinkId,
        sdp: String,
    ) -> Option<Described> {
        let link = self.links.get_mut(id)?;
        if link.phase != Phase::Describing {
            return None;
        }
        if link.ours {
            self.without_candidates = 0;
        }
        if let Some(peer) = link.peer {
            enter(ctx, link, Phase::Connecting);
            let offer = link.offer;
            return Some(Described::Answer { peer, offer, sdp });
        }
        let first = !core::mem::replace(&mut link.described, true);
        first.then_some(Described::Offer(sdp))
    }

    /// The channel is open: says who we are.
    pub(crate) fn opened(&mut self, ctx: &mut Ctx, id: LinkId) {
        let Some(link) = self.links.get_mut(id) else {
            return;
        };
        if link.phase != Phase::Connecting {
            return;
        }
        link.last_heard = ctx.now;
        enter(ctx, link, Phase::Greeting);
        let hello = Handshake {
            info_hash: ctx.swarm,
            peer_id: ctx.me,
            fast: true,
            extended: true,
        };
        ctx.push(Output::LinkSend {
            link: id,
            frame: Frame::Handshake(hello),
        });
    }

    /// Takes in a frame. Returns what it is by the link's state.
    pub(crate) fn hear(&mut self, ctx: &mut Ctx, id: LinkId, frame: Frame) -> Heard {
        let Some(link) = self.links.get_mut(id) else {
            return Heard::Nothing;
        };
        link.last_heard = ctx.now;
        match (link.phase, frame) {
            (Phase::Greeting, Frame::Handshake(hello)) => {
                let stranger = link.peer.is_some_and(|peer| peer != hello.peer_id);
                if hello.info_hash != ctx.swarm || hello.peer_id == ctx.me || stranger {
                    return Heard::Malformed;
                }
                link.peer = Some(hello.peer_id);
                link.enter(Phase::Ready, ctx.now);
                introduce_us(ctx, id, hello);
                Heard::Greeted(Greeting {
                    peer: hello.peer_id,
                    fast: hello.fast,
                })
            }
            (Phase::Ready, Frame::Message(message)) => Heard::Message(message),
            _ => Heard::Malformed,
        }
    }

    /// Counts a link's failure. Returns the reason to close it with, and whether the browser finds no
    /// way by which a peer could come; nothing when there is no such link.
    pub(crate) fn failed(
        &mut self,
        ctx: &mut Ctx,
        id: LinkId,
        fault: LinkFault,
    ) -> Option<(CloseReason, bool)> {
        let link = self.links.get(id)?;
        if fault == LinkFault::Malformed {
            if let Some(peer) = link.peer {
                self.trust.strike(peer, 2, &ctx.config, ctx.now);
            }
            ctx.problem("peer-malformed");
            return Some((CloseReason::Malformed, false));
        }
        // A browser without a way to go either says so or gives up before anybody is asked. Of
        // answers nothing follows: they depend on what a stranger offers.
        let none = fault == LinkFault::Routeless
            || (fault == LinkFault::Closed && link.phase == Phase::Describing);
        let none = none && link.ours;
        if none {
            self.without_candidates += 1;
        }
        let blocked = none && self.without_candidates >= ctx.config.max_routeless;
        Some((CloseReason::Gone, blocked))
    }

    /// Counts harm that a peer did. Returns whether it is banned now.
    #[must_use]
    pub(crate) fn strike(&mut self, ctx: &Ctx, id: LinkId, by: u32) -> bool {
        let peer = self.links.get(id).and_then(|link| link.peer);
        peer.is_some_and(|peer| self.trust.strike(peer, by, &ctx.config, ctx.now))
    }

    /// Ends a link. Returns whether its peer was connected: then the other parts have to let go of it.
    pub(crate) fn close(&mut self, ctx: &mut Ctx, id: LinkId, reason: CloseReason) -> bool {
        let Some(link) = self.links.remove(id) else {
            return false;
        };
        ctx.push(Output::LinkClose { link: id, reason });
        link.is_ready()
    }

    /// Whether a link has lasted too long in its state.
    pub(crate) fn is_expired(&self, ctx: &Ctx, id: LinkId) -> bool {
        let link = self.links.get(id);
        link.is_some_and(|link| link.expires(&ctx.config) <= ctx.now)
    }

    /// Sends a keep-alive where we have long said nothing.
    pub(crate) fn keep_alive(&self, ctx: &mut Ctx, id: LinkId) {
        let quiet = |at: Time| at + ctx.config.keep_alive <= ctx.now;
        if self.is_ready(id) && ctx.last_sent(id).is_some_and(quiet) {
            ctx.send(id, Message::KeepAlive);
        }
    }

    /// Whether the least useful peer should go because others may be more use: from time to time, while
    /// there are more than we would look for.
    pub(crate) fn churns(&mut self, ctx: &Ctx) -> bool {
        if self.churn_at.is_some_and(|at| at > ctx.now) {
            return false;
        }
        self.churn_at = Some(ctx.now + ctx.config.churn);
        self.ready() as usize > ctx.config.target_links
    }

    /// Whether there is room for one more peer, or else the one of no use that has to go for it. `used`
    /// tells of each when it was last of use, and how many bytes were exchanged with it.
    pub(crate) fn room(
        &self,
        ctx: &Ctx,
        used: &dyn Fn(LinkId) -> (Time, u64),
    ) -> Result<(), Option<LinkId>> {
        let met = self.links.values().filter(|link| link.peer.is_some());
        if met.count() < ctx.config.max_links {
            return Ok(());
        }
        let least = self.least_useful(ctx, &used);
        let grace = ctx.config.churn_grace;
        Err(least.filter(|&id| self.last_used(id, &used) + grace <= ctx.now))
    }

    /// Of the peers that are no longer new, returns the one that has exchanged least with us of late.
    /// `used` as for [`Self::room`].
    pub(crate) fn least_useful(
        &self,
        ctx: &Ctx,
        used: &dyn Fn(LinkId) -> (Time, u64),
    ) -> Option<LinkId> {
        let judged = self
            .links
            .iter()
            .filter(|(_, link)| link.is_ready() && link.since + ctx.config.churn_grace <= ctx.now);
        let judged = judged.map(|(id, _)| {
            let idle = ctx.now.since(self.last_used(id, &used)).as_secs();
            ((u64::MAX - idle, used(id).1), id)
        });
        judged.min().map(|(_, id)| id)
    }

    /// When a peer was last of use: at the latest when it came.
    fn last_used(&self, id: LinkId, used: &dyn Fn(LinkId) -> (Time, u64)) -> Time {
        let since = self
            .links
            .get(id)
            .map_or(Time::default(), |link| link.since);
        used(id).0.max(since)
    }

    /// When a link of ours expires, wants a keep-alive, or may have to make way.
    pub(crate) fn next_due(&self, ctx: &Ctx) -> Option<Time> {
        let links = self.links.iter().flat_map(|(id, link)| {
            let sent = ctx.last_sent(id).filter(|_| link.is_ready());
            [
                Some(link.expires(&ctx.config)),
                sent.map(|at| at + ctx.config.keep_alive),
            ]
        });
        links.flatten().chain(self.churn_at).min()
    }

    /// Forgets what was counted for as long as we shared. All links are closed.
    pub(crate) const fn leave(&mut self) {
        self.without_candidates = 0;
        self.churn_at = None;
    }

    fn add(&mut self, ctx: &mut Ctx, link: Link) -> LinkId {
        self.last += 1;
        let id = LinkId(self.last);
        ctx.timers
            .bring_forward(Timer::Links, link.expires(&ctx.config));
        self.links.insert(id, Box::new(link));
        id
    }

    /// Closes links none of which is ready.
    fn close_all(&mut self, ctx: &mut Ctx, which: &dyn Fn(&Link) -> bool) {
        let these = self.links.iter().filter(|(_, link)| which(link));
        for id in these.map(|(id, _)| id).collect::<Vec<_>>() {
            self.close(ctx, id, CloseReason::Expired);
        }
    }
}

/// Brings a link into its next phase, and sees to it that it is looked at when that has lasted too long.
fn enter(ctx: &mut Ctx, link: &mut Link, phase: Phase) {
    link.enter(phase, ctx.now);
    ctx.timers
        .bring_forward(Timer::Links, link.expires(&ctx.config));
}

/// Says what we speak. What we have is told by our extension, once the peer has shown that it speaks it.
fn introduce_us(ctx: &mut Ctx, id: LinkId, theirs: Handshake) {
    if theirs.extended {
        let hello = ExtendedHandshake {
            m: Extensions::from([(shoal::NAME.to_owned(), shoal::ID)]),
            client: Some(concat!("Shoal ", env!("CARGO_PKG_VERSION")).to_owned()),
            reqq: Some(ctx.config.max_upload_queue as u32),
            metadata_size: None,
        };
        let payload = hello.encode();
        ctx.send(id, Message::Extended { id: 0, payload });
    }
    let nothing = if theirs.fast {
        Message::HaveNone
    } else {
        Message::Bitfield(Vec::new())
    };
    ctx.send(id, nothing);
    ctx.send(id, Message::Interested);
}
