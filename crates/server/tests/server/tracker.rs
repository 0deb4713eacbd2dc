use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use shoal_server::{
    serve::{
        ServeConfig,
        tracker_only::{TrackConfig, TrackerServer},
    },
    tracker::{
        Access, TrackerEvent,
        limits::{Announces, Bucket, Introductions},
        swarm::Scope,
    },
};
use shoal_wire::{
    id::{InfoHash, PeerId},
    index::P2p,
    tracker::{Answer, ClientMessage, Limits, OffBy, Scrape, TrackerMessage},
};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::HeaderValue,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::harness::{PATIENCE, Site, announcement};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(site: &Site, swarm: InfoHash) -> Self {
        Self(connect(site, &swarm.to_hex()).await.unwrap())
    }

    /// A socket whose viewer is in the swarm.
    async fn joined(site: &Site, swarm: InfoHash, peer: u8) -> Self {
        let mut socket = Self::open(site, swarm).await;
        socket.send(&announce(swarm, peer, 0)).await;
        socket.is_welcomed().await;
        socket
    }

    async fn send(&mut self, message: &ClientMessage) {
        self.text(&message.encode()).await;
    }

    async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn frame(&mut self) -> Option<tungstenite::Result<Message>> {
        timeout(PATIENCE, self.0.next()).await.expect("a frame")
    }

    /// The next message; pings are passed over.
    async fn next(&mut self) -> TrackerMessage {
        loop {
            match self.frame().await.expect("an open socket").unwrap() {
                Message::Text(text) => {
                    return TrackerMessage::decode(&text, &Limits::default()).unwrap();
                }
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message answers an announce.
    async fn is_welcomed(&mut self) {
        let reply = self.next().await;
        let is_answer = matches!(reply, TrackerMessage::Announced { .. });
        assert!(is_answer, "{reply:?}");
    }

    /// How the server closes, whatever it sends before.
    async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match self.frame().await {
                Some(Ok(Message::Close(frame))) => return frame,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

async fn two_sockets(site: &Site, swarm: InfoHash) -> [Socket; 2] {
    [
        Socket::open(site, swarm).await,
        Socket::open(site, swarm).await,
    ]
}

async fn connect(
    site: &Site,
    swarm: &str,
) -> tungstenite::Result<WebSocketStream<MaybeTlsStream<TcpStream>>> {
    let url = format!("ws://127.0.0.1:{}/tracker/{swarm}", site.port);
    connect_async(url).await.map(|(socket, _)| socket)
}

/// The status with which a WebSocket is refused.
async fn refusal(site: &Site, swarm: &str) -> u16 {
    match connect(site, swarm).await {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

/// A site with one video, and its swarm.
async fn site() -> (Site, InfoHash) {
    site_with(|_| {}).await
}

async fn site_with(configure: impl FnOnce(&mut ServeConfig)) -> (Site, InfoHash) {
    let site = Site::with(|tree| tree.rendition("v", 0, &[10], true), configure).await;
    let swarm = site.index("/v/p.m3u8").await.swarm;
    (site, swarm)
}

pub(crate) fn announce(info_hash: InfoHash, peer: u8, offers: u8) -> ClientMessage {
    ClientMessage::Announce(announcement(
        info_hash,
        PeerId([peer; 20]),
        peer.into(),
        offers,
    ))
}

fn is_failure(message: &TrackerMessage, swarm: InfoHash) -> bool {
    matches!(message, TrackerMessage::Failure { info_hash: Some(named), .. } if *named == swarm)
}

#[tokio::test]
async fn two_viewers_are_introduced() {
    let (site, swarm) = site().await;
    let [mut first, mut second] = two_sockets(&site, swarm).await;
    first.send(&announce(swarm, 1, 2)).await;
    let counts = |message| match message {
        TrackerMessage::Announced {
            complete,
            incomplete,
            interval,
            ..
        } => (complete, incomplete, interval),
        other => panic!("{other:?}"),
    };
    assert_eq!(counts(first.next().await), (0, 1, 120));
    second.send(&announce(swarm, 2, 2)).await;
    assert_eq!(counts(second.next().await), (0, 2, 120));
    let TrackerMessage::Offer {
        info_hash,
        peer_id,
        offer_id,
        sdp,
    } = first.next().await
    else {
        panic!("an offer")
    };
    assert_eq!((info_hash, peer_id), (swarm, PeerId([2; 20])));
    assert_eq!(sdp, format!("offer {} of 2", offer_id.0[0]));
    let answer = Answer {
        info_hash,
        peer_id: PeerId([1; 20]),
        to_peer_id: peer_id,
        offer_id,
        sdp: "answer".into(),
    };
    first.send(&ClientMessage::Answer(answer)).await;
    let answer = TrackerMessage::Answer {
        info_hash,
        peer_id: PeerId([1; 20]),
        offer_id,
        sdp: "answer".into(),
    };
    assert_eq!(second.next().await, answer);
}

#[tokio::test]
async fn a_viewer_whose_socket_closes_is_gone() {
    let (site, swarm) = site().await;
    let [mut first, mut second] = two_sockets(&site, swarm).await;
    first.send(&announce(swarm, 1, 0)).await;
    first.next().await;
    drop(first);
    let scrape = ClientMessage::Scrape {
        info_hashes: vec![swarm],
    };
    let gone = async {
        loop {
            second.send(&scrape).await;
            let TrackerMessage::Scraped { files } = second.next().await else {
                panic!("counts")
            };
            if files == [(swarm, Scrape::default())] {
                return;
            }
        }
    };
    timeout(PATIENCE, gone)
        .await
        .expect("the first viewer to leave");
}

#[tokio::test]
async fn an_unknown_swarm_is_refused_and_the_socket_stays() {
    let (site, swarm) = site().await;
    let unknown = InfoHash([9; 20]);
    let mut socket = Socket::open(&site, swarm).await;
    socket.send(&announce(unknown, 1, 1)).await;
    assert!(is_failure(&socket.next().await, unknown));
    socket.send(&announce(swarm, 1, 1)).await;
    socket.is_welcomed().await;
}

#[tokio::test]
async fn binary_frames_are_read_too() {
    let (site, swarm) = site().await;
    let mut socket = Socket::open(&site, swarm).await;
    let message = announce(swarm, 1, 0).encode();
    socket
        .0
        .send(Message::binary(message.into_bytes()))
        .await
        .unwrap();
    socket.is_welcomed().await;
}

#[tokio::test]
async fn a_malformed_message_costs_the_connection_and_is_counted() {
    let (site, swarm) = site().await;
    let mut other = Socket::open(&site, swarm).await;
    let malformed = [
        "null",
        "",
        "{",
        "[]",
        "{\"action\":\"announce\"}",
        "{\"action\":\"dance\"}",
        &format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000)),
    ];
    for text in malformed {
        let mut socket = Socket::open(&site, swarm).await;
        socket.text(text).await;
        let failure = socket.next().await;
        assert!(is_failure(&failure, swarm), "{failure:?}");
        let frame = socket.closed().await.expect("a reason");
        assert_eq!(frame.code, CloseCode::Policy);
        assert!(
            frame.reason.starts_with("malformed message: "),
            "{}",
            frame.reason
        );
    }
    assert_eq!(
        site.tracker.counts().of(TrackerEvent::Malformed),
        malformed.len() as u64
    );
    other.send(&announce(swarm, 1, 0)).await;
    other.is_welcomed().await;
}

#[tokio::test]
async fn an_oversized_message_closes_the_socket_and_the_server_stays_up() {
    let (site, swarm) = site().await;
    for size in [64 * 1024 + 1, 8 * 1024 * 1024] {
        let mut socket = Socket::open(&site, swarm).await;
        // The connection may be gone before all of it is sent.
        let _ = socket.0.send(Message::text("x".repeat(size))).await;
        if let Some(frame) = socket.closed().await {
            assert_eq!(frame.code, CloseCode::Size);
        }
    }
    assert_eq!(site.tracker.counts().of(TrackerEvent::Oversized), 2);
    Socket::joined(&site, swarm, 1).await;
}

#[tokio::test]
async fn broken_framing_is_told_from_a_lost_connection() {
    let (site, swarm) = site().await;
    let lost = Socket::joined(&site, swarm, 1).await;
    drop(lost);
    let mut broken = Socket::open(&site, swarm).await;
    let MaybeTlsStream::Plain(stream) = broken.0.get_mut() else {
        panic!("a plain connection")
    };
    // Reserved bits and an opcode that there is not.
    stream.write_all(&[0xff; 64]).await.unwrap();
    assert_eq!(
        broken.closed().await.expect("a reason").code,
        CloseCode::Protocol
    );
    assert_eq!(site.tracker.counts().of(TrackerEvent::Protocol), 1);
}

#[tokio::test]
async fn the_largest_honest_announce_passes() {
    let (site, swarm) = site().await;
    let [mut first, mut second] = two_sockets(&site, swarm).await;
    first.send(&announce(swarm, 1, 0)).await;
    first.next().await;
    let mut message = announce(swarm, 2, 10);
    if let ClientMessage::Announce(announce) = &mut message {
        announce
            .offers
            .iter_mut()
            .for_each(|offer| offer.sdp = "x".repeat(6_000));
    }
    second.send(&message).await;
    second.is_welcomed().await;
    assert!(matches!(first.next().await, TrackerMessage::Offer { sdp, .. } if sdp.len() == 6_000));
}

/// The socket is told that sharing is off, and then closed in good order.
async fn is_sent_off(socket: &mut Socket, swarm: InfoHash, by: OffBy) {
    let sentence = match by {
        OffBy::Site => "sharing is off on this site",
        OffBy::Video => "sharing is off for this video",
    };
    let failure = loop {
        match socket.next().await {
            // What was on its way before.
            TrackerMessage::Announced { .. } | TrackerMessage::Offer { .. } => {}
            other => break other,
        }
    };
    let expected = TrackerMessage::Failure {
        reason: sentence.into(),
        info_hash: Some(swarm),
        off: Some(by),
    };
    assert_eq!(failure, expected);
    let frame = socket.closed().await.expect("a reason");
    assert_eq!((frame.code, &*frame.reason), (CloseCode::Policy, sentence));
}

#[tokio::test]
async fn whoever_comes_where_sharing_is_off_is_told_so() {
    let (site, swarm) = site_with(|config| config.p2p = P2p::Off).await;
    assert_eq!(site.index("/v/p.m3u8").await.policy.p2p, P2p::Off);
    let mut socket = Socket::open(&site, swarm).await;
    is_sent_off(&mut socket, swarm, OffBy::Site).await;
    assert_eq!(site.tracker.counts().of(TrackerEvent::Off), 1);
}

#[tokio::test]
async fn the_switch_sends_everybody_off_and_lets_them_back() {
    let (site, swarm) = site().await;
    for (scope, by) in [
        (Scope::Site, OffBy::Site),
        (Scope::Video(swarm), OffBy::Video),
    ] {
        let mut sockets = Vec::new();
        for n in 0..20 {
            let mut socket = Socket::open(&site, swarm).await;
            // One has not announced yet.
            if n > 0 {
                socket.send(&announce(swarm, n, 2)).await;
                socket.next().await;
            }
            sockets.push(socket);
        }
        site.tracker.switch(scope, false);
        for socket in &mut sockets {
            is_sent_off(socket, swarm, by).await;
        }
        is_sent_off(&mut Socket::open(&site, swarm).await, swarm, by).await;
        site.tracker.switch(scope, true);
        Socket::joined(&site, swarm, 1).await;
    }
}

#[tokio::test]
async fn only_who_has_a_token_of_the_index_joins() {
    let site = Site::with(
        |tree| {
            tree.rendition("v", 0, &[10], true);
            tree.rendition("w", 0, &[11], true);
        },
        |config| config.access.require_token = true,
    )
    .await;
    let (index, other) = (site.index("/v/p.m3u8").await, site.index("/w/p.m3u8").await);
    let reply = site.get("/v/p.m3u8.shoal/index.json").await;
    assert_eq!(reply.header("cache-control"), "private, no-store");
    let mut socket = Socket::open(&site, index.swarm).await;
    let join = |token: &Option<String>| {
        let mut message = announce(index.swarm, 1, 0);
        if let ClientMessage::Announce(announce) = &mut message {
            announce.token.clone_from(token);
        }
        message
    };
    for wrong in [None, Some("x".into()), other.token] {
        socket.send(&join(&wrong)).await;
        assert!(is_failure(&socket.next().await, index.swarm), "{wrong:?}");
    }
    assert_eq!(site.tracker.counts().of(TrackerEvent::Token), 3);
    // Whoever is in stays in without it.
    for right in [index.token, None] {
        socket.send(&join(&right)).await;
        socket.is_welcomed().await;
    }
}

#[tokio::test]
async fn pages_that_are_not_allowed_are_refused() {
    let (site, swarm) =
        site_with(|config| config.access.origins = vec!["https://video.example".into()]).await;
    let from = async |origin: &'static str| {
        let url = format!("ws://127.0.0.1:{}/tracker/{swarm}", site.port);
        let mut request = url.into_client_request().unwrap();
        let origin = HeaderValue::from_static(origin);
        request.headers_mut().insert("origin", origin);
        connect_async(request).await
    };
    assert!(from("https://video.example").await.is_ok());
    assert!(from("https://elsewhere.example").await.is_err());
    assert_eq!(refusal(&site, &swarm.to_hex()).await, 403);
    assert_eq!(site.tracker.counts().of(TrackerEvent::Foreign), 2);
}

#[tokio::test]
async fn one_address_cannot_take_all_places() {
    let (site, swarm) = site_with(|config| {
        config.swarms.max_sockets_per_address = 2;
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let from = async |address: &'static str| {
        let url = format!("ws://127.0.0.1:{}/tracker/{swarm}", site.port);
        let mut request = url.into_client_request().unwrap();
        let address = HeaderValue::from_static(address);
        request.headers_mut().insert("x-forwarded-for", address);
        connect_async(request).await
    };
    let _first = from("192.0.2.1").await.unwrap();
    let _second = from("192.0.2.1").await.unwrap();
    assert!(from("192.0.2.1").await.is_err());
    assert_eq!(site.tracker.counts().of(TrackerEvent::Crowded), 1);
    assert!(from("192.0.2.2").await.is_ok());
    assert!(from("2001:db8::1").await.is_ok());
}

#[tokio::test]
async fn a_socket_that_never_announces_is_closed() {
    let (site, swarm) =
        site_with(|config| config.sockets.join_within = Duration::from_millis(50)).await;
    let mut idle = Socket::open(&site, swarm).await;
    assert_eq!(
        idle.closed().await.expect("a reason").code,
        CloseCode::Policy
    );
}

#[tokio::test]
async fn a_flood_of_messages_closes_the_socket() {
    let (site, swarm) = site().await;
    let mut socket = Socket::open(&site, swarm).await;
    socket.send(&announce(swarm, 1, 0)).await;
    let scrape = ClientMessage::Scrape {
        info_hashes: Vec::new(),
    };
    // The connection ends before all of them are sent.
    for _ in 0..2_000 {
        let _ = socket.0.feed(Message::text(scrape.encode())).await;
    }
    let _ = socket.0.flush().await;
    socket.closed().await;
    assert_eq!(site.tracker.counts().of(TrackerEvent::Flood), 1);
}

#[tokio::test]
async fn an_open_tracker_takes_any_swarm_on_any_path() {
    let access = Access {
        open: true,
        ..Access::default()
    };
    let config = TrackConfig::new("127.0.0.1:0".parse().unwrap(), access);
    let tracker = TrackerServer::bind(config).await.unwrap();
    let port = tracker.local_addr().port();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(tracker.run(async { drop(stopped.await) }));
    let open = async |path: &str| {
        let url = format!("ws://127.0.0.1:{port}{path}");
        Socket(connect_async(url).await.unwrap().0)
    };
    let mut sockets = [open("/").await, open("/announce?x=y").await];
    for (n, socket) in (1..).zip(&mut sockets) {
        socket.send(&announce(InfoHash([5; 20]), n, 1)).await;
        socket.is_welcomed().await;
    }
    assert!(matches!(
        sockets[0].next().await,
        TrackerMessage::Offer { .. }
    ));
    drop(stop);
    let frame = sockets[1].closed().await.expect("a goodbye");
    assert_eq!(frame.code, CloseCode::Away);
    drop(sockets);
    timeout(PATIENCE, running).await.expect("an end").unwrap();
}

#[tokio::test]
async fn only_existing_swarms_have_a_tracker() {
    let (site, swarm) = site().await;
    for name in ["x", &"0".repeat(40), &"0".repeat(41), "..%2f"] {
        assert_eq!(refusal(&site, name).await, 404, "{name}");
    }
    // Not a WebSocket.
    let reply = site.get(&format!("/tracker/{swarm}")).await;
    assert!((400..500).contains(&reply.status), "{}", reply.status);
}

#[tokio::test]
async fn a_full_tracker_refuses_and_recovers() {
    let (site, swarm) = site_with(|config| config.sockets.max_sockets = 1).await;
    let socket = Socket::joined(&site, swarm, 1).await;
    assert_eq!(refusal(&site, &swarm.to_hex()).await, 503);
    drop(socket);
    let again = async {
        while connect(&site, &swarm.to_hex()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("room again");
}

#[tokio::test]
async fn a_silent_socket_is_pinged_then_closed() {
    let (site, swarm) = site_with(|config| {
        config.sockets.ping = Duration::from_millis(50);
        config.sockets.idle = Duration::from_millis(300);
    })
    .await;
    let mut answering = Socket::open(&site, swarm).await;
    // A client that reads answers pings, and is not silent.
    for _ in 0..10 {
        assert!(matches!(
            answering.frame().await,
            Some(Ok(Message::Ping(_)))
        ));
    }
    let _silent = Socket::open(&site, swarm).await;
    let closed = async {
        while site.tracker.counts().of(TrackerEvent::Idle) == 0 {
            answering.frame().await;
        }
    };
    timeout(PATIENCE, closed)
        .await
        .expect("the silent socket to be closed");
}

#[tokio::test]
async fn a_socket_that_takes_nothing_is_closed() {
    let (site, swarm) = site_with(|config| {
        config.sockets.max_queue = 4;
        // One viewer alone could not send that much.
        let plenty = Bucket {
            burst: 1_000_000,
            per_hour: 1,
        };
        let swarms = &mut config.swarms;
        swarms.messages = plenty;
        swarms.introductions = Introductions {
            socket: plenty,
            address: plenty,
        };
        swarms.announces = Announces {
            socket: plenty,
            address: plenty,
        };
    })
    .await;
    let _slow = Socket::joined(&site, swarm, 1).await;
    let mut busy = Socket::open(&site, swarm).await;
    let mut message = announce(swarm, 2, 1);
    if let ClientMessage::Announce(announce) = &mut message {
        announce.offers[0].sdp = "x".repeat(16_000);
    }
    let flood = async {
        while site.tracker.counts().of(TrackerEvent::Slow) == 0 {
            busy.send(&message).await;
            busy.next().await;
        }
    };
    timeout(PATIENCE, flood)
        .await
        .expect("the slow socket to be closed");
}

#[tokio::test]
async fn a_stop_says_goodbye_to_every_socket() {
    let (mut site, swarm) = site().await;
    let mut socket = Socket::open(&site, swarm).await;
    let (frame, ()) = tokio::join!(socket.closed(), site.stop());
    assert_eq!(frame.expect("a goodbye").code, CloseCode::Away);
    assert!(TcpStream::connect(("127.0.0.1", site.port)).await.is_err());
}
