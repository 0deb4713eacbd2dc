//! The tracker as the rest of the server sees it: its swarms, its switch and its counts, behind one lock.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, atomic::AtomicUsize},
    time::{Duration, Instant, SystemTime},
};

use shoal_wire::{
    id::InfoHash,
    tracker::{OffBy, TrackerMessage},
};
use tokio_util::task::TaskTracker;

use super::{
    access::Access,
    address::Addresses,
    close_reason::CloseReason,
    config::SocketConfig,
    counters::{Counts, TrackerEvent},
    frame,
    homes::Homes,
    ids::SocketId,
    send_queue::{Pushed, QueueLimits, SendQueue},
    swarm::{Delivery, Scope, SwarmConfig, Swarms, Tally, off},
    token::Tokens,
};

/// A tracker that sockets can join.
#[derive(Debug)]
pub struct Tracker {
    pub(super) config: SocketConfig,
    pub(super) access: Access,
    pub(super) counts: Counts,
    /// The sockets' tasks.
    pub(super) tasks: TaskTracker,
    pub(super) tokens: Option<RwLock<Tokens>>,
    /// Bytes that wait for all sockets.
    pub(super) queued: Arc<AtomicUsize>,
    started: Instant,
    state: Mutex<State>,
}

/// State that the lock guards.
#[derive(Debug)]
pub(super) struct State {
    pub(super) swarms: Swarms,
    pub(super) addresses: Addresses,
    pub(super) sockets: HashMap<SocketId, Registration>,
    pub(super) homes: Homes,
    /// The number of the next socket.
    pub(super) next: u64,
    /// Whether nobody is let in any more.
    pub(super) stopping: bool,
}

/// A socket as the tracker knows it.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) queue: Arc<SendQueue>,
    /// The swarm that the socket's path names.
    pub(super) home: Option<InfoHash>,
    /// Whether it has come to announce, not only to look.
    pub(super) joined: bool,
}

impl Tracker {
    /// A tracker without swarms but those that are allowed; the seed decides who meets whom.
    #[must_use]
    pub fn new(swarms: SwarmConfig, sockets: SocketConfig, access: Access, seed: u64) -> Self {
        let mut swarms = Swarms::new(swarms, seed);
        access.allow.iter().for_each(|swarm| swarms.admit(*swarm));
        if access.open {
            swarms.open_to_any();
        }
        Self {
            config: sockets,
            tokens: access.tokens().map(RwLock::new),
            access,
            counts: Counts::default(),
            tasks: TaskTracker::new(),
            queued: Arc::default(),
            started: Instant::now(),
            state: Mutex::new(State {
                swarms,
                addresses: Addresses::new(sockets.prefixes, Duration::ZERO),
                sockets: HashMap::new(),
                homes: Homes::default(),
                next: 0,
                stopping: false,
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

    /// Returns how many viewers a swarm has, if there is such a swarm.
    #[must_use]
    pub fn viewers(&self, swarm: InfoHash) -> Option<u32> {
        let counts = self.state().swarms.counts(swarm)?;
        Some(counts.complete.saturating_add(counts.incomplete))
    }

    /// Switches sharing off or on, for the site or for one video. When it goes off, every viewer
    /// concerned is told and its socket closed; until it goes on again, so is whoever comes.
    pub fn switch(&self, scope: Scope, sharing: bool) {
        let mut out = Vec::new();
        let mut guard = self.state();
        let state = &mut *guard;
        state.swarms.switch(scope, sharing, &mut out);
        let by = match scope {
            Scope::Site => OffBy::Site,
            Scope::Video(_) => OffBy::Video,
        };
        // Many get the same text.
        let mut texts = HashMap::new();
        for Delivery { to, message } in out {
            let text: &String = match &message {
                TrackerMessage::Failure { info_hash, .. } => {
                    texts.entry(*info_hash).or_insert_with(|| message.encode())
                }
                _ => continue,
            };
            let Some(registered) = state.sockets.get(&to) else {
                continue;
            };
            if state.swarms.is_used(to) {
                self.post(&registered.queue, |out| {
                    out.extend_from_slice(text.as_bytes())
                });
                registered.queue.wake();
            } else {
                registered.close_off(by, text);
            }
        }
        if sharing {
            return;
        }
        // Those who have come and not announced yet.
        for (id, registered) in &state.sockets {
            if let Some(home) = registered.home
                && (scope == Scope::Site || scope == Scope::Video(home))
                && !state.swarms.is_used(*id)
            {
                registered.close_off(by, &off::<String>(home, by).encode());
            }
        }
    }

    /// Returns who has switched sharing off in a swarm, if somebody has.
    #[must_use]
    pub fn off(&self, swarm: InfoHash) -> Option<OffBy> {
        self.state().swarms.off(swarm)
    }

    /// Returns the token that a viewer has to show to join a swarm, if any. To be given out with the video's index.
    #[must_use]
    pub fn token(&self, swarm: InfoHash, now: SystemTime) -> Option<String> {
        let tokens = self.tokens.as_ref()?;
        let tokens = tokens.read().unwrap_or_else(PoisonError::into_inner);
        Some(tokens.mint(swarm, now))
    }

    /// Returns the counts of what has happened at the sockets.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Returns the counts of what has happened in the swarms.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.state().swarms.tally()
    }

    /// Returns how many sockets there are now.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.state().sockets.len()
    }

    /// Queues a message, whose text `write` appends. A client that does not take what it is sent is closed.
    pub(super) fn post(&self, queue: &SendQueue, write: impl FnOnce(&mut Vec<u8>)) {
        self.enqueue(queue, |out| frame::text(out, write));
    }

    /// Queues a frame, which `write` appends.
    pub(super) fn enqueue(&self, queue: &SendQueue, write: impl FnOnce(&mut Vec<u8>)) {
        let limits = QueueLimits {
            messages: self.config.max_queue,
            bytes: self.config.max_queue_bytes,
            all_bytes: self.config.max_queued_bytes,
        };
        match queue.push(limits, write) {
            Pushed::Accepted => {}
            Pushed::Dropped => self.counts.add(TrackerEvent::Dropped),
            Pushed::Full => queue.close(CloseReason::Slow),
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registration {
    /// Says why sharing is off, and closes.
    pub(super) fn close_off(&self, by: OffBy, text: &str) {
        let write = |out: &mut Vec<u8>| out.extend_from_slice(text.as_bytes());
        let frame = |out: &mut Vec<u8>| frame::text(out, write);
        self.queue.close_with(CloseReason::Off(by), frame);
    }
}
