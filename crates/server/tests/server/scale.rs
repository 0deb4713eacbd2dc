//! Many live streams at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use shoal_wire::index::{Index, Part};
use tokio::time::sleep;

use crate::{
    harness::{Site, Tree, noise, playlist},
    index::verify,
};

const STREAMS: u64 = 300;

/// Segments that each stream gets while the test runs, one a second.
const ROUNDS: u64 = 5;

/// Segments in a playlist.
const WINDOW: u64 = 4;

/// Clients that ask without pause.
const CLIENTS: u64 = 8;

fn media(stream: u64, n: u64) -> Vec<u8> {
    noise(stream * 1_000 + n, 1_000)
}

/// Adds a segment, and lists it.
fn grow(tree: &Tree, stream: u64, n: u64) {
    tree.write(&format!("{stream}/s{n}.ts"), media(stream, n));
    let first = n.saturating_sub(WINDOW - 1);
    let listed = usize::try_from(n + 1 - first).unwrap();
    tree.write(&format!("{stream}/p.m3u8"), playlist(first, listed, false));
}

/// The numbers of the segments that a playlist lists.
fn listed(text: &str) -> Vec<u64> {
    let names = text.lines().filter_map(|line| line.strip_prefix('s'));
    names
        .map(|name| name.strip_suffix(".ts").unwrap().parse().unwrap())
        .collect()
}

/// Asks for a playlist and all that its index says of it.
async fn watch(site: &Site, stream: u64) {
    let place = format!("/{stream}/p.m3u8");
    let text = site.get(&place).await;
    assert_eq!(text.status, 200);
    let index = site.get(&format!("{place}.shoal/index.json")).await;
    assert_eq!(index.status, 200, "{place}");
    assert!(Index::parse(&index.body).unwrap().live);
    let listed = listed(text.text());
    let newest = *listed.last().unwrap();
    for n in listed {
        let part = site.get(&format!("{place}.shoal/0/{n}.bin")).await;
        if part.status == 404 && n == newest {
            continue;
        }
        // At most one segment late, and never half of anything.
        assert_eq!(part.status, 200, "{place}, segment {n} of {newest}");
        verify(&Part::decode(&part.body).unwrap(), n, &[media(stream, n)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_live_streams_are_at_most_one_segment_late() {
    let fill = |tree: &Tree| (0..STREAMS).for_each(|stream| grow(tree, stream, 0));
    let site = Arc::new(Site::new(fill).await);
    // Until all are known: a stream that begins may be a playlist that is half written.
    for stream in 0..STREAMS {
        site.index(&format!("/{stream}/p.m3u8")).await;
    }
    let (over, seen) = (AtomicBool::new(false), AtomicU64::new(0));
    let growing = async {
        for n in 1..=ROUNDS {
            let tree = site.tree();
            let round = tokio::task::spawn_blocking(move || {
                (0..STREAMS).for_each(|stream| grow(&tree, stream, n));
            });
            round.await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
        over.store(true, Ordering::Relaxed);
    };
    let clients = (0..CLIENTS).map(async |client| {
        let mut stream = client * STREAMS / CLIENTS;
        while !over.load(Ordering::Relaxed) {
            watch(&site, stream).await;
            stream = (stream + 1) % STREAMS;
            seen.fetch_add(1, Ordering::Relaxed);
        }
    });
    tokio::join!(growing, join_all(clients));
    assert!(seen.into_inner() > STREAMS);
    // In the end all are whole, whether or not somebody has asked before.
    for stream in 0..STREAMS {
        let place = format!("/{stream}/p.m3u8");
        for n in ROUNDS + 1 - WINDOW..=ROUNDS {
            let part = site.part(&place, 0, n).await;
            verify(&part, n, &[media(stream, n)]);
        }
    }
}
