//! Requests for media, against answers made here.
#![cfg(target_arch = "wasm32")]

mod common;

use core::ops::Range;

use common::{Arrivals, array, media, rest};
use js_sys::Array;
use shoal::internal::{Get, HostEvent, Http};
use shoal_engine::{HttpFault, HttpId, Input};
use shoal_wire::id::{SegmentId, TrackId};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(inline_js = "
let range, aborted;
export function answer(status, contentRange, chunks, hangs) {
  range = undefined;
  aborted = false;
  globalThis.fetch = async (url, init) => {
    range = init.headers?.get('Range') ?? undefined;
    init.signal.addEventListener('abort', () => { aborted = true; });
    if (status === 0) throw new TypeError('no network');
    const body = new ReadableStream({
      pull(control) {
        const chunk = chunks.shift();
        if (chunk !== undefined) control.enqueue(chunk);
        else if (!hangs) control.close();
        else return new Promise(() => {});
      },
    });
    return new Response(body, { status, headers: contentRange ? { 'Content-Range': contentRange } : {} });
  };
}
export function asked_range() { return range; }
export function was_aborted() { return aborted; }
")]
extern "C" {
    fn answer(status: u16, content_range: Option<String>, chunks: Array, hangs: bool);
    fn asked_range() -> Option<String>;
    fn was_aborted() -> bool;
}

const PIECE: u32 = 64;
const SEGMENT: SegmentId = SegmentId {
    track: TrackId(0),
    seq: 3,
};
const ID: HttpId = HttpId(5);

/// What an answer is made of, and what is asked for.
struct Exchange {
    status: u16,
    content_range: Option<&'static str>,
    body: Vec<u8>,
    chunk: usize,
    hangs: bool,
    offset: u32,
    length: u32,
    range: Option<Range<u64>>,
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            status: 200,
            content_range: None,
            body: media(150),
            chunk: 1_000,
            hangs: false,
            offset: 0,
            length: 150,
            range: None,
        }
    }
}

impl Exchange {
    /// Starts the exchange.
    fn start(self) -> (Http, Arrivals) {
        let chunks = self.body.chunks(self.chunk).map(array).collect::<Array>();
        answer(
            self.status,
            self.content_range.map(Into::into),
            chunks,
            self.hangs,
        );
        let arrivals = Arrivals::default();
        let mut http = Http::new(arrivals.sender());
        http.get(Get {
            id: ID,
            segment: SEGMENT,
            offset: self.offset,
            length: self.length,
            piece_length: PIECE,
            url: "https://origin.example/segment".into(),
            range: self.range,
        });
        (http, arrivals)
    }

    /// Runs the exchange to its end: the runs that came, and the outcome.
    async fn run(self) -> (Vec<(u32, Vec<u8>)>, Result<(), HttpFault>) {
        let (_http, arrivals) = self.start();
        let outcome = arrivals
            .wait("the end of the request", |event| match event {
                HostEvent::Input(Input::HttpDone(ID)) => Some(Ok(())),
                HostEvent::Input(Input::HttpFailed { id: ID, fault }) => Some(Err(*fault)),
                _ => None,
            })
            .await;
        let runs = arrivals.drain().into_iter().map(|event| match event {
            HostEvent::HttpData {
                id: ID,
                segment: SEGMENT,
                offset,
                data,
            } => (offset, data.to_vec()),
            other => panic!("{other:?} came"),
        });
        (runs.collect(), outcome)
    }
}

fn runs(bytes: &[u8], offset: u32) -> Vec<(u32, Vec<u8>)> {
    let pieces = bytes.chunks(PIECE as usize).zip(0..);
    pieces
        .map(|(bytes, piece)| (offset + piece * PIECE, bytes.to_vec()))
        .collect()
}

#[wasm_bindgen_test]
async fn whole_segment_is_asked_without_range_and_cut_at_pieces() {
    for chunk in [1, 7, 64, 100, 1_000] {
        let exchange = Exchange {
            chunk,
            ..Exchange::default()
        };
        assert_eq!(exchange.run().await, (runs(&media(150), 0), Ok(())));
        assert_eq!(asked_range(), None);
    }
}

