//! A site of two nodes, each a process, behind a proxy, with a Redis.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use shoal_wire::{id::InfoHash, index::Index};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, sleep, timeout},
};

use crate::{
    harness::{PATIENCE, Tree},
    programs::{Program, Redis, free_port, haproxy, listens, nginx},
};

const NGINX: &str = include_str!("../../../../deploy/nginx-nodes.conf");
const HAPROXY: &str = include_str!("../../../../deploy/haproxy.cfg");

/// Films, and so swarms.
pub(crate) const FILMS: usize = 16;

/// What is in front of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    Nginx,
    Haproxy,
}

pub(crate) struct Nodes {
    dir: TempDir,
    pub(crate) redis: Redis,
    pub(crate) nodes: [Node; 2],
    pub(crate) front: u16,
    pub(crate) swarms: Vec<InfoHash>,
    _proxy: Program,
}

/// A node.
pub(crate) struct Node {
    pub(crate) port: u16,
    pub(crate) socket: PathBuf,
    log: PathBuf,
    file: PathBuf,
    running: Option<Program>,
}

impl Nodes {
    pub(crate) async fn start(front: Front) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let films = dir.path().join("films");
        for film in 0..FILMS {
            let tree = Tree(films.clone());
            tree.rendition(&format!("f{film}"), film as u64, &[10_000], true);
        }
        let redis = Redis::start(&[]).await;
        let nodes = ["a", "b"].map(|name| {
            let file = |end: &str| dir.path().join(format!("{name}.{end}"));
            let node = Node {
                port: free_port(),
                socket: file("sock"),
                log: file("log"),
                file: file("toml"),
                running: None,
            };
            let config = format!(
                "dir = {films:?}\nlisten = \"127.0.0.1:{}\"\n\
                 [http]\ntrusted_proxies = [\"127.0.0.1\"]\n\
                 [admin]\nsocket = {:?}\n\
                 [redis]\nurl = \"{}\"\ninterval_ms = 50\nregroup = 3\n\
                 [drain]\nnotice = 3\nover = 2\n",
                node.port,
                node.socket,
                redis.url()
            );
            fs::write(&node.file, config).unwrap();
            node
        });
        let mut nodes = nodes;
        for node in &mut nodes {
            node.again();
        }
        for node in &nodes {
            listens(node.port).await;
        }
        let (port, plain) = (free_port(), free_port());
        let ports = [nodes[0].port, nodes[1].port];
        let at = dir.path().join("proxy");
        fs::create_dir(&at).unwrap();
        let proxy = match front {
            Front::Nginx => nginx(&at, &nginx_example(&at, ports, port, plain), port).await,
            Front::Haproxy => haproxy(&at, &haproxy_example(ports, port), port).await,
        };
        let mut site = Self {
            dir,
            redis,
            nodes,
            front: port,
            swarms: Vec::new(),
            _proxy: proxy,
        };
        for film in 0..FILMS {
            let path = format!("/f{film}/p.m3u8.shoal/index.json");
            let index = until("the index is made", async || {
                Index::parse(&site.get(port, &path).await.1).ok()
            })
            .await;
            site.swarms.push(index.swarm);
        }
        site
    }

    /// The status and body of an answer.
    pub(crate) async fn get(&self, port: u16, path: &str) -> (u16, Vec<u8>) {
        get(port, path).await.unwrap_or_default()
    }

    /// At which node a swarm is that somebody is in; `None` if at neither, or at both.
    pub(crate) async fn place(&self, swarm: InfoHash) -> Option<usize> {
        let mut places = Vec::new();
        for (n, node) in self.nodes.iter().enumerate() {
            if node.running.is_some() && node.members(swarm).await > 0 {
                places.push(n);
            }
        }
        match places[..] {
            [place] => Some(place),
            _ => None,
        }
    }

    /// Everything that any program has written.
    pub(crate) fn written(&self) -> String {
        let mut all = String::new();
        let logs = self.nodes.iter().map(|node| node.log.clone());
        let errors = ["errors", "error.log"].map(|name| self.dir.path().join("proxy").join(name));
        for file in logs.chain(errors) {
            all.push_str(&fs::read_to_string(file).unwrap_or_default());
        }
        all
    }
}

impl Node {
    /// Starts it (again).
    pub(crate) fn again(&mut self) {
        let log = File::options().create(true).append(true).open(&self.log);
        let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
        command
            .args(["serve", "--config"])
            .arg(&self.file)
            .stdout(Stdio::piped())
            .stderr(log.unwrap());
        let mut running = Program::start(&mut command);
        let mut address = String::new();
        let stdout = running.0.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut address).unwrap();
        assert!(address.starts_with("http://"), "{}", self.log());
        self.running = Some(running);
    }

    /// Without a chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        self.running = None;
    }

    /// Asks it to go.
    pub(crate) fn terminate(&self) {
        let running = self.running.as_ref().unwrap();
        let pid = running.0.id().to_string();
        let asked = Command::new("kill").arg(pid).status().unwrap();
        assert!(asked.success());
    }

    /// Waits until it has gone by itself.
    pub(crate) async fn ended(&mut self) {
        let mut running = self.running.take().unwrap();
        until("the node ends", async || {
            running
                .0
                .try_wait()
                .unwrap()
                .map(|status| assert!(status.success()))
        })
        .await;
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Peers of a swarm at this node alone.
    pub(crate) async fn members(&self, swarm: InfoHash) -> u32 {
        // A scrape is the node's own; the viewer count is that of all nodes.
        crate::viewer::scrape(self.port, swarm).await
    }
}

/// Asks until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    match timeout(PATIENCE, asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("it never came about: {what}"),
    }
}

pub(crate) async fn get(port: u16, path: &str) -> std::io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    let text = String::from_utf8_lossy(&reply);
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let end = reply.windows(4).position(|four| four == b"\r\n\r\n");
    let body = reply.split_off(end.map_or(reply.len(), |end| end + 4));
    Ok((status.unwrap_or_default(), body))
}

/// The example as it stands, with other ports, and without TLS.
fn nginx_example(dir: &std::path::Path, nodes: [u16; 2], port: u16, plain: u16) -> String {
    let tls = |line: &&str| !line.contains("ssl_certificate") && !line.contains("[::]");
    let example: Vec<_> = NGINX.lines().filter(tls).collect();
    let example = example
        .join("\n")
        .replace("10.0.0.11:8080", &format!("127.0.0.1:{}", nodes[0]))
        .replace("10.0.0.12:8080", &format!("127.0.0.1:{}", nodes[1]))
        .replace("listen 443 ssl http2", &format!("listen 127.0.0.1:{port}"))
        .replace("listen 80", &format!("listen 127.0.0.1:{plain}"))
        .replace("/var/log/nginx", &dir.display().to_string());
    assert!(
        !example.contains("10.0.0.1:") && !example.contains("ssl"),
        "{example}"
    );
    example
}

fn haproxy_example(nodes: [u16; 2], port: u16) -> String {
    let tls = |line: &&str| !line.contains("bind :::80") && !line.contains("scheme https");
    let example: Vec<_> = HAPROXY.lines().filter(tls).collect();
    let certificate = ":::443 v4v6 ssl crt /etc/haproxy/video.example.pem alpn h2,http/1.1";
    example
        .join("\n")
        .replace("10.0.0.11:8080", &format!("127.0.0.1:{}", nodes[0]))
        .replace("10.0.0.12:8080", &format!("127.0.0.1:{}", nodes[1]))
        .replace(certificate, &format!("127.0.0.1:{port}"))
        .replace("maxconn 100000", "maxconn 2000")
        + "\n"
}
