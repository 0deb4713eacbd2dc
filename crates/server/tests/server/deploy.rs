//! The examples for operators, with the programs that they are for, where these are installed.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use hyper::{Request, client::conn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use shoal_wire::index::ViewerCount;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::client_async;

use crate::{
    harness::{PATIENCE, Site, noise},
    transport::connect,
};

const NGINX: &str = include_str!("../../../../deploy/nginx.conf");
const CADDY: &str = include_str!("../../../../deploy/Caddyfile");

/// A proxy, for as long as the test runs.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _stopped = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ended = self.0.wait();
    }
}

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
        let listens = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", self.port))
                .await
                .is_err()
            {
                sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, listens).await.expect("the proxy");
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

/// Whether a program can be started; if not, says so.
fn is_installed(program: &str, version: &str) -> bool {
    let mut command = Command::new(program);
    let started = command
        .arg(version)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if started.is_err() {
        eprintln!("{program} is not installed: its example was not tested");
    }
    started.is_ok()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Asserts that a program finds its configuration in order.
fn check(command: &mut Command) {
    let checked = command.output().unwrap();
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{told}");
}

/// The example for nginx as it stands, with other ports, and this certificate.
fn nginx(dir: &Path, server: u16, port: u16, plain: u16) -> String {
    let example = NGINX
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{server}"))
        .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
        .replace("listen 80", &format!("listen 127.0.0.1:{plain}"))
        .replace("    listen [::]:443 ssl http2;\n", "")
        .replace("    listen [::]:80;\n", "")
        .replace("video.example", "localhost")
        .replace(
            "/etc/letsencrypt/live/localhost",
            &dir.display().to_string(),
        );
    let dir = dir.display();
    format!(
        "pid {dir}/pid;\nerror_log {dir}/errors;\ndaemon off;\nmaster_process off;\nevents {{}}\n\
         http {{\nclient_body_temp_path {dir}/a;\nproxy_temp_path {dir}/b;\nfastcgi_temp_path {dir}/c;\n\
         uwsgi_temp_path {dir}/d;\nscgi_temp_path {dir}/e;\n{example}}}\n"
    )
}

/// The same for Caddy, which would have a certificate made by itself.
fn caddy(dir: &Path, server: u16, port: u16) -> String {
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

#[tokio::test]
async fn the_example_for_nginx_serves_video_and_tracker_over_tls() {
    if !is_installed("nginx", "-v") {
        return;
    }
    let behind = Behind::new().await;
    let dir = behind.dir.path();
    let file = dir.join("nginx.conf");
    let text = nginx(dir, behind.site.port, behind.port, free_port());
    fs::write(&file, text).unwrap();
    let nginx = || {
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).arg("-p").arg(dir);
        command
    };
    check(nginx().arg("-t"));
    let _nginx = Proxy(nginx().spawn().unwrap());
    behind.works().await;
}

#[tokio::test]
async fn the_example_for_caddy_serves_video_and_tracker_over_tls() {
    if !is_installed("caddy", "version") {
        return;
    }
    let behind = Behind::new().await;
    let dir = behind.dir.path();
    let file = dir.join("Caddyfile");
    fs::write(&file, caddy(dir, behind.site.port, behind.port)).unwrap();
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
    check(caddy("validate").stderr(Stdio::piped()));
    let _caddy = Proxy(caddy("run").spawn().unwrap());
    behind.works().await;
}
