//! What has been said and what has arrived: each offer and answer is waited for at one place, once.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::message::OfferName;

/// How long an announce may wait for its reply and its answers until they are taken for lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Every announce of one phase.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    cycles: Vec<Cycle>,
    /// The announce of each viewer that is not complete.
    current: Vec<Option<usize>>,
    /// Cycles before it are complete or given up.
    swept: usize,
    pub(crate) replies: Vec<Duration>,
    pub(crate) answers: Vec<Duration>,
    pub(crate) faults: Faults,
}

/// What has gone wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Faults {
    /// Messages that were for somebody else, came twice, or that nobody had sent.
    pub(crate) misrouted: usize,
    /// Announces without a reply.
    pub(crate) replies_lost: usize,
    /// Offers that no viewer has got.
    pub(crate) offers_lost: usize,
    /// Answers that were sent and not got.
    pub(crate) answers_lost: usize,
    /// Messages with a failure reason, and the last of these.
    pub(crate) failures: usize,
    pub(crate) failure: Option<String>,
    /// Connections that the tracker has closed.
    pub(crate) closed: usize,
}

/// One announce, its reply, and what became of its offers.
#[derive(Debug)]
struct Cycle {
    by: usize,
    swarm: usize,
    from: Instant,
    replied: bool,
    given_up: bool,
    offers: Vec<Offer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    Sent,
    /// Got and answered by a viewer.
    With(usize),
    Answered,
}

impl Ledger {
    pub(crate) fn new(viewers: usize) -> Self {
        Self {
            current: vec![None; viewers],
            ..Self::default()
        }
    }

    /// Whether a viewer waits for an announce to be complete.
    pub(crate) fn is_busy(&self, viewer: usize) -> bool {
        self.current[viewer].is_some()
    }

    /// A viewer announces; the time runs from when it is due.
    pub(crate) fn begin(&mut self, by: usize, swarm: usize, from: Instant, offers: usize) -> usize {
        let cycle = self.cycles.len();
        self.cycles.push(Cycle {
            by,
            swarm,
            from,
            replied: false,
            given_up: false,
            offers: vec![Offer::Sent; offers],
        });
        self.current[by] = Some(cycle);
        cycle
    }

    /// The tracker has replied. Whether that completes an announce. A reply when none is waited for is one
    /// to an answer, which some trackers send.
    pub(crate) fn replied(&mut self, viewer: usize, now: Instant) -> bool {
        let Some(at) = self.current[viewer] else {
            return false;
        };
        let cycle = &mut self.cycles[at];
        if cycle.replied {
            return false;
        }
        cycle.replied = true;
        self.replies.push(now - cycle.from);
        self.end_if_complete(at)
    }

    /// A viewer has got an offer. Whether it may be answered.
    pub(crate) fn offered(
        &mut self,
        to: usize,
        swarm: usize,
        from: usize,
        name: OfferName,
    ) -> bool {
        let found = self.cycles.get_mut(name.cycle);
        let found = found.filter(|it| it.by == from && it.swarm == swarm && it.by != to);
        let offer = found.and_then(|cycle| cycle.offers.get_mut(name.place));
        match offer {
            Some(offer @ Offer::Sent) => {
                *offer = Offer::With(to);
                true
            }
            _ => {
                self.faults.misrouted += 1;
                false
            }
        }
    }

    /// An answer has come back. Whether that completes an announce.
    pub(crate) fn answered(&mut self, to: usize, by: usize, name: OfferName, now: Instant) -> bool {
        let found = self
            .cycles
            .get_mut(name.cycle)
            .filter(|cycle| cycle.by == to);
        let Some(cycle) = found else {
            self.faults.misrouted += 1;
            return false;
        };
        match cycle.offers.get_mut(name.place) {
            Some(offer) if *offer == Offer::With(by) => {
                *offer = Offer::Answered;
                self.answers.push(now - cycle.from);
                self.end_if_complete(name.cycle)
            }
            _ => {
                self.faults.misrouted += 1;
                false
            }
        }
    }

