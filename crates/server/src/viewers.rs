//! How many watch a video, for those who wait on HTTP until enough do.
//!
//! Whoever waits asks again and again without joining the swarm, and is counted for a while by having
//! asked. No identifier is sent. What is kept meanwhile is a keyed hash of the address, so that one
//! address cannot count for a crowd.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use shoal_wire::id::InfoHash;
use tokio::time::sleep;

use crate::tracker::{Addresses, Prefixes};

/// Time for which a request counts. A little less than the interval at which
/// they come: who asks again somewhat early is not
/// counted twice.
const COUNTED: Duration = Duration::from_secs(28);

/// Requests of one address that count. Viewers behind one address are few among strangers; a viewer
/// alone who makes up others finds as many in the swarm as there are: none.
const PER_ADDRESS: u8 = 4;

/// Requests that are remembered, in all. Each takes some 60 bytes, for less than the interval. Beyond it
/// only members of the swarm count.
const MAX_WAITING: usize = 100_000;

/// Viewers who wait for others.
#[derive(Debug)]
pub(crate) struct Viewers {
    addresses: Addresses,
    begun: Instant,
    swarms: HashMap<InfoHash, Waiting>,
    all: usize,
}

/// Viewers who wait for one video.
#[derive(Debug, Default)]
struct Waiting {
    /// When, and by whom; the oldest first.
    asked: VecDeque<(Instant, u64)>,
    by_address: HashMap<u64, u8>,
}

impl Viewers {
    /// `prefixes` tells how much of an address stands for one subscriber.
    pub(crate) fn new(prefixes: Prefixes, now: Instant) -> Self {
        Self {
            addresses: Addresses::new(prefixes, Duration::ZERO),
            begun: now,
            swarms: HashMap::new(),
            all: 0,
        }
    }

    /// Returns how many wait, for any video.
    pub(crate) fn all(&self) -> usize {
        self.all
    }

    /// Counts somebody who waits.
    pub(crate) fn wait(&mut self, now: Instant, swarm: InfoHash, address: IpAddr) {
        self.drop_old_of(now, swarm);
        if self.all >= MAX_WAITING {
            return;
        }
        let since = now.saturating_duration_since(self.begun);
        let who = self.addresses.id(since, address).0;
        let waiting = self.swarms.entry(swarm).or_default();
        let times = waiting.by_address.entry(who).or_default();
        if *times < PER_ADDRESS {
            *times += 1;
            waiting.asked.push_back((now, who));
            self.all += 1;
        }
    }

    /// Returns how many wait.
    pub(crate) fn count(&mut self, now: Instant, swarm: InfoHash) -> u32 {
        self.drop_old_of(now, swarm);
        let waiting = self.swarms.get(&swarm);
        let count = waiting.map_or(0, |waiting| waiting.asked.len());
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Returns how many wait for each video that somebody waits for.
    pub(crate) fn counts(&mut self, now: Instant) -> Vec<(InfoHash, u32)> {
        self.drop_old(now);
        let swarms = self.swarms.iter();
        let count = |(swarm, waiting): (&InfoHash, &Waiting)| {
            let count = u32::try_from(waiting.asked.len()).unwrap_or(u32::MAX);
            (*swarm, count)
        };
        swarms.map(count).collect()
    }

    /// Forgets everything that no longer counts.
    fn drop_old(&mut self, now: Instant) {
        let swarms: Vec<_> = self.swarms.keys().copied().collect();
        for swarm in swarms {
            self.drop_old_of(now, swarm);
        }
    }

    fn drop_old_of(&mut self, now: Instant, swarm: InfoHash) {
        let Some(waiting) = self.swarms.get_mut(&swarm) else {
            return;
        };
        self.all -= waiting.drop_old(now);
        if waiting.asked.is_empty() {
            self.swarms.remove(&swarm);
        }
    }
}

impl Waiting {
    /// Forgets those that no longer count, and returns how many.
    fn drop_old(&mut self, now: Instant) -> usize {
        let old = |(at, _): &&(Instant, u64)| now.saturating_duration_since(*at) >= COUNTED;
        let count = self.asked.iter().take_while(old).count();
        for (_, who) in self.asked.drain(..count) {
            if let Some(times) = self.by_address.get_mut(&who) {
                *times -= 1;
                if *times == 0 {
                    self.by_address.remove(&who);
                }
            }
        }
        count
    }
}

/// Sees to it that nothing is remembered longer than it counts, even when nobody asks any more.
pub(crate) async fn forget(viewers: Arc<Mutex<Viewers>>) {
    loop {
        sleep(COUNTED).await;
        let now = Instant::now();
        let mut viewers = viewers.lock().unwrap_or_else(PoisonError::into_inner);
        viewers.drop_old(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILM: InfoHash = InfoHash([1; 20]);
    const TALK: InfoHash = InfoHash([2; 20]);

    fn ip(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn whoever_asks_counts_until_it_is_time_to_ask_again() {
        let start = Instant::now();
        let mut viewers = Viewers::new(Prefixes::default(), start);
        viewers.wait(start, FILM, ip(1));
        viewers.wait(start + seconds(20), FILM, ip(2));
        viewers.wait(start + seconds(20), TALK, ip(2));
        assert_eq!(viewers.count(start + seconds(21), FILM), 2);
        assert_eq!(viewers.count(start + seconds(21), TALK), 1);
        assert_eq!(viewers.count(start + seconds(30), FILM), 1);
        assert_eq!(viewers.count(start + seconds(50), FILM), 0);
    }

    #[test]
    fn one_who_keeps_asking_is_one() {
        let start = Instant::now();
        let mut viewers = Viewers::new(Prefixes::default(), start);
        for round in 0..10 {
            // Once by a second too early.
            let now = start + seconds(30 * round) - seconds(round % 2);
            viewers.wait(now, FILM, ip(1));
            assert_eq!(viewers.count(now, FILM), 1);
        }
    }

    #[test]
    fn one_address_does_not_count_for_a_crowd() {
        let start = Instant::now();
        let mut viewers = Viewers::new(Prefixes::default(), start);
        for _ in 0..1_000 {
            viewers.wait(start, FILM, ip(1));
        }
        assert_eq!(viewers.count(start, FILM), u32::from(PER_ADDRESS));
        // Nor by asking long enough.
        viewers.wait(start + COUNTED, FILM, ip(1));
        assert_eq!(viewers.count(start + COUNTED, FILM), 1);
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let start = Instant::now();
        let mut viewers = Viewers::new(Prefixes::default(), start);
        for n in 0..MAX_WAITING as u32 + 1_000 {
            viewers.wait(start, FILM, ip(n));
        }
        assert_eq!(viewers.count(start, FILM) as usize, MAX_WAITING);
        viewers.wait(start, TALK, ip(1));
        assert_eq!(viewers.count(start, TALK), 0);
        viewers.drop_old(start + COUNTED);
        assert!(viewers.swarms.is_empty());
        assert_eq!(viewers.all, 0);
        viewers.wait(start + COUNTED, TALK, ip(1));
        assert_eq!(viewers.count(start + COUNTED, TALK), 1);
    }
}
