//! How much STUN is answered. The memory is constant, whoever sends however much.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::tracker::Prefixes;

/// Time for which packets are counted by address. Then the counts and their key are thrown away.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// The window of the count of all packets.
pub(super) const SECOND: Duration = Duration::from_secs(1);

/// Counters. An address has one of them, drawn by a keyed hash: which, nobody outside can know.
const CELLS: usize = 1 << 16;

/// Bounds of STUN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StunLimits {
    /// Packets of one IPv4 address, or one IPv6 network of 56 bits, in 10 s. Default 1,000. A browser
    /// sends some two for each connection that it prepares, so it lets about 50 viewers behind one
    /// address start in the same moment; those beyond ask again. Higher helps large networks behind one
    /// address, and whoever forges a victim's address to have answers sent there.
    pub per_address: u16,
    /// Packets of all together in one second. Default 20,000: about a tenth of a core.
    pub per_second: u32,
}

impl Default for StunLimits {
    fn default() -> Self {
        Self {
            per_address: 1_000,
            per_second: 20_000,
        }
    }
}

/// Counts packets by address and in all.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: StunLimits,
    key: RandomState,
    cells: Box<[u16]>,
    second: Option<Instant>,
    in_second: u32,
}

impl Limiter {
    pub(super) fn new(limits: StunLimits) -> Self {
        Self {
            limits,
            key: RandomState::new(),
            cells: vec![0; CELLS].into_boxed_slice(),
            second: None,
            in_second: 0,
        }
    }

    /// Counts a packet, and tells whether it is within the limits.
    pub(super) fn allow(&mut self, now: Instant, from: IpAddr) -> bool {
        let subscriber = Prefixes::default().network(from);
        let at = self.key.hash_one(subscriber) as usize % CELLS;
        let Some(count) = self
            .cells
            .get_mut(at)
            .filter(|count| **count < self.limits.per_address)
        else {
            // Not counted for all: one sender cannot use up what the others share.
            return false;
        };
        *count += 1;
        if self.second.is_none_or(|begun| now >= begun + SECOND) {
            self.second = Some(now);
            self.in_second = 0;
        }
        self.in_second = self.in_second.saturating_add(1);
        self.in_second <= self.limits.per_second
    }

    /// Starts a new window: nothing is left of the last one.
    pub(super) fn forget(&mut self) {
        self.key = RandomState::new();
        self.cells.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(per_address: u16, per_second: u32) -> Limiter {
        Limiter::new(StunLimits {
            per_address,
            per_second,
        })
    }

    fn ip(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn one_address_cannot_use_up_the_others_share() {
        let mut limiter = limiter(3, 4);
        let now = Instant::now();
        let allowed = (0..10).filter(|_| limiter.allow(now, ip(1))).count();
        assert_eq!(allowed, 3);
        assert!(limiter.allow(now, ip(2)));
        limiter.forget();
        assert!(limiter.allow(now + SECOND, ip(1)));
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let mut limiter = limiter(3, 100);
        let now = Instant::now();
        let host = |n: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, n]);
        assert_eq!((0..10).filter(|n| limiter.allow(now, host(*n))).count(), 3);
    }

    #[test]
    fn all_together_are_limited_for_a_second() {
        let mut limiter = limiter(1_000, 5);
        let now = Instant::now();
        let allowed = (0..10).filter(|n| limiter.allow(now, ip(*n))).count();
        assert_eq!(allowed, 5);
        assert!(limiter.allow(now + SECOND, ip(1)));
    }
}
