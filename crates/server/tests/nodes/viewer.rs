//! A viewer at a node, or at a proxy before several.

use std::net::{Ipv4Addr, SocketAddr};

use futures_util::{SinkExt, StreamExt};
use shoal_wire::{
    id::{InfoHash, OfferId, PeerId},
    tracker::{Announce, Answer, ClientMessage, Limits, OffBy, Scrape, TrackerMessage},
};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::harness::{PATIENCE, announcement};

/// A number that tells viewers apart: the last bytes of its peer id, and of its loopback address.
pub(crate) type Name = u16;

pub(crate) struct Viewer {
    socket: WebSocketStream<TcpStream>,
    swarm: InfoHash,
    name: Name,
}

impl Viewer {
    /// Comes from a loopback address of its own.
    pub(crate) async fn open(port: u16, swarm: InfoHash, name: Name) -> tungstenite::Result<Self> {
        let [high, low] = name.to_be_bytes();
        let from = Ipv4Addr::new(127, 77, high, low);
        Self::from(port, swarm, name, &from.to_string()).await
    }

    /// Comes from this address, if it is one of this machine; any other, a proxy claims that it has seen.
    pub(crate) async fn from(
        port: u16,
        swarm: InfoHash,
        name: Name,
        address: &str,
    ) -> tungstenite::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        let url = format!("ws://127.0.0.1:{port}/tracker/{swarm}");
        let mut request = url.into_client_request()?;
        if address.starts_with("127.") {
            socket.bind(SocketAddr::new(address.parse().unwrap(), 0))?;
        } else {
            let forwarded = HeaderValue::from_str(address).unwrap();
            request.headers_mut().insert("x-forwarded-for", forwarded);
        }
        let stream = socket.connect(([127, 0, 0, 1], port).into()).await?;
        let (socket, _) = timeout(PATIENCE, client_async(request, stream))
            .await
            .expect("an answer")?;
        Ok(Self {
            socket,
            swarm,
            name,
        })
    }

    /// Announces, and hears the answer; what comes before it is passed over.
    pub(crate) async fn announce(&mut self, offers: u8, token: Option<String>) -> TrackerMessage {
        self.send(self.announcement(offers, token)).await;
        loop {
            match self.next().await.expect("an answer") {
                TrackerMessage::Offer { .. } | TrackerMessage::Answer { .. } => {}
                answer => return answer,
            }
        }
    }

    /// Announces without offers, and tells how many there are.
    pub(crate) async fn count(&mut self) -> u32 {
        match self.announce(0, None).await {
            TrackerMessage::Announced {
                complete,
                incomplete,
                ..
            } => complete + incomplete,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn announcement(&self, offers: u8, token: Option<String>) -> ClientMessage {
        ClientMessage::Announce(Announce {
            token,
            ..announcement(self.swarm, peer(self.name), self.name, offers)
        })
    }

    /// Answers an offer; `None` when the connection has ended.
    pub(crate) async fn answer(&mut self, to_peer_id: PeerId, offer_id: OfferId) -> Option<()> {
        let answer = Answer {
            info_hash: self.swarm,
            peer_id: peer(self.name),
            to_peer_id,
            offer_id,
            sdp: format!("answer of {}", self.name),
        };
        self.try_send(ClientMessage::Answer(answer)).await
    }

    pub(crate) async fn send(&mut self, message: ClientMessage) {
        self.try_send(message).await.expect("an open connection");
    }

    pub(crate) async fn try_send(&mut self, message: ClientMessage) -> Option<()> {
        let text = Message::text(message.encode());
        self.socket.send(text).await.ok()
    }

    /// The next message; `None` when the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<TrackerMessage> {
        loop {
            let frame = timeout(PATIENCE, self.socket.next())
                .await
                .expect("a frame");
            match frame {
                Some(Ok(Message::Text(text))) => {
                    return Some(TrackerMessage::decode(&text, &Limits::default()).unwrap());
                }
                Some(Ok(Message::Ping(_))) => {}
                _ => return None,
            }
        }
    }

    /// Is told who has switched sharing off, and loses the connection.
    pub(crate) async fn is_sent_home(&mut self, by: OffBy) {
        match self.next().await {
            Some(TrackerMessage::Failure { off, .. }) => assert_eq!(off, Some(by)),
            other => panic!("{other:?}"),
        }
        assert_eq!(self.next().await, None);
    }
}

pub(crate) fn peer(name: Name) -> PeerId {
    let mut id = [0; 20];
    id[18..].copy_from_slice(&name.to_be_bytes());
    PeerId(id)
}

/// How many offers come of an announce with so many, at one node: all of the others have to be in the swarm.
pub(crate) async fn introductions(one: &mut Viewer, others: &mut [Viewer], offers: u8) -> usize {
    one.announce(offers, None).await;
    let mut count = 0;
    for other in others {
        // Its own announce's answer comes behind the offer, if there is one.
        other.send(other.announcement(0, None)).await;
        loop {
            match other.next().await.expect("an answer") {
                TrackerMessage::Offer { .. } => count += 1,
                TrackerMessage::Announced { .. } => break,
                other => panic!("{other:?}"),
            }
        }
    }
    count
}

/// The peers of a swarm at one node.
pub(crate) async fn scrape(port: u16, swarm: InfoHash) -> u32 {
    let address = "192.0.2.250";
    let Ok(mut viewer) = Viewer::from(port, swarm, Name::MAX, address).await else {
        return 0;
    };
    let info_hashes = vec![swarm];
    viewer.send(ClientMessage::Scrape { info_hashes }).await;
    match viewer.next().await {
        Some(TrackerMessage::Scraped { files }) => {
            let count = |(_, counts): &(InfoHash, Scrape)| counts.complete + counts.incomplete;
            files.iter().map(count).sum()
        }
        other => panic!("{other:?}"),
    }
}
