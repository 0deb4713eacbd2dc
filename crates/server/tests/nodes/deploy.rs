//! The examples for operators, with the programs that they are for.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use hyper::{Request, client::conn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use shoal_wire::index::ViewerCount;
use tempfile::TempDir;
use tokio_tungstenite::client_async;

use crate::{
    harness::{Site, noise},
    programs::{Program, free_port, listens, nginx},
    tls::connect,
    trials::{Trial, trials},
};

/// Returns the tests of this file.
pub(crate) fn all() -> Vec<Trial> {
    trials! {
        needs ["nginx"]:
            the_example_for_nginx_serves_video_and_tracker_over_tls;
        needs ["caddy"]:
            the_example_for_caddy_serves_video_and_tracker_over_tls;
    }
}

const NGINX: &str = include_str!("../../../../deploy/nginx.conf");
const CADDY: &str = include_str!("../../../../deploy/Caddyfile");

/// A site, and what a proxy before it needs.
struct Behind {
    site: Site,
    /// Holds the certificate as `fullchain.pem` and its key as `privkey.pem`.
    dir: TempDir,
    certificate: String,
    /// Where the proxy is to listen.
    port: u16,
}

impl Behind {
    async fn new() -> Self {
        let proxy = "127.0.0.1/32".parse().unwrap();
        let site = Site::with(
            |tree| tree.rendition("film", 0, &[100_000], true),
            |config| config.trusted_proxies = vec![proxy],
        )
        .await;
        let dir = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(dir.path().join("fullchain.pem"), made.cert.pem()).unwrap();
        fs::write(
            dir.path().join("privkey.pem"),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
        Self {
            site,
            dir,
            certificate: made.cert.pem(),
            port: free_port(),
        }
    }

    /// Asks through the proxy for all that a viewer needs.
    async fn works(&self) {
        let index = self.site.index("/film/p.m3u8").await;
        let stream = TokioIo::new(connect(&self.certificate, self.port, "h2").await);
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
        let stream = connect(&self.certificate, self.port, "http/1.1").await;
        let url = format!("wss://localhost/tracker/{}", index.swarm);
        let (_socket, answer) = client_async(url, stream).await.unwrap();
        assert_eq!(answer.status(), 101);
    }
}

/// The example for nginx as it stands, with other ports, and this certificate.
fn for_nginx(dir: &Path, server: u16, port: u16, plain: u16) -> String {
    NGINX
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

/// The same for Caddy, which would have a certificate made by itself.
fn for_caddy(dir: &Path, server: u16, port: u16) -> String {
    let certificate = dir.display();
    let example = CADDY
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{server}"))
        .replace(
            "video.example {\n",
            &format!(
                "localhost:{port} {{\n\tbind 127.0.0.1\n\
                 \ttls {certificate}/fullchain.pem {certificate}/privkey.pem\n"
            ),
        );
    format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{example}")
}

async fn the_example_for_nginx_serves_video_and_tracker_over_tls() {
    let behind = Behind::new().await;
    let dir = behind.dir.path();
    let example = for_nginx(dir, behind.site.port, behind.port, free_port());
    let _nginx = nginx(dir, &example, behind.port).await;
    behind.works().await;
}

async fn the_example_for_caddy_serves_video_and_tracker_over_tls() {
    let behind = Behind::new().await;
    let dir = behind.dir.path();
    let file = dir.join("Caddyfile");
    fs::write(&file, for_caddy(dir, behind.site.port, behind.port)).unwrap();
    let caddy = |word: &str| {
        let mut command = Command::new("caddy");
        command
            .args([word, "--adapter", "caddyfile", "--config"])
            .arg(&file)
            .envs([
                ("HOME", dir),
                ("XDG_DATA_HOME", dir),
                ("XDG_CONFIG_HOME", dir),
            ])
            .stderr(Stdio::null());
        command
    };
    let checked = caddy("validate").stderr(Stdio::piped()).output().unwrap();
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{told}");
    let _caddy = Program::start(&mut caddy("run"));
    listens(behind.port).await;
    behind.works().await;
}
