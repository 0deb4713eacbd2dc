//! What nodes that share their viewers have from each other: keys, limits, and which of them a swarm belongs
//! to.

use std::{sync::PoisonError, time::Duration};

use shoal_wire::id::InfoHash;

use super::{
    facade::Tracker,
    limits::{Merged, Spent},
    secret::Secret,
};

/// Viewers that this node has of a swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Populated {
    pub(crate) swarm: InfoHash,
    /// Its peers.
    pub(crate) members: u32,
    /// Time since the last socket joined it, if any of those is there.
    pub(crate) last: Option<Duration>,
}

impl Tracker {
    /// Whether what addresses take is told to other nodes. When it is, all that is known is told (again).
    pub(crate) fn share_limits(&self, shared: bool) {
        self.state().swarms.share_limits(shared);
    }

    /// Tells of the connected addresses once more.
    pub(crate) fn resend_limits(&self) {
        self.state().swarms.resend_limits();
    }

    /// Takes what other nodes are to be told, of so many addresses at most.
    pub(crate) fn take_spent(&self, most: usize) -> Vec<Spent> {
        let now = self.now();
        self.state().swarms.take_spent(now, most)
    }

    /// Takes over what all nodes have told.
    pub(crate) fn merge_spent(&self, all: impl IntoIterator<Item = Merged>) {
        let now = self.now();
        let mut state = self.state();
        for merged in all {
            state.swarms.merge_spent(now, merged);
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
            let last = state.homes.last_join(swarm);
            let last = last.map(|last| now.saturating_sub(last));
            Populated {
                swarm,
                members,
                last,
            }
        });
        populated.collect()
    }
}
