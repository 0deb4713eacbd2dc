//! WebTorrent's JSON in both directions.

use shoal_wire::DecodeError;
use shoal_wire::id::{InfoHash, OfferId, PeerId};
use shoal_wire::tracker::{
    Announce, AnnounceEvent, Answer, ClientMessage, Limits, OffBy, Offer, Scrape, TrackerMessage,
};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Bytes below 0x20, a quote, a backslash, and bytes from 0x7f on.
const HASH: InfoHash = InfoHash([
    0x00, 0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x1f, 0x22, 0x5c, 0x2f, 0x7f, 0x80, 0xa0, 0xff, b'a', b'b',
    b'c', b'd', b'e', b'f',
]);

/// As `JSON.stringify` writes it.
const HASH_JSON: &str = "\\u0000\\b\\t\\n\\f\\r\\u001f\\\"\\\\/\u{7f}\u{80}\u{a0}\u{ff}abcdef";

const PEER: PeerId = PeerId(*b"-WW0208-abcdefghijkl");
const OTHER: PeerId = PeerId(*b"-WW0208-zyxwvutsrqpo");
const OFFER: OfferId = OfferId(*b"offer-0123456789abcd");

fn client(json: &str) -> Result<ClientMessage, DecodeError> {
    ClientMessage::decode(json, &Limits::default())
}

fn tracker(json: &str) -> Result<TrackerMessage, DecodeError> {
    TrackerMessage::decode(json, &Limits::default())
}

fn announce() -> Announce {
    Announce {
        info_hash: HASH,
        peer_id: PEER,
        event: None,
        numwant: 0,
        uploaded: 0,
        downloaded: 0,
        left: None,
        offers: vec![],
        token: None,
    }
}

