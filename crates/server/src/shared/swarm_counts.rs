//! How many viewers each swarm has at each node, and which swarms are split between nodes.
//!
//! A balancer that hashes the path keeps a swarm on one node. When a node dies, its swarms move to another;
//! when it comes back, so does the path, while those who are connected stay where they are. The node that
//! newcomers no longer reach then lets its own go: they come back to where the balancer has the swarm now.

use std::{collections::HashMap, time::Duration};

use shoal_wire::id::InfoHash;

/// Bytes of one swarm as it is told: its name, its viewers, and milliseconds since somebody joined it.
const ENTRY: usize = 20 + 4 + 4;

/// Swarms that one node tells of.
const MAX_SWARMS: usize = 50_000;

/// Newcomers that two nodes have had within this time say nothing: both would let go.
const MARGIN: Duration = Duration::from_secs(1);

/// A swarm that was let go is left alone for this long: with a balancer that does not hash the path it would
/// be driven to and fro.
const REST: Duration = Duration::from_secs(600);

/// What a node has of a swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowd {
    /// Its viewers, those who wait for others included.
    pub(super) viewers: u32,
    /// How long ago somebody came and joined it, if any of those is still there.
    pub(super) last: Option<Duration>,
}

/// What a node has of all swarms.
pub(super) type Crowds = HashMap<InfoHash, Crowd>;

/// As it is told.
pub(super) fn encode(crowds: &Crowds) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(crowds.len().min(MAX_SWARMS) * ENTRY);
    for (swarm, crowd) in crowds.iter().take(MAX_SWARMS) {
        let last = crowd.last.map_or(u32::MAX, millis);
        bytes.extend(swarm.0);
        bytes.extend(crowd.viewers.to_be_bytes());
        bytes.extend(last.to_be_bytes());
    }
    bytes
}

/// As it is heard so long after; what is no entry is left out.
pub(super) fn decode(bytes: &[u8], ago: Duration) -> Crowds {
    let number = |bytes: &[u8]| {
        let sum = |sum, byte: &u8| sum << 8 | u32::from(*byte);
        bytes.iter().fold(0, sum)
    };
    let entry = |entry: &[u8]| {
        let (swarm, rest) = entry.split_first_chunk::<20>()?;
        let (viewers, last) = rest.split_at_checked(4)?;
        let last = number(last);
        let crowd = Crowd {
            viewers: number(viewers),
            last: (last != u32::MAX).then(|| ago + Duration::from_millis(last.into())),
        };
        Some((InfoHash(*swarm), crowd))
    };
    let entries = bytes.chunks_exact(ENTRY).take(MAX_SWARMS);
    entries.filter_map(entry).collect()
}

/// The viewers of all of them.
pub(super) fn sum(others: &[Crowds]) -> HashMap<InfoHash, u32> {
    let mut sums = HashMap::<InfoHash, u32>::new();
    for (swarm, crowd) in others.iter().flatten() {
        let sum = sums.entry(*swarm).or_default();
        *sum = sum.saturating_add(crowd.viewers);
    }
    sums
}

/// Which swarms were let go, and when.
#[derive(Debug, Default)]
pub(super) struct Gone(HashMap<InfoHash, Duration>);

impl Gone {
    /// The swarms whose newcomers reach another node and have not reached this one for `quiet`.
    pub(super) fn strays(
        &mut self,
        now: Duration,
        quiet: Duration,
        own: &Crowds,
        others: &[Crowds],
    ) -> Vec<InfoHash> {
        self.0.retain(|_, at| now.saturating_sub(*at) < REST);
        let is_stray = |(swarm, crowd): &(&InfoHash, &Crowd)| {
            let newer = |other: &Crowds| {
                let last = other.get(swarm).and_then(|other| other.last);
                last.zip(crowd.last)
                    .is_some_and(|(theirs, ours)| ours >= quiet && ours > theirs + MARGIN)
            };
            !self.0.contains_key(*swarm) && others.iter().any(newer)
        };
        let strays: Vec<_> = own
            .iter()
            .filter(is_stray)
            .map(|(swarm, _)| *swarm)
            .collect();
        self.0.extend(strays.iter().map(|swarm| (*swarm, now)));
        strays
    }
}