    /// Gives up announces that are older than [`PATIENCE`]. How many.
    pub(crate) fn sweep(&mut self, now: Instant) -> usize {
        let mut gone = 0;
        while let Some(cycle) = self.cycles.get_mut(self.swept) {
            if !cycle.is_complete() {
                if now - cycle.from < PATIENCE {
                    break;
                }
                cycle.given_up = true;
                gone += 1;
                let by = cycle.by;
                self.current[by] = self.current[by].filter(|at| *at != self.swept);
            }
            self.swept += 1;
        }
        gone
    }

    /// What is missing still counts as lost. To be called when all has had its time.
    pub(crate) fn close(&mut self) {
        let faults = &mut self.faults;
        for cycle in &self.cycles {
            let in_state =
                |state: fn(&Offer) -> bool| cycle.offers.iter().filter(move |it| state(it));
            faults.replies_lost += usize::from(!cycle.replied);
            faults.offers_lost += in_state(|it| *it == Offer::Sent).count();
            faults.answers_lost += in_state(|it| matches!(it, Offer::With(_))).count();
        }
    }

    /// Announces made.
    pub(crate) fn announces(&self) -> usize {
        self.cycles.len()
    }

    fn end_if_complete(&mut self, at: usize) -> bool {
        let cycle = &self.cycles[at];
        // One that was given up has freed its place already.
        let complete = cycle.is_complete() && !cycle.given_up;
        if complete {
            self.current[cycle.by] = None;
        }
        complete
    }
}

impl Cycle {
    fn is_complete(&self) -> bool {
        self.replied && self.offers.iter().all(|it| *it == Offer::Answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(cycle: usize, place: usize) -> OfferName {
        OfferName { cycle, place }
    }

    #[test]
    fn an_announce_is_complete_with_its_reply_and_every_answer() {
        let now = Instant::now();
        let mut ledger = Ledger::new(3);
        assert_eq!(ledger.begin(0, 9, now, 2), 0);
        assert!(ledger.is_busy(0));
        assert!(ledger.offered(1, 9, 0, name(0, 0)) && ledger.offered(2, 9, 0, name(0, 1)));
        assert!(!ledger.answered(0, 2, name(0, 1), now));
        assert!(!ledger.replied(0, now));
        assert!(!ledger.replied(0, now));
        assert!(ledger.answered(0, 1, name(0, 0), now));
        assert!(!ledger.is_busy(0));
        ledger.close();
        assert_eq!(ledger.faults, Faults::default());
        assert_eq!((ledger.replies.len(), ledger.answers.len()), (1, 2));
    }

    #[test]
    fn what_comes_to_the_wrong_place_or_twice_is_a_fault() {
        let now = Instant::now();
        let mut ledger = Ledger::new(3);
        ledger.begin(0, 9, now, 1);
        assert!(!ledger.offered(0, 9, 0, name(0, 0)), "to itself");
        assert!(!ledger.offered(1, 8, 0, name(0, 0)), "another swarm");
        assert!(!ledger.offered(1, 9, 2, name(0, 0)), "under another's name");
        assert!(ledger.offered(1, 9, 0, name(0, 0)));
        assert!(!ledger.offered(2, 9, 0, name(0, 0)), "to two");
        assert!(
            !ledger.answered(0, 2, name(0, 0), now),
            "by who has no offer"
        );
        assert!(!ledger.answered(1, 1, name(0, 0), now), "to who made none");
        assert!(!ledger.answered(0, 1, name(7, 0), now), "to no offer");
        assert_eq!(ledger.faults.misrouted, 7);
    }

    #[test]
    fn what_never_comes_is_lost_and_makes_room() {
        let now = Instant::now();
        let mut ledger = Ledger::new(2);
        ledger.begin(0, 9, now, 2);
        ledger.offered(1, 9, 0, name(0, 0));
        assert_eq!(ledger.sweep(now), 0);
        assert_eq!(ledger.sweep(now + PATIENCE), 1);
        assert!(!ledger.is_busy(0));
        ledger.close();
        let faults = ledger.faults;
        assert_eq!(
            (faults.replies_lost, faults.offers_lost, faults.answers_lost),
            (1, 1, 1)
        );
    }
}
