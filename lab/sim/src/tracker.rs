//! The tracker that the server runs. Every message passes through the real codec.

use std::collections::BTreeMap;

use core::time::Duration;

use rand::Rng as _;
use shoal_engine::Time;
use shoal_server::tracker::limits::AddressId;
use shoal_server::tracker::swarm::{Delivery, SwarmConfig, Swarms};
use shoal_wire::id::InfoHash;
use shoal_wire::tracker::{ClientMessage, Limits, TrackerMessage};

use crate::event::{NodeId, SocketId};
use crate::rng::{Purpose, Rng, stream};
use crate::scenario::TrackerModel;

/// A node's socket to the tracker.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) id: SocketId,
    pub(crate) open: bool,
}

#[derive(Debug)]
pub(crate) struct Tracker {
    model: TrackerModel,
    rng: Rng,
    /// The swarms that it serves.
    served: Vec<InfoHash>,
    swarms: Swarms,
    sockets: u64,
    /// The viewer behind each connection.
    connected: BTreeMap<SocketId, NodeId>,
    /// Messages heard.
    pub(crate) heard: u64,
}

/// One way from the middle of the network to the tracker.
pub(crate) const LATENCY: Duration = Duration::from_millis(10);

impl Tracker {
    pub(crate) fn new(seed: u64, model: &TrackerModel, served: Vec<InfoHash>) -> Self {
        let mut rng = stream(seed, 0, Purpose::Tracker);
        Self {
            model: model.clone(),
            swarms: serving(&served, &mut rng),
            served,
            rng,
            sockets: 0,
            connected: BTreeMap::new(),
            heard: 0,
        }
    }

    /// The next socket's number.
    pub(crate) fn number_socket(&mut self) -> SocketId {
        let number = SocketId(self.sockets);
        self.sockets += 1;
        number
    }

    /// The viewer behind a connection.
    pub(crate) fn who(&self, socket: SocketId) -> Option<NodeId> {
        self.connected.get(&socket).copied()
    }

    /// Dies, and starts anew with nobody in it; the connections that are lost.
    pub(crate) fn restart(&mut self) -> BTreeMap<SocketId, NodeId> {
        self.swarms = serving(&self.served, &mut self.rng);
        core::mem::take(&mut self.connected)
    }

    /// Forgets a connection that is gone.
    pub(crate) fn left(&mut self, now: Time, socket: SocketId) {
        self.connected.remove(&socket);
        self.swarms.close(since_start(now), socket);
    }

    /// Takes a connection, at an address of its own.
    pub(crate) fn reached(&mut self, now: Time, socket: SocketId, node: NodeId) {
        self.connected.insert(socket, node);
        let address = AddressId(node.0.into());
        self.swarms.open(since_start(now), socket, address);
    }

    /// Whether it is unreachable.
    pub(crate) fn down(&self, now: Time) -> bool {
        let inside =
            |&(from, to): &(Duration, Duration)| now >= Time(0) + from && now < Time(0) + to;
        self.model.outages.iter().any(inside)
    }

    /// Handles a message; returns the messages that it brings about, in order.
    pub(crate) fn hears(&mut self, now: Time, from: SocketId, text: &str) -> Vec<Delivery> {
        self.heard += 1;
        let now = since_start(now);
        let mut out = Vec::new();
        match ClientMessage::decode(text, &Limits::default()) {
            Ok(message) => {
                self.swarms.handle(now, from, message, &mut out);
            }
            Err(error) => {
                let reason = error.to_string();
                let message = TrackerMessage::Failure {
                    reason,
                    info_hash: None,
                    off: None,
                };
                out.push(Delivery { to: from, message });
            }
        }
        out
    }
}

/// A tracker that has just started, and serves one video.
fn serving(served: &[InfoHash], rng: &mut Rng) -> Swarms {
    let mut swarms = Swarms::new(SwarmConfig::default(), rng.next_u64());
    served.iter().for_each(|&swarm| swarms.admit(swarm));
    swarms
}

fn since_start(now: Time) -> Duration {
    Duration::from_micros(now.0)
}
