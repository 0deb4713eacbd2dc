//! What the engine keeps on the heap: for each peer, for each piece, and with time. It ends in
//! failure when a stream leaves something behind.

use std::time::Duration;

use dhat::HeapStats;
use shoal_engine::{Config, Engine};
use shoal_engine_bench::{SPAN, STRIDE, Stream, Viewer, first_piece};
use shoal_wire::id::PieceIndex;
use shoal_wire::peer::Message;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const MINUTE: Duration = Duration::from_secs(60);

fn heap() -> usize {
    HeapStats::get().curr_bytes
}

/// Bytes that an engine keeps, beside itself.
fn kept(viewer: Viewer) -> usize {
    let engine = Box::new(viewer.engine);
    let before = heap();
    drop(engine);
    before - heap() - size_of::<Engine>()
}

fn watching(peers: usize, store_bytes: u64) -> Viewer {
    Viewer::watching(Stream {
        peers,
        store_bytes,
        ..Stream::default()
    })
}

/// In the middle of a segment, so that blocks are on their way.
fn per_peer() {
    let store = 32 << 20;
    let kept_with = |peers| {
        let mut viewer = watching(peers, store);
        viewer.begin_segment(true);
        kept(viewer)
    };
    let alone = kept_with(0);
    for peers in [10, 40] {
        let each = (kept_with(peers) - alone) / peers;
        println!("{each:>9} bytes per connected peer, of {peers}");
    }
}

fn per_held_piece() {
    let (small, large) = (32 << 20, Config::default().store_bytes);
    let pieces = |viewer: &Viewer| {
        let stream = viewer.stream;
        stream.segments_held() as usize * stream.pieces() as usize
    };
    let (few, many) = (watching(10, small), watching(10, large));
    let more = pieces(&many) - pieces(&few);
    let each = (kept(many) - kept(few)) as f64 / more as f64;
    println!("{each:>9.1} bytes per piece held, of {more}");
}

/// Pieces of the segments about to appear, told by a peer that has nothing else.
fn per_piece_of_a_peer() {
    for (step, how) in [(1, "all of them"), (2, "every second one")] {
        let kept_with = |told: bool| {
            let mut viewer = watching(1, 32 << 20);
            let (first, link) = (first_piece(viewer.head + 1), viewer.peers[0]);
            let pieces = (first..first + 2 * STRIDE).step_by(step);
            let count = pieces.len();
            for piece in pieces.filter(|_| told) {
                viewer.hear(link, Message::Have(PieceIndex(piece)));
            }
            (kept(viewer), count)
        };
        let ((without, _), (with, count)) = (kept_with(false), kept_with(true));
        let each = (with - without) as f64 / count as f64;
        println!("{each:>9.1} bytes per piece that a peer has, of {count}: {how}");
    }
}

/// Ten peers tell what they get, ask for what we have, and come and go.
fn over_time() {
    let before = heap();
    let mut viewer = Viewer::new(Stream::default(), Config::default());
    let mut first = None;
    for (minutes, what) in [(10, "10 minutes"), (60, "1 hour"), (300, "5 hours")] {
        while SPAN * viewer.segments_seen() < MINUTE * minutes {
            viewer.watch_restlessly();
        }
        let now = heap() - before;
        println!("{now:>9} bytes after {what}");
        let early = *first.get_or_insert(now);
        assert!(now < early + early / 20, "it grows with the stream");
    }
    let stats = viewer.engine.stats(viewer.now);
    println!(
        "{:>9} of these are the engine's; it got {} MB from peers and {} MB from the origin, and sent {} MB",
        kept(viewer),
        stats.peer_bytes / 1_000_000,
        stats.origin_bytes / 1_000_000,
        stats.uploaded_bytes / 1_000_000,
    );
}

fn main() {
    // Nothing of the profile but its sums is of interest: no file, no stacks.
    let _profiler = dhat::Profiler::builder()
        .testing()
        .trim_backtraces(Some(1))
        .build();
    println!("{:>9} bytes of the engine itself", size_of::<Engine>());
    per_peer();
    per_held_piece();
    per_piece_of_a_peer();
    over_time();
}
