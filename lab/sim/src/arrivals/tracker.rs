//! Messages between the tracker and the viewers' sockets.

use shoal_engine::Input;
use shoal_server::tracker::swarm::Delivery;

use crate::event::{Event, NodeId, SocketId, Text};
use crate::world::World;

impl World {
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
        if self.tracker.who(text.socket).is_none() {
            return;
        }
        for Delivery {
            to: socket,
            message,
        } in self.tracker.hears(self.now, text.socket, &text.text)
        {
            if let Some(node) = self.tracker.who(socket) {
                let text = message.encode();
                let trip = self.to_tracker(node);
                let text = Box::new(Text { socket, text });
                self.soon(trip, node, Event::SocketText(text));
            }
        }
    }

    /// The tracker dies: all sockets close.
    pub(crate) fn tracker_fails(&mut self) {
        for (socket, node) in self.tracker.restart() {
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
}
