//! The tracker that the server runs, and sockets to it. Every message passes through the real
//! codec.

use std::collections::BTreeMap;

use core::time::Duration;

use rand::Rng;
use shoal_engine::{Input, Time};
use shoal_server::tracker::limits::AddressId;
use shoal_server::tracker::swarm::{Delivery, SwarmConfig, Swarms};
use shoal_wire::id::InfoHash;
use shoal_wire::tracker::{ClientMessage, Limits, TrackerMessage};

use crate::chance::{Chance, Purpose, stream};
use crate::scenario::TrackerModel;
use crate::store::Breach;
use crate::world::{Event, NodeId, Text, World};

pub(crate) use shoal_server::tracker::swarm::SocketId;

/// A node's socket to the tracker.
#[derive(Debug)]
pub(crate) struct Socket {
    id: SocketId,
    open: bool,
}

#[derive(Debug)]
pub(crate) struct Tracker {
    model: TrackerModel,
    chance: Chance,
    /// The swarms that it serves.
    served: Vec<InfoHash>,
    swarms: Swarms,
    sockets: u64,
    /// Who is behind each connection.
    connected: BTreeMap<SocketId, NodeId>,
    /// Messages heard.
    pub(crate) heard: u64,
}

/// One way from the middle of the network to the tracker.
const LATENCY: Duration = Duration::from_millis(10);

impl Tracker {
    pub(crate) fn new(seed: u64, model: &TrackerModel, served: Vec<InfoHash>) -> Self {
        let mut chance = stream(seed, 0, Purpose::Tracker);
        Self {
            model: model.clone(),
            swarms: serving(&served, &mut chance),
            served,
            chance,
            sockets: 0,
            connected: BTreeMap::new(),
            heard: 0,
        }
    }

    /// Somebody is gone.
    pub(crate) fn left(&mut self, now: Time, socket: SocketId) {
        self.connected.remove(&socket);
        self.swarms.close(since_start(now), socket);
    }

    /// Somebody is there, at an address of its own.
    fn reached(&mut self, now: Time, socket: SocketId, node: NodeId) {
        self.connected.insert(socket, node);
        let address = AddressId(node.0.into());
        self.swarms.open(since_start(now), socket, address);
    }

    fn down(&self, now: Time) -> bool {
        let inside =
            |&(from, to): &(Duration, Duration)| now >= Time(0) + from && now < Time(0) + to;
        self.model.outages.iter().any(inside)
    }

    /// What a message brings about, in order.
    fn hears(&mut self, now: Time, from: SocketId, text: &str) -> Vec<Delivery> {
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
fn serving(served: &[InfoHash], chance: &mut Chance) -> Swarms {
    let mut swarms = Swarms::new(SwarmConfig::default(), chance.next_u64());
    served.iter().for_each(|&swarm| swarms.admit(swarm));
    swarms
}

fn since_start(now: Time) -> Duration {
    Duration::from_micros(now.0)
}

impl World {
    pub(crate) fn tracker_connect(&mut self, id: NodeId, which: usize) -> Result<(), Breach> {
        if which >= self.video.index().trackers {
            return Err(format!(
                "connects to tracker {which}, which the index does not name"
            ));
        }
        let socket = SocketId(self.tracker.sockets);
        self.tracker.sockets += 1;
        let node = self.node(id);
        if node.socket.is_some() {
            return Err("opens a second tracker socket".to_owned());
        }
        node.socket = Some(Socket {
            id: socket,
            open: false,
        });
        node.tally.sockets += 1;
        // TCP and the request take a round trip and a half to the tracker.
        let trip = self.to_tracker(id);
        self.soon(trip * 3, id, Event::TrackerReached(socket));
        Ok(())
    }

    pub(crate) fn tracker_send(&mut self, id: NodeId, text: String) -> Result<(), Breach> {
        let trip = self.to_tracker(id);
        match &self.node(id).socket {
            Some(Socket {
                id: socket,
                open: true,
            }) => {
                let socket = *socket;
                let text = Box::new(Text { socket, text });
                self.soon(trip, id, Event::TrackerHears(text));
                Ok(())
            }
            _ => Err("sends to a tracker that it is not connected to".to_owned()),
        }
    }

    pub(crate) fn tracker_close(&mut self, id: NodeId) -> Result<(), Breach> {
        match self.node(id).socket.take() {
            Some(socket) => {
                let trip = self.to_tracker(id);
                self.soon(trip, id, Event::TrackerLeft(socket.id));
                Ok(())
            }
            None => Err("closes a tracker socket that is not there".to_owned()),
        }
    }

    /// The page is closed.
    pub(crate) fn leave_tracker(&mut self, id: NodeId) {
        if let Some(socket) = self.node(id).socket.take() {
            let trip = self.to_tracker(id);
            self.soon(trip, id, Event::TrackerLeft(socket.id));
        }
    }

    /// A connection has come to the tracker.
    pub(crate) fn tracker_reached(&mut self, id: NodeId, socket: SocketId) {
        let trip = self.to_tracker(id);
        if self.tracker.down(self.now) {
            return self.soon(trip, id, Event::SocketGone(socket));
        }
        self.tracker.reached(self.now, socket, id);
        self.soon(trip, id, Event::SocketOpen(socket));
    }

    /// A message has come to the tracker.
    pub(crate) fn tracker_hears(&mut self, text: &Text) {
        if !self.tracker.connected.contains_key(&text.socket) {
            return;
        }
        for Delivery {
            to: socket,
            message,
        } in self.tracker.hears(self.now, text.socket, &text.text)
        {
            if let Some(&node) = self.tracker.connected.get(&socket) {
                let text = message.encode();
                let trip = self.to_tracker(node);
                let text = Box::new(Text { socket, text });
                self.soon(trip, node, Event::SocketText(text));
            }
        }
    }

    /// The tracker dies: all sockets close.
    pub(crate) fn tracker_fails(&mut self) {
        let tracker = &mut self.tracker;
        tracker.swarms = serving(&tracker.served, &mut tracker.chance);
        for (socket, node) in core::mem::take(&mut self.tracker.connected) {
            let trip = self.to_tracker(node);
            self.soon(trip, node, Event::SocketGone(socket));
        }
    }

    pub(crate) fn socket_open(&mut self, id: NodeId, socket: SocketId) {
        if let Some(ours) = &mut self.node(id).socket
            && ours.id == socket
        {
            ours.open = true;
            self.feed(id, Input::TrackerOpened);
        }
    }

    pub(crate) fn socket_text(&mut self, id: NodeId, text: Text) {
        if self
            .node(id)
            .socket
            .as_ref()
            .is_some_and(|ours| ours.id == text.socket)
        {
            self.feed(id, Input::TrackerMessage(text.text));
        }
    }

    pub(crate) fn socket_gone(&mut self, id: NodeId, socket: SocketId) {
        let node = self.node(id);
        if node.socket.as_ref().is_some_and(|ours| ours.id == socket) {
            node.socket = None;
            self.feed(id, Input::TrackerClosed);
        }
    }

    /// One way between a viewer and the tracker. Always the same, so that a socket's messages
    /// stay in order.
    fn to_tracker(&self, id: NodeId) -> Duration {
        self.nodes[id.0 as usize].plan.access.latency + LATENCY
    }
}
