//! How much one connection and one network address may ask of the tracker.
//!
//! What is counted is *introductions*: an offer that is handed on shows each side where the other is. So
//! it costs both, whoever has asked. Viewers behind one address know it already: between them it costs the
//! address nothing. No socket, no clock; an address is a number that nobody can turn back.

mod bucket;
mod ledger;
mod sharing;

use std::{collections::HashMap, time::Duration};

pub use self::{
    bucket::Bucket,
    ledger::{Merged, Owed, Spent},
};
use self::{
    bucket::Level,
    ledger::{Ledger, Taken},
};
pub use super::ids::AddressId;
use super::ids::SocketId;

/// Numbers of introductions, sent and received together. `sim harvest` shows what they mean for
/// viewers and for who collects viewers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introductions {
    /// For one connection. Default 60, then 120 per hour. A viewer makes 10 to 20 in its first two
    /// minutes, receives as many, more if it was there before the crowd, and about 60 per hour later.
    /// Lower hurts the first viewers of a premiere; higher lets one connection use up what its neighbours
    /// share.
    pub socket: Bucket,
    /// For one network address. Default 100, then 160 per hour: a household of four that starts together
    /// has 25 for each, of which one needs eight to find its peers. Viewers of a school have each other
    /// beyond it. Lower starves homes, higher tells a stranger with one address more of the swarm.
    pub address: Bucket,
}

/// Numbers of announces, of all swarms together. A question for counts is as good as one: its answer may
/// be long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announces {
    /// For one connection. Default 100, then 600 per hour: a page with 16 videos announces 64 times in two
    /// minutes and then 480 times per hour, one with a single video 30 times.
    pub socket: Bucket,
    /// For one network address. Default 2,000, then 10,000 per hour: 300 viewers of a school, 5 announces
    /// each at the start, 30 per hour later.
    pub address: Bucket,
}

/// The bounds that are kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) introductions: Introductions,
    pub(super) announces: Announces,
    pub(super) messages: Bucket,
    pub(super) max_sockets_per_address: usize,
}

/// Use that every connection and address has made of its buckets.
#[derive(Debug)]
pub(super) struct Limiter {
    bounds: Bounds,
    sockets: HashMap<SocketId, Socket>,
    addresses: HashMap<AddressId, Address>,
    /// Addresses without a socket are looked for when there are more than this.
    sweep_at: usize,
    /// Use that other nodes are to be told of.
    ledger: Ledger,
}

#[derive(Debug)]
struct Socket {
    address: AddressId,
    introductions: Level,
    announces: Level,
    messages: Level,
}

#[derive(Debug, Default)]
struct Address {
    sockets: usize,
    /// Its sockets at other nodes, as far as they have told.
    elsewhere: usize,
    introductions: Level,
    announces: Level,
    taken: Taken,
}

/// Addresses that are remembered although nobody there is connected. Each costs about 80 bytes, until
/// its bucket is full again.
const MAX_REMEMBERED: usize = 100_000;

