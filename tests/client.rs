//! What the page's script sees.
#![cfg(target_arch = "wasm32")]

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use common::{array, media, rest, until};
use js_sys::{Array, Function, JSON, Reflect, Uint8Array};
use sha2::{Digest, Sha256};
use shoal::Client;
use shoal_wire::index::{Part, PartSegment};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const INDEX: &str = r#"{
    "shoal": 1,
    "swarm": "00112233445566778899aabbccddeeff00112233",
    "live": false,
    "piece_length": 65536,
    "stride": 256,
    "trackers": [],
    "tracks": [
        {"playlist": "../360p/p.m3u8", "part_segments": 16},
        {"playlist": "../720p/p.m3u8", "part_segments": 16}
    ]
}"#;

const INDEX_URL: &str = "https://video.example/films/one/master.m3u8.shoal/index.json";

#[wasm_bindgen(inline_js = "
export function serve(files) {
  globalThis.fetch = async (url, init) => {
    const body = files[new URL(url).pathname];
    if (body === undefined) return new Response(null, { status: 404 });
    const range = /^bytes=(\\d+)-(\\d+)$/.exec(init.headers?.get('Range') ?? '');
    if (range === null) return new Response(body);
    const [start, end] = [Number(range[1]), Number(range[2])];
    const headers = { 'Content-Range': `bytes ${start}-${end}/${body.length}` };
    return new Response(body.slice(start, end + 1), { status: 206, headers });
  };
}
")]
extern "C" {
    /// Answers all requests of the page from these files, by path.
    fn serve(files: &JsValue);
}

/// A client with what it emitted.
struct Page {
    client: Client,
    events: Rc<RefCell<Vec<JsValue>>>,
    _emit: Closure<dyn Fn(Array)>,
}

impl Page {
    fn new() -> Self {
        let events = Rc::<RefCell<Vec<JsValue>>>::default();
        let kept = Rc::clone(&events);
        let emit = Closure::<dyn Fn(Array)>::new(move |batch: Array| {
            kept.borrow_mut().extend(batch.iter());
        });
        let function: &Function = emit.as_ref().unchecked_ref();
        let client = Client::new(json("{}"), 1, function.clone()).expect("options are right");
        Self {
            client,
            events,
            _emit: emit,
        }
    }

    fn with_index() -> Self {
        let page = Self::new();
        page.client
            .set_index(INDEX, INDEX_URL)
            .expect("the index is right");
        page
    }

    /// The `key` of the first event of a type.
    fn event(&self, kind: &str, key: &str) -> Option<JsValue> {
        let events = self.events.borrow();
        let event = events
            .iter()
            .find(|event| get(event, "type").as_string().as_deref() == Some(kind));
        event.map(|event| get(event, key))
    }
}

fn json(text: &str) -> JsValue {
    JSON::parse(text).expect("JSON")
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).expect("an object")
}

fn code<T>(result: Result<T, JsValue>) -> Option<String> {
    result
        .err()
        .and_then(|error| get(&error, "code").as_string())
}

fn segments(count: u32) -> JsValue {
    let segments = (0..count).map(|seq| {
        let start = seq * 4;
        let url = format!("https://video.example/films/one/360p/{seq}.m4s");
        json(&format!(
            r#"{{"seq": {seq}, "url": "{url}", "start": {start}, "duration": 4}}"#
        ))
    });
    segments.collect::<Array>().into()
}

fn list<T: JsCast>(values: &JsValue) -> Vec<T> {
    Array::from(values)
        .iter()
        .map(JsCast::unchecked_into)
        .collect()
}

