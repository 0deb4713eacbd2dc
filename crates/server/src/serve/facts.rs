//! What viewers are told about the settings of a server.

use super::config::ServeConfig;
use crate::{
    privacy::{Allowance, Facts, Party},
    stun,
    tracker::limits::Bucket,
};

impl ServeConfig {
    /// Returns what viewers are told about these settings, where the server listens as they say.
    #[must_use]
    pub fn facts_as_configured(&self) -> Facts {
        self.facts(stun::address(self.stun, self.listen).is_some())
    }

    /// Returns what viewers are told about these settings. `stun` tells whether the server answers STUN.
    #[must_use]
    pub fn facts(&self, stun: bool) -> Facts {
        let named = self.ice.iter().flat_map(|server| &server.urls);
        let own = stun.then_some("stun:");
        let relays = self.turn.iter().flat_map(|turn| &turn.urls);
        Facts {
            operator: self.operator.clone(),
            sharing: self.p2p,
            min_viewers: self.min_viewers,
            tracker: Party::Own,
            peers_per_announce: u32::try_from(self.swarms.max_offers).unwrap_or(u32::MAX),
            interval: self.swarms.interval,
            per_connection: allowance(self.swarms.introductions.socket),
            per_address: allowance(self.swarms.introductions.address),
            tokens: self.access.require_token,
            nodes: self.redis.is_some(),
            stun: Party::of(named.map(String::as_str).chain(own)),
            turn: Party::of(relays.map(String::as_str)),
            mirrors: Party::of(self.mirrors.iter().map(String::as_str)),
        }
    }
}

fn allowance(bucket: Bucket) -> Allowance {
    let Bucket { burst, per_hour } = bucket;
    Allowance { burst, per_hour }
}
