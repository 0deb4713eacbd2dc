use std::{
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use shoal_server::{
    ice::{Turn, TurnAccess},
    index::{
        Cache, HashPool, Settings,
        write::{self, IndexEvent, Report, Run},
    },
    root::Directory,
    serve::ServeConfig,
    stun::StunAt,
};
use shoal_wire::{
    id::PIECE_LENGTH,
    index::{P2p, Part},
};

use crate::harness::{Site, Tree, noise};

const PIECE: usize = PIECE_LENGTH as usize;

/// Asserts that a part describes these bytes from the sequence number `first` on.
pub(crate) fn verify(part: &Part, first: u64, segments: &[Vec<u8>]) {
    assert_eq!((part.first, part.segments.len()), (first, segments.len()));
    for (described, bytes) in part.segments.iter().zip(segments) {
        assert_eq!(described.length as usize, bytes.len());
        let digests: Vec<[u8; 32]> = bytes
            .chunks(PIECE)
            .map(|piece| Sha256::digest(piece).into())
            .collect();
        assert_eq!(described.pieces, digests);
    }
}

/// Writes all indexes, and tells how many bytes were read for it.
pub(crate) fn write_all(dir: &Path, settings: &Settings, prune: bool) -> (Report, u64) {
    let cache = Cache::inside(dir).unwrap();
    let run = Run {
        settings,
        pool: &HashPool::new(2),
        cache: Some(&cache),
        prune,
    };
    let (planned, hashed) = (AtomicU64::new(0), AtomicU64::new(0));
    let on = |event: IndexEvent<'_>| match event {
        IndexEvent::Planned { bytes, .. } => planned.store(bytes, Ordering::Relaxed),
        IndexEvent::Hashed(bytes) => {
            hashed.fetch_add(bytes, Ordering::Relaxed);
        }
        _ => {}
    };
    let report = write::all(&Directory::open(dir).unwrap(), &run, &on);
    let hashed = hashed.into_inner();
    assert!(hashed <= planned.into_inner());
    (report, hashed)
}

fn film(tree: &Tree) {
    tree.rendition("film/hi", 0, &[PIECE * 3, PIECE + 1, 1, PIECE], true);
    tree.rendition("film/lo", 5, &[100; 70], true);
    tree.master("film/master.m3u8", &["hi", "lo"]);
}

#[tokio::test]
async fn every_piece_of_a_video_is_in_its_index() {
    let site = Site::new(film).await;
    let index = site.index("/film/master.m3u8").await;
    assert!(!index.live);
    assert_eq!(index.trackers, [format!("/tracker/{}", index.swarm)]);
    assert_eq!(index.policy.p2p, P2p::Ask);
    let playlists: Vec<_> = index
        .tracks
        .iter()
        .map(|track| track.playlist.as_str())
        .collect();
    assert_eq!(playlists, ["../hi/p.m3u8", "../lo/p.m3u8"]);
    let hi: Vec<_> = (0..)
        .zip([PIECE * 3, PIECE + 1, 1, PIECE])
        .map(|(n, len)| noise(n, len))
        .collect();
    verify(&site.part("/film/master.m3u8", 0, 0).await, 0, &hi);
    assert_eq!(index.tracks[1].part_segments, 64);
    let lo: Vec<_> = (5..75).map(|n| noise(n, 100)).collect();
    verify(&site.part("/film/master.m3u8", 1, 0).await, 5, &lo[..59]);
    verify(&site.part("/film/master.m3u8", 1, 1).await, 64, &lo[59..]);
    for absent in [
        "1/2.bin",
        "2/0.bin",
        "0/1.bin",
        "0/00.bin",
        "0/x.bin",
        "other.json",
    ] {
        let path = format!("/film/master.m3u8.shoal/{absent}");
        assert_eq!(site.get(&path).await.status, 404, "{absent}");
    }
}

