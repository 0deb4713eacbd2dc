//! What of our own session description (SDP, RFC 8866) may leave the page.
//!
//! Browsers put addresses into it beside the candidates: as the address that a candidate was derived
//! from (`raddr`), as the connection's default (`c=`, `m=`), as the session's origin (`o=`). None of
//! them is of use to a peer that speaks ICE (RFC 8839), so none is sent.

/// A description as others may see it: the candidates that lead to us and no other address. With
/// `relay_only` no candidate but those of relays (TURN, RFC 8656) is left. `None` when none is left: then
/// nobody could reach us by it.
#[must_use]
pub fn disclosed(sdp: &str, relay_only: bool) -> Option<String> {
    let mut seen = String::with_capacity(sdp.len());
    let mut candidates = 0_usize;
    for line in sdp.lines() {
        if line.starts_with("a=candidate:") {
            if !leads_to_us(line, relay_only) {
                continue;
            }
            candidates += 1;
        } else if line.starts_with("a=rtcp:") {
            continue;
        }
        let kind = line.as_bytes().first().copied().unwrap_or_default();
        let mut before = "";
        for (place, word) in line.split(' ').enumerate() {
            if place > 0 {
                seen.push(' ');
            }
            // In place of what nobody needs, as RFC 8839 §4.3.1 and §5.1 have it.
            seen.push_str(match (kind, place, before) {
                (b'o', 4, _) | (b'c', 1, _) => "IP4",
                (b'o', 5, _) | (b'c', 2, _) | (b'a', 8.., "raddr") => "0.0.0.0",
                (b'm', 1, _) => "9",
                (b'a', 8.., "rport") => "0",
                _ => word,
            });
            before = word;
        }
        seen.push_str("\r\n");
    }
    (candidates > 0).then_some(seen)
}

/// Whether a peer could come by this candidate: `a=candidate:<foundation> <component> <transport>
/// <priority> <address> <port> typ <type> …` (RFC 8839 §5.1). One that only connects to others does not
/// count: browsers have none that listens.
fn leads_to_us(candidate: &str, relay_only: bool) -> bool {
    let (mut relay, mut listens) = (false, true);
    let mut before = "";
    for (place, word) in candidate.split(' ').enumerate() {
        match (place, before) {
            (7, "typ") => relay = word == "relay",
            (8.., "tcptype") => listens &= word != "active",
            _ => {}
        }
        before = word;
    }
    listens && (relay || !relay_only)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "v=0\r\no=mozilla-99 812 0 IN IP4 192.168.1.7\r\ns=-\r\nt=0 0\r\n\
        a=ice-ufrag:x\r\nm=application 51472 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 203.0.113.4\r\n";
    const HOST: &str = "a=candidate:1 1 udp 2122260223 192.168.1.7 51472 typ host generation 0\r\n";
    const NAMED: &str = "a=candidate:1 1 udp 2122260223 4f.local 51472 typ host\r\n";
    const MAPPED: &str = "a=candidate:2 1 udp 1686052607 203.0.113.4 51472 typ srflx raddr 192.168.1.7 rport 51472\r\n";
    const RELAYED: &str = "a=candidate:3 1 udp 41885439 198.51.100.9 60000 typ relay raddr 203.0.113.4 rport 51472\r\n";
    const CALLING: &str =
        "a=candidate:4 1 tcp 1518280447 192.168.1.7 9 typ host tcptype active generation 0\r\n";

    fn described(candidates: &[&str]) -> String {
        format!("{HEAD}{}a=end-of-candidates\r\n", candidates.concat())
    }

    #[test]
    fn only_candidates_hold_addresses() {
        let seen = disclosed(&described(&[NAMED, MAPPED]), false).unwrap();
        assert_eq!(seen.matches("203.0.113.4").count(), 1);
        assert!(!seen.contains("192.168"), "{seen}");
        assert!(seen.contains("typ srflx raddr 0.0.0.0 rport 0\r\n"));
        assert!(seen.contains("o=mozilla-99 812 0 IN IP4 0.0.0.0\r\n"));
        assert!(seen.contains("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
        assert!(seen.contains("a=ice-ufrag:x\r\n") && seen.ends_with("a=end-of-candidates\r\n"));
    }

    #[test]
    fn hidden_only_the_relay_is_seen() {
        let all = described(&[HOST, NAMED, MAPPED, RELAYED, CALLING]);
        let seen = disclosed(&all, true).unwrap();
        assert_eq!(seen.matches("a=candidate:").count(), 1);
        assert!(seen.contains("198.51.100.9 60000 typ relay raddr 0.0.0.0 rport 0"));
        for address in ["192.168.1.7", "203.0.113.4", ".local"] {
            assert!(!seen.contains(address), "{seen}");
        }
    }

    #[test]
    fn who_cannot_be_reached_has_no_description() {
        assert_eq!(disclosed(&described(&[]), false), None);
        assert_eq!(disclosed(&described(&[CALLING]), false), None);
        assert_eq!(disclosed(&described(&[HOST, MAPPED]), true), None);
        assert_eq!(disclosed("", true), None);
    }

    #[test]
    fn what_is_odd_is_never_taken_for_a_relay() {
        for odd in [
            "a=candidate:relay\r\n",
            "a=candidate:1 1 udp 1 192.0.2.1 1 typ\r\n",
            "a=candidate:1 1 typ relay 192.0.2.1 1 typ host\r\n",
        ] {
            assert_eq!(disclosed(&described(&[odd]), true), None, "{odd}");
        }
    }

    #[test]
    fn bare_line_ends_are_lines_too() {
        let seen = disclosed(&described(&[MAPPED]).replace("\r\n", "\n"), false).unwrap();
        assert!(seen.lines().count() > 8 && !seen.contains("192.168"));
    }
}
