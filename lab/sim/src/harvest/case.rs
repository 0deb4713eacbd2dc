//! The case of a harvest, and its outcome.

use core::fmt;
use core::time::Duration;

use shoal_server::tracker::limits::{Announces, Bucket, Introductions};
use shoal_server::tracker::swarm::SwarmConfig;

use crate::scenario::minutes;

/// The tracker that is collected from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Ours, with its defaults.
    Ours,
    /// PeerTube's: 82 offers of an announce are handed on, and nothing else is limited by default.
    PeerTube,
}

/// One harvest: the tracker, its audience and the harvester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Harvest {
    /// The tracker.
    pub rules: Rules,
    /// Viewers at a time. When one leaves another comes.
    pub audience: u32,
    /// Network addresses of the harvester; 0 leaves the crowd alone.
    pub addresses: u32,
    /// Whether it answers what it is offered.
    pub answering: bool,
    /// The seed of all random numbers.
    pub seed: u64,
}

/// The outcome of a harvest.
#[derive(Clone, Debug, PartialEq)]
pub struct Harvested {
    /// The harvest.
    pub harvest: Harvest,
    /// Viewers that were there at any time in the harvester's hour.
    pub there: usize,
    /// Different viewers whose address it has learnt, after one minute, ten, and the hour.
    pub learnt: [usize; 3],
    /// Announces and connections of normal viewers that were refused, from beginning to end.
    pub refused: u64,
    /// Normal viewers that were ever told to wait longer than the usual interval.
    pub slowed: usize,
    /// Normal viewers with fewer than six links to others three minutes after they came, of a thousand.
    pub few_links: usize,
    /// The same for thirty pupils behind one address who come together.
    pub few_links_at_school: usize,
    /// Introductions that the busiest normal viewer had in an hour's stay or less, made and received.
    pub busiest: u32,
}

/// When the harvester comes, and for how long.
pub(super) const FROM: Duration = minutes(10);
pub(super) const HOUR: Duration = minutes(60);

impl Rules {
    /// The tracker's configuration.
    pub(super) fn config(self) -> SwarmConfig {
        let ours = SwarmConfig::default();
        match self {
            Self::Ours => ours,
            Self::PeerTube => {
                let any = Bucket {
                    burst: 1_000_000_000,
                    per_hour: 1_000_000_000,
                };
                SwarmConfig {
                    max_offers: 82,
                    max_peers_per_socket: 1_000_000,
                    max_sockets_per_address: 1_000_000,
                    introductions: Introductions {
                        socket: any,
                        address: any,
                    },
                    announces: Announces {
                        socket: any,
                        address: any,
                    },
                    messages: any,
                    ..ours
                }
            }
        }
    }
}

impl Harvested {
    /// The heads of the table.
    pub const HEAD: &str = "\
| Tracker | Addresses | Answers | Viewers in the hour | Learnt in 1 min | in 10 min | in 60 min | Normal viewers refused | slowed down | with < 6 links after 3 min | of 30 at a school |
| --- | --: | --- | --: | --: | --: | --: | --: | --: | --: | --: |";
}

/// A row of the table, in Markdown.
impl fmt::Display for Harvested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Harvest {
            rules,
            addresses,
            answering,
            ..
        } = self.harvest;
        let tracker = match rules {
            Rules::Ours => "Shoal",
            Rules::PeerTube => "PeerTube's rules",
        };
        let answers = match (addresses, answering) {
            (0, _) => "",
            (_, true) => "yes",
            (_, false) => "no",
        };
        write!(
            f,
            "| {tracker} | {addresses} | {answers} | {} |",
            self.there
        )?;
        for learnt in self.learnt {
            write!(f, " {learnt} |")?;
        }
        write!(
            f,
            " {} | {} | {:.1} % | {} |",
            self.refused,
            self.slowed,
            self.few_links as f64 / 10.0,
            self.few_links_at_school
        )
    }
}