/// An announce with these fields besides the ids.
fn announce_with(fields: &str) -> Result<Announce, DecodeError> {
    let peer = "-WW0208-abcdefghijkl";
    let json =
        format!(r#"{{"action":"announce","info_hash":"{HASH_JSON}","peer_id":"{peer}"{fields}}}"#);
    match client(&json)? {
        ClientMessage::Announce(announce) => Ok(announce),
        other => panic!("{other:?}"),
    }
}

#[test]
fn announce_has_the_text_of_webtorrents() {
    let message = ClientMessage::Announce(Announce {
        event: Some(AnnounceEvent::Started),
        numwant: 1,
        left: Some(7),
        offers: vec![Offer {
            offer_id: OFFER,
            sdp: "v=0\r\n".into(),
        }],
        ..announce()
    });
    let json = [
        r#"{"numwant":1,"uploaded":0,"downloaded":0,"left":7,"event":"started","#,
        r#""action":"announce","info_hash":""#,
        HASH_JSON,
        r#"","peer_id":"-WW0208-abcdefghijkl","offers":[{"offer":{"type":"offer","#,
        r#""sdp":"v=0\r\n"},"offer_id":"offer-0123456789abcd"}]}"#,
    ]
    .concat();
    assert_eq!(message.encode(), json);
    assert_eq!(client(&json), Ok(message));
}

#[test]
fn answer_has_the_text_of_webtorrents() {
    let message = ClientMessage::Answer(Answer {
        info_hash: HASH,
        peer_id: PEER,
        to_peer_id: OTHER,
        offer_id: OFFER,
        sdp: "v=0\r\n".into(),
    });
    let json = [
        r#"{"action":"announce","info_hash":""#,
        HASH_JSON,
        r#"","peer_id":"-WW0208-abcdefghijkl","to_peer_id":"-WW0208-zyxwvutsrqpo","#,
        r#""answer":{"type":"answer","sdp":"v=0\r\n"},"offer_id":"offer-0123456789abcd"}"#,
    ]
    .concat();
    assert_eq!(message.encode(), json);
    assert_eq!(client(&json), Ok(message));
}

#[test]
fn id_may_escape_all_of_its_characters() {
    let escaped: String = HASH.0.iter().map(|byte| format!("\\u{byte:04X}")).collect();
    let json = format!(r#"{{"action":"scrape","info_hash":"{escaped}"}}"#);
    assert_eq!(
        client(&json),
        Ok(ClientMessage::Scrape {
            info_hashes: vec![HASH]
        })
    );
}

#[test]
fn announce_may_lack_what_real_clients_leave_out() {
    let seen = announce_with("").unwrap();
    assert_eq!(seen, announce());
    let magnet = announce_with(r#","left":null,"event":null,"offers":null,"trackerid":{}"#);
    assert_eq!(magnet, Ok(announce()));
    for event in ["", "empty", "paused", "update"] {
        assert_eq!(
            announce_with(&format!(r#","event":"{event}""#)),
            Ok(announce())
        );
    }
}

#[test]
fn numbers_are_brought_into_range() {
    let seen = announce_with(
        r#","numwant":1e99,"uploaded":-5,"downloaded":1.9,"left":18446744073709551615"#,
    );
    let expected = Announce {
        numwant: u32::MAX,
        downloaded: 1,
        left: Some(u64::MAX),
        ..announce()
    };
    assert_eq!(seen, Ok(expected));
}

#[test]
fn absent_numwant_is_the_number_of_offers() {
    let offer = r#"{"offer":{"sdp":"v=0"},"offer_id":"offer-0123456789abcd"}"#;
    let seen = announce_with(&format!(r#","offers":[{offer},{offer}]"#)).unwrap();
    assert_eq!((seen.numwant, seen.offers.len()), (2, 2));
}

#[test]
fn offers_without_a_description_are_passed_over() {
    let offers = [
        r#"{"fake_offer":"fake_offer_0"}"#,
        r#"{"offer":{"type":"offer"},"offer_id":"offer-0123456789abcd"}"#,
        r#"{"offer":{"type":"offer","sdp":"v=0"}}"#,
        r#"{"offer":null,"offer_id":"short"}"#,
        r#"{"offer":{"type":"offer","sdp":"v=0"},"offer_id":"offer-0123456789abcd"}"#,
    ];
    let seen = announce_with(&format!(r#","offers":[{}]"#, offers.join(","))).unwrap();
    assert_eq!(
        seen.offers,
        [Offer {
            offer_id: OFFER,
            sdp: "v=0".into()
        }]
    );
}

#[test]
fn surplus_offers_are_an_error() {
    let offers = |count| format!(r#","offers":[{}]"#, vec!["{}"; count].join(","));
    assert!(announce_with(&offers(10)).is_ok());
    for count in [11, 100, 101, 10_000] {
        let error = DecodeError::TooManyOffers { limit: 10 };
        assert_eq!(announce_with(&offers(count)), Err(error), "{count}");
    }
}

#[test]
fn absurd_announces_are_refused_by_name() {
    let sdp = "v".repeat(16 * 1024 + 1);
    let long = format!(
        r#","offers":[{{"offer":{{"sdp":"{sdp}"}},"offer_id":"{}"}}]"#,
        "o".repeat(20)
    );
    let token = format!(r#","token":"{}""#, "t".repeat(1025));
    let answer = r#","answer":{"type":"answer","sdp":"v=0"}"#;
    for (fields, error) in [
        (r#","event":"exploded""#, DecodeError::UnknownEvent),
        (
            r#","offers":[{"offer":{"sdp":"v=0"},"offer_id":"short"}]"#,
            DecodeError::BinaryId,
        ),
        (
            r#","offers":[{"offer":{"type":"answer","sdp":"v=0"},"offer_id":"offer-0123456789abcd"}]"#,
            DecodeError::DescriptionType,
        ),
        (&long, DecodeError::SdpTooLong { limit: 16 * 1024 }),
        (&token, DecodeError::TextTooLong { limit: 1024 }),
        (answer, DecodeError::Missing("to_peer_id")),
        (
            r#","answer":{},"to_peer_id":"-WW0208-zyxwvutsrqpo","offer_id":"offer-0123456789abcd""#,
            DecodeError::Missing("sdp"),
        ),
    ] {
        assert_eq!(announce_with(fields), Err(error), "{fields:.60}");
    }
}

#[test]
fn absurd_messages_are_refused_by_name() {
    let large = format!(r#"{{"a":"{}"}}"#, "a".repeat(64 * 1024));
    let deep = "{\"a\":".to_owned() + &"[".repeat(1000);
    let id = "a".repeat(20);
    for (json, error) in [
        ("{}", DecodeError::Missing("action")),
        (r#"{"action":null}"#, DecodeError::Missing("action")),
        (r#"{"action":"dance"}"#, DecodeError::UnknownAction),
        (
            r#"{"action":"announce"}"#,
            DecodeError::Missing("info_hash"),
        ),
        (
            r#"{"action":"announce","info_hash":[]}"#,
            DecodeError::Missing("info_hash"),
        ),
        (
            r#"{"action":"announce","info_hash":"short"}"#,
            DecodeError::BinaryId,
        ),
        (
            &format!(r#"{{"action":"announce","info_hash":["{id}","{id}"]}}"#),
            DecodeError::TooMany { limit: 1 },
        ),
        (
            &format!(r#"{{"action":"announce","info_hash":"{id}"}}"#),
            DecodeError::Missing("peer_id"),
        ),
        (
            &format!(
                r#"{{"action":"scrape","info_hash":[{}""]}}"#,
                r#""","#.repeat(100)
            ),
            DecodeError::TooMany { limit: 100 },
        ),
        (&large, DecodeError::Oversized { limit: 64 * 1024 }),
    ] {
        assert_eq!(client(json), Err(error), "{json:.60}");
    }
    for json in [
        "",
        "null",
        "[]",
        r#"["announce"]"#,
        "7",
        "{",
        r#"{"action":7}"#,
        &deep,
    ] {
        let seen = client(json);
        assert!(
            matches!(seen, Err(DecodeError::Json { .. })),
            "{json:.60} {seen:?}"
        );
        let seen = tracker(json);
        assert!(
            matches!(seen, Err(DecodeError::Json { .. })),
            "{json:.60} {seen:?}"
        );
    }
}

#[test]
fn scrape_asks_for_one_several_or_all() {
    let id = "a".repeat(20);
    let hash = InfoHash([b'a'; 20]);
    for (field, info_hashes) in [
        (String::new(), vec![]),
        (r#","info_hash":[]"#.into(), vec![]),
        (format!(r#","info_hash":"{id}""#), vec![hash]),
        (format!(r#","info_hash":["{id}","{id}"]"#), vec![hash, hash]),
    ] {
        let json = format!(r#"{{"action":"scrape"{field}}}"#);
        assert_eq!(client(&json), Ok(ClientMessage::Scrape { info_hashes }));
    }
}

#[test]
fn reply_to_an_announce_has_this_text() {
    let message = TrackerMessage::Announced {
        info_hash: HASH,
        interval: 120,
        complete: 1,
        incomplete: 2,
        min_interval: Some(30),
    };
    let json = [
        r#"{"action":"announce","info_hash":""#,
        HASH_JSON,
        r#"","interval":120,"complete":1,"incomplete":2,"min interval":30}"#,
    ]
    .concat();
    assert_eq!(message.encode(), json);
    assert_eq!(tracker(&json), Ok(message));
}

#[test]
fn reply_without_interval_takes_the_least_or_two_minutes() {
    for (fields, expected) in [
        (r#","complete":3"#, (120, None)),
        (r#","complete":3,"min interval":60"#, (60, Some(60))),
        (
            r#","complete":3,"interval":20.5,"warning message":"slow""#,
            (20, None),
        ),
    ] {
        let json = format!(r#"{{"action":"announce","info_hash":"{HASH_JSON}"{fields}}}"#);
        let Ok(TrackerMessage::Announced {
            interval,
            min_interval,
            complete: 3,
            ..
        }) = tracker(&json)
        else {
            panic!("{json}");
        };
        assert_eq!((interval, min_interval), expected);
    }
}

#[test]
fn forwarded_descriptions_have_this_text() {
    let sdp = "v=0\r\n".to_owned();
    let offer = TrackerMessage::Offer {
        info_hash: HASH,
        peer_id: PEER,
        offer_id: OFFER,
        sdp: sdp.clone(),
    };
    let answer = TrackerMessage::Answer {
        info_hash: HASH,
        peer_id: PEER,
        offer_id: OFFER,
        sdp,
    };
    for (message, kind) in [(offer, "offer"), (answer, "answer")] {
        let json = format!(
            "{{\"action\":\"announce\",\"info_hash\":\"{HASH_JSON}\",\
             \"peer_id\":\"-WW0208-abcdefghijkl\",\"offer_id\":\"offer-0123456789abcd\",\
             \"{kind}\":{{\"type\":\"{kind}\",\"sdp\":\"v=0\\r\\n\"}}}}"
        );
        assert_eq!(message.encode(), json);
        assert_eq!(tracker(&json), Ok(message));
    }
}

#[test]
fn failure_carries_the_action_only_with_the_swarm() {
    let reason = "unknown swarm".to_owned();
    let message = TrackerMessage::Failure {
        reason: reason.clone(),
        info_hash: Some(HASH),
        off: None,
    };
    let json = format!(
        r#"{{"failure reason":"unknown swarm","action":"announce","info_hash":"{HASH_JSON}"}}"#
    );
    assert_eq!(message.encode(), json);
    assert_eq!(tracker(&json), Ok(message));

    let bare = TrackerMessage::Failure {
        reason,
        info_hash: None,
        off: None,
    };
    assert_eq!(bare.encode(), r#"{"failure reason":"unknown swarm"}"#);
    assert_eq!(tracker(&bare.encode()), Ok(bare));
}

#[test]
fn failure_says_who_has_switched_sharing_off() {
    for (by, name) in [(OffBy::Site, "site"), (OffBy::Video, "video")] {
        let message = TrackerMessage::Failure {
            reason: "off".into(),
            info_hash: Some(HASH),
            off: Some(by),
        };
        let json = format!(
            r#"{{"failure reason":"off","action":"announce","info_hash":"{HASH_JSON}","p2p":"off","by":"{name}"}}"#
        );
        assert_eq!(message.encode(), json);
        assert_eq!(tracker(&json), Ok(message));
    }
    let off = |fields: &str| match tracker(&format!(r#"{{"failure reason":"no",{fields}}}"#)) {
        Ok(TrackerMessage::Failure { off, .. }) => off,
        other => panic!("{other:?}"),
    };
    assert_eq!(off(r#""p2p":"off""#), Some(OffBy::Site));
    assert_eq!(off(r#""p2p":"off","by":"page""#), Some(OffBy::Site));
    assert_eq!(off(r#""p2p":true,"by":"video""#), None);
    assert_eq!(off(r#""p2p":null,"by":[]"#), None);
}

#[test]
fn warning_alone_is_a_message() {
    let message = TrackerMessage::Warning {
        message: "slow".into(),
        info_hash: Some(HASH),
    };
    let json =
        format!(r#"{{"warning message":"slow","action":"announce","info_hash":"{HASH_JSON}"}}"#);
    assert_eq!(message.encode(), json);
    assert_eq!(tracker(&json), Ok(message));
}

#[test]
fn texts_for_humans_are_cut() {
    let json = format!(r#"{{"failure reason":"{}"}}"#, "é".repeat(10_000));
    let expected = TrackerMessage::Failure {
        reason: "é".repeat(256),
        info_hash: None,
        off: None,
    };
    assert_eq!(tracker(&json), Ok(expected));
}

#[test]
fn scrape_reply_has_this_text() {
    let counts = Scrape {
        complete: 1,
        incomplete: 2,
        downloaded: 3,
    };
    let message = TrackerMessage::Scraped {
        files: vec![(HASH, counts)],
    };
    let json = [
        r#"{"action":"scrape","files":{""#,
        HASH_JSON,
        r#"":{"complete":1,"incomplete":2,"downloaded":3}}}"#,
    ]
    .concat();
    assert_eq!(message.encode(), json);
    assert_eq!(tracker(&json), Ok(message));
}

#[test]
fn absurd_tracker_messages_are_refused_by_name() {
    let id = "a".repeat(20);
    let files: Vec<_> = (0..101).map(|n| format!(r#""{n}":{{}}"#)).collect();
    for (json, error) in [
        ("{}", DecodeError::Missing("action")),
        (r#"{"action":"dance"}"#, DecodeError::UnknownAction),
        (
            r#"{"action":"announce"}"#,
            DecodeError::Missing("info_hash"),
        ),
        (r#"{"action":"scrape"}"#, DecodeError::Missing("files")),
        (
            r#"{"action":"scrape","files":{"short":{}}}"#,
            DecodeError::BinaryId,
        ),
        (
            &format!(r#"{{"action":"scrape","files":{{{}}}}}"#, files.join(",")),
            DecodeError::TooMany { limit: 100 },
        ),
        (
            &format!(r#"{{"action":"announce","info_hash":"{id}","offer":{{}}}}"#),
            DecodeError::Missing("peer_id"),
        ),
        (
            &format!(
                r#"{{"action":"announce","info_hash":"{id}","peer_id":"{id}","offer_id":"{id}","offer":{{}}}}"#
            ),
            DecodeError::Missing("sdp"),
        ),
        (
            r#"{"failure reason":"no","info_hash":"short"}"#,
            DecodeError::BinaryId,
        ),
    ] {
        assert_eq!(tracker(json), Err(error), "{json:.60}");
    }
}
