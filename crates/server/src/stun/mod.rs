//! STUN (RFC 8489): tells a browser its own address as the server sees it, so that no third party has
//! to be asked and none learns who watches.
//!
//! Only Binding requests are answered, with XOR-MAPPED-ADDRESS alone: 32 bytes for IPv4, 44 for IPv6.
//! Nothing is logged, and nothing outlives the limits' window.

mod limit;
mod reply;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    net::UdpSocket,
    time::{Instant, MissedTickBehavior, interval_at},
};

use limit::Limiter;
pub use limit::StunLimits;

/// Bytes of a request at most: the size that every network carries whole (RFC 8489 §6.1).
const MAX_REQUEST: usize = 548;

/// Address at which STUN is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StunAt {
    /// At this address and port.
    Address(SocketAddr),
    /// Nowhere.
    Off,
    /// At the address and port of HTTP; nowhere when that is a loopback address, which no viewer but
    /// those on the same machine has.
    #[default]
    WithHttp,
}

/// Counts of what has come in.
#[derive(Debug, Default)]
pub struct StunCounts {
    answered: AtomicU64,
    dropped: AtomicU64,
    limited: AtomicU64,
}

impl StunCounts {
    /// Requests answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Packets that were no Binding request.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Packets beyond the limits.
    #[must_use]
    pub fn limited(&self) -> u64 {
        self.limited.load(Ordering::Relaxed)
    }
}

/// The address to listen at, if there is one.
pub(crate) fn address(at: StunAt, http: SocketAddr) -> Option<SocketAddr> {
    match at {
        StunAt::Address(address) => Some(address),
        StunAt::Off => None,
        StunAt::WithHttp => (!http.ip().is_loopback()).then_some(http),
    }
}

/// Answers for ever.
pub(crate) async fn serve(socket: UdpSocket, limits: StunLimits, counts: Arc<StunCounts>) {
    let mut limiter = Limiter::new(limits);
    let mut forget = interval_at(Instant::now() + limit::WINDOW, limit::WINDOW);
    forget.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // One byte more, to tell what is too long.
    let mut packet = [0; MAX_REQUEST + 1];
    loop {
        let (len, from) = tokio::select! {
            received = socket.recv_from(&mut packet) => match received {
                Ok(received) => received,
                // What a packet sent before has met on its way (ICMP). There is none to answer.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(error) => {
                    tracing::warn!(%error, "STUN could not be received");
                    tokio::time::sleep(limit::SECOND).await;
                    continue;
                }
            },
            _ = forget.tick() => {
                limiter.forget();
                continue;
            }
        };
        let outcome = answer(&mut limiter, &packet, len, from);
        let count = match outcome {
            Outcome::Answer(_) => &counts.answered,
            Outcome::Drop => &counts.dropped,
            Outcome::Limit => &counts.limited,
        };
        count.fetch_add(1, Ordering::Relaxed);
        if let Outcome::Answer(reply) = outcome {
            // Like any packet it may be lost: the browser asks again.
            let _sent = socket.send_to(&reply, from).await;
        }
    }
}

/// Fate of a packet.
enum Outcome {
    Answer(Vec<u8>),
    Drop,
    Limit,
}

fn answer(limiter: &mut Limiter, packet: &[u8], len: usize, from: SocketAddr) -> Outcome {
    // The limit is cheaper than the parser.
    if !limiter.allow(Instant::now().into_std(), from.ip()) {
        return Outcome::Limit;
    }
    packet
        .get(..len)
        .filter(|request| request.len() <= MAX_REQUEST)
        .and_then(|request| reply::to(request, from))
        .map_or(Outcome::Drop, Outcome::Answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stun_goes_with_http_except_on_loopback() {
        let at = |text: &str| text.parse().unwrap();
        let lan = at("192.0.2.1:8080");
        let loopback = at("[::1]:8080");
        assert_eq!(address(StunAt::WithHttp, lan), Some(lan));
        assert_eq!(
            address(StunAt::WithHttp, at("[::]:80")),
            Some(at("[::]:80"))
        );
        assert_eq!(address(StunAt::WithHttp, loopback), None);
        assert_eq!(address(StunAt::Off, lan), None);
        let own = at("127.0.0.1:3478");
        assert_eq!(address(StunAt::Address(own), loopback), Some(own));
    }
}
