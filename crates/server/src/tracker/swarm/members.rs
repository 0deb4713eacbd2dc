//! Who is in one swarm, whom to draw, and which offers may still be answered.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use fastrand::Rng;
use shoal_wire::{
    id::{OfferId, PeerId},
    tracker::Scrape,
};

use crate::tracker::ids::{AddressId, SocketId};

/// A peer: nobody can take over another's place, since its socket is part of its name.
pub(super) type Key = (SocketId, PeerId);

/// Time for which an offer may be answered. WebTorrent's clients keep one for 50 s.
const OFFER_LIFE: Duration = Duration::from_secs(60);

/// Peers that are looked at with each announce: are they gone without a word? All of a swarm are, within a
/// quarter of an interval.
const LOOKED_AT: usize = 4;

/// Places that are drawn for each peer that is wanted, until it is taken that there is none.
const TRIES: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Swarm {
    /// Videos that have this index: copies of a video share a swarm. At 0 it goes with its last peer.
    pub(super) videos: usize,
    /// Peers that have said `completed`, ever.
    pub(super) completed: u32,
    complete: u32,
    /// In no order, so that one can be drawn by its position.
    peers: Vec<Peer>,
    positions: HashMap<Key, usize>,
    /// Peers behind the same address.
    neighbours: HashMap<AddressId, Vec<Key>>,
    /// Position of the peer that is looked at next.
    cursor: usize,
}

#[derive(Debug)]
struct Peer {
    key: Key,
    address: AddressId,
    complete: bool,
    /// Time at which it is gone if it does not announce.
    expires: Duration,
    /// Offers forwarded to this peer, who made them, and until when they may be answered.
    unanswered: VecDeque<(OfferId, Key, Duration)>,
}

