//! What several nodes tell each other of the addresses that they have seen: how much was taken at each, so
//! that an address has one bucket and not one at each node.
//!
//! Every node decides by its own buckets, at once. What it has taken since it last told is added to what all
//! have taken, and the sum comes back; a bucket only ever becomes emptier by it. So an address gets more than
//! its due only for as long as news takes, and pays for that by waiting.

use std::time::Duration;

use super::{
    Limiter,
    bucket::Bucket,
    ledger::{Merged, Owed, Spent, Taken},
};

impl Limiter {
    /// From now on notes what is taken. Everything that is known is to be told: the others may have lost
    /// it.
    pub(in crate::tracker) fn share(&mut self) {
        self.ledger.open = true;
        for (id, address) in &mut self.addresses {
            self.ledger.note(*id, &mut address.taken);
        }
    }

    /// Nobody listens any more: each address has its bucket here alone.
    pub(in crate::tracker) fn unshare(&mut self) {
        if !std::mem::take(&mut self.ledger).open {
            return;
        }
        for address in self.addresses.values_mut() {
            address.taken = Taken::default();
            address.elsewhere = 0;
        }
    }

    /// Tells of the connected addresses once more, so that they are not taken for gone.
    pub(in crate::tracker) fn resend(&mut self) {
        for (id, address) in &mut self.addresses {
            if address.sockets > 0 {
                self.ledger.note(*id, &mut address.taken);
            }
        }
    }

    /// Takes what is to be told, of so many addresses at most: what was noted first comes first.
    pub(in crate::tracker) fn take_spent(&mut self, now: Duration, most: usize) -> Vec<Spent> {
        let count = self.ledger.queue.len().min(most);
        let mut told = Vec::with_capacity(count);
        for id in self.ledger.queue.drain(..count) {
            let Some(address) = self.addresses.get_mut(&id) else {
                continue;
            };
            let taken = std::mem::take(&mut address.taken);
            told.push(Spent {
                address: id,
                sockets: u32::try_from(address.sockets).unwrap_or(u32::MAX),
                introductions: Owed {
                    taken: taken.introductions,
                    owed: address.introductions.owed(now),
                },
                announces: Owed {
                    taken: taken.announces,
                    owed: address.announces.owed(now),
                },
            });
        }
        told
    }

    /// Takes over what all have told. What was taken here meanwhile is still to be told, and comes on top.
    pub(in crate::tracker) fn merge(&mut self, now: Duration, merged: Merged) {
        let bounds = self.bounds;
        let Some(address) = self.addresses.get_mut(&merged.address) else {
            return;
        };
        let taken = address.taken;
        let owed = |all: u64, taken: u32, bucket: Bucket| {
            all.saturating_add(u64::from(taken) * bucket.period())
        };
        let introductions = owed(
            merged.introductions,
            taken.introductions,
            bounds.introductions.address,
        );
        let announces = owed(merged.announces, taken.announces, bounds.announces.address);
        address.introductions.owe(introductions, now);
        address.announces.owe(announces, now);
        address.elsewhere = merged.elsewhere as usize;
    }

    /// Microseconds that one introduction and one announce take to flow back into an address's buckets.
    pub(in crate::tracker) fn periods(&self) -> (u64, u64) {
        let bounds = self.bounds;
        (
            bounds.introductions.address.period(),
            bounds.announces.address.period(),
        )
    }
}
