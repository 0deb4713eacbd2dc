//! Values of the command line, with what to write instead of those that will not do.

use std::net::SocketAddr;

use axum::http::Uri;
use shoal_server::{checked::stun_url, privacy, stun::StunAt};
use shoal_wire::id::InfoHash;

/// Who answers STUN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stun {
    Here(StunAt),
    There(String),
}

/// Reads the address and port to listen at.
pub(super) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "give an address and a port, such as 127.0.0.1:8080 or [::]:8080")
}

/// Reads the address of a running server.
pub(super) fn http_url(text: &str) -> Result<Uri, &'static str> {
    text.parse()
        .ok()
        .filter(|url: &Uri| url.scheme_str() == Some("http") && url.host().is_some())
        .ok_or("give http:// and the address at which the server listens itself, behind any proxy")
}

/// Reads a language that there is a text in.
pub(super) fn language(text: &str) -> Result<String, String> {
    let mut codes = privacy::languages().iter().map(|known| known.code.as_str());
    if codes.clone().any(|code| code == text) {
        return Ok(text.into());
    }
    let codes: Vec<_> = codes.by_ref().collect();
    Err(format!("there is a text in {}", codes.join(", ")))
}

/// Reads a swarm's name.
pub(super) fn swarm(text: &str) -> Result<InfoHash, &'static str> {
    InfoHash::from_hex(text).map_err(|_| "a swarm's name has 40 hexadecimal digits")
}

/// Reads where STUN is answered.
pub(super) fn stun(text: &str) -> Result<Stun, &'static str> {
    if text == "off" {
        return Ok(Stun::Here(StunAt::Off));
    }
    if let Ok(url) = stun_url(text) {
        return Ok(Stun::There(url));
    }
    address(text)
        .map(|address| Stun::Here(StunAt::Address(address)))
        .map_err(|_| "give an address and a port, such as 0.0.0.0:3478, or off, or a stun: URL")
}

/// Reads a tracker's address.
pub(super) fn tracker(text: &str) -> Result<String, &'static str> {
    let absolute = text.starts_with("ws://") || text.starts_with("wss://");
    absolute
        .then(|| text.to_owned())
        .ok_or("a tracker's address begins with ws:// or wss://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stun_is_here_or_there_or_nowhere() {
        let here = |at: &str| Ok(Stun::Here(StunAt::Address(at.parse().unwrap())));
        assert_eq!(stun("[::]:3478"), here("[::]:3478"));
        assert_eq!(stun("off"), Ok(Stun::Here(StunAt::Off)));
        let there = "stun:example.org";
        assert_eq!(stun(there), Ok(Stun::There(there.into())));
        assert!(stun("example.org").is_err());
    }
}
