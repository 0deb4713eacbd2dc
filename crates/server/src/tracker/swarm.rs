//! The tracker's state and every decision of it: no socket, no clock, no thread.
//!
//! Invariants: a peer is known by its socket and its id together, so nobody can take over another's
//! place; an answer reaches exactly the peer whose offer was forwarded to the answering peer, once;
//! what a socket has brought in leaves with it; no address is kept with a swarm, only a number that stands
//! for it. Same seed and same calls give the same results.

mod config;
mod members;
mod replies;
mod switch;

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use fastrand::Rng;
use shoal_wire::{
    id::{InfoHash, PeerId},
    tracker::{
        Announce, AnnounceEvent as Event, Answer, ClientMessage, OffBy, Offer, Scrape,
        TrackerMessage,
    },
};

#[cfg(feature = "net")]
pub(super) use self::replies::off_reason;
pub(super) use self::replies::{failure, off};
pub use self::{config::SwarmConfig, switch::Scope};
use self::{
    members::{Key, Swarm},
    replies::{announced, unknown},
};
pub use super::ids::SocketId;
use super::{
    ids::AddressId,
    limits::{Bounds, Limiter, Merged, Spent},
};

/// A message and the socket that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery<S = String> {
    /// Socket that it is for.
    pub to: SocketId,
    /// What.
    pub message: TrackerMessage<S>,
}

/// Outcome of a socket's message, beside what is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// All is well.
    Fine,
    /// The socket sends far too much, and is to be closed. The message was not looked at.
    Flood,
    /// Sharing is off for everything that the socket is here for; it is to be closed.
    Off(OffBy),
}

/// Counts of what has happened in all swarms together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Announces that were answered, or refused.
    pub announces: u64,
    /// Announces, and questions for counts, that were refused for coming far too often.
    pub too_often: u64,
    /// Offers that were handed on.
    pub introductions: u64,
    /// Offers that were not handed on because of a limit, although somebody was there.
    pub held_back: u64,
}

/// All swarms of one tracker.
#[derive(Debug)]
pub struct Swarms {
    config: SwarmConfig,
    rng: Rng,
    /// Whether any swarm may come, not only those that were admitted.
    open: bool,
    swarms: HashMap<InfoHash, Swarm>,
    /// Peers that have to go when a socket closes.
    sockets: HashMap<SocketId, Vec<(InfoHash, PeerId)>>,
    limiter: Limiter,
    site_off: bool,
    videos_off: HashSet<InfoHash>,
    tally: Tally,
}

impl Swarms {
    /// A tracker without a swarm. The seed decides who meets whom.
    #[must_use]
    pub fn new(config: SwarmConfig, seed: u64) -> Self {
        let bounds = Bounds {
            introductions: config.introductions,
            announces: config.announces,
            messages: config.messages,
            max_sockets_per_address: config.max_sockets_per_address,
        };
        Self {
            config,
            rng: Rng::with_seed(seed),
            open: false,
            swarms: HashMap::new(),
            sockets: HashMap::new(),
            limiter: Limiter::new(bounds),
            site_off: false,
            videos_off: HashSet::new(),
            tally: Tally::default(),
        }
    }

    /// Lets any swarm come, without being admitted.
    pub fn open_to_any(&mut self) {
        self.open = true;
    }

    /// Opens a swarm. Called once for each video that has it.
    pub fn admit(&mut self, swarm: InfoHash) {
        self.swarms.entry(swarm).or_default().videos += 1;
    }

    /// Takes back one [`Swarms::admit`]. Viewers that are there stay until they leave.
    pub fn retire(&mut self, swarm: InfoHash) {
        if let Some(found) = self.swarms.get_mut(&swarm) {
            found.videos = found.videos.saturating_sub(1);
            self.drop_if_unused(swarm);
        }
    }

    /// Whether there is such a swarm, or may be.
    #[must_use]
    pub fn has(&self, swarm: InfoHash) -> bool {
        self.open || self.swarms.contains_key(&swarm)
    }

    /// Returns how many viewers a swarm has.
    #[must_use]
    pub fn counts(&self, swarm: InfoHash) -> Option<Scrape> {
        self.swarms.get(&swarm).map(Swarm::counts)
    }

    /// Returns the counts of what has happened so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Returns who has switched sharing off in a swarm, if it is.
    #[must_use]
    pub fn off(&self, swarm: InfoHash) -> Option<OffBy> {
        if self.site_off {
            return Some(OffBy::Site);
        }
        self.videos_off.contains(&swarm).then_some(OffBy::Video)
    }

    /// Whether a peer is in a swarm already.
    #[must_use]
    pub fn is_member(&self, socket: SocketId, swarm: InfoHash, peer: PeerId) -> bool {
        let found = self.swarms.get(&swarm);
        found.is_some_and(|found| found.has((socket, peer)))
    }

