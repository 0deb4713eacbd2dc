//! Who asks, as far as a limit needs to know it.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Header in which proxies write whom they have seen.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that a request came from. It is handed from the connection to its handlers, for limits
/// only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// The address stays out of logs.
impl std::fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientAddress(..)")
    }
}

/// The reverse proxies whose word on the client's address is believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether this is one of them.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns who is behind a connection. Each proxy appends whom it has seen to `X-Forwarded-For`: the last
    /// entry that is no proxy of ours is the client. What stands before it, anybody can have written.
    pub(crate) fn client(&self, connected: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut client = connected.to_canonical();
        let values = headers.get_all(FORWARDED_FOR).into_iter().rev();
        for entry in values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(',')) {
            if !self.trusts(client) {
                break;
            }
            let Some(seen) = address(entry.trim()) else {
                break;
            };
            client = seen;
        }
        ClientAddress(client)
    }
}

/// An entry's address; some proxies add the port.
fn address(entry: &str) -> Option<IpAddr> {
    let address = entry.parse().ok();
    let address = address.or_else(|| Some(entry.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(connected: &str, forwarded: &[&str]) -> IpAddr {
        let ours =
            ["127.0.0.1/32", "10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
        let value = |text: &&str| (FORWARDED_FOR.parse().unwrap(), text.parse().unwrap());
        let headers: HeaderMap = forwarded.iter().map(value).collect();
        let proxies = Proxies::new(ours.into());
        proxies.client(connected.parse().unwrap(), &headers).0
    }

    #[test]
    fn only_our_proxies_are_believed() {
        let stranger: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(client("192.0.2.1", &["198.51.100.1"]), stranger);
        assert_eq!(client("127.0.0.1", &["192.0.2.1"]), stranger);
        assert_eq!(client("::ffff:127.0.0.1", &["192.0.2.1:4711"]), stranger);
        assert_eq!(client("127.0.0.1", &["192.0.2.1, 10.0.0.7"]), stranger);
        assert_eq!(client("127.0.0.1", &["192.0.2.1", "10.0.0.7"]), stranger);
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(client("::1", &["[2001:db8::1]:4711"]), v6);
    }

    #[test]
    fn a_client_cannot_write_itself_another_address() {
        let real: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(client("127.0.0.1", &["198.51.100.1, 192.0.2.1"]), real);
        assert_eq!(client("127.0.0.1", &["198.51.100.1", "192.0.2.1"]), real);
        let proxy: IpAddr = "127.0.0.1".parse().unwrap();
        for nonsense in ["", "unknown", "198.51.100.1, nonsense"] {
            assert_eq!(client("127.0.0.1", &[nonsense]), proxy);
        }
        assert_eq!(client("127.0.0.1", &[]), proxy);
    }
}