impl Swarm {
    pub(super) fn is_unused(&self) -> bool {
        self.videos == 0 && self.peers.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.positions.contains_key(&key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.peers.iter().map(|peer| peer.key)
    }

    pub(super) fn counts(&self) -> Scrape {
        let all = u32::try_from(self.peers.len()).unwrap_or(u32::MAX);
        Scrape {
            complete: self.complete,
            incomplete: all.saturating_sub(self.complete),
            downloaded: self.completed,
        }
    }

    pub(super) fn upsert(
        &mut self,
        key: Key,
        address: AddressId,
        complete: bool,
        expires: Duration,
    ) {
        let known = self
            .positions
            .get(&key)
            .and_then(|position| self.peers.get_mut(*position));
        let was = match known {
            Some(peer) => {
                peer.expires = expires;
                std::mem::replace(&mut peer.complete, complete)
            }
            None => {
                self.positions.insert(key, self.peers.len());
                self.peers.push(Peer {
                    key,
                    address,
                    complete,
                    expires,
                    unanswered: VecDeque::new(),
                });
                self.neighbours.entry(address).or_default().push(key);
                false
            }
        };
        self.complete = self.complete + u32::from(complete) - u32::from(was);
    }

    pub(super) fn remove(&mut self, key: Key) {
        let Some(position) = self.positions.remove(&key) else {
            return;
        };
        let gone = self.peers.swap_remove(position);
        self.complete -= u32::from(gone.complete);
        if let Some(moved) = self.peers.get(position) {
            self.positions.insert(moved.key, position);
        }
        if let Some(neighbours) = self.neighbours.get_mut(&gone.address) {
            neighbours.retain(|known| *known != key);
            if neighbours.is_empty() {
                self.neighbours.remove(&gone.address);
            }
        }
    }

    /// A few of those who have not announced for too long, if there are any: a player that has moved on
    /// may leave its socket open.
    pub(super) fn expired(&mut self, now: Duration) -> Vec<Key> {
        let mut gone = Vec::new();
        for _ in 0..LOOKED_AT.min(self.peers.len()) {
            self.cursor = (self.cursor + 1) % self.peers.len();
            let peer = self.peers.get(self.cursor);
            gone.extend(peer.filter(|peer| peer.expires <= now).map(|peer| peer.key));
        }
        gone
    }

    /// Up to `count` different peers, none of them the asking one, in random order; `strangers` of them
    /// from other addresses. `fits` tells whether a peer may be drawn, and whether it is a neighbour.
    ///
    /// Nothing that a client chooses has a part in it: neither its peer id nor when it came.
    pub(super) fn draw(
        &self,
        rng: &mut Rng,
        from: (Key, AddressId),
        count: usize,
        mut strangers: usize,
        fits: impl Fn(SocketId, bool) -> bool,
    ) -> Vec<Key> {
        let (asking, home) = from;
        let mut chosen: Vec<Key> = Vec::with_capacity(count);
        let tries = count.saturating_mul(TRIES);
        let mut consider = |peer: &Peer, chosen: &mut Vec<Key>| {
            // A second entry with the same id is the same viewer on a socket that is not yet known to
            // be dead; a client ignores its own offers.
            if peer.key.1 == asking.1 || chosen.contains(&peer.key) {
                return;
            }
            let neighbour = peer.address == home;
            if (neighbour || strangers > 0) && fits(peer.key.0, neighbour) {
                strangers -= usize::from(!neighbour);
                chosen.push(peer.key);
            }
        };
        let mut places = Shuffle::new(self.peers.len(), tries);
        while chosen.len() < count
            && let Some(place) = places.next(rng)
        {
            if let Some(peer) = self.peers.get(place) {
                consider(peer, &mut chosen);
            }
        }
        // They cost the address nothing, and nobody learns anything new.
        let neighbours = self.neighbours.get(&home).map_or(&[][..], Vec::as_slice);
        let mut places = Shuffle::new(neighbours.len(), tries);
        while chosen.len() < count
            && let Some(place) = places.next(rng)
        {
            if let Some(peer) = neighbours.get(place).and_then(|key| self.peer(*key)) {
                consider(peer, &mut chosen);
            }
        }
        chosen
    }

    /// Remembers that a peer has been given an offer.
    pub(super) fn offered(
        &mut self,
        to: Key,
        offer: OfferId,
        from: Key,
        now: Duration,
        max: usize,
    ) {
        let Some(peer) = self.peer_mut(to) else {
            return;
        };
        peer.unanswered.retain(|(.., until)| *until > now);
        if peer.unanswered.len() >= max {
            peer.unanswered.pop_front();
        }
        peer.unanswered.push_back((offer, from, now + OFFER_LIFE));
    }

    /// The socket of the peer whose offer the answering peer was given, if it is still there. An
    /// offer has one answer.
    pub(super) fn take_offer(
        &mut self,
        by: Key,
        offer: OfferId,
        to: PeerId,
        now: Duration,
    ) -> Option<SocketId> {
        let unanswered = &mut self.peer_mut(by)?.unanswered;
        let given = unanswered
            .iter()
            .position(|(id, from, _)| *id == offer && from.1 == to)?;
        let (_, from, until) = unanswered.remove(given)?;
        if unanswered.is_empty() {
            // Most peers have none most of the time.
            *unanswered = VecDeque::new();
        }
        (until > now && self.has(from)).then_some(from.0)
    }

    fn peer(&self, key: Key) -> Option<&Peer> {
        self.peers.get(*self.positions.get(&key)?)
    }

    fn peer_mut(&mut self, key: Key) -> Option<&mut Peer> {
        self.peers.get_mut(*self.positions.get(&key)?)
    }
}

/// The first places of a shuffled list. Kept sparse, since the list may be a thousand times longer than
/// what is drawn from it.
struct Shuffle {
    next: usize,
    length: usize,
    end: usize,
    /// Contents of the places that are no longer as they were.
    swapped: Vec<(usize, usize)>,
}

impl Shuffle {
    fn new(length: usize, tries: usize) -> Self {
        Self {
            next: 0,
            length,
            end: length.min(tries),
            swapped: Vec::new(),
        }
    }

    fn next(&mut self, rng: &mut Rng) -> Option<usize> {
        if self.next >= self.end {
            return None;
        }
        let at = rng.usize(self.next..self.length);
        let drawn = self.lies_at(at);
        let moved = self.lies_at(self.next);
        match self.swapped.iter_mut().find(|(place, _)| *place == at) {
            Some((_, lies)) => *lies = moved,
            None => self.swapped.push((at, moved)),
        }
        self.next += 1;
        Some(drawn)
    }

    fn lies_at(&self, place: usize) -> usize {
        let swapped = self.swapped.iter().find(|(at, _)| *at == place);
        swapped.map_or(place, |(_, lies)| *lies)
    }
}

#[cfg(test)]
impl Swarm {
    /// Offers that may still be answered.
    pub(super) fn unanswered(&self) -> usize {
        self.peers.iter().map(|peer| peer.unanswered.len()).sum()
    }

    /// Everything that is kept twice is the same.
    pub(super) fn check(&self) {
        let complete = self.peers.iter().filter(|peer| peer.complete).count();
        assert_eq!(self.complete as usize, complete);
        assert_eq!(self.positions.len(), self.peers.len());
        for (position, peer) in self.peers.iter().enumerate() {
            assert_eq!(self.positions[&peer.key], position);
            assert!(self.neighbours[&peer.address].contains(&peer.key));
        }
        let neighbours: usize = self.neighbours.values().map(Vec::len).sum();
        assert_eq!(neighbours, self.peers.len());
    }
}
