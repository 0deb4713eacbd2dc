//! Lines and NATs of simulated viewers.

use core::time::Duration;

/// A viewer's access to the network. Latency is one way, to the middle of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Access {
    /// Bytes per second from the network.
    pub down: u64,
    /// Bytes per second to the network.
    pub up: u64,
    /// One way.
    pub latency: Duration,
    /// Share of packets that are lost, which reliable transports turn into delay.
    pub loss: f64,
    /// The obstacle between the viewer and incoming connections.
    pub nat: Nat,
}

/// An obstacle between a viewer and incoming connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nat {
    /// Connects to everyone but islands.
    Open,
    /// Connects to everyone but symmetric ones and islands.
    Restricted,
    /// Connects to open ones only.
    Symmetric,
    /// Connects to its own island only.
    Island(u8),
    /// Lets no UDP through: connects to nobody.
    Blocked,
}

impl Nat {
    /// Whether two viewers can connect directly.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Blocked, _) | (_, Self::Blocked) => false,
            (Self::Island(mine), Self::Island(yours)) => mine == yours,
            (Self::Island(_), _) | (_, Self::Island(_)) => false,
            (Self::Symmetric, Self::Symmetric | Self::Restricted)
            | (Self::Restricted, Self::Symmetric) => false,
            _ => true,
        }
    }
}

impl Access {
    /// 100 Mbit/s both ways.
    #[must_use]
    pub const fn fibre() -> Self {
        Self::of(100.0, 100.0, 6)
    }

    /// 100 Mbit/s down, 10 up.
    #[must_use]
    pub const fn cable() -> Self {
        Self::of(100.0, 10.0, 12)
    }

    /// 16 Mbit/s down, 1 up.
    #[must_use]
    pub const fn dsl() -> Self {
        Self::of(16.0, 1.0, 20)
    }

    /// 20 Mbit/s down, 5 up, one packet in 200 lost, behind a symmetric NAT.
    #[must_use]
    pub const fn mobile() -> Self {
        let mut access = Self::of(20.0, 5.0, 35);
        access.loss = 0.005;
        access.nat = Nat::Symmetric;
        access
    }

    /// An office: 50 Mbit/s down, 20 up, and a firewall that lets no UDP through.
    #[must_use]
    pub const fn office() -> Self {
        Self::of(50.0, 20.0, 10).behind(Nat::Blocked)
    }

    /// The mix of a public audience, in parts of a hundred: 25 on fibre, 35 on cable, 20 on DSL, 17
    /// mobile, 3 in offices. Reachable by everybody are 25, behind symmetric NATs 13, and behind
    /// firewalls 3, so that 23 of 100 pairs can never connect.
    pub(crate) const AUDIENCE: [(u32, Self); 9] = [
        (12, Self::fibre().behind(Nat::Open)),
        (13, Self::fibre()),
        (8, Self::cable().behind(Nat::Open)),
        (27, Self::cable()),
        (5, Self::dsl().behind(Nat::Open)),
        (15, Self::dsl()),
        (13, Self::mobile()),
        (4, Self::mobile().behind(Nat::Restricted)),
        (3, Self::office()),
    ];

    /// Lines that carry 5 Mbit/s up at least, behind NATs of all kinds, in parts of a hundred: 25 are
    /// reachable by everybody and 14 behind symmetric NATs, so that 19 of 100 pairs can never
    /// connect, and nobody is alone.
    pub(crate) const BEHIND_NATS: [(u32, Self); 6] = [
        (12, Self::fibre().behind(Nat::Open)),
        (18, Self::fibre()),
        (13, Self::cable().behind(Nat::Open)),
        (40, Self::cable()),
        (14, Self::mobile()),
        (3, Self::mobile().behind(Nat::Restricted)),
    ];

    /// Rates in Mbit/s, latency in milliseconds one way.
    #[must_use]
    pub const fn of(down: f64, up: f64, latency_ms: u64) -> Self {
        Self {
            down: (down * 125_000.0) as u64,
            up: (up * 125_000.0) as u64,
            latency: Duration::from_millis(latency_ms),
            loss: 0.0,
            nat: Nat::Restricted,
        }
    }

    /// The same behind another NAT.
    #[must_use]
    pub const fn behind(mut self, nat: Nat) -> Self {
        self.nat = nat;
        self
    }
}
