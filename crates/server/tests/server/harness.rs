//! A server in a temporary directory, a client that sends exactly what it is told, and HLS trees.

use std::{fmt::Write as _, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use shoal_server::{
    serve::{ServeConfig, Server},
    stun::StunCounts,
    tracker::Tracker,
};
use shoal_wire::{
    id::{InfoHash, OfferId, PeerId},
    index::{Index, Part},
    tracker::{Announce, AnnounceEvent, Offer},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a viewer says first at the tracker. The offers tell whose they are.
pub(crate) fn announcement(
    info_hash: InfoHash,
    peer_id: PeerId,
    name: u16,
    offers: u8,
) -> Announce {
    let offer = |n| Offer {
        offer_id: OfferId([n; 20]),
        sdp: format!("offer {n} of {name}"),
    };
    Announce {
        info_hash,
        peer_id,
        event: Some(AnnounceEvent::Started),
        numwant: u32::from(offers),
        uploaded: 0,
        downloaded: 0,
        left: None,
        offers: (0..offers).map(offer).collect(),
        token: None,
    }
}

/// A directory and a server of it.
pub(crate) struct Site {
    pub(crate) dir: TempDir,
    pub(crate) port: u16,
    pub(crate) tracker: Arc<Tracker>,
    pub(crate) stun: Option<SocketAddr>,
    pub(crate) stun_counts: Arc<StunCounts>,
    metrics: Option<SocketAddr>,
    drain: Option<oneshot::Sender<()>>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Site {
    /// Serves what `fill` puts into a new directory.
    pub(crate) async fn new(fill: impl FnOnce(&Tree)) -> Self {
        Self::with(fill, |_| {}).await
    }

    pub(crate) async fn with(
        fill: impl FnOnce(&Tree),
        configure: impl FnOnce(&mut ServeConfig),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fill(&Tree(dir.path().into()));
        let mut config = ServeConfig::new(dir.path().into(), "127.0.0.1:0".parse().unwrap());
        configure(&mut config);
        let server = Server::bind(config).await.unwrap();
        let (port, tracker) = (server.local_addr().port(), server.tracker());
        let (stun, stun_counts) = (server.stun_addr(), server.stun_counts());
        let metrics = server.metrics_addr();
        let (drain, drained) = oneshot::channel::<()>();
        let (stop, stopped) = oneshot::channel::<()>();
        let wait = |told: oneshot::Receiver<()>| async {
            if told.await.is_err() {
                // The test has ended.
                std::future::pending::<()>().await;
            }
        };
        let task = tokio::spawn(server.run_until(wait(drained), async {
            let _ = stopped.await;
        }));
        Self {
            dir,
            port,
            tracker,
            stun,
            stun_counts,
            metrics,
            drain: Some(drain),
            stop: Some(stop),
            task: Some(task),
        }
    }

    pub(crate) fn tree(&self) -> Tree {
        Tree(self.dir.path().into())
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request("GET", path, &[]).await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        head.push_str("\r\n");
        self.raw(head.as_bytes()).await
    }

    /// Sends bytes and reads to the end.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Reply {
        exchange(self.port, bytes).await
    }

    /// The index of a playlist, as soon as there is one.
    pub(crate) async fn index(&self, playlist: &str) -> Index {
        let path = format!("{playlist}.shoal/index.json");
        let reply = self.until(&path, |reply| reply.status == 200).await;
        Index::parse(&reply.body).unwrap()
    }

    pub(crate) async fn part(&self, playlist: &str, track: usize, number: u64) -> Part {
        let reply = self
            .get(&format!("{playlist}.shoal/{track}/{number}.bin"))
            .await;
        assert_eq!(reply.status, 200, "part {number} of track {track}");
        Part::decode(&reply.body).unwrap()
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
        let asking = async {
            loop {
                let reply = self.get(path).await;
                if wanted(&reply) {
                    return reply;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| panic!("{path} never became as wanted"))
    }

    /// Asks the listener for monitoring.
    pub(crate) async fn metrics(&self, path: &str) -> Reply {
        let head = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        exchange(self.metrics.unwrap().port(), head.as_bytes()).await
    }

    /// Tells the server to go when it can.
    pub(crate) fn drain(&mut self) {
        self.drain.take().unwrap().send(()).unwrap();
    }

    /// Stops the server and waits until it has.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        self.ended().await;
    }

    /// Waits until the server has stopped.
    pub(crate) async fn ended(&mut self) {
        timeout(PATIENCE, self.task.take().unwrap())
            .await
            .expect("an end")
            .unwrap();
    }
}

async fn exchange(port: u16, bytes: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut reply = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut reply))
        .await
        .expect("a reply")
        .unwrap();
    Reply::parse(&reply)
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a head");
        let (head, body) = (
            std::str::from_utf8(&bytes[..end]).unwrap(),
            &bytes[end + 4..],
        );
        let mut lines = head.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_lowercase(), value.trim().to_owned())
        };
        Self {
            status,
            headers: lines.map(header).collect(),
            body: body.to_vec(),
        }
    }

    /// A header's value, empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A directory that is being filled.
pub(crate) struct Tree(pub(crate) PathBuf);

impl Tree {
    /// Writes a file as a whole: what reads meanwhile sees the old one or the new one.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let new = path.with_extension("new");
        std::fs::write(&new, bytes).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.0.join(path)).unwrap()
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.0.join(path)).unwrap();
    }

    /// A media playlist in a folder, with segments `s<n>.ts` of the given lengths.
    pub(crate) fn rendition(&self, folder: &str, first: u64, lengths: &[usize], ended: bool) {
        for (n, length) in (first..).zip(lengths) {
            self.write(&format!("{folder}/s{n}.ts"), noise(n, *length));
        }
        self.write(
            &format!("{folder}/p.m3u8"),
            playlist(first, lengths.len(), ended),
        );
    }

    /// A master playlist of the renditions in some folders.
    pub(crate) fn master(&self, path: &str, folders: &[&str]) {
        let mut text = String::from("#EXTM3U\n");
        for folder in folders {
            writeln!(text, "#EXT-X-STREAM-INF:BANDWIDTH=100000\n{folder}/p.m3u8").unwrap();
        }
        self.write(path, text);
    }
}

pub(crate) fn playlist(first: u64, count: usize, ended: bool) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n");
    for n in (first..).take(count) {
        writeln!(text, "#EXTINF:2.000,\ns{n}.ts").unwrap();
    }
    if ended {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

/// Bytes that differ from segment to segment.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| rng.u8(..)).collect()
}
