//! What the page on privacy states about this server. Every number in it comes from here.

use serde::Serialize;
use shoal_wire::index::P2p;

/// Viewers of the swarm that the page reckons with.
const EXAMPLE: f64 = 1_000.0;

/// Euler's constant, of the sum 1 + 1/2 + … + 1/n = ln n + γ.
const GAMMA: f64 = 0.577_215_664_9;

/// The settings that matter to a viewer's privacy.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The operator, as it names itself.
    pub operator: Operator,
    /// Whether viewers share, and whether they are asked.
    pub sharing: P2p,
    /// Viewers that there must be before any of them shares.
    pub min_viewers: u32,
    /// The party that introduces viewers to each other.
    pub tracker: Party,
    /// Other viewers that one announce is handed to, at most.
    pub peers_per_announce: u32,
    /// Seconds between a viewer's announces.
    pub interval: u32,
    /// Viewers that one connection may be introduced to.
    pub per_connection: Allowance,
    /// Viewers that one network address may be introduced to.
    pub per_address: Allowance,
    /// Whether only those may join who have just loaded the video's index here.
    pub tokens: bool,
    /// Whether several servers of the site count for limits together, through Redis.
    pub nodes: bool,
    /// The parties that tell browsers their addresses (STUN).
    pub stun: Party,
    /// The parties that relay for viewers that hide their addresses (TURN).
    pub turn: Party,
    /// The parties that have copies of the videos, for viewers who share.
    pub mirrors: Party,
}

/// The operator of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Operator {
    /// The name of the site or of whoever runs it.
    pub name: Option<String>,
    /// Contact for questions: a mail address, a telephone number or a web page.
    pub contact: Option<String>,
}

/// Introductions within which a client stays: some at once, then some an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Allowance {
    /// At once.
    pub burst: u32,
    /// An hour.
    pub per_hour: u32,
}

/// A party that does something for this site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", content = "names", rename_all = "lowercase")]
pub enum Party {
    /// Nobody: it is not done.
    None,
    /// The site's own server.
    Own,
    /// Others, by the names of their hosts.
    Others(Vec<String>),
}

/// Values that a text is rendered with: the facts, and what follows from them.
#[derive(Debug, Serialize)]
pub(super) struct Values<'a> {
    operator: &'a Operator,
    sharing: &'static str,
    min_viewers: u32,
    tracker: &'a Party,
    peers_per_announce: u32,
    interval: u32,
    per_connection: Allowance,
    per_address: Allowance,
    tokens: bool,
    nodes: bool,
    stun: &'a Party,
    turn: &'a Party,
    mirrors: &'a Party,
    /// Other parties' hosts, each once.
    others: Vec<&'a str>,
    /// Listing the viewers of a swarm.
    listing: Listing,
}

/// Time that it takes to learn who is in a swarm, at the limits.
#[derive(Debug, PartialEq, Serialize)]
struct Listing {
    viewers: u32,
    /// Introductions, drawn by lot, until half of them have come up.
    half: u32,
    /// … until each has.
    all: u32,
    /// Minutes that these take one address.
    half_minutes: u32,
    all_minutes: u32,
}

impl Facts {
    pub(super) fn values(&self) -> Values<'_> {
        let mut others: Vec<&str> = [&self.tracker, &self.stun, &self.turn, &self.mirrors]
            .into_iter()
            .flat_map(Party::names)
            .map(String::as_str)
            .collect();
        others.sort_unstable();
        others.dedup();
        Values {
            operator: &self.operator,
            sharing: match self.sharing {
                P2p::Ask => "ask",
                P2p::Off => "off",
                P2p::On => "on",
            },
            min_viewers: self.min_viewers,
            tracker: &self.tracker,
            peers_per_announce: self.peers_per_announce,
            interval: self.interval,
            per_connection: self.per_connection,
            per_address: self.per_address,
            tokens: self.tokens,
            nodes: self.nodes,
            stun: &self.stun,
            turn: &self.turn,
            mirrors: &self.mirrors,
            others,
            listing: self.listing(),
        }
    }

    fn listing(&self) -> Listing {
        // Viewers are drawn by lot. After n draws a share of 1 − e^(−n/N) of N has come up; until the
        // last has, it takes N (ln N + γ) draws (the coupon collector's problem).
        let half = EXAMPLE * f64::ln(2.0);
        let all = EXAMPLE * (EXAMPLE.ln() + GAMMA);
        let minutes = |draws: f64| {
            let waited = (draws - f64::from(self.per_address.burst)).max(0.0);
            whole((waited / f64::from(self.per_address.per_hour.max(1)) * 60.0).ceil())
        };
        Listing {
            viewers: whole(EXAMPLE),
            half: whole(half.ceil()),
            all: whole(all.ceil()),
            half_minutes: minutes(half),
            all_minutes: minutes(all),
        }
    }
}

impl Party {
    /// The parties whose hosts some URLs name. A URL without a host is the site's own.
    #[must_use]
    pub fn of<'a>(urls: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<_> = Vec::new();
        let mut own = false;
        for url in urls {
            match host(url) {
                "" => own = true,
                host => names.push(host.to_owned()),
            }
        }
        names.sort_unstable();
        names.dedup();
        match (own, names.is_empty()) {
            (_, false) => Self::Others(names),
            (true, true) => Self::Own,
            (false, true) => Self::None,
        }
    }

    fn names(&self) -> &[String] {
        match self {
            Self::Others(names) => names,
            Self::None | Self::Own => &[],
        }
    }
}

/// The host of `wss://host:1/path`, `turn:host:1?transport=udp` or `stun::1`.
fn host(url: &str) -> &str {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let rest = rest.trim_start_matches('/');
    let rest = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match rest.split_once(']') {
        Some((address, _)) => address.trim_start_matches('['),
        None => rest.split(':').next().unwrap_or(rest),
    }
}

/// A count that is known to be small.
fn whole(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn facts() -> Facts {
        Facts {
            operator: Operator::default(),
            sharing: P2p::Ask,
            min_viewers: 0,
            tracker: Party::Own,
            peers_per_announce: 10,
            interval: 120,
            per_connection: Allowance {
                burst: 60,
                per_hour: 240,
            },
            per_address: Allowance {
                burst: 300,
                per_hour: 600,
            },
            tokens: false,
            nodes: false,
            stun: Party::Own,
            turn: Party::None,
            mirrors: Party::None,
        }
    }

    #[test]
    fn listing_a_swarm_takes_as_long_as_the_limits_make_it() {
        let listing = facts().listing();
        assert_eq!((listing.half, listing.all), (694, 7_485));
        // (694 − 300) / 600 h and (7,485 − 300) / 600 h.
        assert_eq!((listing.half_minutes, listing.all_minutes), (40, 719));
        let mut strict = facts();
        strict.per_address.per_hour = 60;
        assert!(strict.listing().all_minutes >= 10 * (listing.all_minutes - 1));
    }

    #[test]
    fn parties_are_told_from_the_sites_own() {
        let of = |urls: &[&str]| Party::of(urls.iter().copied());
        assert_eq!(of(&[]), Party::None);
        assert_eq!(of(&["stun::3478", "turn::3478?transport=tcp"]), Party::Own);
        let others =
            |names: &[&str]| Party::Others(names.iter().map(|&name| name.into()).collect());
        assert_eq!(of(&["stun:b.example:3478"]), others(&["b.example"]));
        assert_eq!(
            of(&[
                "turn:b.example",
                "wss://a.example:1/x",
                "turns:[2001:db8::1]:5349",
                "turn::1"
            ]),
            others(&["2001:db8::1", "a.example", "b.example"])
        );
    }
}