    /// Whether a socket has a peer in any swarm.
    #[must_use]
    pub fn is_used(&self, socket: SocketId) -> bool {
        self.sockets.contains_key(&socket)
    }

    /// A connection has been made. False if its address has too many; then nothing of it is kept.
    pub fn open(&mut self, now: Duration, socket: SocketId, address: AddressId) -> bool {
        self.limiter.open(now, socket, address)
    }

    /// Handles a message of an open socket. Everything that is to be sent because of it is pushed to
    /// `out`. Time runs from any beginning.
    pub fn handle<S>(
        &mut self,
        now: Duration,
        from: SocketId,
        message: ClientMessage<S>,
        out: &mut Vec<Delivery<S>>,
    ) -> Handled {
        if self.limiter.is_flooding(now, from) {
            return Handled::Flood;
        }
        let mut reply = |message| out.push(Delivery { to: from, message });
        match message {
            ClientMessage::Announce(announce) => {
                let (message, welcome) = self.announce(now, from, &announce);
                reply(message);
                if welcome {
                    self.forward(now, from, announce, out);
                } else if let Some(by) = self.off(announce.info_hash)
                    && !self.is_used(from)
                {
                    return Handled::Off(by);
                }
            }
            ClientMessage::Answer(answer) => {
                if self.swarms.contains_key(&answer.info_hash) {
                    out.extend(self.answer(now, from, answer));
                } else {
                    reply(unknown(answer.info_hash));
                }
            }
            ClientMessage::Scrape { info_hashes } => {
                if let Some(first) = info_hashes.first()
                    && !self.limiter.may_announce(now, from)
                {
                    self.tally.too_often += 1;
                    reply(failure("asked far more often than anybody has to", *first));
                    return Handled::Fine;
                }
                let counts = |swarm| (swarm, self.counts(swarm).unwrap_or_default());
                let files = info_hashes.into_iter().map(counts).collect();
                reply(TrackerMessage::Scraped { files });
            }
        }
        Handled::Fine
    }

    /// The swarms that somebody is in, and how many.
    pub fn populated(&self) -> impl Iterator<Item = (InfoHash, u32)> {
        let counts = self.swarms.iter();
        counts.filter_map(|(id, swarm)| {
            let count = u32::try_from(swarm.len()).unwrap_or(u32::MAX);
            (count > 0).then_some((*id, count))
        })
    }

    /// Whether what addresses take is to be told to other nodes, or each has its buckets here alone. When
    /// it is, all that is known is told (once more).
    pub fn share_limits(&mut self, shared: bool) {
        if shared {
            self.limiter.share();
        } else {
            self.limiter.unshare();
        }
    }

    /// Tells of the connected addresses once more, so that other nodes do not take them for gone.
    pub fn resend_limits(&mut self) {
        self.limiter.resend();
    }

    /// Takes what other nodes are to be told, of so many addresses at most.
    pub fn take_spent(&mut self, now: Duration, most: usize) -> Vec<Spent> {
        self.limiter.take_spent(now, most)
    }

    /// Takes over what all nodes have told.
    pub fn merge_spent(&mut self, now: Duration, merged: Merged) {
        self.limiter.merge(now, merged);
    }

    /// Microseconds that one introduction and one announce take to flow back into an address's buckets.
    #[must_use]
    pub fn limit_periods(&self) -> (u64, u64) {
        self.limiter.periods()
    }

    /// Counts a message that somebody else has refused.
    pub fn count_refused(&mut self, now: Duration, from: SocketId) -> Handled {
        if self.limiter.is_flooding(now, from) {
            Handled::Flood
        } else {
            Handled::Fine
        }
    }

    /// Takes everything away that came over a socket.
    pub fn close(&mut self, now: Duration, socket: SocketId) {
        for (swarm, peer) in self.sockets.remove(&socket).unwrap_or_default() {
            if let Some(found) = self.swarms.get_mut(&swarm) {
                found.remove((socket, peer));
            }
            self.drop_if_unused(swarm);
        }
        self.limiter.close(now, socket);
    }

