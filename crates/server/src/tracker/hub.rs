//! The tracker's state shared by its sockets, and who is connected.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use shoal_wire::{
    id::InfoHash,
    tracker::{ClientMessage, Limits},
};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    counters::{Counts, Event},
    swarm::{SocketId, SwarmConfig, Swarms},
};

/// The bounds of one socket and of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// Sockets at a time. Default 20,000. Each costs about 10 KB; beyond it a new one gets 503.
    pub max_sockets: usize,
    /// Messages that wait for one socket. Default 64, which is several announces' worth of offers. When
    /// they are more, its client does not read, and it is closed. Higher costs memory in a crowd.
    pub max_queue: usize,
    /// Time between pings. Default 30 s. Shorter than the minute after which many middleboxes forget
    /// a silent connection.
    pub ping: Duration,
    /// A socket that was silent for this long is closed. Default 90 s: three pings.
    pub idle: Duration,
    /// Bytes of the read buffer of each socket. Default 4 KiB. The library's own default, 128 KiB, is
    /// what makes a tracker large.
    pub read_buffer: usize,
    /// What a message may hold; its length is also the limit for a frame.
    pub limits: Limits,
}

impl Default for SocketConfig {
    fn default() -> Self {
        Self {
            max_sockets: 20_000,
            max_queue: 64,
            ping: Duration::from_secs(30),
            idle: Duration::from_secs(90),
            read_buffer: 4 * 1024,
            limits: Limits::default(),
        }
    }
}

/// A tracker that sockets can join.
#[derive(Debug)]
pub struct Tracker {
    pub(super) config: SocketConfig,
    pub(super) counts: Counts,
    /// Cancelled when every socket has to go.
    pub(super) stop: CancellationToken,
    /// The sockets' tasks.
    pub(super) tasks: TaskTracker,
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    swarms: Swarms,
    sockets: HashMap<SocketId, Outbox>,
}

#[derive(Debug)]
struct Outbox {
    queue: mpsc::Sender<Utf8Bytes>,
    /// Cancelled when the queue has overflown.
    slow: CancellationToken,
}

/// A socket's place in the tracker, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat<'a> {
    tracker: &'a Tracker,
    id: SocketId,
    /// What is to be sent.
    pub(super) inbox: mpsc::Receiver<Utf8Bytes>,
    pub(super) slow: CancellationToken,
}

impl Tracker {
    /// A tracker without swarms; the seed decides who meets whom.
    #[must_use]
    pub fn new(swarms: SwarmConfig, sockets: SocketConfig, seed: u64) -> Self {
        Self {
            config: sockets,
            counts: Counts::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            next: AtomicU64::new(0),
            state: Mutex::new(State {
                swarms: Swarms::new(swarms, seed),
                sockets: HashMap::new(),
            }),
        }
    }

    /// Opens a swarm; called once for each video that has it.
    pub fn admit(&self, swarm: InfoHash) {
        self.state().swarms.admit(swarm);
    }

    /// Takes back one [`Tracker::admit`]. Viewers that are there stay until they leave.
    pub fn retire(&self, swarm: InfoHash) {
        self.state().swarms.retire(swarm);
    }

    /// Whether there is such a swarm.
    #[must_use]
    pub fn has(&self, swarm: InfoHash) -> bool {
        self.state().swarms.has(swarm)
    }

    /// How many viewers a swarm has, if there is such a swarm.
    #[must_use]
    pub fn viewers(&self, swarm: InfoHash) -> Option<u32> {
        let counts = self.state().swarms.counts(swarm)?;
        Some(counts.complete.saturating_add(counts.incomplete))
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Closes every socket and waits until they are gone.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(super) fn is_full(&self) -> bool {
        self.state().sockets.len() >= self.config.max_sockets
    }

    /// Takes a place for a new socket, if there is one.
    pub(super) fn sit(&self) -> Option<Seat<'_>> {
        let id = SocketId(self.next.fetch_add(1, Ordering::Relaxed));
        let (queue, inbox) = mpsc::channel(self.config.max_queue);
        let slow = CancellationToken::new();
        let mut state = self.state();
        if state.sockets.len() >= self.config.max_sockets {
            return None;
        }
        state.sockets.insert(
            id,
            Outbox {
                queue,
                slow: slow.clone(),
            },
        );
        Some(Seat {
            tracker: self,
            id,
            inbox,
            slow,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat<'_> {
    /// Handles a message of this socket and queues all that is to be sent because of it.
    pub(super) fn handle(&self, message: ClientMessage) {
        self.tracker.counts.add(Event::Message);
        let mut out = Vec::new();
        let state = &mut *self.tracker.state();
        state.swarms.handle(self.id, message, &mut out);
        for delivery in out {
            if let Some(outbox) = state.sockets.get(&delivery.to)
                && outbox
                    .queue
                    .try_send(delivery.message.encode().into())
                    .is_err()
            {
                outbox.slow.cancel();
            }
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.tracker.state();
        state.sockets.remove(&self.id);
        state.swarms.close(self.id);
    }
}
