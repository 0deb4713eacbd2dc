//! The tracker reads what the codec reads, in one pass, and passes session descriptions on unread.

use proptest::prelude::*;
use serde_json::{Value, json};
use shoal_wire::DecodeError;
use shoal_wire::id::{InfoHash, OfferId, PeerId};
use shoal_wire::tracker::{Announce, Answer, ClientMessage, Limits, Offer, Sdp, TrackerMessage};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What JSON stands for.
fn text(sdp: Sdp<'_>) -> String {
    serde_json::from_str(sdp.json()).unwrap()
}

/// The same message with its descriptions read.
fn decoded(message: ClientMessage<Sdp<'_>>) -> ClientMessage {
    match message {
        ClientMessage::Announce(announce) => {
            let offer = |Offer { offer_id, sdp }| Offer {
                offer_id,
                sdp: text(sdp),
            };
            ClientMessage::Announce(Announce {
                info_hash: announce.info_hash,
                peer_id: announce.peer_id,
                event: announce.event,
                numwant: announce.numwant,
                uploaded: announce.uploaded,
                downloaded: announce.downloaded,
                left: announce.left,
                offers: announce.offers.into_iter().map(offer).collect(),
                token: announce.token,
            })
        }
        ClientMessage::Answer(answer) => ClientMessage::Answer(Answer {
            info_hash: answer.info_hash,
            peer_id: answer.peer_id,
            to_peer_id: answer.to_peer_id,
            offer_id: answer.offer_id,
            sdp: text(answer.sdp),
        }),
        ClientMessage::Scrape { info_hashes } => ClientMessage::Scrape { info_hashes },
    }
}

fn read_alike(json: &str, limits: &Limits) -> Result<ClientMessage, DecodeError> {
    let known = ClientMessage::decode(json, limits);
    assert_eq!(
        ClientMessage::scan(json, limits).map(decoded),
        known,
        "{json}"
    );
    known
}

const SMALL: Limits = Limits {
    max_message: 2_000,
    max_sdp: 12,
    max_offers: 2,
    max_scrape: 2,
    max_token: 4,
};

/// An object with some of these fields, in any order.
fn object(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let field = |(name, value): (&'static str, BoxedStrategy<Value>)| {
        prop::option::weighted(0.9, value.prop_map(move |value| (name, value)))
    };
    let fields: Vec<_> = fields.into_iter().map(field).collect();
    let fields = fields.prop_map(|fields| fields.into_iter().flatten().collect::<Vec<_>>());
    fields
        .prop_shuffle()
        .prop_map(|fields| {
            fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()
        })
        .boxed()
}

/// Mostly what is expected.
fn mostly(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    let odd = prop::sample::select(vec![
        json!(null),
        json!(7),
        json!("odd"),
        json!([]),
        json!({}),
        json!([[{"sdp": "v"}]]),
    ]);
    prop_oneof![12 => value, 1 => odd].boxed()
}

