//! The examples for operators, with the programs that they are for, where these are installed.

use std::{fs, path::Path};

use hyper::{Request, client::conn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use shoal_wire::index::ViewerCount;
use tokio_tungstenite::client_async;

use crate::{
    harness::{Site, noise},
    programs::{free_port, installed, nginx},
    transport::connect,
};

const EXAMPLE: &str = include_str!("../../../../deploy/nginx.conf");

/// The example as it stands, with other ports, and this certificate.
fn configuration(dir: &Path, server: u16, port: u16, plain: u16) -> String {
    EXAMPLE
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{server}"))
        .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
        .replace("listen 80", &format!("listen 127.0.0.1:{plain}"))
        .replace("    listen [::]:443 ssl http2;\n", "")
        .replace("    listen [::]:80;\n", "")
        .replace("video.example", "localhost")
        .replace(
            "/etc/letsencrypt/live/localhost",
            &dir.display().to_string(),
        )
}

#[tokio::test]
async fn the_example_for_nginx_serves_video_and_tracker_over_tls() {
    if !installed("nginx") {
        return;
    }
    let proxy = "127.0.0.1/32".parse().unwrap();
    let site = Site::with(
        |tree| tree.rendition("film", 0, &[100_000], true),
        |config| config.trusted_proxies = vec![proxy],
    )
    .await;
    let index = site.index("/film/p.m3u8").await;
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(dir.path().join("fullchain.pem"), made.cert.pem()).unwrap();
    fs::write(
        dir.path().join("privkey.pem"),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
    let (port, plain) = (free_port(), free_port());
    let example = configuration(dir.path(), site.port, port, plain);
    let _nginx = nginx(dir.path(), &example, port).await;

    let certificate = made.cert.pem();
    let stream = TokioIo::new(connect(&certificate, port, "h2").await);
    let (mut sender, connection) = conn::http2::handshake(TokioExecutor::new(), stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    let ask = |path: &str| {
        let request = Request::builder().uri(format!("https://localhost{path}"));
        request.body(String::new()).unwrap()
    };
    let read = async |answer: hyper::Response<hyper::body::Incoming>| {
        let body = axum::body::Body::new(answer.into_body());
        axum::body::to_bytes(body, usize::MAX).await.unwrap()
    };
    let media = sender.send_request(ask("/film/s0.ts")).await.unwrap();
    assert_eq!(read(media).await, noise(0, 100_000));
    let admin = sender.send_request(ask("/admin/p2p")).await.unwrap();
    assert_eq!(admin.status(), 404);
    // What a client claims to be counts for nothing: one address counts for four at most.
    let mut count = 0;
    for n in 0..9 {
        let mut asked = ask(&format!("/viewers/{}", index.swarm));
        let claimed = format!("192.0.2.{n}").parse().unwrap();
        asked.headers_mut().insert("x-forwarded-for", claimed);
        let answer = sender.send_request(asked).await.unwrap();
        count = ViewerCount::parse(&read(answer).await).unwrap().viewers;
    }
    assert_eq!(count, 4);

    let stream = connect(&certificate, port, "http/1.1").await;
    let url = format!("wss://localhost/tracker/{}", index.swarm);
    let (_socket, answer) = client_async(url, stream).await.unwrap();
    assert_eq!(answer.status(), 101);
}
