use crate::{
    harness::{Site, noise, playlist},
    index::verify,
};

const LIVE: &str = "/live/master.m3u8";

async fn live() -> Site {
    Site::new(|tree| {
        tree.rendition("live/hi", 10, &[70_000, 70_000], false);
        tree.rendition("live/lo", 10, &[100, 100], false);
        tree.master("live/master.m3u8", &["hi", "lo"]);
    })
    .await
}

/// Adds a segment to both renditions; the window has three.
fn grow(site: &Site, n: u64) {
    let tree = site.tree();
    for (folder, length) in [("live/hi", 70_000), ("live/lo", 100)] {
        tree.write(&format!("{folder}/s{n}.ts"), noise(n, length));
        tree.write(&format!("{folder}/p.m3u8"), playlist(n - 2, 3, false));
    }
}

#[tokio::test]
async fn a_segment_is_indexed_as_soon_as_it_is_listed() {
    let site = live().await;
    let index = site.index(LIVE).await;
    assert!(index.live);
    assert!(index.tracks.iter().all(|track| track.part_segments == 1));
    verify(&site.part(LIVE, 0, 10).await, 10, &[noise(10, 70_000)]);
    // Its file is there, but it may not be complete.
    site.tree().write("live/hi/s12.ts", noise(12, 70_000));
    assert_eq!(
        site.get("/live/master.m3u8.shoal/0/12.bin").await.status,
        404
    );
    grow(&site, 12);
    site.until("/live/master.m3u8.shoal/0/12.bin", |reply| {
        reply.status == 200
    })
    .await;
    verify(&site.part(LIVE, 0, 12).await, 12, &[noise(12, 70_000)]);
    verify(&site.part(LIVE, 1, 12).await, 12, &[noise(12, 100)]);
}

#[tokio::test]
async fn a_stream_keeps_its_swarm_while_it_goes_on_and_after_its_end() {
    let site = live().await;
    let before = site.index(LIVE).await;
    for n in 12..20 {
        grow(&site, n);
        let part = format!("/live/master.m3u8.shoal/1/{n}.bin");
        site.until(&part, |reply| reply.status == 200).await;
    }
    for folder in ["hi", "lo"] {
        site.tree()
            .write(&format!("live/{folder}/p.m3u8"), playlist(17, 3, true));
    }
    assert_eq!(site.index(LIVE).await, before);
    verify(&site.part(LIVE, 0, 19).await, 19, &[noise(19, 70_000)]);
    // Parts behind the window are kept for those who are behind.
    verify(&site.part(LIVE, 0, 12).await, 12, &[noise(12, 70_000)]);
    assert!(site.tracker.has(before.swarm));
}

#[tokio::test]
async fn a_stream_keeps_its_swarm_when_the_server_starts_anew() {
    let mut site = live().await;
    let before = site.index(LIVE).await.swarm;
    for n in 12..16 {
        grow(&site, n);
    }
    site.stop().await;
    let dir = site.dir;
    let again = Site::with(|_| {}, |config| config.dir = dir.path().into()).await;
    assert_eq!(again.index(LIVE).await.swarm, before);
}

#[tokio::test]
async fn a_new_stream_in_the_same_place_is_a_new_swarm() {
    let site = live().await;
    let before = site.index(LIVE).await.swarm;
    let tree = site.tree();
    for folder in ["live/hi", "live/lo"] {
        tree.write(&format!("{folder}/s0.ts"), b"new");
        tree.write(&format!("{folder}/p.m3u8"), playlist(0, 1, false));
    }
    let path = "/live/master.m3u8.shoal/index.json";
    site.until(path, |reply| !reply.text().contains(&before.to_hex()))
        .await;
    site.until("/live/master.m3u8.shoal/1/0.bin", |reply| {
        reply.status == 200
    })
    .await;
    verify(&site.part(LIVE, 0, 0).await, 0, &[b"new".to_vec()]);
    assert_eq!(
        site.get("/live/master.m3u8.shoal/0/10.bin").await.status,
        404
    );
    assert!(!site.tracker.has(before));
}

#[tokio::test]
async fn a_segment_that_comes_late_is_indexed_when_it_is_there() {
    let site = live().await;
    site.index(LIVE).await;
    let tree = site.tree();
    tree.write("live/hi/p.m3u8", playlist(10, 3, false));
    assert_eq!(
        site.get("/live/master.m3u8.shoal/0/12.bin").await.status,
        404
    );
    tree.write("live/hi/s12.ts", noise(12, 5));
    site.until("/live/master.m3u8.shoal/0/12.bin", |reply| {
        reply.status == 200
    })
    .await;
    verify(&site.part(LIVE, 0, 12).await, 12, &[noise(12, 5)]);
}

#[tokio::test]
async fn a_playlist_broken_for_a_moment_changes_nothing() {
    let site = live().await;
    let before = site.index(LIVE).await;
    let whole = site.tree().read("live/hi/p.m3u8");
    for broken in [&b""[..], b"#EXTM3U", &whole[..whole.len() / 2]] {
        std::fs::write(site.dir.path().join("live/hi/p.m3u8"), broken).unwrap();
        site.get("/live/master.m3u8.shoal/0/99.bin").await;
    }
    site.tree().write("live/hi/p.m3u8", &whole);
    assert_eq!(site.index(LIVE).await, before);
    verify(&site.part(LIVE, 0, 11).await, 11, &[noise(11, 70_000)]);
}