fn one_of(words: &[&'static str]) -> BoxedStrategy<Value> {
    mostly(prop::sample::select(words.to_vec()).prop_map(Value::from))
}

fn id() -> BoxedStrategy<Value> {
    let bytes = prop::array::uniform20(any::<u8>());
    mostly(bytes.prop_map(|bytes| bytes.map(char::from).iter().collect::<String>().into()))
}

fn description() -> BoxedStrategy<Value> {
    let sdp = prop_oneof!["[a-z\r\n\"é]{0,9}", "\\PC{9,14}"].prop_map(Value::from);
    mostly(object(vec![
        ("type", one_of(&["offer", "answer"])),
        ("sdp", mostly(sdp)),
        ("more", mostly(Just(json!([{"sdp": 1}])))),
    ]))
}

fn message() -> BoxedStrategy<Value> {
    let offer = object(vec![("offer", description()), ("offer_id", id())]);
    let offers = prop::collection::vec(mostly(offer), 0..4).prop_map(Value::from);
    let hashes = prop::collection::vec(id(), 0..3).prop_map(Value::from);
    let announce = vec![
        ("action", one_of(&["announce"])),
        ("info_hash", id()),
        ("peer_id", id()),
        ("event", one_of(&["started", "update", "stopped"])),
        ("offers", mostly(offers.clone())),
        ("token", one_of(&["abc", "abcde"])),
        ("numwant", mostly(any::<u8>().prop_map(Value::from))),
        ("left", mostly(any::<i32>().prop_map(Value::from))),
    ];
    let answer = vec![
        ("action", one_of(&["announce"])),
        ("answer", description()),
        ("info_hash", id()),
        ("peer_id", id()),
        ("to_peer_id", id()),
        ("offer_id", id()),
        (
            "offers",
            prop_oneof![1 => mostly(offers.clone()), 9 => Just(json!(null))].boxed(),
        ),
    ];
    let scrape = vec![
        ("action", one_of(&["scrape", "announce"])),
        ("info_hash", prop_oneof![mostly(hashes), id()].boxed()),
        ("offers", mostly(offers)),
    ];
    prop_oneof![object(announce), object(answer), object(scrape)].boxed()
}

proptest! {
    #[test]
    fn messages_are_read_alike(message in message()) {
        let _ = read_alike(&message.to_string(), &Limits::default());
        let _ = read_alike(&format!("{message:#}"), &SMALL);
    }

    #[test]
    fn changed_messages_are_read_alike(
        message in message(),
        at in any::<prop::sample::Index>(),
        cut in 0..3_usize,
        put in prop::sample::select(vec!["", "{", "}", "]", ",", "\"", "\\", "\\u0061", "null", "\"sdp\":1,", "\"offers\":[],", "\u{1}"]),
    ) {
        let mut characters: Vec<char> = message.to_string().chars().collect();
        let at = at.index(characters.len());
        let end = characters.len().min(at + cut);
        characters.splice(at..end, put.chars());
        let json: String = characters.into_iter().collect();
        let _ = read_alike(&json, &Limits::default());
    }

    #[test]
    fn what_is_passed_on_is_what_would_be_written(
        ids in prop::array::uniform3(prop::array::uniform20(any::<u8>())),
        sdp in any::<String>(),
        is_offer: bool,
    ) {
        let [info_hash, peer_id, offer_id] = ids;
        let offer = ClientMessage::Announce(Announce {
            info_hash: InfoHash(info_hash),
            peer_id: PeerId(peer_id),
            event: None,
            numwant: 1,
            uploaded: 0,
            downloaded: 0,
            left: None,
            offers: vec![Offer { offer_id: OfferId(offer_id), sdp: sdp.clone() }],
            token: None,
        })
        .encode();
        let Ok(ClientMessage::Announce(announce)) = ClientMessage::scan(&offer, &Limits::default()) else {
            panic!("an announce");
        };
        let Announce { info_hash, peer_id, offers, .. } = announce;
        let Offer { offer_id, sdp: raw } = offers[0];
        let (passed, written) = if is_offer {
            (
                TrackerMessage::Offer { info_hash, peer_id, offer_id, sdp: raw },
                TrackerMessage::Offer { info_hash, peer_id, offer_id, sdp },
            )
        } else {
            (
                TrackerMessage::Answer { info_hash, peer_id, offer_id, sdp: raw },
                TrackerMessage::Answer { info_hash, peer_id, offer_id, sdp },
            )
        };
        let mut out = Vec::new();
        passed.append(&mut out);
        let written = written.encode();
        prop_assert_eq!(passed.encode(), &*written);
        prop_assert_eq!(String::from_utf8(out).unwrap(), written);
    }
}

#[test]
fn most_generated_messages_say_something() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let fine = (0..200).filter(|_| {
        let message = message().new_tree(&mut runner).unwrap().current();
        read_alike(&message.to_string(), &Limits::default()).is_ok()
    });
    assert!(fine.count() > 40);
}

#[test]
fn nesting_has_the_same_bound_everywhere() {
    let id = "x".repeat(20);
    for depth in 118..130 {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for field in [
            format!(r#""more":{deep}"#),
            format!(r#""offers":{deep}"#),
            format!(r#""offers":[{{"more":{deep}}}]"#),
            format!(r#""offers":[{{"offer":{{"sdp":"v","more":{deep}}},"offer_id":"{id}"}}]"#),
        ] {
            let json =
                format!(r#"{{"action":"announce","info_hash":"{id}","peer_id":"{id}",{field}}}"#);
            let _ = read_alike(&json, &Limits::default());
        }
    }
}
