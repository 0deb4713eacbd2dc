//! What operators have switched at any node, and when: the later change holds at all of them.
//!
//! Each change has a time that is later than that of every change its node had seen, so that what an operator
//! decides upon what holds wins even if clocks differ. What was switched at nodes that did not hear of each
//! other is decided by their clocks.

use std::collections::{BTreeMap, BTreeSet};

use shoal_wire::index::P2p;

use crate::path::FilePath;

/// Targets that are remembered when others tell of them.
const MAX_TARGETS: usize = 100_000;

/// Times beyond this (the year 5138) are nonsense, which must not hold for ever.
const MAX_TIME: u64 = 100_000_000_000_000;

/// For what something is switched: one video, or the site.
pub(crate) type Target = Option<FilePath>;

/// When, and where to decide between two changes of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChangeStamp {
    /// Milliseconds since 1970.
    pub(super) at: u64,
    /// A number that the node has drawn.
    pub(super) node: u64,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) target: Target,
    /// `None`: what the configuration says.
    pub(super) p2p: Option<P2p>,
    pub(super) stamp: ChangeStamp,
}

/// The last change of each target that this node knows of.
#[derive(Debug)]
pub(super) struct SwitchLog {
    node: u64,
    held: BTreeMap<Target, (ChangeStamp, Option<P2p>)>,
    /// Targets whose change others may not know.
    unsent: BTreeSet<Target>,
    latest: u64,
}

impl SwitchLog {
    pub(super) fn new(node: u64) -> Self {
        Self {
            node,
            held: BTreeMap::new(),
            unsent: BTreeSet::new(),
            latest: 0,
        }
    }

    /// The operator has switched something here, at this time (milliseconds since 1970).
    pub(super) fn switch(&mut self, now: u64, target: Target, p2p: Option<P2p>) {
        let at = now.max(self.latest + 1).min(MAX_TIME);
        let stamp = ChangeStamp {
            at,
            node: self.node,
        };
        self.latest = at;
        self.held.insert(target.clone(), (stamp, p2p));
        self.unsent.insert(target);
    }

