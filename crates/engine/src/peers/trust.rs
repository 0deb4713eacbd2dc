//! Who has done us harm: strikes, bans, and their end.

use shoal_wire::id::PeerId;

use crate::config::Config;
use crate::small_map::SmallMap;
use crate::time::Time;

/// Strikes of peers, by name. A bounded memory: the oldest is forgotten first.
#[derive(Debug, Default)]
pub(super) struct Trust {
    strikes: SmallMap<PeerId, (u32, Time)>,
}

impl Trust {
    /// Adds strikes. Says whether the peer is banned now.
    pub(super) fn strike(&mut self, peer: PeerId, by: u32, config: &Config, now: Time) -> bool {
        let past = self.count(peer, config, now);
        if past == 0 && self.strikes.len() >= config.max_remembered.max(1) {
            let oldest = self
                .strikes
                .iter()
                .min_by_key(|&(_, &(_, at))| at)
                .map(|(id, _)| id);
            if let Some(oldest) = oldest {
                self.strikes.remove(oldest);
            }
        }
        self.strikes.insert(peer, (past.saturating_add(by), now));
        past.saturating_add(by) >= config.max_strikes
    }

    pub(super) fn is_banned(&self, peer: PeerId, config: &Config, now: Time) -> bool {
        self.count(peer, config, now) >= config.max_strikes
    }

    fn count(&self, peer: PeerId, config: &Config, now: Time) -> u32 {
        match self.strikes.get(peer) {
            Some(&(count, at)) if now.since(at) < config.ban => count,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[test]
    fn strikes_add_up_to_a_ban_that_ends() {
        let (mut trust, config) = (Trust::default(), Config::default());
        let peer = PeerId([1; 20]);
        let now = Time::from_secs(1);
        assert!(!trust.strike(peer, 1, &config, now));
        assert!(trust.strike(peer, 3, &config, now));
        assert!(trust.is_banned(peer, &config, now + Duration::from_secs(599)));
        assert!(!trust.is_banned(peer, &config, now + Duration::from_secs(601)));
    }

    #[test]
    fn only_so_many_peers_are_remembered() {
        let (mut trust, config) = (Trust::default(), Config::default());
        for n in 0..1_000_u32 {
            let mut id = [0; 20];
            id[..4].copy_from_slice(&n.to_be_bytes());
            trust.strike(PeerId(id), 4, &config, Time::from_secs(u64::from(n) / 100));
        }
        assert_eq!(trust.strikes.len(), config.max_remembered);
    }
}
