//! Videos in an S3-compatible store.

use std::{
    io::Read,
    process::{Command, Stdio},
    time::Duration,
};

use shoal_server::serve::{ServeConfig, ServeError, Server};
use shoal_wire::{id::PIECE_LENGTH, index::P2p};

use crate::{
    bucket::{Bucket, KEY, SECRET},
    harness::{Site, Tree, noise, playlist},
    index::{verify, write_all},
};

const PIECE: usize = PIECE_LENGTH as usize;
const FILM: &str = "/a film/master.m3u8";

/// A site whose bucket holds what `fill` puts into a directory, below `site/`.
async fn stored(fill: impl FnOnce(&Tree), tags: bool) -> (Site, Bucket) {
    let dir = tempfile::tempdir().unwrap();
    fill(&Tree(dir.path().join("site")));
    let bucket = Bucket::new(dir.path(), tags).await;
    let store = bucket.config();
    let mut site = Site::with(
        |_| {},
        |config| {
            config.dir = "s3://videos/site/".into();
            config.store = store;
            config.store.scan = Duration::from_secs(1);
        },
    )
    .await;
    site.dir = dir;
    (site, bucket)
}

fn tree(site: &Site) -> Tree {
    Tree(site.dir.path().join("site"))
}

fn film(tree: &Tree) {
    tree.rendition("a film/hi", 0, &[PIECE * 3, PIECE + 1, 1, PIECE, 0], true);
    tree.rendition("a film/lo", 5, &[100; 70], true);
    tree.master("a film/master.m3u8", &["hi", "lo"]);
}

fn url(path: &str) -> String {
    path.replace(' ', "%20")
}

#[tokio::test]
async fn a_video_in_a_bucket_has_the_index_that_it_would_have_on_the_disk() {
    for tags in [true, false] {
        let (site, _bucket) = stored(film, tags).await;
        let on_disk = Site::new(film).await;
        let index = site.index(&url(FILM)).await;
        assert_eq!(index, on_disk.index(&url(FILM)).await);
        let hi: Vec<_> = (0..)
            .zip([PIECE * 3, PIECE + 1, 1, PIECE, 0])
            .map(|(n, len)| noise(n, len))
            .collect();
        verify(&site.part(&url(FILM), 0, 0).await, 0, &hi);
        let listed = site.get("/shoal/videos.json").await;
        assert!(listed.text().contains("/a%20film/master.m3u8"));
        assert!(!listed.text().contains("p.m3u8"));
    }
}

#[tokio::test]
async fn files_are_sent_whole_in_ranges_and_not_again() {
    let (site, _bucket) = stored(film, true).await;
    let (path, bytes) = ("/a%20film/hi/s0.ts", noise(0, PIECE * 3));
    let whole = site.get(path).await;
    assert_eq!((whole.status, &whole.body), (200, &bytes));
    assert_eq!(whole.header("content-type"), "video/mp2t");
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let tag = whole.header("etag");
    assert!(tag.starts_with('"') && !whole.header("last-modified").is_empty());
    for (range, told, part) in [
        ("bytes=10-19", "bytes 10-19/196608", &bytes[10..20]),
        ("bytes=-5", "bytes 196603-196607/196608", &bytes[196_603..]),
        (
            "bytes=196600-",
            "bytes 196600-196607/196608",
            &bytes[196_600..],
        ),
    ] {
        for if_range in [&[][..], &[("If-Range", tag)]] {
            let mut headers = vec![("Range", range)];
            headers.extend(if_range);
            let reply = site.request("GET", path, &headers).await;
            assert_eq!((reply.status, reply.header("content-range")), (206, told));
            assert_eq!(reply.body, part);
        }
    }
    let beyond = site
        .request("GET", path, &[("Range", "bytes=999999999-")])
        .await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), "bytes */196608");
    let old = [("Range", "bytes=0-9"), ("If-Range", "\"other\"")];
    assert_eq!(site.request("GET", path, &old).await.status, 200);
    let same = [("If-None-Match", tag)];
    assert_eq!(site.request("GET", path, &same).await.status, 304);
    let head = site.request("HEAD", path, &[]).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, "196608")
    );
    assert!(head.body.is_empty());
    assert_eq!(site.get("/a%20film/hi/s4.ts").await.body, b"");
    for absent in [
        "/a%20film/hi/s9.ts",
        "/a%20film",
        "/a%20film/",
        "/site/x.ts",
    ] {
        assert_eq!(site.get(absent).await.status, 404, "{absent}");
    }
}

