//! Whatever happens at the tracker, no address gets into a log, a counter or a debug text. A process of its
//! own: it listens to everything that is logged.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use shoal_server::{
    log,
    serve::tracker_only::{TrackConfig, TrackerServer},
    tracker::{Access, limits::Bucket, swarm::Scope},
};
use shoal_wire::{
    id::{InfoHash, OfferId, PeerId},
    tracker::{Announce, AnnounceEvent, ClientMessage, Offer},
};
use tokio::{net::TcpSocket, sync::oneshot, time::timeout};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Where the viewers come from, directly and behind a proxy.
const DIRECT: [&str; 3] = ["127.45.67.89", "127.46.68.90", "127.47.69.91"];
const FORWARDED: [&str; 3] = ["198.51.100.77", "203.0.113.45", "2001:db8:77:4500::99"];
const PATIENCE: Duration = Duration::from_secs(30);
const SWARM: InfoHash = InfoHash([5; 20]);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn announce(peer: u8, token: &str) -> Message {
    let offer = |n| Offer {
        offer_id: OfferId([n; 20]),
        sdp: format!("a=candidate:1 1 udp 1 {} 9 typ host", FORWARDED[0]),
    };
    let announce = Announce {
        info_hash: SWARM,
        peer_id: PeerId([peer; 20]),
        event: Some(AnnounceEvent::Started),
        numwant: 3,
        uploaded: 0,
        downloaded: 0,
        left: None,
        offers: (0..3).map(offer).collect(),
        token: Some(token.into()),
    };
    Message::text(ClientMessage::Announce(announce).encode())
}

/// Sends some messages from an address, and reads until nothing more comes.
async fn visit(port: u16, from: &str, forwarded: &str, messages: Vec<Message>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(SocketAddr::new(from.parse().unwrap(), 0))
        .unwrap();
    let to = SocketAddr::from(([127, 0, 0, 1], port));
    let stream = socket.connect(to).await.unwrap();
    let mut request = format!("ws://127.0.0.1:{port}/")
        .into_client_request()
        .unwrap();
    let forwarded = HeaderValue::from_str(forwarded).unwrap();
    request.headers_mut().insert("x-forwarded-for", forwarded);
    // Some are refused.
    let Ok((mut socket, _)) = client_async(request, stream).await else {
        return;
    };
    for message in messages {
        if socket.send(message).await.is_err() {
            break;
        }
    }
    while let Ok(Some(Ok(_))) = timeout(Duration::from_millis(200), socket.next()).await {}
}

async fn run(trusted: bool) -> String {
    let access = Access {
        open: true,
        require_token: true,
        ..Access::default()
    };
    let mut config = TrackConfig::new("127.0.0.1:0".parse().unwrap(), access);
    config.swarms.max_sockets_per_address = 2;
    config.swarms.messages = Bucket {
        burst: 3,
        per_hour: 1,
    };
    if trusted {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    }
    let server = TrackerServer::bind(config).await.unwrap();
    let (port, tracker) = (server.local_addr().port(), server.tracker());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async { drop(stopped.await) }));
    let token = tracker.token(SWARM, std::time::SystemTime::now()).unwrap();
    let mut debug = String::new();
    for (n, (from, forwarded)) in (1..).zip(DIRECT.into_iter().zip(FORWARDED)) {
        let visit = |messages| visit(port, from, forwarded, messages);
        let (good, bad) = (announce(n, &token), announce(n, "wrong"));
        tokio::join!(
            visit(vec![good.clone()]),
            visit(vec![bad, Message::text("null")]),
            visit(vec![good.clone(); 9]),
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                debug.push_str(&format!("{tracker:?}"));
            }
        );
        visit(vec![Message::binary(vec![0xff; 70_000])]).await;
        visit(vec![good]).await;
    }
    tracker.switch(Scope::Site, false);
    visit(port, DIRECT[0], FORWARDED[0], vec![announce(9, &token)]).await;
    debug.push_str(&format!("{tracker:#?}{}", tracker.counts()));
    debug.push_str(&format!("{:?}", tracker.tally()));
    drop(stop);
    timeout(PATIENCE, running).await.expect("an end").unwrap();
    debug
}

#[tokio::test]
async fn no_address_is_told() {
    let listener = Log::default();
    // The client's own library writes whole messages.
    let all = "trace,tungstenite=off,tokio_tungstenite=off";
    tracing_subscriber::fmt()
        .with_env_filter(log::filter(EnvFilter::new(all)))
        .with_writer(listener.clone())
        .init();
    let mut told = run(false).await;
    told.push_str(&run(true).await);
    let logged = String::from_utf8(listener.0.lock().unwrap().clone()).unwrap();
    // It did listen, and there was something to hear.
    assert!(logged.contains("socket closed"), "{logged}");
    assert!(
        told.contains("crowded") && told.contains("AddressId"),
        "{told}"
    );
    for address in DIRECT.iter().chain(&FORWARDED) {
        // As text, as Rust writes the bytes, and as a number.
        let address: std::net::IpAddr = address.parse().unwrap();
        let (bytes, number) = match address {
            std::net::IpAddr::V4(address) => (
                format!("{:?}", address.octets()),
                address.to_bits().to_string(),
            ),
            std::net::IpAddr::V6(address) => (
                format!("{:?}", &address.octets()[..7]).replace(']', ""),
                address.to_bits().to_string(),
            ),
        };
        for form in [address.to_string(), bytes, number] {
            assert!(!logged.contains(&form), "{form} is logged");
            assert!(!told.contains(&form), "{form} is told");
        }
    }
}
