//! The tracker's state and every decision of it: no socket, no clock, no thread.
//!
//! Invariants: a peer is known by its socket and its id together, so nobody can take over another's
//! place; an answer reaches exactly the peer whose offer was forwarded to the answering peer, once;
//! what a socket has brought in leaves with it. Same seed and same calls give the same results.

use std::collections::{HashMap, VecDeque};

use fastrand::Rng;
use shoal_wire::{
    id::{InfoHash, OfferId, PeerId},
    tracker::{
        Announce, AnnounceEvent as Event, Answer, ClientMessage, Offer, Scrape, TrackerMessage,
    },
};

/// The bounds of the tracker's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwarmConfig {
    /// Seconds between a viewer's announces. Default 120. Lower finds new viewers sooner, higher costs
    /// the tracker less: each announce carries several offers of 1–3 KB.
    pub interval: u32,
    /// Offers of one announce that are forwarded. Default 10. Lower makes a swarm knit slower, higher
    /// lets a viewer reach more of the others at once.
    pub max_offers: usize,
    /// Peers (pairs of swarm and peer id) on one socket. Default 16. A page needs one for each video
    /// that it plays.
    pub max_peers_per_socket: usize,
    /// Forwarded offers per peer that still may be answered. Default 32; the oldest is forgotten.
    /// Clients keep an offer for 50 s, and get as many as they send in the mean: 10 for each interval.
    pub max_unanswered: usize,
}

impl Default for SwarmConfig {
    fn default() -> Self {
        Self {
            interval: 120,
            max_offers: 10,
            max_peers_per_socket: 16,
            max_unanswered: 32,
        }
    }
}

/// Names one connection of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// A message and the socket that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Where to.
    pub to: SocketId,
    /// What.
    pub message: TrackerMessage,
}

/// All swarms of one tracker.
#[derive(Debug)]
pub struct Swarms {
    config: SwarmConfig,
    rng: Rng,
    swarms: HashMap<InfoHash, Swarm>,
    /// What has to go when a socket closes.
    sockets: HashMap<SocketId, Vec<(InfoHash, PeerId)>>,
}

#[derive(Debug, Default)]
struct Swarm {
    /// How many videos have this index: copies of a video share a swarm. At 0 it goes with its last peer.
    videos: usize,
    /// Peers that have said `completed`, ever.
    completed: u32,
    complete: u32,
    /// In no order, so that one can be drawn by its position.
    peers: Vec<Peer>,
    positions: HashMap<Key, usize>,
}

type Key = (SocketId, PeerId);

#[derive(Debug)]
struct Peer {
    key: Key,
    complete: bool,
    /// Offers forwarded to this peer, and who made them.
    unanswered: VecDeque<(OfferId, Key)>,
}

impl Swarms {
    /// A tracker without a swarm. The seed decides who meets whom.
    #[must_use]
    pub fn new(config: SwarmConfig, seed: u64) -> Self {
        Self {
            config,
            rng: Rng::with_seed(seed),
            swarms: HashMap::new(),
            sockets: HashMap::new(),
        }
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

    /// Whether there is such a swarm.
    #[must_use]
    pub fn has(&self, swarm: InfoHash) -> bool {
        self.swarms.contains_key(&swarm)
    }

    /// How many viewers a swarm has.
    #[must_use]
    pub fn counts(&self, swarm: InfoHash) -> Option<Scrape> {
        self.swarms.get(&swarm).map(Swarm::counts)
    }

    /// Handles a message. Everything that is to be sent because of it is pushed to `out`.
    pub fn handle(&mut self, from: SocketId, message: ClientMessage, out: &mut Vec<Delivery>) {
        match message {
            ClientMessage::Announce(announce) => {
                let reply = self.announce(from, &announce);
                let welcome = matches!(reply, TrackerMessage::Announced { .. });
                out.push(Delivery {
                    to: from,
                    message: reply,
                });
                if welcome && announce.event != Some(Event::Stopped) {
                    self.forward(from, announce, out);
                }
            }
            ClientMessage::Answer(answer) => {
                let Answer {
                    info_hash,
                    peer_id,
                    to_peer_id,
                    offer_id,
                    sdp,
                } = answer;
                let Some(swarm) = self.swarms.get_mut(&info_hash) else {
                    out.push(Delivery {
                        to: from,
                        message: unknown(info_hash),
                    });
                    return;
                };
                if let Some(to) = swarm.take_offer((from, peer_id), offer_id, to_peer_id) {
                    let message = TrackerMessage::Answer {
                        info_hash,
                        peer_id,
                        offer_id,
                        sdp,
                    };
                    out.push(Delivery { to, message });
                }
            }
            ClientMessage::Scrape { info_hashes } => {
                let counts = |swarm| (swarm, self.counts(swarm).unwrap_or_default());
                let files = info_hashes.into_iter().map(counts).collect();
                out.push(Delivery {
                    to: from,
                    message: TrackerMessage::Scraped { files },
                });
            }
        }
    }

    /// Takes everything away that came over a socket.
    pub fn close(&mut self, socket: SocketId) {
        for (swarm, peer) in self.sockets.remove(&socket).unwrap_or_default() {
            if let Some(found) = self.swarms.get_mut(&swarm) {
                found.remove((socket, peer));
            }
            self.drop_if_unused(swarm);
        }
    }

    fn announce(&mut self, socket: SocketId, announce: &Announce) -> TrackerMessage {
        let Announce {
            info_hash,
            peer_id,
            event,
            left,
            ..
        } = *announce;
        let key = (socket, peer_id);
        let Some(swarm) = self.swarms.get_mut(&info_hash) else {
            return unknown(info_hash);
        };
        if event == Some(Event::Stopped) {
            swarm.remove(key);
            let reply = swarm.reply(info_hash, self.config.interval);
            if let Some(peers) = self.sockets.get_mut(&socket) {
                peers.retain(|known| *known != (info_hash, peer_id));
            }
            self.drop_if_unused(info_hash);
            return reply;
        }
        if !swarm.positions.contains_key(&key) {
            let peers = self.sockets.entry(socket).or_default();
            if peers.len() >= self.config.max_peers_per_socket {
                return failure("too many videos on one connection", info_hash);
            }
            peers.push((info_hash, peer_id));
        }
        swarm.upsert(key, event == Some(Event::Completed) || left == Some(0));
        if event == Some(Event::Completed) {
            swarm.completed = swarm.completed.saturating_add(1);
        }
        swarm.reply(info_hash, self.config.interval)
    }

    /// Hands each offer to another peer, drawn by lot.
    fn forward(&mut self, socket: SocketId, announce: Announce, out: &mut Vec<Delivery>) {
        let Announce {
            info_hash,
            peer_id,
            numwant,
            offers,
            ..
        } = announce;
        let from = (socket, peer_id);
        let Some(swarm) = self.swarms.get_mut(&info_hash) else {
            return;
        };
        let count = offers
            .len()
            .min(numwant as usize)
            .min(self.config.max_offers);
        let chosen = swarm.draw(&mut self.rng, from, count);
        for (position, Offer { offer_id, sdp }) in chosen.into_iter().zip(offers) {
            let Some(peer) = swarm.peers.get_mut(position) else {
                continue;
            };
            if peer.unanswered.len() >= self.config.max_unanswered {
                peer.unanswered.pop_front();
            }
            peer.unanswered.push_back((offer_id, from));
            let message = TrackerMessage::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            };
            out.push(Delivery {
                to: peer.key.0,
                message,
            });
        }
    }

