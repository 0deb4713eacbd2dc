//! What nodes that share their viewers have from each other: keys, limits, and which of them a swarm belongs
//! to.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use shoal_wire::id::InfoHash;

use super::{
    facade::{Tracker, say_goodbye},
    limits::{Merged, Spent},
    secret::Secret,
};

/// The swarms that sockets have come for, and joined.
#[derive(Debug, Default)]
pub(super) struct Homes(HashMap<InfoHash, Home>);

#[derive(Debug, Default)]
struct Home {
    sockets: usize,
    /// When the last one came.
    last: Duration,
}

/// What a node has of a swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Populated {
    pub(crate) swarm: InfoHash,
    /// Its peers.
    pub(crate) members: u32,
    /// How long ago the last socket joined it, if any of those is there.
    pub(crate) last: Option<Duration>,
}

impl Homes {
    pub(super) fn come(&mut self, now: Duration, swarm: Option<InfoHash>) {
        if let Some(swarm) = swarm {
            let home = self.0.entry(swarm).or_default();
            home.sockets += 1;
            home.last = now;
        }
    }

    pub(super) fn go(&mut self, swarm: Option<InfoHash>) {
        if let Some(swarm) = swarm
            && let Some(home) = self.0.get_mut(&swarm)
        {
            home.sockets -= 1;
            if home.sockets == 0 {
                self.0.remove(&swarm);
            }
        }
    }
}

impl Tracker {
    /// Whether what addresses take is told to other nodes. When it is, all that is known is told (again).
    pub(crate) fn share_limits(&self, shared: bool) {
        self.state().swarms.share_limits(shared);
    }

    /// Tells of the connected addresses once more.
    pub(crate) fn remind_of_limits(&self) {
        self.state().swarms.remind_of_limits();
    }

    /// What other nodes are to be told, of so many addresses at most.
    pub(crate) fn tell_limits(&self, most: usize) -> Vec<Spent> {
        let now = self.now();
        self.state().swarms.tell_limits(now, most)
    }

    /// Takes over what all nodes have told.
    pub(crate) fn hear_limits(&self, all: impl IntoIterator<Item = Merged>) {
        let now = self.now();
        let mut state = self.state();
        for merged in all {
            state.swarms.hear_limits(now, merged);
        }
    }

    /// Microseconds that one introduction and one announce take to flow back into an address's buckets.
    pub(crate) fn limit_periods(&self) -> (u64, u64) {
        self.state().swarms.limit_periods()
    }

    /// The key of the addresses' numbers, and how long it still lives.
    pub(crate) fn address_key(&self) -> (Secret, Duration) {
        let now = self.now();
        self.state().addresses.key(now)
    }

    /// Takes the key of other nodes.
    pub(crate) fn adopt_address_key(&self, key: Secret, left: Duration) {
        let now = self.now();
        self.state().addresses.adopt(now, key, left);
    }

    /// The secret of join tokens, if nodes are to find a common one: it was drawn, and tokens are required.
    pub(crate) fn token_secret(&self) -> Option<Secret> {
        if self.access.token_secret.is_some() {
            return None;
        }
        let tokens = self.tokens.as_ref()?.read();
        let tokens = tokens.unwrap_or_else(PoisonError::into_inner);
        Some(tokens.secret().clone())
    }

    /// Takes the secret of other nodes. Tokens that were made here stay good.
    pub(crate) fn adopt_token_secret(&self, secret: Secret) {
        if let Some(tokens) = &self.tokens {
            let mut tokens = tokens.write().unwrap_or_else(PoisonError::into_inner);
            tokens.adopt(secret);
        }
    }

    /// The swarms that somebody is in.
    pub(crate) fn populated(&self) -> Vec<Populated> {
        let now = self.now();
        let state = self.state();
        let populated = state.swarms.populated().map(|(swarm, members)| {
            let home = state.homes.0.get(&swarm);
            let last = home.map(|home| now.saturating_sub(home.last));
            Populated {
                swarm,
                members,
                last,
            }
        });
        populated.collect()
    }

    /// Lets go whoever has come for a swarm, one after another: they come back where the balancer has it now.
    pub(crate) async fn let_go(&self, swarm: InfoHash, over: Duration) {
        let mailboxes = {
            let state = self.state();
            let places = state.sockets.values();
            let there = places.filter(|place| place.home == Some(swarm));
            there.map(|place| Arc::clone(&place.mailbox)).collect()
        };
        say_goodbye(mailboxes, over).await;
    }
}