#[wasm_bindgen_test]
async fn range_is_asked_and_its_offsets_are_the_segments() {
    let body = media(300)[164..250].to_vec();
    let (found, outcome) = Exchange {
        status: 206,
        content_range: Some("bytes 164-249/300"),
        body: body.clone(),
        chunk: 50,
        offset: 64,
        length: 86,
        range: Some(164..250),
        ..Exchange::default()
    }
    .run()
    .await;
    assert_eq!(asked_range().as_deref(), Some("bytes=164-249"));
    assert_eq!((found, outcome), (runs(&body, 64), Ok(())));
}

#[wasm_bindgen_test]
async fn whole_in_answer_to_a_range_is_skipped_through() {
    for chunk in [9, 1_000] {
        let (found, outcome) = Exchange {
            body: media(300),
            chunk,
            offset: 64,
            length: 86,
            range: Some(164..250),
            ..Exchange::default()
        }
        .run()
        .await;
        assert_eq!((found, outcome), (runs(&media(300)[164..250], 64), Ok(())));
    }
}

#[wasm_bindgen_test]
async fn other_range_than_asked_fails() {
    let (found, outcome) = Exchange {
        status: 206,
        content_range: Some("bytes 0-85/300"),
        body: media(86),
        offset: 64,
        length: 86,
        range: Some(164..250),
        ..Exchange::default()
    }
    .run()
    .await;
    assert_eq!((found, outcome), (Vec::new(), Err(HttpFault::Length)));
}

#[wasm_bindgen_test]
async fn short_body_fails_and_its_whole_pieces_stay_good() {
    let exchange = Exchange {
        body: media(149),
        ..Exchange::default()
    };
    let (found, outcome) = exchange.run().await;
    assert_eq!(
        (found, outcome),
        (runs(&media(128), 0), Err(HttpFault::Length))
    );
}

#[wasm_bindgen_test]
async fn long_body_fails() {
    let exchange = Exchange {
        body: media(151),
        ..Exchange::default()
    };
    assert_eq!(exchange.run().await.1, Err(HttpFault::Length));
}

#[wasm_bindgen_test]
async fn other_status_and_no_network_fail() {
    let exchange = Exchange {
        status: 404,
        ..Exchange::default()
    };
    assert_eq!(exchange.run().await.1, Err(HttpFault::Status(404)));
    let exchange = Exchange {
        status: 206,
        ..Exchange::default()
    };
    assert_eq!(exchange.run().await.1, Err(HttpFault::Status(206)));
    let exchange = Exchange {
        status: 0,
        ..Exchange::default()
    };
    assert_eq!(exchange.run().await.1, Err(HttpFault::Network));
}

#[wasm_bindgen_test]
async fn ended_request_is_aborted_and_silent() {
    let exchange = Exchange {
        body: media(70),
        hangs: true,
        ..Exchange::default()
    };
    let (mut http, arrivals) = exchange.start();
    arrivals
        .wait("the first piece", |it| {
            matches!(it, HostEvent::HttpData { .. }).then_some(())
        })
        .await;
    assert!(http.holds(ID) && !was_aborted());
    http.end(ID);
    assert!(!http.holds(ID) && was_aborted());
    rest().await;
    assert!(arrivals.drain().is_empty());
}

#[wasm_bindgen_test]
async fn part_of_the_index_comes_as_bytes_within_bounds() {
    let part = |length: u32, status| async move {
        let body = media(length);
        let chunks = body.chunks(60_000).map(array).collect::<Array>();
        answer(status, None, chunks, false);
        let arrivals = Arrivals::default();
        let mut http = Http::new(arrivals.sender());
        http.part(TrackId(2), 8, "https://origin.example/2/8.bin".into());
        arrivals
            .wait("the part", |event| match event {
                HostEvent::Part {
                    track: TrackId(2),
                    part: 8,
                    bytes,
                } => Some(bytes.clone()),
                _ => None,
            })
            .await
    };
    assert_eq!(part(200_000, 200).await, Some(media(200_000)));
    assert_eq!(part(200_000, 404).await, None);
    assert_eq!(part(512 * 1024 + 1, 200).await, None);
}