#[tokio::test]
async fn odd_names_reach_their_objects() {
    let names = ["50% #1?.ts", "é~[x]{y}.ts", "a+b=c&d.ts", "%2e.ts"];
    let fill = |tree: &Tree| {
        for name in names {
            tree.write(&format!("odd/{name}"), name);
        }
    };
    let (site, _bucket) = stored(fill, true).await;
    for name in names {
        let path = format!("/odd/{}", shoal_server::path::encode(name));
        assert_eq!(site.get(&path).await.text(), name);
    }
    assert_eq!(site.get("/odd/..%2f..%2fsecret").await.status, 404);
}

#[tokio::test]
async fn a_file_that_is_replaced_is_never_mixed_with_the_old_one() {
    let (site, _bucket) = stored(film, true).await;
    let path = "/a%20film/hi/s0.ts";
    let before = site.get(path).await;
    let tree = tree(&site);
    tree.write("a film/hi/s0.ts", noise(77, 300));
    let range = [("Range", "bytes=100-199")];
    let reply = site.request("GET", path, &range).await;
    assert_eq!(reply.header("content-range"), "bytes 100-199/300");
    assert_eq!(reply.body, &noise(77, 300)[100..200]);
    // Of the same length: the entity tag alone tells.
    tree.write("a film/hi/s0.ts", noise(78, 300));
    let reply = site.request("GET", path, &range).await;
    assert_eq!(reply.body, &noise(78, 300)[100..200]);
    assert_ne!(reply.header("etag"), before.header("etag"));
}

#[tokio::test]
async fn changes_and_policies_are_noticed() {
    let (site, _bucket) = stored(film, true).await;
    let before = site.index(&url(FILM)).await;
    let tree = tree(&site);
    tree.write("a film/hi/s1.ts", b"another film");
    tree.write("a film/shoal.toml", "p2p = \"off\"");
    let path = url(&format!("{FILM}.shoal/index.json"));
    let swarm = before.swarm.to_hex();
    site.until(&path, |reply| !reply.text().contains(&swarm))
        .await;
    site.until(&path, |reply| reply.text().contains("\"off\""))
        .await;
    let after = site.index(&url(FILM)).await;
    assert_eq!(after.policy.video, Some(P2p::Off));
    assert_eq!(site.get("/a%20film/shoal.toml").await.status, 404);
    tree.remove("a film/master.m3u8");
    site.until("/shoal/videos.json", |_| !site.tracker.has(after.swarm))
        .await;
}

#[tokio::test]
async fn an_index_that_lies_in_the_bucket_is_served() {
    let fill = |tree: &Tree| {
        film(tree);
        let settings = shoal_server::index::Settings {
            p2p: P2p::On,
            ..Default::default()
        };
        assert_eq!(write_all(&tree.0, &settings, false).0.written, 1);
    };
    let (site, _bucket) = stored(fill, true).await;
    let index = site.index(&url(FILM)).await;
    assert_eq!(index.policy.p2p, P2p::On);
    verify(
        &site.part(&url(FILM), 1, 1).await,
        64,
        &(64..75).map(|n| noise(n, 100)).collect::<Vec<_>>(),
    );
    assert_eq!(site.get("/.shoal/x").await.status, 404);
}

#[tokio::test]
async fn a_live_stream_grows_in_a_bucket() {
    let fill = |tree: &Tree| {
        tree.rendition("live/hi", 10, &[70_000, 70_000], false);
        tree.master("live/master.m3u8", &["hi"]);
    };
    let (site, bucket) = stored(fill, true).await;
    let index = site.index("/live/master.m3u8").await;
    assert!(index.live);
    for n in 12..15 {
        let tree = tree(&site);
        tree.write(&format!("live/hi/s{n}.ts"), noise(n, 70_000));
        tree.write("live/hi/p.m3u8", playlist(n - 2, 3, false));
        site.until(&format!("/live/master.m3u8.shoal/0/{n}.bin"), |reply| {
            reply.status == 200
        })
        .await;
        let part = site.part("/live/master.m3u8", 0, n).await;
        verify(&part, n, &[noise(n, 70_000)]);
    }
    assert_eq!(site.index("/live/master.m3u8").await.swarm, index.swarm);
    // Many viewers are no more work for the store than one.
    bucket.asked();
    for _ in 0..100 {
        assert_eq!(site.get("/live/hi/p.m3u8").await.status, 200);
    }
    let asked = bucket.asked();
    assert!(asked.get("get").copied().unwrap_or(0) < 30, "{asked:?}");
}