fn millis(duration: Duration) -> u32 {
    let most = u32::MAX - 1;
    u32::try_from(duration.as_millis()).map_or(most, |millis| millis.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILM: InfoHash = InfoHash([1; 20]);
    const TALK: InfoHash = InfoHash([2; 20]);
    const QUIET: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn crowd(viewers: u32, last: impl Into<Option<u64>>) -> Crowd {
        let last = last.into().map(at);
        Crowd { viewers, last }
    }

    #[test]
    fn what_is_told_is_heard() {
        let crowds = Crowds::from([(FILM, crowd(7, 12)), (TALK, crowd(70_000, None))]);
        let mut bytes = encode(&crowds);
        assert_eq!(bytes.len(), 2 * ENTRY);
        assert_eq!(decode(&bytes, at(0)), crowds);
        assert_eq!(decode(&bytes, at(3))[&FILM], crowd(7, 15));
        bytes.truncate(ENTRY + 3);
        assert_eq!(decode(&bytes, at(0)).len(), 1);
        assert!(decode(b"nonsense", at(0)).is_empty());
        let old = Crowds::from([(FILM, crowd(1, u64::MAX / 2))]);
        assert!(decode(&encode(&old), at(0))[&FILM].last.is_some());
    }

    #[test]
    fn viewers_of_all_nodes_add_up() {
        let others = [
            Crowds::from([(FILM, crowd(7, 1)), (TALK, crowd(u32::MAX, 1))]),
            Crowds::from([(FILM, crowd(5, None)), (TALK, crowd(9, 1))]),
        ];
        assert_eq!(sum(&others), HashMap::from([(FILM, 12), (TALK, u32::MAX)]));
    }

    #[test]
    fn the_node_that_newcomers_no_longer_reach_lets_go() {
        let (old, new) = (
            Crowds::from([(FILM, crowd(90, 31)), (TALK, crowd(5, 2))]),
            Crowds::from([(FILM, crowd(1, 4)), (TALK, crowd(5, 40))]),
        );
        let strays = |own: &Crowds, other: &Crowds| {
            let others = std::slice::from_ref(other);
            Gone::default().strays(at(0), QUIET, own, others)
        };
        assert_eq!(strays(&old, &new), [FILM]);
        assert_eq!(strays(&new, &old), [TALK]);
    }

    #[test]
    fn a_swarm_that_is_whole_or_still_comes_together_stays() {
        let own = Crowds::from([(FILM, crowd(90, 29)), (TALK, crowd(5, 500))]);
        let others = [Crowds::from([(FILM, crowd(1, 4))])];
        let mut gone = Gone::default();
        assert!(gone.strays(at(0), QUIET, &own, &others).is_empty());
        // Both had newcomers at much the same time.
        let others = [Crowds::from([(TALK, crowd(1, 499))])];
        assert!(gone.strays(at(0), QUIET, &own, &others).is_empty());
        // Nobody is left there who came for it.
        let others = [Crowds::from([(TALK, crowd(1, None))])];
        assert!(gone.strays(at(0), QUIET, &own, &others).is_empty());
    }

    #[test]
    fn a_swarm_is_not_driven_to_and_fro() {
        let own = Crowds::from([(FILM, crowd(90, 31))]);
        let others = [Crowds::from([(FILM, crowd(1, 4))])];
        let mut gone = Gone::default();
        assert_eq!(gone.strays(at(0), QUIET, &own, &others), [FILM]);
        assert!(gone.strays(at(599), QUIET, &own, &others).is_empty());
        assert_eq!(gone.strays(at(600), QUIET, &own, &others), [FILM]);
    }
}
