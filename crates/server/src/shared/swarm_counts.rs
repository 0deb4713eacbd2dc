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

/// Viewers that a node has of a swarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SwarmCount {
    /// Its viewers, those who wait for others included.
    pub(super) viewers: u32,
    /// Time since somebody came and joined it, if any of those is still there.
    pub(super) last: Option<Duration>,
}

/// Viewers that a node has of all swarms.
pub(super) type SwarmCounts = HashMap<InfoHash, SwarmCount>;

/// As it is told.
pub(super) fn encode(counts: &SwarmCounts) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(counts.len().min(MAX_SWARMS) * ENTRY);
    for (swarm, count) in counts.iter().take(MAX_SWARMS) {
        let last = count.last.map_or(u32::MAX, millis);
        bytes.extend(swarm.0);
        bytes.extend(count.viewers.to_be_bytes());
        bytes.extend(last.to_be_bytes());
    }
    bytes
}

/// As it is heard so long after; what is no entry is left out.
pub(super) fn decode(bytes: &[u8], ago: Duration) -> SwarmCounts {
    let number = |bytes: &[u8]| {
        let sum = |sum, byte: &u8| sum << 8 | u32::from(*byte);
        bytes.iter().fold(0, sum)
    };
    let entry = |entry: &[u8]| {
        let (swarm, rest) = entry.split_first_chunk::<20>()?;
        let (viewers, last) = rest.split_at_checked(4)?;
        let last = number(last);
        let count = SwarmCount {
            viewers: number(viewers),
            last: (last != u32::MAX).then(|| ago + Duration::from_millis(last.into())),
        };
        Some((InfoHash(*swarm), count))
    };
    let entries = bytes.chunks_exact(ENTRY).take(MAX_SWARMS);
    entries.filter_map(entry).collect()
}

/// The viewers of all of them.
pub(super) fn sum(others: &[SwarmCounts]) -> HashMap<InfoHash, u32> {
    let mut sums = HashMap::<InfoHash, u32>::new();
    for (swarm, count) in others.iter().flatten() {
        let sum = sums.entry(*swarm).or_default();
        *sum = sum.saturating_add(count.viewers);
    }
    sums
}

/// Swarms that were let go, and when.
#[derive(Debug, Default)]
pub(super) struct Released(HashMap<InfoHash, Duration>);

impl Released {
    /// The swarms whose newcomers reach another node and have not reached this one for `quiet`.
    pub(super) fn strays(
        &mut self,
        now: Duration,
        quiet: Duration,
        own: &SwarmCounts,
        others: &[SwarmCounts],
    ) -> Vec<InfoHash> {
        self.0.retain(|_, at| now.saturating_sub(*at) < REST);
        let is_stray = |(swarm, count): &(&InfoHash, &SwarmCount)| {
            let newer = |other: &SwarmCounts| {
                let last = other.get(swarm).and_then(|other| other.last);
                last.zip(count.last)
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

    fn count(viewers: u32, last: impl Into<Option<u64>>) -> SwarmCount {
        let last = last.into().map(at);
        SwarmCount { viewers, last }
    }

    #[test]
    fn what_is_told_is_heard() {
        let counts = SwarmCounts::from([(FILM, count(7, 12)), (TALK, count(70_000, None))]);
        let mut bytes = encode(&counts);
        assert_eq!(bytes.len(), 2 * ENTRY);
        assert_eq!(decode(&bytes, at(0)), counts);
        assert_eq!(decode(&bytes, at(3))[&FILM], count(7, 15));
        bytes.truncate(ENTRY + 3);
        assert_eq!(decode(&bytes, at(0)).len(), 1);
        assert!(decode(b"nonsense", at(0)).is_empty());
        let old = SwarmCounts::from([(FILM, count(1, u64::MAX / 2))]);
        assert!(decode(&encode(&old), at(0))[&FILM].last.is_some());
    }

    #[test]
    fn viewers_of_all_nodes_add_up() {
        let others = [
            SwarmCounts::from([(FILM, count(7, 1)), (TALK, count(u32::MAX, 1))]),
            SwarmCounts::from([(FILM, count(5, None)), (TALK, count(9, 1))]),
        ];
        assert_eq!(sum(&others), HashMap::from([(FILM, 12), (TALK, u32::MAX)]));
    }

    #[test]
    fn the_node_that_newcomers_no_longer_reach_lets_go() {
        let (old, new) = (
            SwarmCounts::from([(FILM, count(90, 31)), (TALK, count(5, 2))]),
            SwarmCounts::from([(FILM, count(1, 4)), (TALK, count(5, 40))]),
        );
        let strays = |own: &SwarmCounts, other: &SwarmCounts| {
            let others = std::slice::from_ref(other);
            Released::default().strays(at(0), QUIET, own, others)
        };
        assert_eq!(strays(&old, &new), [FILM]);
        assert_eq!(strays(&new, &old), [TALK]);
    }

    #[test]
    fn a_swarm_that_is_whole_or_still_comes_together_stays() {
        let own = SwarmCounts::from([(FILM, count(90, 29)), (TALK, count(5, 500))]);
        let others = [SwarmCounts::from([(FILM, count(1, 4))])];
        let mut released = Released::default();
        assert!(released.strays(at(0), QUIET, &own, &others).is_empty());
        // Both had newcomers at much the same time.
        let others = [SwarmCounts::from([(TALK, count(1, 499))])];
        assert!(released.strays(at(0), QUIET, &own, &others).is_empty());
        // Nobody is left there who came for it.
        let others = [SwarmCounts::from([(TALK, count(1, None))])];
        assert!(released.strays(at(0), QUIET, &own, &others).is_empty());
    }

    #[test]
    fn a_swarm_is_not_driven_to_and_fro() {
        let own = SwarmCounts::from([(FILM, count(90, 31))]);
        let others = [SwarmCounts::from([(FILM, count(1, 4))])];
        let mut released = Released::default();
        assert_eq!(released.strays(at(0), QUIET, &own, &others), [FILM]);
        assert!(released.strays(at(599), QUIET, &own, &others).is_empty());
        assert_eq!(released.strays(at(600), QUIET, &own, &others), [FILM]);
    }
}