#[tokio::test]
async fn while_the_store_is_away_what_was_made_is_served_and_the_rest_later() {
    let (site, bucket) = stored(film, true).await;
    let before = site.index(&url(FILM)).await;
    site.part(&url(FILM), 1, 0).await;
    bucket.go_away();
    let segment = site.get("/a%20film/lo/s5.ts").await;
    assert_eq!(segment.status, 503);
    assert_eq!(segment.header("retry-after"), "5");
    assert_eq!(segment.header("cache-control"), "no-store");
    // Long enough to be asked about again.
    for _ in 0..3 {
        assert_eq!(site.index(&url(FILM)).await, before);
        site.part(&url(FILM), 1, 1).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    assert!(site.tracker.has(before.swarm));
    bucket.come_back();
    site.until("/a%20film/lo/s5.ts", |reply| reply.status == 200)
        .await;
    assert_eq!(site.index(&url(FILM)).await, before);
}

#[tokio::test]
async fn a_resting_site_asks_little_of_its_store() {
    let (site, bucket) = stored(film, true).await;
    site.index(&url(FILM)).await;
    bucket.asked();
    for _ in 0..20 {
        site.index(&url(FILM)).await;
    }
    let asked = bucket.asked();
    // 75 segments: they are listed, not asked about one by one.
    assert!(asked.get("head").copied().unwrap_or(0) < 20, "{asked:?}");
    for _ in 0..20 {
        site.get("/a%20film/lo/s6.ts").await;
    }
    let asked = bucket.asked();
    assert!(asked["head"] < 10 && asked["get"] >= 20, "{asked:?}");
}

#[tokio::test]
async fn a_store_that_does_not_answer_as_it_should_is_told_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let bucket = Bucket::new(dir.path(), true).await;
    let bind = async |url: &str, change: &dyn Fn(&mut ServeConfig)| {
        let mut config = ServeConfig::new(url.into(), "127.0.0.1:0".parse().unwrap());
        config.store = bucket.config();
        change(&mut config);
        match Server::bind(config).await {
            Err(error @ ServeError::Store { .. }) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let told = bind("s3://videos", &|config| {
        config.store.key = Some((KEY.into(), "wrong".into()));
    });
    let told = told.await;
    assert!(
        told.contains("s3://videos") && told.contains("key"),
        "{told}"
    );
    assert!(!told.contains(SECRET) && !told.contains("wrong"), "{told}");
    let told = bind("s3://other", &|_| {}).await;
    assert!(told.contains("NoSuchBucket"), "{told}");
    let told = bind("s3://", &|_| {}).await;
    assert!(told.contains("no bucket is named"), "{told}");
    let told = bind("s3://videos", &|config| config.store.allow_http = false).await;
    assert!(told.contains("check the bucket"), "{told}");
}

#[tokio::test]
async fn the_command_takes_a_bucket_and_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    Tree(dir.path().into()).rendition("v", 0, &[10], true);
    let bucket = Bucket::new(dir.path(), true).await;
    let check = |secret: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
        command
            .args(["serve", "s3://videos", "--check"])
            .env(
                "AWS_ENDPOINT_URL",
                format!("http://127.0.0.1:{}", bucket.port),
            )
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .env("AWS_ALLOW_HTTP", "true")
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        tokio::task::spawn_blocking(move || {
            let mut told = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut told)
                .unwrap();
            (child.wait().unwrap().success(), told)
        })
    };
    let (good, told) = check(SECRET).await.unwrap();
    assert!(good, "{told}");
    let (good, told) = check("wrong").await.unwrap();
    assert!(!good && told.contains("s3://videos"), "{told}");
    let index = Command::new(env!("CARGO_BIN_EXE_shoal"))
        .args(["index", "s3://videos"])
        .output()
        .unwrap();
    let told = String::from_utf8(index.stderr).unwrap();
    assert!(told.contains("`shoal serve`"), "{told}");
}
