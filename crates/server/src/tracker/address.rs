//! The number that stands for a network address in the limits: made with a key that is drawn from the
//! system, lives in memory only, and is forgotten after a day. Nodes that share limits share the key.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{
    ids::AddressId,
    secret::{Secret, number_of},
};

/// Life of a key. What was counted under it is kept under its old number for as long as a socket
/// or a bucket needs it; nothing connects the old numbers with the new ones.
const KEY_LIFE: Duration = Duration::from_secs(24 * 3_600);

/// Bits of an address that stand for one subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefixes {
    /// Of an IPv4 address. Default 32.
    pub v4: u8,
    /// Of an IPv6 address. Default 56: what a provider gives a household at the least; many give a 56 and
    /// some only a 64. Longer lets one household count as many, shorter makes neighbours share.
    pub v6: u8,
}

impl Default for Prefixes {
    fn default() -> Self {
        Self { v4: 32, v6: 56 }
    }
}

/// Makes the numbers.
#[derive(Debug)]
pub(crate) struct Addresses {
    prefixes: Prefixes,
    key: Secret,
    ends: Duration,
}

impl Addresses {
    pub(crate) fn new(prefixes: Prefixes, now: Duration) -> Self {
        Self {
            prefixes,
            key: Secret::random(),
            ends: now + KEY_LIFE,
        }
    }

    /// The key, and how long it still lives.
    pub(crate) fn key(&mut self, now: Duration) -> (Secret, Duration) {
        self.renew(now);
        (self.key.clone(), self.ends.saturating_sub(now))
    }

    /// Takes the key of other nodes, with what is left of its life.
    pub(crate) fn adopt(&mut self, now: Duration, key: Secret, left: Duration) {
        self.key = key;
        self.ends = now + left.min(KEY_LIFE);
    }

    /// The number of an address, the same for all of one subscriber.
    pub(crate) fn id(&mut self, now: Duration, address: IpAddr) -> AddressId {
        self.renew(now);
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.bytes())
            .expect("HMAC takes keys of any length");
        match self.prefixes.network(address) {
            IpAddr::V4(address) => mac.update(&address.octets()),
            IpAddr::V6(address) => mac.update(&address.octets()),
        }
        let number = mac.finalize().into_bytes();
        AddressId(number_of(&number))
    }

    fn renew(&mut self, now: Duration) {
        if self.ends <= now {
            *self = Self::new(self.prefixes, now);
        }
    }
}

impl Prefixes {
    /// Returns what stands for one subscriber: the network that an address is in.
    pub(crate) fn network(self, address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let rest = 32 - u32::from(self.v4.min(32));
                let mask = u32::MAX.checked_shl(rest).unwrap_or(0);
                Ipv4Addr::from_bits(address.to_bits() & mask).into()
            }
            IpAddr::V6(address) => {
                let rest = 128 - u32::from(self.v6.min(128));
                let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(77);

    #[test]
    fn a_household_has_one_number() {
        let mut addresses = Addresses::new(Prefixes::default(), START);
        let mut id = |address: &str| addresses.id(START, address.parse().unwrap());
        assert_eq!(id("192.0.2.1"), id("::ffff:192.0.2.1"));
        assert_ne!(id("192.0.2.1"), id("192.0.2.2"));
        assert_eq!(id("2001:db8:0:aa00::1"), id("2001:db8:0:aaff:ffff::2"));
        assert_ne!(id("2001:db8:0:aa00::1"), id("2001:db8:0:ab00::1"));
    }

    #[test]
    fn prefixes_are_the_operators() {
        let network = |v4, v6, address: &str| {
            Prefixes { v4, v6 }
                .network(address.parse().unwrap())
                .to_string()
        };
        assert_eq!(network(24, 48, "192.0.2.77"), "192.0.2.0");
        assert_eq!(network(24, 48, "2001:db8:1:2::3"), "2001:db8:1::");
        assert_eq!(network(0, 0, "192.0.2.77"), "0.0.0.0");
        assert_eq!(network(0, 0, "2001:db8::1"), "::");
        assert_eq!(network(99, 255, "2001:db8::1"), "2001:db8::1");
    }

    #[test]
    fn numbers_change_daily_and_differ_between_servers() {
        let address = "192.0.2.1".parse().unwrap();
        let mut addresses = Addresses::new(Prefixes::default(), START);
        let today = addresses.id(START, address);
        assert_eq!(addresses.id(START + KEY_LIFE / 2, address), today);
        assert_ne!(addresses.id(START + KEY_LIFE, address), today);
        let mut other = Addresses::new(Prefixes::default(), START);
        assert_ne!(other.id(START, address), today);
    }

    #[test]
    fn nodes_with_one_key_have_one_number_until_it_ends() {
        let address = "192.0.2.1".parse().unwrap();
        let [mut one, mut other] = [0, 1].map(|_| Addresses::new(Prefixes::default(), START));
        let late = START + KEY_LIFE / 4;
        let (key, left) = one.key(late);
        assert_eq!(left, KEY_LIFE / 4 * 3);
        other.adopt(late, key, left);
        assert_eq!(one.id(late, address), other.id(late, address));
        let tomorrow = START + KEY_LIFE;
        assert_ne!(one.id(tomorrow, address), other.id(tomorrow, address));
    }
}
