//! What a viewer of a live stream holds and says does not grow with the length of the stream.

use shoal_engine::Config;
use shoal_engine_bench::{Stream, Viewer, first_piece};
use shoal_wire::id::PieceIndex;
use shoal_wire::peer::Message;

/// Segments of three pieces, of which six fit in the store.
const SMALL: Stream = Stream {
    peers: 2,
    store_bytes: 1 << 20,
    segment_bytes: 150_000,
};

#[test]
fn nothing_that_is_held_grows_with_the_stream() {
    let mut viewer = Viewer::new(SMALL, Config::default());
    let mut held = |segments| {
        for _ in 0..segments {
            viewer.watch_restlessly();
        }
        // All of it, in words.
        format!("{:?}", viewer.engine).len()
    };
    // Both times as long after a part of the index was begun, and after a peer went.
    let (early, late) = (held(240), held(240 * 8));
    assert!(late < early + early / 20, "{early} characters, then {late}");
}

#[test]
fn what_peers_are_told_does_not_grow_with_the_stream() {
    let mut viewer = Viewer::new(SMALL, Config::default());
    let mut said = |segments| {
        let before = viewer.said_bytes;
        for _ in 0..segments {
            viewer.watch_restlessly();
        }
        viewer.said_bytes - before
    };
    said(240);
    let early = said(240);
    said(240 * 7);
    let late = said(240);
    assert!(late < early + early / 20, "{early} bytes, then {late}");
}

#[test]
fn a_peer_that_tells_of_every_piece_is_kept_however_long_the_stream_is() {
    // It does not speak our extension and cannot be told what to leave out.
    let config = Config {
        max_ranges: 64,
        ..Config::default()
    };
    let mut viewer = Viewer::new(SMALL, config);
    let link = viewer.meet(false);
    for _ in 0..200 {
        let piece = PieceIndex(first_piece(viewer.head + 1));
        viewer.hear(link, Message::Have(piece));
        viewer.watch_segment();
    }
    assert_eq!(viewer.engine.stats(viewer.now).peers, 3);
}
