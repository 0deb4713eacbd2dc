//! The byte store, and what waits to get into it.
#![cfg(target_arch = "wasm32")]

mod common;

use common::{array, media};
use js_sys::Uint8Array;
use shoal::internal::{EarlySegments, Store};
use shoal_wire::id::{PieceIndex, SegmentId, TrackId};
use shoal_wire::peer::Block;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const PIECE: u32 = 64;
const SEGMENT: SegmentId = SegmentId {
    track: TrackId(1),
    seq: 7,
};

/// A store with room for a segment of 160 bytes in pieces 512 to 514.
fn store() -> Store {
    let mut store = Store::default();
    store.reserve(SEGMENT, 512..515, PIECE, 160);
    store
}

fn block(piece: u32, begin: u32, length: u32) -> Block {
    Block {
        piece: PieceIndex(piece),
        begin,
        length,
    }
}

#[wasm_bindgen_test]
fn blocks_make_up_the_segment_in_any_order() {
    let store = store();
    let bytes = media(160);
    assert!(store.write(block(514, 0, 32), &bytes[128..]));
    assert!(store.write_array(block(512, 0, 64), &array(&bytes[..64])));
    assert!(store.write(block(513, 32, 32), &bytes[96..128]));
    assert!(store.write(block(513, 0, 32), &bytes[64..96]));
    assert_eq!(store.copy(SEGMENT).map(|copy| copy.to_vec()), Some(bytes));
}

#[wasm_bindgen_test]
fn block_that_does_not_fit_is_refused() {
    let store = store();
    for (block, data) in [
        (block(511, 0, 1), 1),
        (block(515, 0, 1), 1),
        (block(514, 0, 64), 64),
        (block(512, 32, 64), 64),
        (block(512, u32::MAX, 2), 2),
        (block(512, 0, 8), 7),
    ] {
        assert!(!store.write(block, &vec![1; data]), "{block:?}");
        assert!(
            !store.write_array(block, &array(&vec![1; data])),
            "{block:?}"
        );
    }
    assert_eq!(
        store.copy(SEGMENT).map(|copy| copy.to_vec()),
        Some(vec![0; 160])
    );
}

#[wasm_bindgen_test]
fn copy_is_the_players_own() {
    let store = store();
    let bytes = media(160);
    assert!(store.fill(SEGMENT, &array(&bytes)));
    let copy = store.copy(SEGMENT).expect("the segment is there");
    copy.fill(0, 0, 160);
    assert_eq!(store.copy(SEGMENT).map(|copy| copy.to_vec()), Some(bytes));
}

#[wasm_bindgen_test]
fn segment_of_another_size_is_not_filled_in() {
    let store = store();
    assert!(!store.fill(SEGMENT, &array(&media(159))));
    assert!(!store.fill(SegmentId { seq: 8, ..SEGMENT }, &array(&media(160))));
}

#[wasm_bindgen_test]
fn evicted_segment_is_gone() {
    let mut store = store();
    store.evict(SEGMENT);
    assert!(store.copy(SEGMENT).is_none());
    assert!(store.lend(block(512, 0, 1)).is_none());
    assert!(!store.write(block(512, 0, 1), &[1]));
}

#[wasm_bindgen_test]
fn later_segment_has_the_numbers_that_came_round() {
    let mut store = store();
    let later = SegmentId {
        seq: 7 + (1 << 20),
        ..SEGMENT
    };
    store.reserve(later, 512..515, PIECE, 160);
    assert!(store.write(block(512, 0, 1), &[9]));
    assert_eq!(store.copy(later).map(|copy| copy.get_index(0)), Some(9));
    store.evict(later);
    assert!(store.write(block(512, 0, 1), &[5]));
    assert_eq!(store.copy(SEGMENT).map(|copy| copy.get_index(0)), Some(5));
}

fn numbered(seq: u64) -> SegmentId {
    SegmentId {
        track: TrackId(0),
        seq,
    }
}

/// Puts segments of so many bytes aside, numbered from 0; what is left of them.
fn put_aside(lengths: &[u32]) -> Vec<u64> {
    let mut early = EarlySegments::default();
    for (seq, length) in (0..).zip(lengths) {
        early.put(numbered(seq), Uint8Array::new_with_length(*length));
    }
    early
        .take()
        .iter()
        .map(|(segment, _)| segment.seq)
        .collect()
}

#[wasm_bindgen_test]
fn stash_lets_go_of_the_oldest_beyond_its_bounds() {
    const MIB: u32 = 1024 * 1024;
    assert_eq!(put_aside(&[1; 18]), (2..18).collect::<Vec<_>>());
    assert_eq!(put_aside(&[4 * MIB, 4 * MIB]), [0, 1]);
    assert_eq!(put_aside(&[4 * MIB, 3 * MIB, 4 * MIB]), [1, 2]);
    assert_eq!(put_aside(&[1, 8 * MIB + 1, 2]), [0, 2]);
}

#[wasm_bindgen_test]
fn stash_holds_the_last_of_a_segment_in_order_and_gives_it_once() {
    let mut early = EarlySegments::default();
    for (seq, bytes) in [(5, [1]), (3, [2]), (5, [3])] {
        early.put(numbered(seq), array(&bytes));
    }
    let taken = early.take();
    let seen = taken
        .iter()
        .map(|(segment, data)| (segment.seq, data.to_vec()));
    assert_eq!(seen.collect::<Vec<_>>(), [(3, vec![2]), (5, vec![3])]);
    assert!(early.take().is_empty());
}
