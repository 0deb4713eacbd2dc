//! Which swarms the tracker's sockets have come for.

use std::{collections::HashMap, time::Duration};

use shoal_wire::id::InfoHash;

/// The swarms that sockets have come for, and joined.
#[derive(Debug, Default)]
pub(super) struct Homes(HashMap<InfoHash, Home>);

#[derive(Debug, Default)]
struct Home {
    sockets: usize,
    /// Time at which the last one came.
    last: Duration,
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

    /// Returns when the last of the sockets that are there joined the swarm that they came for.
    pub(super) fn last_join(&self, swarm: InfoHash) -> Option<Duration> {
        self.0.get(&swarm).map(|home| home.last)
    }
}