    /// The reply, and whether offers may be handed on.
    fn announce<S>(
        &mut self,
        now: Duration,
        socket: SocketId,
        announce: &Announce<S>,
    ) -> (TrackerMessage<S>, bool) {
        let Announce {
            info_hash,
            peer_id,
            event,
            left,
            ..
        } = *announce;
        self.tally.announces += 1;
        let key = (socket, peer_id);
        let refused = |message| (message, false);
        if !self.has(info_hash) {
            return refused(unknown(info_hash));
        }
        if let Some(by) = self.off(info_hash) {
            return refused(off(info_hash, by));
        }
        if event == Some(Event::Stopped) {
            let interval = self.config.interval;
            let reply = match self.swarms.get_mut(&info_hash) {
                Some(swarm) => {
                    swarm.remove(key);
                    announced(swarm.counts(), info_hash, interval)
                }
                None => announced(Scrape::default(), info_hash, interval),
            };
            self.leave(info_hash, key);
            return refused(reply);
        }
        if !self.limiter.may_announce(now, socket) {
            self.tally.too_often += 1;
            let reason = "announced far more often than the interval allows";
            return refused(failure(reason, info_hash));
        }
        let Some(address) = self.limiter.address(socket) else {
            return refused(unknown(info_hash));
        };
        if !self.swarms.contains_key(&info_hash) && self.swarms.len() >= self.config.max_open_swarms
        {
            let reason = "this tracker has as many swarms as it may";
            return refused(failure(reason, info_hash));
        }
        let swarm = self.swarms.entry(info_hash).or_default();
        if !swarm.has(key) {
            let peers = self.sockets.entry(socket).or_default();
            if peers.len() >= self.config.max_peers_per_socket {
                let reason = "too many videos on one connection";
                self.drop_if_unused(info_hash);
                return refused(failure(reason, info_hash));
            }
            peers.push((info_hash, peer_id));
        }
        let interval = self.interval(now, socket);
        let complete = event == Some(Event::Completed) || left == Some(0);
        // Twice: an announce may be lost, or late.
        let expires = now + Duration::from_secs(2 * u64::from(interval) + 60);
        let swarm = self.swarms.entry(info_hash).or_default();
        swarm.upsert(key, address, complete, expires);
        if event == Some(Event::Completed) {
            swarm.completed = swarm.completed.saturating_add(1);
        }
        for gone in swarm.expired(now) {
            self.leave(info_hash, gone);
        }
        let counts = self.counts(info_hash).unwrap_or_default();
        (announced(counts, info_hash, interval), true)
    }

    /// Seconds until the next announce: more for who has few introductions left.
    fn interval(&self, now: Duration, socket: SocketId) -> u32 {
        let least = f64::from(self.config.interval);
        let most = f64::from(self.config.max_interval).max(least);
        let scarcity = self.limiter.scarcity(now, socket);
        (least + (most - least) * scarcity) as u32
    }

    /// Hands each offer to another peer, drawn by lot.
    fn forward<S>(
        &mut self,
        now: Duration,
        socket: SocketId,
        announce: Announce<S>,
        out: &mut Vec<Delivery<S>>,
    ) {
        let Announce {
            info_hash,
            peer_id,
            numwant,
            offers,
            ..
        } = announce;
        let from = (socket, peer_id);
        let Self {
            swarms,
            limiter,
            rng,
            config,
            ..
        } = self;
        let (Some(swarm), Some(address)) = (swarms.get_mut(&info_hash), limiter.address(socket))
        else {
            return;
        };
        let wanted = offers.len().min(numwant as usize).min(config.max_offers);
        let (count, strangers) = limiter.ration(now, socket, wanted);
        let fits = |to, neighbour| limiter.may_meet(now, to, neighbour);
        let chosen = swarm.draw(rng, (from, address), count, strangers, fits);
        let there = swarm.len().saturating_sub(1).min(wanted);
        self.tally.held_back += there.saturating_sub(chosen.len()) as u64;
        self.tally.introductions += chosen.len() as u64;
        for (key, Offer { offer_id, sdp }) in chosen.into_iter().zip(offers) {
            limiter.introduce(now, socket, key.0);
            swarm.offered(key, offer_id, from, now, config.max_unanswered);
            let message = TrackerMessage::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            };
            out.push(Delivery { to: key.0, message });
        }
    }

    /// Hands an answer to whoever made the offer.
    fn answer<S>(
        &mut self,
        now: Duration,
        from: SocketId,
        answer: Answer<S>,
    ) -> Option<Delivery<S>> {
        let Answer {
            info_hash,
            peer_id,
            to_peer_id,
            offer_id,
            sdp,
        } = answer;
        let swarm = self.swarms.get_mut(&info_hash)?;
        let to = swarm.take_offer((from, peer_id), offer_id, to_peer_id, now)?;
        let message = TrackerMessage::Answer {
            info_hash,
            peer_id,
            offer_id,
            sdp,
        };
        Some(Delivery { to, message })
    }

    fn leave(&mut self, swarm: InfoHash, key: Key) {
        if let Some(found) = self.swarms.get_mut(&swarm) {
            found.remove(key);
        }
        if let Some(peers) = self.sockets.get_mut(&key.0) {
            peers.retain(|known| *known != (swarm, key.1));
            if peers.is_empty() {
                self.sockets.remove(&key.0);
            }
        }
        self.drop_if_unused(swarm);
    }

    fn drop_if_unused(&mut self, swarm: InfoHash) {
        if self.swarms.get(&swarm).is_some_and(Swarm::is_unused) {
            self.swarms.remove(&swarm);
        }
    }
}

#[cfg(test)]
mod tests;
