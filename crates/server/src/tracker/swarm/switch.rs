//! Sharing switched off and on, for the site or for one video.

use shoal_wire::{id::InfoHash, tracker::OffBy};

use super::{
    Delivery, Swarms,
    members::{Key, Swarm},
    replies::off,
};

/// For what sharing is switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// For all swarms, also those that are yet to come.
    Site,
    /// For one swarm.
    Video(InfoHash),
}

impl Swarms {
    /// Switches sharing off or on again. When it goes off, everybody concerned is told and leaves.
    pub fn switch(&mut self, scope: Scope, sharing: bool, out: &mut Vec<Delivery>) {
        let (by, swarms) = match scope {
            Scope::Site => {
                self.site_off = !sharing;
                let mut swarms: Vec<_> = self.swarms.keys().copied().collect();
                swarms.sort_unstable();
                (OffBy::Site, swarms)
            }
            Scope::Video(swarm) => {
                if sharing {
                    self.videos_off.remove(&swarm);
                } else {
                    self.videos_off.insert(swarm);
                }
                (OffBy::Video, vec![swarm])
            }
        };
        if !sharing {
            for swarm in swarms {
                self.send_home(swarm, by, out);
            }
        }
    }

    /// Tells every peer of a swarm that it is off, and lets it leave.
    fn send_home(&mut self, info_hash: InfoHash, by: OffBy, out: &mut Vec<Delivery>) {
        let swarm = self.swarms.get(&info_hash);
        let keys: Vec<Key> = swarm.into_iter().flat_map(Swarm::keys).collect();
        for key in keys {
            self.leave(info_hash, key);
            out.push(Delivery {
                to: key.0,
                message: off(info_hash, by),
            });
        }
    }
}
