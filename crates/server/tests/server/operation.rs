use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    time::Duration,
};

use futures_util::StreamExt;
use shoal_server::{admin::Token, serve::DrainConfig};
use tokio::time::timeout;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use crate::harness::{PATIENCE, Site, Tree};

fn film(tree: &Tree) {
    tree.rendition("film", 0, &[1_000], true);
}

/// A figure of the page for Prometheus.
fn figure(page: &str, name: &str) -> Option<u64> {
    let value = page.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().parse().ok()
}

#[tokio::test]
async fn figures_are_there_for_whoever_may_see_them() {
    let token = "a token that nobody guesses";
    let site = Site::with(film, |config| {
        config.metrics = Some("127.0.0.1:0".parse().unwrap());
        config.admin.token = Token::new(token);
    })
    .await;
    let swarm = site.index("/film/p.m3u8").await.swarm;
    site.get("/film/s0.ts").await;
    site.get("/nothing").await;
    let url = format!("ws://127.0.0.1:{}/tracker/{swarm}", site.port);
    let _viewer = connect_async(url).await.unwrap();
    let page = site.metrics("/metrics").await;
    assert_eq!(
        page.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let page = page.text();
    assert_eq!(figure(page, "shoal_videos "), Some(1));
    assert_eq!(figure(page, "shoal_tracker_sockets "), Some(1));
    assert_eq!(
        figure(page, "shoal_http_answers_total{class=\"4xx\"}"),
        Some(1)
    );
    let accepted = "shoal_tracker_events_total{event=\"accepted\"}";
    assert_eq!(figure(page, accepted), Some(1));
    assert!(figure(page, "shoal_http_sent_bytes_total ").unwrap() >= 1_000);
    assert!(!page.contains("127.0.0.1") && !page.contains(&swarm.to_hex()));
    assert_eq!(site.get("/metrics").await.status, 404);
    assert_eq!(site.get("/admin/metrics").await.status, 401);
    let right = format!("Bearer {token}");
    let same = site
        .request("GET", "/admin/metrics", &[("Authorization", &right)])
        .await;
    assert_eq!(figure(same.text(), "shoal_videos "), Some(1));
}

#[tokio::test]
async fn bytes_are_counted_as_they_are_sent() {
    let fill = |tree: &Tree| tree.write("long.m3u8", "#EXTM3U\n".repeat(50_000));
    let site = Site::with(fill, |config| {
        config.metrics = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let sent = async || {
        let page = site.metrics("/metrics").await;
        figure(page.text(), "shoal_http_sent_bytes_total ").unwrap()
    };
    let zipped = [("Accept-Encoding", "gzip")];
    site.request("GET", "/long.m3u8", &zipped).await;
    let compressed = sent().await;
    assert!((100..20_000).contains(&compressed), "{compressed}");
    site.request("HEAD", "/long.m3u8", &[]).await;
    site.request("GET", "/long.m3u8", &[("Range", "bytes=0-999")])
        .await;
    assert_eq!(sent().await, compressed + 1_000);
}

#[tokio::test]
async fn a_server_that_drains_says_so_and_lets_its_viewers_go_in_good_order() {
    let mut site = Site::with(film, |config| {
        config.drain = DrainConfig {
            notice: Duration::from_millis(200),
            over: Duration::from_millis(500),
        };
    })
    .await;
    let swarm = site.index("/film/p.m3u8").await.swarm;
    assert_eq!(site.get("/healthz").await.text(), "ok\n");
    let url = format!("ws://127.0.0.1:{}/tracker/{swarm}", site.port);
    let mut viewers = Vec::new();
    for _ in 0..20 {
        viewers.push(connect_async(&url).await.unwrap().0);
    }
    site.drain();
    let health = site.until("/healthz", |reply| reply.status == 503).await;
    assert_eq!(health.text(), "stopping\n");
    // Videos are served meanwhile.
    assert_eq!(site.get("/film/s0.ts").await.status, 200);
    for viewer in &mut viewers {
        let frame = timeout(PATIENCE, viewer.next()).await.expect("a farewell");
        match frame {
            Some(Ok(Message::Close(Some(close)))) => assert_eq!(close.code, CloseCode::Away),
            other => panic!("{other:?}"),
        }
    }
    site.ended().await;
}

#[test]
fn a_second_signal_stops_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("shoal.toml");
    let text = format!(
        "dir = {:?}\nlisten = \"127.0.0.1:0\"\n[drain]\nnotice = 3600",
        dir.path()
    );
    std::fs::write(&file, text).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_shoal"))
        .args(["serve", "--config", file.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let terminate = || {
        let id = child.id().to_string();
        let kill = Command::new("kill").args(["-TERM", &id]).status();
        assert!(kill.unwrap().success());
    };
    terminate();
    let mut line = String::new();
    while !line.contains("no new viewers") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended early");
    }
    terminate();
    assert!(child.wait().unwrap().success());
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("stopped"), "{rest}");
}
