use std::net::SocketAddr;

use shoal_server::{
    serve::ServeConfig,
    stun::{StunAt, StunLimits},
};
use stun_types::{
    attribute::XorMappedAddress,
    message::{BINDING, Message, MessageClass, MessageWrite, MessageWriteVec},
};
use tokio::{net::UdpSocket, time::timeout};

use crate::harness::{PATIENCE, Site};

fn request() -> Vec<u8> {
    Message::builder_request(BINDING, MessageWriteVec::new()).finish()
}

/// A client on an address of its own.
struct Client(UdpSocket);

impl Client {
    async fn new(site: &Site, address: &str) -> Self {
        let to = site.stun.unwrap();
        let socket = UdpSocket::bind((address, 0)).await.unwrap();
        let host = if address.contains(':') {
            "::1"
        } else {
            "127.0.0.1"
        };
        socket.connect((host, to.port())).await.unwrap();
        Self(socket)
    }

    async fn send(&self, packet: &[u8]) {
        self.0.send(packet).await.unwrap();
    }

    async fn reply(&self) -> Vec<u8> {
        let mut reply = vec![0; 2_000];
        let received = timeout(PATIENCE, self.0.recv(&mut reply)).await;
        let len = received.expect("a reply").unwrap();
        reply.truncate(len);
        reply
    }

    /// Asks, and reads the address in the answer to this request.
    async fn ask(&self) -> SocketAddr {
        let request = request();
        self.send(&request).await;
        let asked = Message::from_bytes(&request).unwrap().transaction_id();
        let reply = self.reply().await;
        let reply = Message::from_bytes(&reply).unwrap();
        assert!(reply.has_class(MessageClass::Success));
        assert_eq!(reply.transaction_id(), asked);
        let mapped = reply.attribute::<XorMappedAddress>().unwrap();
        mapped.addr(asked)
    }
}

async fn site(listen: &str, configure: impl FnOnce(&mut ServeConfig)) -> Site {
    let at = StunAt::Address(listen.parse().unwrap());
    let with = |config: &mut ServeConfig| {
        config.stun = at;
        configure(config);
    };
    Site::with(|_| {}, with).await
}

#[tokio::test]
async fn a_browser_is_told_its_own_address() {
    let site = site("127.0.0.1:0", |_| {}).await;
    let client = Client::new(&site, "127.0.0.2").await;
    assert_eq!(client.ask().await, client.0.local_addr().unwrap());
    let site = self::site("[::1]:0", |_| {}).await;
    let client = Client::new(&site, "::1").await;
    assert_eq!(client.ask().await, client.0.local_addr().unwrap());
}

#[tokio::test]
async fn a_socket_for_both_families_tells_each_its_own() {
    let site = site("[::]:0", |_| {}).await;
    for address in ["127.0.0.1", "::1"] {
        let client = Client::new(&site, address).await;
        assert_eq!(client.ask().await, client.0.local_addr().unwrap());
    }
}

#[tokio::test]
async fn a_malformed_packet_is_dropped_and_counted() {
    let site = site("127.0.0.1:0", |_| {}).await;
    let client = Client::new(&site, "127.0.0.1").await;
    let malformed = [&b"hello"[..], &[0; 20], &[0xff; 1_400], &request()[..19]];
    for packet in malformed {
        client.send(packet).await;
    }
    // What comes first is the answer to this: the others have none.
    client.ask().await;
    assert_eq!(site.stun_counts.dropped(), malformed.len() as u64);
    assert_eq!(site.stun_counts.answered(), 1);
}

#[tokio::test]
async fn a_flood_from_one_address_is_cut_and_others_are_still_answered() {
    let limits = StunLimits {
        per_address: 10,
        per_second: 20,
    };
    let site = site("127.0.0.1:0", |config| config.stun_limits = limits).await;
    let flood = Client::new(&site, "127.0.0.1").await;
    for _ in 0..10 {
        flood.ask().await;
    }
    for _ in 0..100 {
        flood.send(&request()).await;
    }
    let other = Client::new(&site, "127.0.0.2").await;
    other.ask().await;
    assert_eq!(site.stun_counts.limited(), 100);
    assert_eq!(site.stun_counts.answered(), 11);
}

#[tokio::test]
async fn on_loopback_there_is_none_unless_it_is_asked_for() {
    let site = Site::new(|_| {}).await;
    assert_eq!(site.stun, None);
}

#[tokio::test]
async fn behind_a_cdn_it_is_named_by_its_own_host() {
    let site = Site::with(
        |tree| tree.rendition("v", 0, &[10], true),
        |config| {
            config.stun = StunAt::Address("127.0.0.1:0".parse().unwrap());
            config.stun_host = Some("origin.example".into());
        },
    )
    .await;
    let port = site.stun.unwrap().port();
    let named = format!("stun:origin.example:{port}");
    assert_eq!(site.index("/v/p.m3u8").await.ice[0].urls, [named]);
    assert!(site.get("/privacy").await.text().contains("No third party"));
}
