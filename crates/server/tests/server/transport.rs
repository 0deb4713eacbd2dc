use std::time::Duration;

use hyper::{Method, Request, StatusCode, Version, body::Incoming, client::conn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use shoal_server::serve::{ServeConfig, TlsConfig};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;

use crate::{
    harness::{PATIENCE, Reply, Site, Tree, noise},
    tls::connect,
};

fn film(tree: &Tree) {
    tree.rendition("film", 0, &[100_000; 40], true);
}

/// A site with a certificate, and what its clients need.
struct Secure {
    site: Site,
    certificate: String,
    _files: TempDir,
}

impl Secure {
    async fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (cert, key) = (files.path().join("cert"), files.path().join("key"));
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let tls = Some(TlsConfig { cert, key });
        Self {
            site: Site::with(film, |config| config.tls = tls).await,
            certificate: made.cert.pem(),
            _files: files,
        }
    }

    async fn connect(&self, protocol: &str) -> TlsStream<TcpStream> {
        connect(&self.certificate, self.site.port, protocol).await
    }
}

fn request(path: &str) -> Request<String> {
    Request::builder()
        .method(Method::GET)
        .uri(format!("https://localhost{path}"))
        .body(String::new())
        .unwrap()
}

async fn bytes(body: Incoming) -> Vec<u8> {
    axum::body::to_bytes(axum::body::Body::new(body), usize::MAX)
        .await
        .unwrap()
        .to_vec()
}

#[tokio::test]
async fn many_requests_share_one_connection_of_http_2() {
    let secure = Secure::new().await;
    let stream = TokioIo::new(secure.connect("h2").await);
    let (mut sender, connection) = conn::http2::handshake(TokioExecutor::new(), stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    let asked: Vec<_> = (0..40)
        .map(|n| sender.send_request(request(&format!("/film/s{n}.ts"))))
        .collect();
    for (n, answer) in (0..).zip(asked) {
        let answer = answer.await.unwrap();
        assert_eq!(
            (answer.status(), answer.version()),
            (StatusCode::OK, Version::HTTP_2)
        );
        assert_eq!(bytes(answer.into_body()).await, noise(n, 100_000));
    }
}

#[tokio::test]
async fn a_client_without_http_2_is_served_and_can_reach_the_tracker() {
    let secure = Secure::new().await;
    let stream = TokioIo::new(secure.connect("http/1.1").await);
    let (mut sender, connection) = conn::http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut asked = request("/film/p.m3u8.shoal/index.json");
    asked
        .headers_mut()
        .insert("host", "localhost".parse().unwrap());
    let answer = sender.send_request(asked).await.unwrap();
    assert_eq!(
        (answer.status(), answer.version()),
        (StatusCode::OK, Version::HTTP_11)
    );
    let index = bytes(answer.into_body()).await;
    let swarm = shoal_wire::index::Index::parse(&index).unwrap().swarm;
    let url = format!("wss://localhost/tracker/{swarm}");
    let stream = secure.connect("http/1.1").await;
    let (_socket, answer) = client_async(url, stream).await.unwrap();
    assert_eq!(answer.status(), 101);
}

#[tokio::test]
async fn a_client_that_speaks_no_tls_harms_nobody() {
    let secure = Secure::new().await;
    let mut stream = TcpStream::connect(("127.0.0.1", secure.site.port))
        .await
        .unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _reset = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("an end");
    assert!(!rest.starts_with(b"HTTP"));
    secure.connect("h2").await;
}

async fn packed(site: &Site, path: &str, encoding: &str) -> Reply {
    site.request("GET", path, &[("Accept-Encoding", encoding)])
        .await
}

#[tokio::test]
async fn playlists_and_indexes_are_compressed_and_media_is_not() {
    let site = Site::new(film).await;
    site.index("/film/p.m3u8").await;
    let plain = site.get("/film/p.m3u8").await;
    assert_eq!(plain.header("content-encoding"), "");
    for encoding in ["br", "gzip"] {
        let reply = packed(&site, "/film/p.m3u8", encoding).await;
        assert_eq!(reply.header("content-encoding"), encoding);
        assert!(reply.body.len() < plain.body.len() / 2);
        assert!(reply.header("vary").contains("accept-encoding"));
        // The same file by another name: fresh for both.
        let weak = reply.header("etag");
        assert_eq!(weak, format!("W/{}", plain.header("etag")));
        let again = [("Accept-Encoding", encoding), ("If-None-Match", weak)];
        let again = site.request("GET", "/film/p.m3u8", &again).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    let media = packed(&site, "/film/s0.ts", "br, gzip").await;
    assert_eq!(media.header("content-encoding"), "");
    assert_eq!(media.body, noise(0, 100_000));
    let part = [("Accept-Encoding", "gzip"), ("Range", "bytes=0-700")];
    let part = site.request("GET", "/film/p.m3u8", &part).await;
    assert_eq!((part.status, part.header("content-encoding")), (206, ""));
    assert_eq!(part.body, &plain.body[..701]);
}

/// Whether the server closes a new connection without a word.
async fn is_turned_away(site: &Site) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    let head = b"GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    let mut reply = Vec::new();
    if stream.write_all(head).await.is_ok() {
        let _reset = timeout(PATIENCE, stream.read_to_end(&mut reply))
            .await
            .expect("an end");
    }
    reply.is_empty()
}

async fn crowd(configure: impl FnOnce(&mut ServeConfig)) -> (Site, Vec<TcpStream>) {
    let site = Site::with(film, |config| {
        config.http.max_connections_per_address = 3;
        configure(config);
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
        // Answered, so that it is known to be in.
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n")
            .await
            .unwrap();
        stream.read_u8().await.unwrap();
        idle.push(stream);
    }
    (site, idle)
}

#[tokio::test]
async fn one_address_cannot_take_all_places() {
    let (site, mut idle) = crowd(|_| {}).await;
    assert!(is_turned_away(&site).await);
    idle.pop();
    let free = async {
        while is_turned_away(&site).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, free).await.expect("a place");
}

#[tokio::test]
async fn a_trusted_proxy_may_have_all_places() {
    let proxy = "127.0.0.1/32".parse().unwrap();
    let (site, _idle) = crowd(|config| config.trusted_proxies = vec![proxy]).await;
    assert!(!is_turned_away(&site).await);
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off() {
    let head_timeout = Duration::from_millis(300);
    let site = Site::with(film, |config| config.http.head_timeout = head_timeout).await;
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    let drip = async {
        // Until the connection is gone.
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, drip).await.expect("an end");
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_let_go() {
    let large = |tree: &Tree| tree.write("large.ts", vec![0; 64 * 1024 * 1024]);
    let site = Site::with(large, |config| {
        config.http.stall_timeout = Duration::from_millis(300);
        config.metrics = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    stream
        .write_all(b"GET /large.ts HTTP/1.1\r\nHost: test\r\n\r\n")
        .await
        .unwrap();
    stream.read_u8().await.unwrap();
    let gone = async {
        loop {
            let page = site.metrics("/metrics").await;
            if page.text().contains("\nshoal_http_connections 0\n") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("an end");
}
