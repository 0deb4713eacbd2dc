//! The viewers of one track: how they meet, and whom of them to ask.

use std::collections::BTreeMap;
use std::rc::Rc;

use core::time::Duration;

use rand::RngExt;
use shoal_engine::{LinkId, Time};
use shoal_wire::id::{InfoHash, OfferId, PeerId, TrackId};
use shoal_wire::tracker::{Announce, AnnounceEvent, Answer, ClientMessage, Offer};

use super::env::{Env, Output};
use super::ids::Ids;
use super::packet::{Announcement, Packet};
use super::peer::Peer;
use super::settings::{ANNOUNCE, OFFER_EXPIRES, OFFERS};

/// Our place in the swarm of one track.
#[derive(Debug)]
pub(super) struct Swarm {
    track: TrackId,
    me: PeerId,
    pub(super) peers: BTreeMap<LinkId, Peer>,
    candidates: BTreeMap<LinkId, Candidate>,
    /// Segments that some peer has, and those that some peer has or fetches by HTTP.
    loaded: Ids,
    offered: Ids,
    /// Whether all peers are to be told what we have.
    pub(super) tells: bool,
    /// The time at which it is left, once it is watched no more.
    pub(super) leaves: Option<Time>,
    event: Option<AnnounceEvent>,
    /// An announce waits for the socket; else when the next is due.
    announces: bool,
    announce: Time,
    /// When the tracker is tried again after its socket closed, and how often it has been.
    reconnect: Option<Time>,
    retries: u32,
}

/// A connection that is not open.
#[derive(Debug)]
enum Candidate {
    /// An offer of the next announce; its SDP when it is made.
    Drafted(Option<String>),
    /// An offer that the tracker has, until then.
    Offered(Time),
    /// A peer's offer, which is being answered.
    Answering { peer: PeerId, offer: OfferId },
    /// Both SDPs are there, or ours is on its way.
    Connecting(PeerId),
}

/// Time until a lost tracker is tried again: a span drawn from here, and twice as long each time.
const RECONNECT_SPREAD: Duration = Duration::from_secs(300);
const RECONNECT: Duration = Duration::from_secs(10);
const MAX_RECONNECT: Duration = Duration::from_secs(3600);
/// Share of the best peer's rate that a peer counts with which has shown less.
const UNPROVEN: f64 = 0.1;

/// The swarm of a track.
pub(crate) fn info_hash(track: TrackId) -> InfoHash {
    let mut hash = *b"a hybrid swarm of   ";
    hash[18..].copy_from_slice(&track.0.to_be_bytes());
    InfoHash(hash)
}

impl Swarm {
    pub(super) fn new(track: TrackId, env: &mut Env) -> Self {
        let mut me = *b"-PM0203-            ";
        env.rng.fill(&mut me[8..]);
        Self {
            track,
            me: PeerId(me),
            peers: BTreeMap::new(),
            candidates: BTreeMap::new(),
            loaded: Ids::default(),
            offered: Ids::default(),
            tells: false,
            leaves: None,
            event: Some(AnnounceEvent::Started),
            announces: true,
            announce: env.now + ANNOUNCE,
            reconnect: None,
            retries: 0,
        }
    }

    /// Whether it has its hands on a connection.
    pub(super) fn owns(&self, link: LinkId) -> bool {
        self.peers.contains_key(&link) || self.candidates.contains_key(&link)
    }

    pub(super) fn has_loaded(&self, seq: u64) -> bool {
        self.loaded.contains(seq)
    }

    /// Segments that some peer has, or fetches by HTTP.
    pub(super) fn offered(&self) -> &Ids {
        &self.offered
    }