    fn drop_if_unused(&mut self, swarm: InfoHash) {
        let unused = |found: &Swarm| found.videos == 0 && found.peers.is_empty();
        if self.swarms.get(&swarm).is_some_and(unused) {
            self.swarms.remove(&swarm);
        }
    }
}

impl Swarm {
    fn counts(&self) -> Scrape {
        let all = u32::try_from(self.peers.len()).unwrap_or(u32::MAX);
        Scrape {
            complete: self.complete,
            incomplete: all.saturating_sub(self.complete),
            downloaded: self.completed,
        }
    }

    fn reply(&self, info_hash: InfoHash, interval: u32) -> TrackerMessage {
        let Scrape {
            complete,
            incomplete,
            ..
        } = self.counts();
        TrackerMessage::Announced {
            info_hash,
            interval,
            complete,
            incomplete,
            min_interval: None,
        }
    }

    fn upsert(&mut self, key: Key, complete: bool) {
        let known = self
            .positions
            .get(&key)
            .and_then(|position| self.peers.get_mut(*position));
        let was = match known {
            Some(peer) => std::mem::replace(&mut peer.complete, complete),
            None => {
                self.positions.insert(key, self.peers.len());
                self.peers.push(Peer {
                    key,
                    complete,
                    unanswered: VecDeque::new(),
                });
                false
            }
        };
        self.complete = self.complete + u32::from(complete) - u32::from(was);
    }

    fn remove(&mut self, key: Key) {
        let Some(position) = self.positions.remove(&key) else {
            return;
        };
        let gone = self.peers.swap_remove(position);
        self.complete -= u32::from(gone.complete);
        if let Some(moved) = self.peers.get(position) {
            self.positions.insert(moved.key, position);
        }
    }

    /// Positions of up to `count` different peers, none of them the asking one, in random order.
    fn draw(&self, rng: &mut Rng, from: Key, count: usize) -> Vec<usize> {
        // The first `count + 1` of a shuffle: one more, because the asking peer may be among them. Kept
        // sparse, since a swarm may be a thousand times larger than what is asked for.
        let mut swapped: HashMap<usize, usize> = HashMap::new();
        let mut chosen = Vec::with_capacity(count);
        for next in 0..self.peers.len() {
            if chosen.len() == count {
                break;
            }
            let at = rng.usize(next..self.peers.len());
            let drawn = swapped.get(&at).copied().unwrap_or(at);
            swapped.insert(at, swapped.get(&next).copied().unwrap_or(next));
            // A second entry with the same id is the same viewer on a socket that is not yet known to
            // be dead; a client ignores its own offers.
            if self
                .peers
                .get(drawn)
                .is_some_and(|peer| peer.key.1 != from.1)
            {
                chosen.push(drawn);
            }
        }
        chosen
    }

    /// The socket of the peer whose offer the answering peer was given, if it is still there. An
    /// offer has one answer.
    fn take_offer(&mut self, by: Key, offer: OfferId, to: PeerId) -> Option<SocketId> {
        let position = *self.positions.get(&by)?;
        let unanswered = &mut self.peers.get_mut(position)?.unanswered;
        let given = unanswered
            .iter()
            .position(|(id, from)| *id == offer && from.1 == to)?;
        let (_, from) = unanswered.remove(given)?;
        self.positions.contains_key(&from).then_some(from.0)
    }
}

fn unknown(info_hash: InfoHash) -> TrackerMessage {
    failure("this tracker does not serve this video", info_hash)
}

fn failure(reason: &str, info_hash: InfoHash) -> TrackerMessage {
    TrackerMessage::Failure {
        reason: reason.into(),
        info_hash: Some(info_hash),
        off: None,
    }
}

#[cfg(test)]
mod tests;
