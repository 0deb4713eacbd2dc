//! What clients of WebTorrent's protocol say, written and read here by other means than the tracker's
//! own, so that a mistake in those is seen.

use std::borrow::Cow;

use serde::Deserialize;

/// Characters of every id.
const ID: usize = 20;

/// What all announces and answers have in common.
#[derive(Debug)]
pub(crate) struct Phrases {
    /// The swarms' names, one character for each byte.
    swarms: Vec<String>,
    /// The same as JSON strings, quotes included.
    info_hashes: Vec<String>,
    offer: String,
    answer: String,
    offers: usize,
}

/// What a tracker has said.
#[derive(Debug, Deserialize)]
pub(crate) struct Heard<'a> {
    #[serde(borrow)]
    pub(crate) info_hash: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) peer_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) offer_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) offer: Option<Description<'a>>,
    #[serde(borrow)]
    pub(crate) answer: Option<Description<'a>>,
    #[serde(rename = "failure reason")]
    pub(crate) failure: Option<String>,
    /// Set by Shoal's tracker when sharing is switched off.
    #[serde(borrow)]
    pub(crate) p2p: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Description<'a> {
    #[serde(borrow)]
    pub(crate) sdp: Cow<'a, str>,
}

/// Names one offer: the announce that it came with, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OfferName {
    pub(crate) cycle: usize,
    pub(crate) place: usize,
}

