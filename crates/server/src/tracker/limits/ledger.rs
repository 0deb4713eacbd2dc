//! What was taken at this node and is still to be told to the others.

use std::collections::VecDeque;

use crate::tracker::ids::AddressId;

/// Use of an address, as one node tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Whose.
    pub address: AddressId,
    /// Its sockets here.
    pub sockets: u32,
    /// Of its introductions.
    pub introductions: Owed,
    /// Of its announces.
    pub announces: Owed,
}

/// Emptiness of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// Number taken here since this was last told.
    pub taken: u32,
    /// Microseconds until the bucket is full again, as it stands here.
    pub owed: u64,
}

/// Use of an address, as all nodes together have told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Whose.
    pub address: AddressId,
    /// Its sockets at other nodes.
    pub elsewhere: u32,
    /// Microseconds until its introductions are full again.
    pub introductions: u64,
    /// Microseconds until its announces are full again.
    pub announces: u64,
}

/// Of which addresses there is something to tell.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Nothing is noted while nobody listens.
    pub(super) open: bool,
    pub(super) queue: VecDeque<AddressId>,
}

/// Numbers taken and not told yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    pub(super) introductions: u32,
    pub(super) announces: u32,
    noted: bool,
}

impl Taken {
    /// Whether there is something to tell.
    pub(super) fn is_noted(self) -> bool {
        self.noted
    }
}

impl Ledger {
    /// There is something to tell of an address.
    pub(super) fn note(&mut self, address: AddressId, taken: &mut Taken) {
        if !self.open {
            *taken = Taken::default();
        } else if !taken.noted {
            taken.noted = true;
            self.queue.push_back(address);
        }
    }
}
