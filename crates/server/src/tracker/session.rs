//! One socket's registration at the tracker, from its opening to its end.

use std::{
    net::IpAddr,
    sync::{Arc, PoisonError},
    time::SystemTime,
};

use shoal_wire::{
    id::InfoHash,
    tracker::{Announce, AnnounceEvent, ClientMessage, Sdp, TrackerMessage},
};

use super::{
    close_reason::CloseReason,
    counters::TrackerEvent,
    facade::{Registration, State, Tracker},
    frame,
    ids::SocketId,
    send_queue::SendQueue,
    swarm::{Delivery, Handled, Swarms, failure, off},
};

/// Reason why a socket is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejected {
    /// Its address has as many as it may.
    Crowded,
    /// The tracker has as many as it may, or stops.
    Full,
}

/// A socket's registration, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) tracker: Arc<Tracker>,
    pub(super) home: Option<InfoHash>,
    /// Messages to be sent.
    pub(super) queue: Arc<SendQueue>,
    id: SocketId,
}

impl Tracker {
    /// Lets a new socket in, if there is room.
    pub(super) fn register(
        self: &Arc<Self>,
        address: IpAddr,
        home: Option<InfoHash>,
    ) -> Result<Session, Rejected> {
        let now = self.now();
        let mut guard = self.state();
        let state = &mut *guard;
        if state.stopping || state.sockets.len() >= self.config.max_sockets {
            return Err(Rejected::Full);
        }
        let id = SocketId(state.next);
        let address = state.addresses.id(now, address);
        if !state.swarms.open(now, id, address) {
            return Err(Rejected::Crowded);
        }
        state.next += 1;
        let queue = Arc::new(SendQueue::new(Arc::clone(&self.queued)));
        let registration = Registration {
            queue: Arc::clone(&queue),
            home,
            joined: false,
        };
        if let Some(home) = home
            && let Some(by) = state.swarms.off(home)
        {
            registration.close_off(by, &off::<String>(home, by).encode());
        }
        state.sockets.insert(id, registration);
        Ok(Session {
            tracker: Arc::clone(self),
            home,
            queue,
            id,
        })
    }

    /// Returns what is wrong with the token of who joins, if anything is. Whoever is in need not show it again.
    fn token_refusal<S>(
        &self,
        swarms: &Swarms,
        from: SocketId,
        message: &ClientMessage<S>,
    ) -> Option<TrackerMessage<S>> {
        let (Some(tokens), ClientMessage::Announce(announce)) = (&self.tokens, message) else {
            return None;
        };
        let Announce {
            info_hash,
            peer_id,
            event,
            ..
        } = *announce;
        // Whoever is off to another place, or finds sharing off, learns nothing by it.
        let outside = event == Some(AnnounceEvent::Stopped)
            || !swarms.has(info_hash)
            || swarms.off(info_hash).is_some();
        if outside || swarms.is_member(from, info_hash, peer_id) {
            return None;
        }
        let token = announce.token.as_deref();
        let tokens = tokens.read().unwrap_or_else(PoisonError::into_inner);
        let error = tokens.check(info_hash, token, SystemTime::now()).err()?;
        self.counts.add(TrackerEvent::Token);
        Some(failure(&error.to_string(), info_hash))
    }
}

impl Session {
    /// Handles a message of this socket and queues all that is to be sent because of it.
    pub(super) fn handle(&self, message: ClientMessage<Sdp<'_>>) {
        let tracker = &*self.tracker;
        tracker.counts.add(TrackerEvent::Message);
        let now = tracker.now();
        let mut out = Vec::new();
        let (handled, posts) = {
            let mut guard = tracker.state();
            let State {
                swarms,
                sockets,
                homes,
                ..
            } = &mut *guard;
            let handled = match tracker.token_refusal(swarms, self.id, &message) {
                Some(refusal) => {
                    let to = self.id;
                    out.push(Delivery {
                        to,
                        message: refusal,
                    });
                    swarms.count_refused(now, self.id)
                }
                None => swarms.handle(now, self.id, message, &mut out),
            };
            if let Some(registered) = sockets.get_mut(&self.id)
                && !registered.joined
                && swarms.is_used(self.id)
            {
                registered.joined = true;
                homes.come(now, self.home);
            }
            let post = |Delivery { to, message }| {
                let queue = match to == self.id {
                    true => &self.queue,
                    false => &sockets.get(&to)?.queue,
                };
                Some((Arc::clone(queue), message))
            };
            (
                handled,
                out.into_iter().filter_map(post).collect::<Vec<_>>(),
            )
        };
        // Writing takes longest, and needs nobody else's attention.
        for (queue, message) in posts {
            tracker.post(&queue, |out| message.append(out));
            // This socket's own task is at work, and looks when it has read all.
            if !Arc::ptr_eq(&queue, &self.queue) {
                queue.wake();
            }
        }
        match handled {
            Handled::Fine => {}
            Handled::Flood => self.queue.close(CloseReason::Flood),
            Handled::Off(by) => self.queue.close(CloseReason::Off(by)),
        }
    }

    /// Counts a frame that is no message.
    pub(super) fn count(&self) -> Result<(), CloseReason> {
        let tracker = &*self.tracker;
        match tracker.state().swarms.count_refused(tracker.now(), self.id) {
            Handled::Flood => Err(CloseReason::Flood),
            Handled::Fine | Handled::Off(_) => Ok(()),
        }
    }

    /// Answers a ping.
    pub(super) fn pong(&self, payload: &[u8]) -> Result<(), CloseReason> {
        self.count()?;
        self.tracker
            .enqueue(&self.queue, |out| frame::pong(out, payload));
        Ok(())
    }

    /// Asks whether the client is still there.
    pub(super) fn ping(&self) {
        self.tracker.enqueue(&self.queue, frame::ping);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let now = self.tracker.now();
        let mut state = self.tracker.state();
        let registered = state.sockets.remove(&self.id);
        if registered.is_some_and(|registered| registered.joined) {
            state.homes.go(self.home);
        }
        state.swarms.close(now, self.id);
    }
}