    /// A peer's announcement, or word that it lacks a segment after all.
    pub(super) fn learn(&mut self, link: LinkId, has: Rc<Announcement>) {
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.has = has;
            self.sum_up();
        }
    }

    /// A peer that has the segment and is asked for nothing, drawn by what it has sent of late.
    pub(super) fn choose(&self, seq: u64, env: &mut Env) -> Option<LinkId> {
        let fit = |peer: &&Peer| peer.download.is_none() && peer.has.loaded.contains(seq);
        let rated: Vec<(LinkId, f64)> = self
            .peers
            .values()
            .filter(fit)
            .map(|peer| (peer.link, peer.meter.rate()))
            .collect();
        let rates: Vec<f64> = rated.iter().map(|&(_, rate)| rate).collect();
        let nth = draw(&weights(&rates), env.lot())?;
        rated.get(nth).map(|&(link, _)| link)
    }

    /// Tells all peers what we have.
    pub(super) fn tell(&mut self, env: &mut Env, all: &Rc<Announcement>) {
        self.tells = false;
        for peer in self.peers.values_mut() {
            peer.send(env, Packet::Announce(Rc::clone(all)));
        }
    }

    /// Closes all connections. The tracker is told nothing.
    pub(super) fn close(&mut self, env: &mut Env) {
        let links = self.peers.keys().chain(self.candidates.keys());
        env.outputs
            .extend(links.map(|&link| Output::LinkClose(link)));
        self.peers.clear();
        self.candidates.clear();
    }

    /// A connection is gone. Whether it was an open one.
    pub(super) fn lose(&mut self, link: LinkId, env: &mut Env) -> bool {
        let known = self.peers.remove(&link).is_some();
        if known || self.candidates.remove(&link).is_some() {
            env.outputs.push_back(Output::LinkClose(link));
        }
        if known {
            self.sum_up();
        }
        self.send_announce(env);
        known
    }

    /// A channel is open. Of several to one peer the first stays.
    pub(super) fn opened(&mut self, link: LinkId, env: &mut Env) -> bool {
        let Some(Candidate::Connecting(name)) = self.candidates.remove(&link) else {
            return false;
        };
        if self.knows(name) {
            env.outputs.push_back(Output::LinkClose(link));
            return false;
        }
        let others: Vec<LinkId> = self
            .candidates
            .iter()
            .filter(|(_, candidate)| candidate.peer() == Some(name))
            .map(|(&other, _)| other)
            .collect();
        for other in others {
            self.candidates.remove(&other);
            env.outputs.push_back(Output::LinkClose(other));
        }
        self.peers.insert(link, Peer::new(link, name));
        true
    }

    /// The tracker's socket is open, or the swarm is new: announces if it is time.
    pub(super) fn greet(&mut self, env: &mut Env) {
        if !self.announces || self.reconnect.is_some() {
            return;
        }
        self.announces = false;
        for _ in 0..OFFERS {
            let link = env.link();
            self.candidates.insert(link, Candidate::Drafted(None));
            env.outputs.push_back(Output::LinkOffer(link));
        }
    }

    /// The tracker's socket is closed.
    pub(super) fn abandoned(&mut self, env: &mut Env) {
        let waits = |candidate: &Candidate| candidate.peer().is_none();
        for (&link, _) in self.candidates.iter().filter(|(_, at)| waits(at)) {
            env.outputs.push_back(Output::LinkClose(link));
        }
        self.candidates.retain(|_, candidate| !waits(candidate));
        self.announces = true;
        if self.reconnect.is_none() {
            let backoff = RECONNECT.saturating_mul(1 << self.retries.min(10));
            let spread = RECONNECT_SPREAD.mul_f64(env.lot());
            self.reconnect = Some(env.now + spread + backoff.min(MAX_RECONNECT));
            self.retries += 1;
        }
    }

    /// An SDP is ready.
    pub(super) fn described(&mut self, link: LinkId, sdp: String, env: &mut Env) {
        let Some(candidate) = self.candidates.get_mut(&link) else {
            return;
        };
        match *candidate {
            Candidate::Drafted(ref mut draft) => {
                *draft = Some(sdp);
                self.send_announce(env);
            }
            Candidate::Answering { peer, offer } => {
                *candidate = Candidate::Connecting(peer);
                let answer = Answer {
                    info_hash: info_hash(self.track),
                    peer_id: self.me,
                    to_peer_id: peer,
                    offer_id: offer,
                    sdp,
                };
                let text = ClientMessage::Answer(answer).encode();
                env.outputs.push_back(Output::TrackerSend(text));
            }
            _ => {}
        }
    }

    /// The tracker has replied to an announce.
    pub(super) fn announced(&mut self, interval: u32, env: &Env) {
        self.retries = 0;
        self.announce = env.now + Duration::from_secs(u64::from(interval));
    }

    /// The tracker forwards a peer's offer.
    pub(super) fn offer(&mut self, peer: PeerId, offer: OfferId, sdp: String, env: &mut Env) {
        if peer == self.me || self.knows(peer) {
            return;
        }
        let link = env.link();
        self.candidates
            .insert(link, Candidate::Answering { peer, offer });
        env.outputs.push_back(Output::LinkAccept { link, sdp });
    }

    /// The tracker forwards a peer's answer.
    pub(super) fn answer(&mut self, peer: PeerId, offer: OfferId, sdp: String, env: &mut Env) {
        let link = link_of(offer);
        let Some(Candidate::Offered(_)) = self.candidates.get(&link) else {
            return;
        };
        if self.knows(peer) {
            self.candidates.remove(&link);
            env.outputs.push_back(Output::LinkClose(link));
        } else {
            self.candidates.insert(link, Candidate::Connecting(peer));
            env.outputs.push_back(Output::LinkConnect { link, sdp });
        }
    }

    /// Time has come. Whether the tracker is to be announced to.
    pub(super) fn tick(&mut self, env: &mut Env) -> bool {
        let now = env.now;
        let expired =
            |candidate: &Candidate| matches!(candidate, Candidate::Offered(until) if *until <= now);
        for (&link, _) in self.candidates.iter().filter(|(_, at)| expired(at)) {
            env.outputs.push_back(Output::LinkClose(link));
        }
        self.candidates.retain(|_, candidate| !expired(candidate));
        self.reconnect = self.reconnect.filter(|&at| at > now);
        if self.reconnect.is_none() && self.announce <= now {
            self.announce = now + ANNOUNCE;
            self.announces = true;
        }
        self.announces && self.reconnect.is_none()
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        let offers = self.candidates.values().filter_map(|at| match at {
            Candidate::Offered(until) => Some(*until),
            _ => None,
        });
        let announce = (!self.announces).then_some(self.announce);
        let tracker = self.reconnect.or(announce);
        offers.chain(tracker).chain(self.leaves).min()
    }

    /// Announces once all its offers are made.
    fn send_announce(&mut self, env: &mut Env) {
        let drafted = |at: &Candidate| matches!(at, Candidate::Drafted(_));
        let pending = |at: &Candidate| matches!(at, Candidate::Drafted(None));
        let candidates = self.candidates.values();
        if candidates.clone().any(pending) || !candidates.clone().any(drafted) {
            return;
        }
        let mut offers = Vec::new();
        for (&link, candidate) in &mut self.candidates {
            if let Candidate::Drafted(Some(sdp)) = candidate {
                let sdp = core::mem::take(sdp);
                let offer_id = offer_of(link);
                offers.push(Offer { offer_id, sdp });
                *candidate = Candidate::Offered(env.now + OFFER_EXPIRES);
            }
        }
        let announce = Announce {
            info_hash: info_hash(self.track),
            peer_id: self.me,
            event: self.event.take(),
            numwant: OFFERS as u32,
            uploaded: 0,
            downloaded: 0,
            left: None,
            offers,
            token: None,
        };
        let text = ClientMessage::Announce(announce).encode();
        env.outputs.push_back(Output::TrackerSend(text));
    }

    fn knows(&self, name: PeerId) -> bool {
        self.peers.values().any(|peer| peer.name == name)
    }

    fn sum_up(&mut self) {
        self.loaded = Ids::default();
        self.offered = Ids::default();
        for peer in self.peers.values() {
            self.loaded.add(&peer.has.loaded);
            self.offered.add(&peer.has.fetching);
        }
        self.offered.add(&self.loaded);
    }
}