#[tokio::test]
async fn index_files_are_cached_as_they_change() {
    let site = Site::new(film).await;
    site.index("/film/master.m3u8").await;
    let index = site.get("/film/master.m3u8.shoal/index.json").await;
    assert_eq!(index.header("cache-control"), "no-cache");
    assert_eq!(index.header("content-type"), "application/json");
    let etag = [("If-None-Match", index.header("etag"))];
    let path = "/film/master.m3u8.shoal/index.json";
    assert_eq!(site.request("GET", path, &etag).await.status, 304);
    let part = site.get("/film/master.m3u8.shoal/0/0.bin").await;
    assert_eq!(part.header("cache-control"), "max-age=3600");
    assert_eq!(part.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn an_index_with_relay_credentials_is_no_caches_business() {
    let turn = Turn {
        urls: vec!["turn::3478".into()],
        access: TurnAccess::Secret(b"north".to_vec()),
    };
    let site = Site::with(film, |config| {
        config.stun = StunAt::Address("127.0.0.1:0".parse().unwrap());
        config.turn = Some(turn);
    })
    .await;
    let index = site.index("/film/master.m3u8").await;
    let [stun, turn] = index.ice.as_slice() else {
        panic!("{:?}", index.ice)
    };
    assert_eq!(stun.urls, [format!("stun::{}", site.stun.unwrap().port())]);
    assert_eq!(turn.urls, ["turn::3478"]);
    let ends: u64 = turn.username.as_ref().unwrap().parse().unwrap();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    assert!((now..now + 24 * 3600).contains(&ends));
    let reply = site.get("/film/master.m3u8.shoal/index.json").await;
    assert_eq!(reply.header("cache-control"), "private, no-store");
    let part = site.get("/film/master.m3u8.shoal/0/0.bin").await;
    assert_eq!(part.header("cache-control"), "max-age=3600");
}

#[tokio::test]
async fn mirrors_of_the_directory_are_named_by_the_videos_folder() {
    let mirrors = vec!["https://mirror.example/all/".into()];
    let site = Site::with(film, |config| config.mirrors = mirrors.clone()).await;
    let index = site.index("/film/master.m3u8").await;
    assert_eq!(index.mirrors, ["https://mirror.example/all/film/"]);
    let page = site.get("/privacy").await;
    assert!(page.text().contains("mirror.example"));
    assert!(!page.text().contains("No third party"));
    let dir = tempfile::tempdir().unwrap();
    film(&Tree(dir.path().into()));
    let settings = Settings {
        mirrors,
        ..Settings::default()
    };
    write_all(dir.path(), &settings, false);
    let written = Tree(dir.path().into()).read("film/master.m3u8.shoal/index.json");
    let written = shoal_wire::index::Index::parse(&written).unwrap();
    assert_eq!(written.mirrors, index.mirrors);
}

#[tokio::test]
async fn a_lone_media_playlist_is_a_video_with_one_track() {
    let site = Site::new(|tree| tree.rendition("solo film", 0, &[PIECE], true)).await;
    let index = site.index("/solo%20film/p.m3u8").await;
    assert_eq!(index.tracks.len(), 1);
    assert_eq!(index.tracks[0].playlist, "../p.m3u8");
    verify(
        &site.part("/solo%20film/p.m3u8", 0, 0).await,
        0,
        &[noise(0, PIECE)],
    );
}

#[tokio::test]
async fn videos_are_listed_and_renditions_are_not() {
    let site = Site::new(|tree| {
        film(tree);
        tree.rendition("solo", 0, &[1], true);
        tree.write("broken.m3u8", "<html>");
        tree.write(".trash/p.m3u8", "#EXTM3U");
    })
    .await;
    let reply = site.get("/shoal/videos.json").await;
    let listed: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    let expected = serde_json::json!([
        { "name": "broken", "src": "/broken.m3u8" },
        { "name": "film", "src": "/film/master.m3u8" },
        { "name": "p", "src": "/solo/p.m3u8" },
    ]);
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn byte_ranges_are_segments_too() {
    let all = noise(9, 1000);
    let bytes = all.clone();
    let site = Site::new(move |tree| {
        tree.write("v/all.ts", &bytes);
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"all.ts\",BYTERANGE=\"10@0\"\n\
            #EXTINF:2,\n#EXT-X-BYTERANGE:300@10\nall.ts\n#EXTINF:2,\n#EXT-X-BYTERANGE:690\nall.ts\n\
            #EXT-X-ENDLIST\n";
        tree.write("v/p.m3u8", text);
    })
    .await;
    site.index("/v/p.m3u8").await;
    let segments = [all[10..310].to_vec(), all[310..].to_vec()];
    verify(&site.part("/v/p.m3u8", 0, 0).await, 0, &segments);
}

#[tokio::test]
async fn the_same_contents_are_the_same_swarm_and_changed_ones_are_not() {
    let site = Site::new(|tree| {
        film(tree);
        tree.rendition("copy/hi", 0, &[PIECE * 3, PIECE + 1, 1, PIECE], true);
        tree.rendition("copy/lo", 5, &[100; 70], true);
        tree.master("copy/master.m3u8", &["hi", "lo"]);
    })
    .await;
    let before = site.index("/film/master.m3u8").await.swarm;
    assert_eq!(site.index("/copy/master.m3u8").await.swarm, before);
    site.tree().write("film/hi/s1.ts", b"another film");
    let path = "/film/master.m3u8.shoal/index.json";
    site.until(path, |reply| !reply.text().contains(&before.to_hex()))
        .await;
    let after = site.index("/film/master.m3u8").await.swarm;
    assert!(site.tracker.has(after));
    // The copy still has it.
    assert!(site.tracker.has(before));
}

#[tokio::test]
async fn a_rendition_with_a_missing_segment_is_left_out() {
    let site = Site::new(|tree| {
        film(tree);
        tree.remove("film/hi/s1.ts");
    })
    .await;
    let index = site.index("/film/master.m3u8").await;
    assert_eq!(index.tracks.len(), 1);
    assert_eq!(index.tracks[0].playlist, "../lo/p.m3u8");
    assert_eq!(
        site.get("/film/hi/p.m3u8.shoal/index.json").await.status,
        404
    );
    site.tree().write("film/hi/s1.ts", b"found again");
    let path = "/film/master.m3u8.shoal/index.json";
    site.until(path, |reply| reply.text().contains("hi/p.m3u8"))
        .await;
}

#[tokio::test]
async fn useless_playlists_have_no_index_and_harm_nobody() {
    let secret = tempfile::tempdir().unwrap();
    std::fs::write(secret.path().join("s.ts"), b"secret").unwrap();
    let site = Site::new(|tree| {
        film(tree);
        tree.write("empty.m3u8", "");
        tree.write("html.m3u8", "<html>not found</html>");
        tree.write("binary.m3u8", noise(1, 5000));
        tree.write(
            "nothing.m3u8",
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-ENDLIST\n",
        );
        let head = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n";
        for (name, uri) in [
            ("absent", "absent.ts"),
            ("elsewhere", "https://cdn.example/s.ts"),
            ("outside", "../../../../../../etc/passwd"),
            ("link", "link.ts"),
            ("folder", "film"),
        ] {
            tree.write(
                &format!("{name}.m3u8"),
                format!("{head}{uri}\n#EXT-X-ENDLIST\n"),
            );
        }
        std::os::unix::fs::symlink(secret.path().join("s.ts"), tree.0.join("link.ts")).unwrap();
        tree.write(
            "self.m3u8",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nself.m3u8\n",
        );
    })
    .await;
    for name in [
        "empty",
        "html",
        "binary",
        "nothing",
        "absent",
        "elsewhere",
        "outside",
        "link",
        "folder",
        "self",
        "there-is-none",
    ] {
        let reply = site.get(&format!("/{name}.m3u8.shoal/index.json")).await;
        assert_eq!(reply.status, 404, "{name}");
    }
    site.index("/film/master.m3u8").await;
}

#[tokio::test]
async fn written_files_are_those_that_are_served() {
    let dir = tempfile::tempdir().unwrap();
    film(&Tree(dir.path().into()));
    let trackers = Some(vec!["wss://tracker.example".into()]);
    let settings = Settings {
        p2p: P2p::On,
        trackers,
        ..Settings::default()
    };
    let (report, _) = write_all(dir.path(), &settings, false);
    assert_eq!((report.found, report.written), (1, 1));
    assert_eq!(report.problems, Vec::<String>::new());
    let site = Site::new(film).await;
    let made = site.index("/film/master.m3u8").await;
    let tree = Tree(dir.path().into());
    let written = tree.read("film/master.m3u8.shoal/index.json");
    let written = shoal_wire::index::Index::parse(&written).unwrap();
    assert_eq!(written.swarm, made.swarm);
    assert_eq!(
        written.trackers,
        [format!("wss://tracker.example/tracker/{}", made.swarm)]
    );
    assert_eq!(written.policy.p2p, P2p::On);
    let part = site.get("/film/master.m3u8.shoal/1/1.bin").await;
    assert_eq!(tree.read("film/master.m3u8.shoal/1/1.bin"), part.body);
    let mut names: Vec<_> = std::fs::read_dir(dir.path().join("film"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["hi", "lo", "master.m3u8", "master.m3u8.shoal"]);
}

#[test]
fn only_what_has_changed_is_read_and_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree(dir.path().into());
    film(&tree);
    tree.rendition("talk", 0, &[500; 3], true);
    let index = || tree.read("film/master.m3u8.shoal/index.json");
    let settings = Settings::default();
    let all = |hashed| hashed as usize == 5 * PIECE + 2 + 70 * 100 + 3 * 500;
    let (report, hashed) = write_all(dir.path(), &settings, false);
    assert_eq!((report.written, report.unchanged), (2, 0));
    assert!(all(hashed), "{hashed}");
    let before = index();
    let (report, hashed) = write_all(dir.path(), &settings, false);
    assert_eq!((report.written, report.unchanged, hashed), (0, 2, 0));
    tree.write("film/hi/s1.ts", [7; 10]);
    let (report, hashed) = write_all(dir.path(), &settings, false);
    assert_eq!((report.written, report.unchanged, hashed), (1, 1, 10));
    assert_ne!(index(), before);
    verify(
        &Part::decode(&tree.read("film/master.m3u8.shoal/0/0.bin")).unwrap(),
        0,
        &[
            noise(0, PIECE * 3),
            vec![7; 10],
            noise(2, 1),
            noise(3, PIECE),
        ],
    );
    // The playlist alone: nothing is read, and the segments that it lists no more are not described.
    tree.write("talk/p.m3u8", crate::harness::playlist(0, 2, true));
    let (report, hashed) = write_all(dir.path(), &settings, false);
    assert_eq!((report.written, hashed), (1, 0));
    let talk = Part::decode(&tree.read("talk/p.m3u8.shoal/0/0.bin")).unwrap();
    verify(&talk, 0, &[noise(0, 500), noise(1, 500)]);
    // What was damaged is written again.
    tree.write("talk/p.m3u8.shoal/0/0.bin", b"");
    let (report, hashed) = write_all(dir.path(), &settings, false);
    assert_eq!((report.written, hashed), (1, 0));
}

#[test]
fn an_index_without_its_playlist_is_told_and_removed_on_demand() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree(dir.path().into());
    film(&tree);
    tree.rendition("talk", 0, &[500; 3], true);
    tree.write("mine.m3u8.shoal/notes.txt", b"not an index");
    let settings = Settings::default();
    write_all(dir.path(), &settings, false);
    tree.remove("talk/p.m3u8");
    let (report, _) = write_all(dir.path(), &settings, false);
    assert_eq!((report.found, report.vanished), (1, 1));
    assert!(report.problems[0].contains("talk/p.m3u8.shoal"));
    assert!(dir.path().join("talk/p.m3u8.shoal").exists());
    let (report, _) = write_all(dir.path(), &settings, true);
    assert_eq!(report.vanished, 1);
    assert_eq!(report.problems, Vec::<String>::new());
    assert!(!dir.path().join("talk/p.m3u8.shoal").exists());
    assert!(dir.path().join("mine.m3u8.shoal/notes.txt").exists());
    assert!(dir.path().join("film/master.m3u8.shoal").exists());
}

#[test]
fn a_bad_video_costs_the_others_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree(dir.path().into());
    for n in 0..6 {
        tree.rendition(&format!("v{n}"), 0, &[500; 3], true);
    }
    tree.remove("v2/s1.ts");
    tree.write("v4/p.m3u8", "<html>");
    let (report, _) = write_all(dir.path(), &Settings::default(), false);
    assert_eq!((report.found, report.written), (6, 4));
    let told = report.problems.join("\n");
    assert!(
        told.contains("v2/s1.ts") && told.contains("v4/p.m3u8"),
        "{told}"
    );
    assert!(!dir.path().join("v2/p.m3u8.shoal").exists());
}

#[test]
fn a_run_that_was_killed_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree(dir.path().into());
    let size = 20 * PIECE;
    tree.write("film/p.m3u8", crate::harness::playlist(0, 100, true));
    for n in 0..100 {
        // Holes, which take no time to write.
        let file = std::fs::File::create(dir.path().join(format!("film/s{n}.ts"))).unwrap();
        file.set_len(size as u64).unwrap();
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_shoal"))
        .arg("index")
        .arg(dir.path())
        .args(["--threads", "1"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // As soon as something is noted.
    let cache = dir.path().join(".shoal");
    let noted = || {
        let files = std::fs::read_dir(&cache).into_iter().flatten();
        let lengths = files.map(|file| file.unwrap().metadata().unwrap().len());
        lengths.sum::<u64>() > 5_000
    };
    while !noted() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!dir.path().join("film/p.m3u8.shoal").exists());
    let (report, hashed) = write_all(dir.path(), &Settings::default(), false);
    assert_eq!(report.written, 1);
    assert!(hashed > 0 && (hashed as usize) < 100 * size, "{hashed}");
    let part = tree.read("film/p.m3u8.shoal/0/0.bin");
    let part = Part::decode(&part).unwrap();
    verify(&part, 0, &vec![vec![0; size]; part.segments.len()]);
}

#[tokio::test]
async fn a_server_that_starts_anew_reads_nothing_again() {
    let cache = tempfile::tempdir().unwrap();
    let keep = |config: &mut ServeConfig| config.index.cache = Some(cache.path().into());
    let mut site = Site::with(film, keep).await;
    let before = site.index("/film/master.m3u8").await.swarm;
    site.stop().await;
    let dir = site.dir;
    // Other bytes in the same place, at the same time: not noticed means not read.
    let file = dir.path().join("film/hi/s0.ts");
    let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
    std::fs::write(&file, vec![0; PIECE * 3]).unwrap();
    let written = std::fs::File::options().write(true).open(&file).unwrap();
    written.set_modified(modified).unwrap();
    let again = |config: &mut ServeConfig| {
        keep(config);
        config.dir = dir.path().into();
    };
    let site = Site::with(|_| {}, again).await;
    assert_eq!(site.index("/film/master.m3u8").await.swarm, before);
}

#[tokio::test]
async fn an_index_on_disk_is_served_as_it_is_and_tracked() {
    let site = Site::new(|tree| {
        film(tree);
        let settings = Settings {
            p2p: P2p::On,
            ..Settings::default()
        };
        assert_eq!(write_all(&tree.0, &settings, false).0.written, 1);
    })
    .await;
    let index = site.index("/film/master.m3u8").await;
    // The server's own would say `ask`.
    assert_eq!(index.policy.p2p, P2p::On);
    site.until("/shoal/videos.json", |_| site.tracker.has(index.swarm))
        .await;
}

#[test]
fn a_live_stream_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree(dir.path().into());
    tree.rendition("live", 0, &[10, 10], false);
    film(&tree);
    let settings = Settings {
        trackers: Some(Vec::new()),
        ..Settings::default()
    };
    let (report, _) = write_all(dir.path(), &settings, false);
    assert_eq!((report.found, report.written), (2, 1));
    assert!(
        report.problems[0].contains("shoal serve"),
        "{:?}",
        report.problems
    );
    assert!(!dir.path().join("live/p.m3u8.shoal").exists());
}

#[test]
fn the_index_command_says_what_it_has_done() {
    let dir = tempfile::tempdir().unwrap();
    film(&Tree(dir.path().into()));
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
        command
            .arg("index")
            .arg(dir.path())
            .arg("--tracker")
            .arg("wss://t.example")
            .args(["--stun", "stun:s.example"])
            .args(["--mirror", "https://m.example"]);
        command.output().unwrap()
    };
    let done = run();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(done.stdout, b"1 of 1 playlists have an index now.\n");
    let written = Tree(dir.path().into()).read("film/master.m3u8.shoal/index.json");
    let written = shoal_wire::index::Index::parse(&written).unwrap();
    assert_eq!(written.ice[0].urls, ["stun:s.example"]);
    assert_eq!(written.mirrors, ["https://m.example/film/"]);
    Tree(dir.path().into()).remove("film/hi/s0.ts");
    Tree(dir.path().into()).remove("film/lo/s5.ts");
    let done = run();
    assert_eq!(done.status.code(), Some(1));
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(
        told.contains("film/hi/p.m3u8") && told.contains("s0.ts"),
        "{told}"
    );
}