    /// Whether others may not know something that this node does.
    pub(super) fn is_ahead(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Returns what others may not know.
    pub(super) fn unsent(&self) -> Vec<Change> {
        let targets = self.unsent.iter();
        let change = |target: &Target| {
            let (stamp, p2p) = *self.held.get(target)?;
            let target = target.clone();
            Some(Change { target, p2p, stamp })
        };
        targets.filter_map(change).collect()
    }

    /// Others know these.
    pub(super) fn acknowledge(&mut self, changes: &[Change]) {
        for change in changes {
            // It may have been switched again meanwhile.
            let held = self.held.get(&change.target);
            if held.is_some_and(|(stamp, _)| *stamp == change.stamp) {
                self.unsent.remove(&change.target);
            }
        }
    }

    /// Hears all that the others hold, and what is new in it. What they do not have is to be told.
    pub(super) fn merge(&mut self, all: Vec<Change>) -> Vec<(Target, Option<P2p>)> {
        let mut missing: BTreeSet<_> = self.held.keys().cloned().collect();
        let mut news = Vec::new();
        for Change { target, p2p, stamp } in all {
            let held = self.held.get(&target).copied();
            let known = held.is_some_and(|(held, _)| held >= stamp);
            if held.is_none_or(|(held, _)| held <= stamp) {
                missing.remove(&target);
            }
            let full = held.is_none() && self.held.len() >= MAX_TARGETS;
            if known || full || stamp.at > MAX_TIME {
                continue;
            }
            self.latest = self.latest.max(stamp.at);
            self.unsent.remove(&target);
            if held.map(|(_, p2p)| p2p) != Some(p2p) {
                news.push((target.clone(), p2p));
            }
            self.held.insert(target, (stamp, p2p));
        }
        self.unsent.extend(missing);
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn film() -> Target {
        FilePath::from_url("/film.m3u8")
    }

    /// Returns what a common memory makes of what a node tells, and what it then tells the node.
    fn round(
        memory: &mut BTreeMap<Target, Change>,
        log: &mut SwitchLog,
    ) -> Vec<(Target, Option<P2p>)> {
        let told = log.unsent();
        for change in &told {
            let held = memory.get(&change.target);
            if held.is_none_or(|held| held.stamp < change.stamp) {
                memory.insert(change.target.clone(), change.clone());
            }
        }
        log.acknowledge(&told);
        log.merge(memory.values().cloned().collect())
    }

    #[test]
    fn a_change_at_one_node_is_news_at_the_other_once() {
        let (mut a, mut b, mut memory) = (SwitchLog::new(1), SwitchLog::new(2), BTreeMap::new());
        a.switch(1_000, None, Some(P2p::Off));
        a.switch(1_000, film(), Some(P2p::On));
        assert!(a.is_ahead());
        assert!(round(&mut memory, &mut a).is_empty());
        assert!(!a.is_ahead());
        let news = round(&mut memory, &mut b);
        assert_eq!(news, [(None, Some(P2p::Off)), (film(), Some(P2p::On))]);
        assert!(round(&mut memory, &mut b).is_empty());
    }

    #[test]
    fn what_is_decided_upon_what_holds_wins_whatever_the_clocks_say() {
        let (mut a, mut b, mut memory) = (SwitchLog::new(1), SwitchLog::new(2), BTreeMap::new());
        a.switch(9_000, None, Some(P2p::Off));
        round(&mut memory, &mut a);
        round(&mut memory, &mut b);
        // An hour slow.
        b.switch(1_000, None, None);
        round(&mut memory, &mut b);
        assert_eq!(round(&mut memory, &mut a), [(None, None)]);
    }

    #[test]
    fn after_a_time_apart_the_later_change_holds_at_all_nodes() {
        let (mut a, mut b, mut memory) = (SwitchLog::new(1), SwitchLog::new(2), BTreeMap::new());
        a.switch(1_000, None, Some(P2p::Off));
        b.switch(2_000, None, Some(P2p::On));
        b.switch(2_000, film(), Some(P2p::Off));
        // The later one comes first, and the other way round.
        assert!(round(&mut memory, &mut b).is_empty());
        let news = round(&mut memory, &mut a);
        assert_eq!(news, [(None, Some(P2p::On)), (film(), Some(P2p::Off))]);
        assert!(round(&mut memory, &mut b).is_empty());
        assert!(!a.is_ahead() && !b.is_ahead());
    }

    #[test]
    fn two_changes_of_one_moment_have_one_outcome() {
        let (mut a, mut b, mut memory) = (SwitchLog::new(1), SwitchLog::new(2), BTreeMap::new());
        a.switch(1_000, None, Some(P2p::Off));
        b.switch(1_000, None, Some(P2p::On));
        round(&mut memory, &mut a);
        round(&mut memory, &mut b);
        assert_eq!(round(&mut memory, &mut a), [(None, Some(P2p::On))]);
        assert!(round(&mut memory, &mut b).is_empty());
    }

    #[test]
    fn a_memory_that_was_lost_is_filled_again() {
        let (mut a, mut b, mut memory) = (SwitchLog::new(1), SwitchLog::new(2), BTreeMap::new());
        a.switch(1_000, None, Some(P2p::Off));
        a.switch(1_001, film(), None);
        round(&mut memory, &mut a);
        memory.clear();
        assert!(round(&mut memory, &mut a).is_empty());
        assert!(a.is_ahead());
        round(&mut memory, &mut a);
        let news = round(&mut memory, &mut b);
        assert_eq!(news, [(None, Some(P2p::Off)), (film(), None)]);
    }

    #[test]
    fn a_change_while_the_last_is_told_is_told_too() {
        let mut a = SwitchLog::new(1);
        a.switch(1_000, None, Some(P2p::Off));
        let told = a.unsent();
        a.switch(1_000, None, Some(P2p::On));
        a.acknowledge(&told);
        assert!(a.is_ahead());
        assert!(a.merge(told).is_empty());
        assert!(a.is_ahead());
    }

    #[test]
    fn a_time_that_cannot_be_does_not_hold_for_ever() {
        let mut a = SwitchLog::new(1);
        let stamp = ChangeStamp {
            at: u64::MAX,
            node: 2,
        };
        let change = Change {
            target: None,
            p2p: Some(P2p::Off),
            stamp,
        };
        assert!(a.merge(vec![change]).is_empty());
        a.switch(1_000, None, Some(P2p::On));
        assert_eq!(a.unsent().len(), 1);
    }
}