impl Candidate {
    /// The peer at the other end, if it is known.
    fn peer(&self) -> Option<PeerId> {
        match *self {
            Self::Answering { peer, .. } | Self::Connecting(peer) => Some(peer),
            Self::Drafted(_) | Self::Offered(_) => None,
        }
    }
}

/// The weights by which peers are drawn. Those that have sent little count as a tenth of the best,
/// but not for more than all the others together.
fn weights(rates: &[f64]) -> Vec<f64> {
    let best = rates.iter().copied().fold(0.0, f64::max);
    if best <= 0.0 {
        return vec![1.0; rates.len()];
    }
    let base = best * UNPROVEN;
    let proven: f64 = rates.iter().filter(|&&rate| rate > base).sum();
    let unproven = rates.iter().filter(|&&rate| rate <= base).count() as f64;
    let floor = if unproven * base > proven {
        proven / unproven
    } else {
        base
    };
    rates.iter().map(|rate| rate.max(floor)).collect()
}

/// The position that a lot from 0 to 1 falls on; `None` when there is nothing to draw from.
fn draw(weights: &[f64], lot: f64) -> Option<usize> {
    let mut left = lot * weights.iter().sum::<f64>();
    let hit = weights.iter().position(|weight| {
        left -= weight;
        left <= 0.0
    });
    hit.or(weights.len().checked_sub(1))
}

fn offer_of(link: LinkId) -> OfferId {
    let mut id = *b"an offer            ";
    id[12..].copy_from_slice(&link.0.to_be_bytes());
    OfferId(id)
}

fn link_of(offer: OfferId) -> LinkId {
    let mut number = [0; 8];
    number.copy_from_slice(&offer.0[12..]);
    LinkId(u64::from_be_bytes(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_rate_all_peers_weigh_the_same() {
        assert_eq!(weights(&[0.0, 0.0, 0.0]), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn an_unproven_peer_weighs_a_tenth_of_the_best() {
        assert_eq!(
            weights(&[1000.0, 400.0, 0.0, 50.0]),
            [1000.0, 400.0, 100.0, 100.0]
        );
    }

    #[test]
    fn the_unproven_together_do_not_outweigh_the_proven() {
        let mut rates = vec![0.0; 40];
        rates[0] = 1000.0;
        let weights = weights(&rates);
        let unproven: f64 = weights[1..].iter().sum();
        assert!((unproven - 1000.0).abs() < 1e-6, "{unproven}");
    }

    #[test]
    fn a_lot_falls_on_peers_by_their_weight() {
        assert_eq!(draw(&[3.0, 1.0], 0.5), Some(0));
        assert_eq!(draw(&[3.0, 1.0], 0.8), Some(1));
        assert_eq!(draw(&[3.0, 1.0], 0.999_999), Some(1));
        assert_eq!(draw(&[], 0.5), None);
    }
}