#[wasm_bindgen_test]
fn options_that_are_not_right_are_named() {
    for options in [
        r#"{"storeBites": 1}"#,
        r#"{"storeBytes": "much"}"#,
        r#"{"storeBytes": -1}"#,
        r#"{"storeBytes": 1}"#,
        r#"{"storeBytes": null}"#,
        r#"{"maxHttp": 2.5}"#,
        r#"{"maxHttp": 4294967296}"#,
        r#"{"uploadRate": 1e300}"#,
        r#"{"horizon": -1}"#,
        r#"{"horizon": "12"}"#,
        r#"{"trace": 1}"#,
        "7",
        "null",
    ] {
        let refused = Client::new(json(options), 1, Function::new_no_args(""));
        assert_eq!(code(refused).as_deref(), Some("config"), "{options}");
    }
    let options = r#"{"storeBytes": 1048576, "horizon": 12.5}"#;
    let options = json(options);
    Reflect::set(&options, &"margin".into(), &JsValue::UNDEFINED).expect("an object");
    assert!(Client::new(options, 1, Function::new_no_args("")).is_ok());
}

#[wasm_bindgen_test]
fn recording_is_for_those_who_ask() {
    let client = |options| Client::new(json(options), 1, Function::new_no_args(""));
    let silent = client("{}").expect("options are right");
    silent.playhead(1.0, 1.0, Vec::new()).expect("a playhead");
    assert_eq!(silent.trace(), None);
    let client = client(r#"{"trace": true}"#).expect("options are right");
    let before = client.trace().expect("a recording");
    assert!(before.starts_with(b"shoal"));
    client.playhead(1.0, 1.0, Vec::new()).expect("a playhead");
    let after = client.trace().expect("a recording");
    assert!(after.len() > before.len());
    client.close();
    let closed = client.trace().expect("a recording");
    assert!(closed.len() > after.len(), "leaving is recorded too");
}

#[wasm_bindgen_test]
fn index_that_is_not_right_is_refused_and_the_next_is_taken() {
    let page = Page::new();
    for (index, url) in [
        ("", INDEX_URL),
        ("{}", INDEX_URL),
        (INDEX, "index.json"),
        (
            &INDEX.replace("[]", r#"["ftp://tracker.example"]"#),
            INDEX_URL,
        ),
        (&INDEX.replace("65536", "0"), INDEX_URL),
    ] {
        let refused = page.client.set_index(index, url);
        assert_eq!(code(refused).as_deref(), Some("index-malformed"), "{index}");
    }
    assert_eq!(page.client.tracks().length(), 0);
    assert!(page.client.set_index(INDEX, INDEX_URL).is_ok());
    assert!(page.client.set_index(INDEX, INDEX_URL).is_err());
}

#[wasm_bindgen_test]
fn tracks_are_absolute_and_in_order() {
    let tracks = Page::with_index().client.tracks();
    let expected = [
        "https://video.example/films/one/360p/p.m3u8",
        "https://video.example/films/one/720p/p.m3u8",
    ];
    assert_eq!(
        tracks
            .iter()
            .filter_map(|it| it.as_string())
            .collect::<Vec<_>>(),
        expected
    );
}

#[wasm_bindgen_test]
async fn need_before_the_index_is_declined() {
    let page = Page::new();
    page.client.need(41.0, 0, 0.0);
    until("a decline", || page.event("decline", "id").is_some()).await;
    assert_eq!(page.event("decline", "id"), Some(JsValue::from(41)));
}

#[wasm_bindgen_test]
fn rules_are_checked() {
    let page = Page::new();
    for (name, value, right) in [
        ("capable", JsValue::TRUE, true),
        ("capable", "on".into(), false),
        ("metered", JsValue::FALSE, true),
        ("page", "ask".into(), true),
        ("page", "perhaps".into(), false),
        ("page", JsValue::NULL, true),
        ("viewer", JsValue::TRUE, true),
        ("viewer", JsValue::NULL, true),
        ("neighbour", JsValue::TRUE, false),
    ] {
        let outcome = code(page.client.rule(name, value.clone()));
        assert_eq!(
            outcome,
            (!right).then(|| "argument".into()),
            "{name} {value:?}"
        );
    }
}

#[wasm_bindgen_test]
fn switching_off_is_the_state_and_its_reason() {
    let page = Page::with_index();
    page.client.rule("capable", JsValue::TRUE).expect("a rule");
    page.client.rule("viewer", JsValue::FALSE).expect("a rule");
    let stats = page.client.stats();
    assert_eq!(get(&stats, "state"), JsValue::from("off"));
    assert_eq!(get(&stats, "reason"), JsValue::from("you"));
    assert_eq!(get(&stats, "originBytes"), JsValue::from(0));
}

#[wasm_bindgen_test]
fn timeline_and_playhead_take_what_the_page_has() {
    let page = Page::with_index();
    page.client
        .timeline(0, list(&segments(100)))
        .expect("a timeline");
    page.client
        .timeline(9, list(&segments(1)))
        .expect("of no track, and no matter");
    let active = json(r#"[{"track": 0, "buffered": 3.5}]"#);
    page.client
        .playhead(1.5, 1.0, list(&active))
        .expect("a playhead");
    page.client
        .playhead(f64::NAN, f64::INFINITY, list(&active))
        .expect("no time is no harm");
    assert!(
        page.client
            .timeline(0, list(&json(r#"[{"seq": 1}]"#)))
            .is_err()
    );
}

#[wasm_bindgen_test]
async fn after_close_nothing_happens() {
    let page = Page::with_index();
    page.client.close();
    page.events.borrow_mut().clear();
    page.client.close();
    page.client.need(1.0, 0, 0.0);
    page.client.cancel(1.0);
    page.client
        .offered(0, 0.0, Uint8Array::new_with_length(10), 0.0, 0.0);
    page.client.timeline(0, list(&segments(1))).expect("no-op");
    page.client.playhead(0.0, 1.0, Vec::new()).expect("no-op");
    page.client.rule("viewer", JsValue::TRUE).expect("no-op");
    page.client.set_index(INDEX, INDEX_URL).expect("no-op");
    assert_eq!(page.client.tracks().length(), 0);
    assert!(get(&page.client.stats(), "state").is_string());
    rest().await;
    assert!(page.events.borrow().is_empty());
}

#[wasm_bindgen_test]
fn calls_from_inside_emit_are_taken() {
    let client = Rc::<RefCell<Option<Client>>>::default();
    let seen = Rc::<RefCell<u32>>::default();
    let emit = Closure::<dyn Fn(Array)>::new({
        let (client, seen) = (Rc::clone(&client), Rc::clone(&seen));
        move |_| {
            *seen.borrow_mut() += 1;
            if let Some(client) = client.borrow().as_ref().filter(|_| *seen.borrow() < 3) {
                client.need(2.0, 0, 0.0);
                let _figures = client.stats();
            }
        }
    });
    let function: &Function = emit.as_ref().unchecked_ref();
    let made = Client::new(json("{}"), 1, function.clone()).expect("options are right");
    *client.borrow_mut() = Some(made);
    client
        .borrow()
        .as_ref()
        .expect("the client")
        .need(1.0, 0, 0.0);
    assert!(*seen.borrow() >= 2);
}

/// A client that may share, with 24 s of its video buffered. The digests of segment 6, which comes
/// next, are those of `told`, while the origin has `had`.
async fn watching(told: &[u8], had: &[u8]) -> Page {
    let digests = told
        .chunks(65_536)
        .map(|piece| Sha256::digest(piece).into());
    let segment = PartSegment {
        length: told.len() as u32,
        pieces: digests.collect(),
    };
    let part = Part {
        first: 6,
        segments: vec![segment],
    };
    let files = js_sys::Object::new();
    for (path, bytes) in [
        (
            "/films/one/master.m3u8.shoal/0/0.bin",
            part.encode().as_slice(),
        ),
        ("/films/one/360p/6.m4s", had),
    ] {
        Reflect::set(&files, &path.into(), &array(bytes)).expect("an object");
    }
    serve(&files);

    let page = Page::new();
    page.client.rule("capable", JsValue::TRUE).expect("a rule");
    page.client.rule("viewer", JsValue::TRUE).expect("a rule");
    page.client
        .set_index(INDEX, INDEX_URL)
        .expect("the index is right");
    page.client
        .timeline(0, list(&segments(7)))
        .expect("a timeline");
    let active = json(r#"[{"track": 0, "buffered": 24}]"#);
    page.client
        .playhead(0.0, 1.0, list(&active))
        .expect("a playhead");
    page
}

#[wasm_bindgen_test]
async fn needed_segment_comes_whole_and_verified_from_the_origin() {
    let bytes = media(150_000);
    let page = watching(&bytes, &bytes).await;
    page.client.need(7.0, 0, 6.0);
    until("the segment", || page.event("deliver", "id").is_some()).await;
    assert_eq!(page.event("deliver", "id"), Some(JsValue::from(7)));
    assert_eq!(
        page.event("deliver", "fromOrigin"),
        Some(JsValue::from(150_000))
    );
    let data = page
        .event("deliver", "data")
        .expect("bytes")
        .unchecked_into::<Uint8Array>();
    assert_eq!(data.to_vec(), bytes);
}

#[wasm_bindgen_test]
async fn segment_that_is_not_the_indexs_is_never_delivered() {
    let mut rotten = media(150_000);
    rotten[70_000] ^= 1;
    let page = watching(&media(150_000), &rotten).await;
    page.client.need(7.0, 0, 6.0);
    let rotten = || get(&page.client.stats(), "rottenPieces").as_f64();
    until("a rotten piece", || rotten() >= Some(1.0)).await;
    rest().await;
    assert_eq!(page.event("deliver", "id"), None);
}

/// Offers segment 6 and empties the array, as hls.js does once it has passed it on.
fn offer_once(page: &Page, bytes: &[u8]) {
    let offered = array(bytes);
    page.client.offered(0, 6.0, offered.clone(), 0.01, 0.1);
    offered.fill(0, 0, offered.length());
}

/// Whether segment 6 is there, although the origin has nothing of it.
async fn is_kept(page: &Page, bytes: &[u8]) -> bool {
    page.client.need(7.0, 0, 6.0);
    let answer = || {
        page.event("deliver", "data")
            .or(page.event("decline", "reason"))
    };
    until("an answer", || answer().is_some()).await;
    let data = page.event("deliver", "data");
    data.is_some_and(|data| data.unchecked_into::<Uint8Array>().to_vec() == bytes)
}

#[wasm_bindgen_test]
async fn offered_segment_is_kept_when_the_index_has_come_to_describe_it() {
    let bytes = media(150_000);
    let page = watching(&bytes, &[]).await;
    offer_once(&page, &bytes);
    assert!(is_kept(&page, &bytes).await);
}

#[wasm_bindgen_test]
async fn offered_segment_waits_for_the_viewers_answer() {
    let bytes = media(150_000);
    let page = watching(&bytes, &[]).await;
    page.client.rule("viewer", JsValue::NULL).expect("a rule");
    offer_once(&page, &bytes);
    rest().await;
    page.client.rule("viewer", JsValue::TRUE).expect("a rule");
    assert!(is_kept(&page, &bytes).await);
}

#[wasm_bindgen_test]
async fn offered_segment_is_forgotten_when_sharing_is_off() {
    let bytes = media(150_000);
    let page = watching(&bytes, &[]).await;
    page.client.rule("viewer", JsValue::NULL).expect("a rule");
    offer_once(&page, &bytes);
    page.client.rule("viewer", JsValue::FALSE).expect("a rule");
    offer_once(&page, &bytes);
    page.client.rule("viewer", JsValue::TRUE).expect("a rule");
    assert!(!is_kept(&page, &bytes).await);
}
