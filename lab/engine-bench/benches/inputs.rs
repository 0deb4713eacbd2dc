//! The engine's hot paths: the time from an input to its last output.
//!
//! The stream goes on between two measurements, outside of them: peers bring what they are asked
//! for, the playlist grows and old segments are forgotten, as in a page. Each input is measured by
//! itself, so that some tens of nanoseconds are the clock's.

use std::cell::RefCell;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use shoal_engine::Input;
use shoal_engine_bench::{BLOCK, Stream, Viewer, first_piece, ranges, said};
use shoal_wire::peer::shoal::Extension;

/// Inputs that leave the stream where it is, after which it goes on by a segment.
const PER_SEGMENT: usize = 500;

/// Few and many peers, with little and with much in the store.
fn with_stores() -> impl Iterator<Item = Stream> {
    [32 << 20, 512 << 20].into_iter().flat_map(|store_bytes| {
        with_peers().map(move |stream| Stream {
            store_bytes,
            ..stream
        })
    })
}

fn with_peers() -> impl Iterator<Item = Stream> {
    [1, 10, 40].into_iter().map(|peers| Stream {
        peers,
        ..Stream::default()
    })
}

fn id(stream: &Stream) -> BenchmarkId {
    let held = stream.segments_held() * u64::from(stream.pieces());
    let plural = if stream.peers == 1 { "" } else { "s" };
    BenchmarkId::from_parameter(format!("{} peer{plural}, {held} pieces", stream.peers))
}

/// Measures what `act` does with what `prepare` gives, input by input.
fn measure<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    streams: impl Iterator<Item = Stream>,
    mut prepare: impl FnMut(&mut Viewer) -> T,
    mut act: impl FnMut(&mut Viewer, T),
) {
    for stream in streams {
        let viewer = RefCell::new(Viewer::watching(stream));
        group.bench_function(id(&stream), |bencher| {
            bencher.iter_batched(
                || prepare(&mut viewer.borrow_mut()),
                |given| act(&mut viewer.borrow_mut(), given),
                BatchSize::PerIteration,
            );
        });
        let viewer = viewer.into_inner();
        let peers = viewer.engine.stats(viewer.now).peers as usize;
        assert_eq!(peers, stream.peers, "all of them are still there");
    }
}

/// The same for one input at a time, in the middle of a segment: blocks of it are on their way from
/// every peer.
fn measure_input(
    group: &mut BenchmarkGroup<'_, WallTime>,
    streams: impl Iterator<Item = Stream>,
    input: impl Fn(&Viewer, usize) -> Input,
) {
    let mut turn = 0;
    let prepare = |viewer: &mut Viewer| {
        if turn % PER_SEGMENT == 0 {
            viewer.finish_segment();
            viewer.begin_segment(true);
        }
        viewer.drain_channels();
        viewer.now += Duration::from_micros(100);
        turn = turn.wrapping_add(1);
        input(viewer, turn)
    };
    measure(group, streams, prepare, Viewer::tell);
}

/// A block of a piece comes, and another is asked for until the whole segment is under way.
fn block(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("block from a peer");
    group.throughput(Throughput::Bytes(u64::from(BLOCK)));
    let prepare = |viewer: &mut Viewer| viewer.next_block(false);
    measure(&mut group, with_stores(), prepare, |viewer, input| {
        viewer.tell(input);
    });
}

/// The last block of a piece comes, and its digest is right.
fn piece(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("last block and verdict");
    group.throughput(Throughput::Elements(1));
    let prepare = |viewer: &mut Viewer| viewer.next_block(true);
    measure(&mut group, with_stores(), prepare, |viewer, input| {
        viewer.tell(input);
        viewer.check();
    });
}

/// Each peer in turn asks for a block of what is held, and gets it.
fn request(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("request of a peer");
    group.throughput(Throughput::Bytes(u64::from(BLOCK)));
    measure_input(&mut group, with_stores(), |viewer, turn| {
        viewer.request(turn)
    });
}

/// Each peer in turn announces a piece of a segment that is about to appear.
fn have(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("have of a peer");
    group.throughput(Throughput::Elements(1));
    measure_input(&mut group, with_peers(), |viewer, turn| {
        let (round, peer) = (turn / viewer.peers.len(), turn % viewer.peers.len());
        let link = viewer.peers[peer];
        let piece = first_piece(viewer.head + 1) + round as u32 % viewer.stream.pieces();
        said(link, &Extension::Have(ranges(piece, piece + 1)))
    });
}

/// The engine is woken and nothing is due: what every input costs at least.
fn tick(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tick");
    group.throughput(Throughput::Elements(1));
    measure_input(&mut group, with_peers(), |_, _| Input::Tick);
}

/// The player says where it is: all that is wanted is looked at again.
fn playhead(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("playhead");
    group.throughput(Throughput::Elements(1));
    measure_input(&mut group, with_peers(), |viewer, _| viewer.playhead());
}

/// One turn of the stream: a segment appears, comes from peers and is given to the player.
fn segment(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("segment of a live stream");
    for stream in with_stores() {
        group.throughput(Throughput::Bytes(u64::from(stream.segment_bytes)));
        let mut viewer = Viewer::watching(stream);
        group.bench_function(id(&stream), |bencher| {
            bencher.iter(|| viewer.watch_segment());
        });
    }
}

fn quick() -> Criterion {
    Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! {
    name = inputs;
    config = quick();
    targets = block, piece, request, have, tick, playhead, segment
}
criterion_main!(inputs);