impl Phrases {
    /// Swarms with binary names, as Shoal and WebTorrent have them, and `offers` in each announce, each
    /// with an SDP of so many bytes.
    pub(crate) fn new(info_hashes: &[[u8; ID]], offers: usize, sdp: usize) -> Self {
        let json = |text: &str| serde_json::Value::from(text).to_string();
        let description = |kind: &str| {
            let sdp = json(&session(sdp));
            format!(r#""{kind}":{{"type":"{kind}","sdp":{sdp}}}"#)
        };
        let binary = |hash: &[u8; ID]| hash.iter().copied().map(char::from).collect::<String>();
        let swarms: Vec<_> = info_hashes.iter().map(binary).collect();
        Self {
            info_hashes: swarms.iter().map(|swarm| json(swarm)).collect(),
            swarms,
            offer: description("offer"),
            answer: description("answer"),
            offers,
        }
    }

    /// A viewer joins, and offers nothing yet.
    pub(crate) fn join(&self, viewer: usize, swarm: usize) -> String {
        self.announce(viewer, swarm, r#""event":"started","#, "", 0)
    }

    /// A periodic announce with offers.
    pub(crate) fn cycle(&self, viewer: usize, swarm: usize, cycle: usize) -> String {
        let mut offers = String::with_capacity(self.offers * (self.offer.len() + 50) + 20);
        offers.push_str(r#","offers":["#);
        for place in 0..self.offers {
            if place > 0 {
                offers.push(',');
            }
            offers.push('{');
            offers.push_str(&self.offer);
            offers.push_str(r#","offer_id":""#);
            offers.push_str(&OfferName { cycle, place }.write());
            offers.push_str(r#""}"#);
        }
        offers.push(']');
        self.announce(viewer, swarm, "", &offers, self.offers)
    }

    /// In the order in which WebTorrent's client writes the fields.
    fn announce(
        &self,
        viewer: usize,
        swarm: usize,
        event: &str,
        offers: &str,
        numwant: usize,
    ) -> String {
        let (info_hash, peer_id) = (&self.info_hashes[swarm], peer_id(viewer));
        format!(
            r#"{{"numwant":{numwant},"uploaded":0,"downloaded":0,"left":1000000,{event}"action":"announce","info_hash":{info_hash},"peer_id":"{peer_id}"{offers}}}"#,
        )
    }

    /// The answer to an offer.
    pub(crate) fn answer(&self, viewer: usize, swarm: usize, to: &str, offer_id: &str) -> String {
        let (info_hash, peer_id, answer) =
            (&self.info_hashes[swarm], peer_id(viewer), &self.answer);
        format!(
            r#"{{"action":"announce","info_hash":{info_hash},"peer_id":"{peer_id}","to_peer_id":"{to}",{answer},"offer_id":"{offer_id}"}}"#,
        )
    }

    /// Whether a name is that of a swarm.
    pub(crate) fn is_of(&self, name: &str, swarm: usize) -> bool {
        self.swarms.get(swarm).is_some_and(|known| known == name)
    }

    /// Offers in each announce.
    pub(crate) fn offers(&self) -> usize {
        self.offers
    }
}

impl OfferName {
    fn write(self) -> String {
        format!("{:016}{:04}", self.cycle, self.place)
    }

    pub(crate) fn read(id: &str) -> Option<Self> {
        let (cycle, place) = id.split_at_checked(16)?;
        Some(Self {
            cycle: cycle.parse().ok()?,
            place: place.parse().ok()?,
        })
    }
}

/// The name of a viewer.
pub(crate) fn peer_id(viewer: usize) -> String {
    format!("-LD0001-{viewer:012}")
}

/// The viewer of a name.
pub(crate) fn viewer(peer_id: &str) -> Option<usize> {
    peer_id.strip_prefix("-LD0001-")?.parse().ok()
}

/// A session description of a browser, of exactly so many bytes: more or fewer candidates.
fn session(bytes: usize) -> String {
    let mut sdp = String::from(
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\
         c=IN IP4 0.0.0.0\r\na=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlJx\r\na=ice-options:trickle\r\n\
         a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n",
    );
    while sdp.len() < bytes {
        sdp.push_str(
            "a=candidate:1052353102 1 udp 2113937151 192.0.2.17 56321 typ host generation 0\r\n",
        );
    }
    sdp.truncate(bytes);
    sdp
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases() -> Phrases {
        Phrases::new(&[[7; ID], [0xe9; ID]], 5, 1_000)
    }

    #[test]
    fn announces_are_json_with_offers_of_the_size_asked_for() {
        let announce = phrases().cycle(3, 1, 77);
        let read: serde_json::Value = serde_json::from_str(&announce).unwrap();
        assert_eq!(read["info_hash"], "é".repeat(ID));
        assert_eq!(read["peer_id"], peer_id(3));
        assert_eq!(read["numwant"], 5);
        let offers = read["offers"].as_array().unwrap();
        assert_eq!(offers.len(), 5);
        for (place, offer) in offers.iter().enumerate() {
            assert_eq!(offer["offer"]["sdp"].as_str().unwrap().len(), 1_000);
            let id = offer["offer_id"].as_str().unwrap();
            assert_eq!(id.len(), ID);
            assert_eq!(OfferName::read(id), Some(OfferName { cycle: 77, place }));
        }
        let join: serde_json::Value = serde_json::from_str(&phrases().join(3, 0)).unwrap();
        assert_eq!(join["event"], "started");
        assert!(join.get("offers").is_none());
    }

    #[test]
    fn an_answer_names_both_viewers_and_the_offer() {
        let answer = phrases().answer(3, 0, &peer_id(4), "an offer's id of 20.");
        let read: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(viewer(read["peer_id"].as_str().unwrap()), Some(3));
        assert_eq!(viewer(read["to_peer_id"].as_str().unwrap()), Some(4));
        assert_eq!(read["offer_id"], "an offer's id of 20.");
        assert_eq!(read["answer"]["type"], "answer");
    }

    #[test]
    fn what_a_tracker_says_is_read() {
        let heard: Heard<'_> = serde_json::from_str(
            r#"{"action":"announce","failure reason":"no","p2p":"off","complete":3}"#,
        )
        .unwrap();
        assert_eq!(heard.failure.as_deref(), Some("no"));
        assert_eq!(heard.p2p.as_deref(), Some("off"));
        assert!(heard.offer.is_none() && heard.answer.is_none());
    }
}