impl Limiter {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            sockets: HashMap::new(),
            addresses: HashMap::new(),
            sweep_at: 1_024,
            ledger: Ledger::default(),
        }
    }

    /// Whether there is room for one more socket of an address; if so, it is there now.
    pub(super) fn open(&mut self, now: Duration, socket: SocketId, address: AddressId) -> bool {
        if self.addresses.len() >= self.sweep_at {
            self.sweep(now);
        }
        let found = self.addresses.entry(address).or_default();
        self.ledger.note(address, &mut found.taken);
        if found.sockets + found.elsewhere >= self.bounds.max_sockets_per_address {
            return false;
        }
        found.sockets += 1;
        let fresh = Socket {
            address,
            introductions: Level::default(),
            announces: Level::default(),
            messages: Level::default(),
        };
        self.sockets.insert(socket, fresh);
        true
    }

    /// An address is remembered until its buckets are full, so that coming back gains nothing.
    pub(super) fn close(&mut self, now: Duration, socket: SocketId) {
        let Some(gone) = self.sockets.remove(&socket) else {
            return;
        };
        if let Some(address) = self.addresses.get_mut(&gone.address) {
            address.sockets = address.sockets.saturating_sub(1);
            self.ledger.note(gone.address, &mut address.taken);
            if address.is_blank(now) {
                self.addresses.remove(&gone.address);
            }
        }
    }

    pub(super) fn address(&self, socket: SocketId) -> Option<AddressId> {
        self.sockets.get(&socket).map(|socket| socket.address)
    }

    /// Counts a message. Whether it was one too many.
    pub(super) fn is_flooding(&mut self, now: Duration, socket: SocketId) -> bool {
        let bucket = self.bounds.messages;
        let Some(socket) = self.sockets.get_mut(&socket) else {
            return true;
        };
        !socket.messages.take(bucket, now)
    }

    /// Counts an announce. Whether it may be answered.
    pub(super) fn may_announce(&mut self, now: Duration, socket: SocketId) -> bool {
        let Announces {
            socket: bucket,
            address: shared,
        } = self.bounds.announces;
        let Some(socket) = self.sockets.get_mut(&socket) else {
            return false;
        };
        let address = self.addresses.entry(socket.address).or_default();
        let may = socket.announces.take(bucket, now) && address.announces.take(shared, now);
        if may {
            address.taken.announces += 1;
            self.ledger.note(socket.address, &mut address.taken);
        }
        may
    }

    /// Returns how many of the wanted introductions there may be now: in all, and of those to strangers. All of
    /// them until a quarter is left, then fewer and fewer.
    pub(super) fn ration(&self, now: Duration, socket: SocketId, wanted: usize) -> (usize, usize) {
        let bounds = self.bounds.introductions;
        let Some((own, shared)) = self.levels(socket) else {
            return (0, 0);
        };
        let all = bounds.socket.ration(own.left(bounds.socket, now), wanted);
        let left = shared.left(bounds.address, now);
        (all, bounds.address.ration(left, all))
    }

    /// Returns how scarce introductions are for a socket, from 0 (a quarter of a bucket or more) to 1 (none left).
    pub(super) fn scarcity(&self, now: Duration, socket: SocketId) -> f64 {
        let bounds = self.bounds.introductions;
        let Some((own, shared)) = self.levels(socket) else {
            return 0.0;
        };
        let own = bounds.socket.scarcity(own.left(bounds.socket, now));
        own.max(bounds.address.scarcity(shared.left(bounds.address, now)))
    }

    /// Whether a socket may be introduced to one more, of its own address or of another.
    pub(super) fn may_meet(&self, now: Duration, socket: SocketId, neighbour: bool) -> bool {
        let bounds = self.bounds.introductions;
        self.levels(socket).is_some_and(|(own, shared)| {
            own.left(bounds.socket, now) > 0 && (neighbour || shared.left(bounds.address, now) > 0)
        })
    }

    /// Counts an introduction, on both sides.
    pub(super) fn introduce(&mut self, now: Duration, one: SocketId, other: SocketId) {
        let bounds = self.bounds.introductions;
        let neighbours = self.address(one) == self.address(other);
        for side in [one, other] {
            let Some(socket) = self.sockets.get_mut(&side) else {
                continue;
            };
            socket.introductions.take(bounds.socket, now);
            if !neighbours
                && let Some(address) = self.addresses.get_mut(&socket.address)
                && address.introductions.take(bounds.address, now)
            {
                address.taken.introductions += 1;
                self.ledger.note(socket.address, &mut address.taken);
            }
        }
    }

    fn levels(&self, socket: SocketId) -> Option<(Level, Level)> {
        let socket = self.sockets.get(&socket)?;
        let address = self.addresses.get(&socket.address)?;
        Some((socket.introductions, address.introductions))
    }

    /// Forgets addresses that are as good as new. Those without a socket have a bound: who has so many
    /// addresses that theirs fall out early has a full bucket in each anyway.
    fn sweep(&mut self, now: Duration) {
        let mut remembered = 0;
        self.addresses.retain(|_, address| {
            let kept =
                address.sockets > 0 || (remembered < MAX_REMEMBERED && !address.is_blank(now));
            remembered += usize::from(kept && address.sockets == 0);
            kept
        });
        self.sweep_at = (self.addresses.len() * 2).max(1_024);
    }
}

impl Address {
    fn is_blank(&self, now: Duration) -> bool {
        self.sockets == 0
            && !self.taken.is_noted()
            && self.introductions.is_full(now)
            && self.announces.is_full(now)
    }
}

#[cfg(test)]
mod tests;
