//! Connections that mean no good, from other addresses than the viewers'.

use std::{net::Ipv4Addr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use shoal_server::tracker::TrackerEvent;
use shoal_wire::{
    id::{InfoHash, OfferId, PeerId},
    tracker::{Answer, ClientMessage, Limits, TrackerMessage},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{
    harness::{PATIENCE, Site},
    tracker::announce,
};

/// Connections that one address may have here.
const OF_ONE_ADDRESS: usize = 8;

/// How long a request's head, and the first announce, may take here.
const SHORT: Duration = Duration::from_millis(500);

const KINDS: usize = 4;

async fn connect(site: &Site, from: Ipv4Addr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let server = (Ipv4Addr::LOCALHOST, site.port).into();
    socket.connect(server).await.unwrap()
}

/// Holds a connection in one way or another until the server ends it.
async fn trouble(mut stream: TcpStream, kind: usize, swarm: InfoHash) {
    let head = format!(
        "GET /tracker/{swarm} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    );
    let mut answer = [0; 1_024];
    let drip: &[u8] = match kind {
        0 => &[],
        1 => {
            let _gone = stream.write_all(head.as_bytes()).await;
            b"X: 1"
        }
        _ => {
            let _gone = stream.write_all(format!("{head}\r\n").as_bytes()).await;
            if !matches!(stream.read(&mut answer).await, Ok(1..)) {
                return;
            }
            match kind {
                // A message of the largest size, byte by byte.
                2 => b"\x81\xfe\xff\xff\0\0\0\0{",
                // A ping, which is no announce.
                _ => b"\x89\x80\0\0\0\0",
            }
        }
    };
    for byte in drip {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        sleep(SHORT / 20).await;
    }
    while matches!(stream.read(&mut answer).await, Ok(1..)) {}
}

struct Viewer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    swarm: InfoHash,
    peer: u8,
}

impl Viewer {
    async fn join(site: &Site, swarm: InfoHash, peer: u8) -> Self {
        let url = format!("ws://127.0.0.1:{}/tracker/{swarm}", site.port);
        let (socket, _) = connect_async(url).await.unwrap();
        let mut viewer = Self {
            socket,
            swarm,
            peer,
        };
        viewer.announce(0).await;
        assert!(matches!(
            viewer.next().await,
            TrackerMessage::Announced { .. }
        ));
        viewer
    }

    async fn announce(&mut self, offers: u8) {
        self.say(&announce(self.swarm, self.peer, offers)).await;
    }

    async fn say(&mut self, message: &ClientMessage) {
        let message = Message::text(message.encode());
        self.socket.send(message).await.unwrap();
    }

    async fn next(&mut self) -> TrackerMessage {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await;
            if let Message::Text(text) = next.expect("an answer").unwrap().unwrap() {
                return TrackerMessage::decode(&text, &Limits::default()).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn viewers_are_served_beside_a_flood_that_ends_by_itself() {
    let site = Site::with(
        |tree| tree.rendition("v", 0, &[10], true),
        |config| {
            config.http.max_connections_per_address = OF_ONE_ADDRESS;
            config.http.head_timeout = SHORT;
            config.swarms.max_sockets_per_address = OF_ONE_ADDRESS;
            config.sockets.join_within = SHORT;
        },
    )
    .await;
    let swarm = site.index("/v/p.m3u8").await.swarm;
    let mut one = Viewer::join(&site, swarm, 1).await;
    let mut other = Viewer::join(&site, swarm, 2).await;
    let mut flood = tokio::task::JoinSet::new();
    for n in 0..160 {
        let from = Ipv4Addr::new(127, 66, 0, 1 + n % 4);
        let stream = connect(&site, from).await;
        flood.spawn(trouble(stream, usize::from(n / 4) % KINDS, swarm));
    }
    for round in 0..10 {
        one.announce(1).await;
        assert!(matches!(one.next().await, TrackerMessage::Announced { .. }));
        let TrackerMessage::Offer {
            info_hash,
            offer_id,
            ..
        } = other.next().await
        else {
            panic!("an offer");
        };
        assert_eq!(offer_id, OfferId([0; 20]));
        let answer = Answer {
            info_hash,
            peer_id: PeerId([2; 20]),
            to_peer_id: PeerId([1; 20]),
            offer_id,
            sdp: "answer".into(),
        };
        other.say(&ClientMessage::Answer(answer)).await;
        assert!(matches!(one.next().await, TrackerMessage::Answer { .. }));
        assert!(site.tracker.sockets() <= 2 + 4 * OF_ONE_ADDRESS, "{round}");
    }
    let ended = async { while flood.join_next().await.is_some() {} };
    timeout(PATIENCE, ended).await.expect("the flood to end");
    while site.tracker.sockets() > 2 {
        sleep(SHORT / 20).await;
    }
    assert!(site.tracker.counts().of(TrackerEvent::Idle) > 0);
}

#[tokio::test]
async fn who_asks_and_never_listens_is_closed() {
    let site = Site::new(|tree| tree.rendition("v", 0, &[10], true)).await;
    let swarm = site.index("/v/p.m3u8").await.swarm;
    let mut deaf = Viewer::join(&site, swarm, 1).await;
    let info_hashes = vec![swarm; 100];
    let scrape = ClientMessage::Scrape { info_hashes }.encode();
    let counts = site.tracker.counts();
    let asking = async {
        while counts.of(TrackerEvent::Slow) + counts.of(TrackerEvent::Flood) == 0 {
            let _gone = deaf.socket.feed(Message::text(&scrape)).await;
            let _gone = deaf.socket.flush().await;
        }
    };
    timeout(PATIENCE, asking).await.expect("an end");
}
