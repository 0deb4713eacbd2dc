//! A viewer's socket to the tracker.

use core::time::Duration;

use crate::event::{Event, NodeId, Text};
use crate::store::Breach;
use crate::tracker::{LATENCY, Socket};
use crate::world::World;

impl World {
    pub(crate) fn tracker_connect(&mut self, id: NodeId, which: usize) -> Result<(), Breach> {
        if which >= self.video.index().trackers {
            return Err(format!(
                "connects to tracker {which}, which the index does not name"
            ));
        }
        let socket = self.tracker.number_socket();
        let node = self.node(id);
        if node.socket.is_some() {
            return Err("opens a second tracker socket".to_owned());
        }
        node.socket = Some(Socket {
            id: socket,
            open: false,
        });
        node.counts.sockets += 1;
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

    /// One way between a viewer and the tracker. Always the same, so that a socket's messages
    /// stay in order.
    pub(crate) fn to_tracker(&self, id: NodeId) -> Duration {
        self.nodes[id.0 as usize].plan.access.latency + LATENCY
    }
}
