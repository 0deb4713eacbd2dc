//! One viewer: a WebSocket that announces when it is told to, and answers every offer.

use std::{
    cell::RefCell,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::{Notify, Semaphore, mpsc},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Error, Message, protocol::WebSocketConfig},
};

use crate::{
    ledger::Ledger,
    message::{Heard, OfferName, Phrases, viewer},
};

/// Bytes of a socket's read buffer. The library's own, 128 KiB, times ten thousand would be a gigabyte.
const READ_BUFFER: usize = 4 * 1024;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(20);

/// What all viewers share. There is one thread.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) phrases: Phrases,
    pub(crate) swarms: usize,
    pub(crate) ledger: RefCell<Ledger>,
    /// One for each announce that may be made now.
    pub(crate) free: Semaphore,
    /// When each viewer was told that sharing is off.
    pub(crate) off: RefCell<Vec<Instant>>,
    pub(crate) told: Notify,
}

/// What a viewer is told to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    /// Announce for the first time.
    Join,
    /// Announce with offers, as this cycle.
    Announce(usize),
}

/// Tells viewers what to do.
pub(crate) type Orders = mpsc::UnboundedSender<Order>;

type Socket = WebSocketStream<TcpStream>;

/// Connects a viewer from an address of its own, and lets it live until the socket ends.
pub(crate) async fn enter(
    world: &Rc<World>,
    index: usize,
    server: SocketAddr,
    url: &str,
) -> Result<Orders> {
    let socket = TcpSocket::new_v4()?;
    let own = SocketAddrV4::new(address(index), 0);
    socket
        .bind(own.into())
        .context("no loopback address can be had")?;
    let connecting = async {
        let stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0);
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        anyhow::Ok(socket)
    };
    let socket = tokio::time::timeout(CONNECT, connecting)
        .await
        .context("a connection takes too long")??;
    let (orders, received) = mpsc::unbounded_channel();
    let viewer = Viewer {
        swarm: index % world.swarms,
        index,
        world: Rc::clone(world),
    };
    tokio::task::spawn_local(viewer.live(socket, received));
    Ok(orders)
}

/// Every viewer has an address of its own, as most have in the world. All of 127.0.0.0/8 is this machine.
fn address(index: usize) -> Ipv4Addr {
    let byte = |number: usize| (number % 250) as u8 + 1;
    Ipv4Addr::new(127, byte(index / 62_500), byte(index / 250), byte(index))
}

struct Viewer {
    index: usize,
    swarm: usize,
    world: Rc<World>,
}

impl Viewer {
    async fn live(self, mut socket: Socket, mut orders: mpsc::UnboundedReceiver<Order>) {
        if self.talk(&mut socket, &mut orders).await.is_err() {
            self.world.ledger.borrow_mut().faults.closed += 1;
        }
    }

    async fn talk(
        &self,
        socket: &mut Socket,
        orders: &mut mpsc::UnboundedReceiver<Order>,
    ) -> Result<(), Error> {
        let phrases = &self.world.phrases;
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let announce = match order {
                        Some(Order::Join) => phrases.join(self.index, self.swarm),
                        Some(Order::Announce(cycle)) => phrases.cycle(self.index, self.swarm, cycle),
                        None => return Ok(()),
                    };
                    socket.send(Message::text(announce)).await?;
                }
                message = socket.next() => {
                    let message = message.ok_or(Error::ConnectionClosed)??;
                    if let Message::Text(text) = message
                        && let Some(answer) = self.hear(&text)
                    {
                        socket.send(Message::text(answer)).await?;
                    }
                }
            }
        }
    }

    /// Takes note of a message. Gives the answer, if it is an offer.
    fn hear(&self, text: &str) -> Option<String> {
        let mut ledger = self.world.ledger.borrow_mut();
        let Ok(heard) = serde_json::from_str::<Heard<'_>>(text) else {
            ledger.faults.misrouted += 1;
            return None;
        };
        if let Some(failure) = heard.failure {
            if heard.p2p.is_some_and(|p2p| p2p == "off") {
                self.world.off.borrow_mut().push(Instant::now());
                self.world.told.notify_one();
            } else {
                ledger.faults.failures += 1;
                ledger.faults.failure = Some(failure);
            }
            return None;
        }
        let hash_fits = heard
            .info_hash
            .is_some_and(|hash| self.world.phrases.is_of(&hash, self.swarm));
        if !hash_fits {
            ledger.faults.misrouted += 1;
            return None;
        }
        let now = Instant::now();
        let name = heard.offer_id.as_deref().and_then(OfferName::read);
        let from = heard.peer_id.as_deref().and_then(viewer);
        let complete = match (heard.offer, heard.answer, name, from) {
            (Some(offer), None, Some(name), Some(from)) if !offer.sdp.is_empty() => {
                let fine = ledger.offered(self.index, self.swarm, from, name);
                let (to, offer_id) = (heard.peer_id?, heard.offer_id?);
                let answer = || {
                    self.world
                        .phrases
                        .answer(self.index, self.swarm, &to, &offer_id)
                };
                return fine.then(answer);
            }
            (None, Some(answer), Some(name), Some(from)) if !answer.sdp.is_empty() => {
                ledger.answered(self.index, from, name, now)
            }
            (None, None, ..) => ledger.replied(self.index, now),
            _ => {
                ledger.faults.misrouted += 1;
                false
            }
        };
        if complete {
            self.world.free.add_permits(1);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_viewer_has_an_address_of_its_own() {
        let addresses: HashSet<_> = (0..70_000).map(address).collect();
        assert_eq!(addresses.len(), 70_000);
        assert!(addresses.iter().all(Ipv4Addr::is_loopback));
        assert!(!addresses.contains(&Ipv4Addr::LOCALHOST));
    }
}
