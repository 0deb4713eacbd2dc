//! The tracker's state shared by its sockets, and who is connected.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, atomic::AtomicUsize},
    time::{Duration, Instant, SystemTime},
};

use fastrand::Rng;
use shoal_wire::{
    id::InfoHash,
    tracker::{Announce, AnnounceEvent, ClientMessage, Limits, OffBy, Sdp, TrackerMessage},
};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use super::{
    access::Access,
    address::{Addresses, Prefixes},
    counters::{Counts, Event},
    frame,
    nodes::Homes,
    secret::Secret,
    send_queue::{Mailbox, Posted, Room},
    swarm::{Delivery, Handled, Scope, SocketId, SwarmConfig, Swarms, Tally, failure, off},
    token::Tokens,
    ws::End,
};

/// How often sockets are let go while the tracker is drained.
const DRAIN_STEP: Duration = Duration::from_millis(50);

/// The bounds of one socket and of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// Sockets at a time. Default 20,000. Each costs about 3 KB; beyond it a new one gets 503.
    pub max_sockets: usize,
    /// Messages that wait for one socket. Default 64, which is several announces' worth of offers. When
    /// they are more, its client does not read, and it is closed. Higher costs memory in a crowd.
    pub max_queue: usize,
    /// Bytes that wait for one socket. Default 256 KiB: more is treated like more messages.
    pub max_queue_bytes: usize,
    /// Bytes that wait for all sockets together. Default 256 MiB. Beyond it offers and answers are
    /// dropped, not sockets: viewers try again.
    pub max_queued_bytes: usize,
    /// Time between pings. Default 30 s. Shorter than the minute after which many middleboxes forget
    /// a silent connection.
    pub ping: Duration,
    /// A socket that was silent for this long is closed. Default 90 s: three pings.
    pub idle: Duration,
    /// A socket that has not announced after this long is closed. Default 60 s: a browser needs up to 8
    /// to describe its offers.
    pub join_within: Duration,
    /// How much of an address stands for one subscriber.
    pub prefixes: Prefixes,
    /// What a message may hold; its length is also the limit for a frame.
    pub limits: Limits,
}

impl Default for SocketConfig {
    fn default() -> Self {
        Self {
            max_sockets: 20_000,
            max_queue: 64,
            max_queue_bytes: 256 * 1024,
            max_queued_bytes: 256 * 1024 * 1024,
            ping: Duration::from_secs(30),
            idle: Duration::from_secs(90),
            join_within: Duration::from_secs(60),
            prefixes: Prefixes::default(),
            limits: Limits::default(),
        }
    }
}

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
    queued: Arc<AtomicUsize>,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) swarms: Swarms,
    pub(super) addresses: Addresses,
    pub(super) sockets: HashMap<SocketId, Place>,
    pub(super) homes: Homes,
    next: u64,
    stopping: bool,
}

#[derive(Debug)]
pub(super) struct Place {
    pub(super) mailbox: Arc<Mailbox>,
    /// The swarm that the socket's path names.
    pub(super) home: Option<InfoHash>,
    /// Whether it has come to announce, not only to look.
    joined: bool,
}

/// Why there is no place for a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// Its address has as many as it may.
    Crowded,
    /// The tracker has as many as it may, or stops.
    Full,
}

/// A socket's place in the tracker, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) tracker: Arc<Tracker>,
    pub(super) home: Option<InfoHash>,
    /// What is to be sent.
    pub(super) mailbox: Arc<Mailbox>,
    id: SocketId,
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

    /// How many viewers a swarm has, if there is such a swarm.
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
            let Some(place) = state.sockets.get(&to) else {
                continue;
            };
            if state.swarms.is_used(to) {
                self.post(&place.mailbox, |out| out.extend_from_slice(text.as_bytes()));
                place.mailbox.wake();
            } else {
                say_off(place, by, text);
            }
        }
        if sharing {
            return;
        }
        // Those who have come and not announced yet.
        for (id, place) in &state.sockets {
            if let Some(home) = place.home
                && (scope == Scope::Site || scope == Scope::Video(home))
                && !state.swarms.is_used(*id)
            {
                say_off(place, by, &off::<String>(home, by).encode());
            }
        }
    }

    /// Who has switched sharing off in a swarm, if somebody has.
    #[must_use]
    pub fn off(&self, swarm: InfoHash) -> Option<OffBy> {
        self.state().swarms.off(swarm)
    }

    /// What a viewer has to show to join a swarm, if anything. To be given out with the video's index.
    #[must_use]
    pub fn token(&self, swarm: InfoHash, now: SystemTime) -> Option<String> {
        let tokens = self.tokens.as_ref()?;
        let tokens = tokens.read().unwrap_or_else(PoisonError::into_inner);
        Some(tokens.mint(swarm, now))
    }

    /// What has happened so far at the sockets.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What has happened so far in the swarms.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.state().swarms.tally()
    }

    /// How many sockets there are now.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.state().sockets.len()
    }

    /// Lets nobody in any more, and says goodbye to one socket after another, in random order and evenly over
    /// this time. Each comes back by itself, here or at another node: all at once would be a crowd.
    pub async fn drain(&self, over: Duration) {
        let mailboxes: Vec<_> = {
            let mut state = self.state();
            state.stopping = true;
            let places = state.sockets.values();
            places.map(|place| Arc::clone(&place.mailbox)).collect()
        };
        say_goodbye(mailboxes, over).await;
    }

    /// Closes every socket and waits until they are gone.
    pub async fn close(&self) {
        {
            let mut state = self.state();
            state.stopping = true;
            for place in state.sockets.values() {
                place.mailbox.end(End::Stopping);
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Takes a place for a new socket, if there is one.
    pub(super) fn sit(
        self: &Arc<Self>,
        address: IpAddr,
        home: Option<InfoHash>,
    ) -> Result<Seat, NoPlace> {
        let now = self.now();
        let mut guard = self.state();
        let state = &mut *guard;
        if state.stopping || state.sockets.len() >= self.config.max_sockets {
            return Err(NoPlace::Full);
        }
        let id = SocketId(state.next);
        let address = state.addresses.id(now, address);
        if !state.swarms.open(now, id, address) {
            return Err(NoPlace::Crowded);
        }
        state.next += 1;
        let mailbox = Arc::new(Mailbox::new(Arc::clone(&self.queued)));
        let place = Place {
            mailbox: Arc::clone(&mailbox),
            home,
            joined: false,
        };
        if let Some(home) = home
            && let Some(by) = state.swarms.off(home)
        {
            say_off(&place, by, &off::<String>(home, by).encode());
        }
        state.sockets.insert(id, place);
        Ok(Seat {
            tracker: Arc::clone(self),
            home,
            mailbox,
            id,
        })
    }

    /// Queues a message, whose text `write` appends. A client that does not take what it is sent is closed.
    fn post(&self, mailbox: &Mailbox, write: impl FnOnce(&mut Vec<u8>)) {
        self.queue(mailbox, |out| frame::text(out, write));
    }

    /// Queues a frame, which `write` appends.
    fn queue(&self, mailbox: &Mailbox, write: impl FnOnce(&mut Vec<u8>)) {
        let room = Room {
            messages: self.config.max_queue,
            bytes: self.config.max_queue_bytes,
            all_bytes: self.config.max_queued_bytes,
        };
        match mailbox.push(room, write) {
            Posted::Accepted => {}
            Posted::Dropped => self.counts.add(Event::Dropped),
            Posted::Full => mailbox.end(End::Slow),
        }
    }

    /// What is wrong with the token of who joins, if anything is. Whoever is in need not show it again.
    fn refuses<S>(
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
        self.counts.add(Event::Token);
        Some(failure(&error.to_string(), info_hash))
    }

    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Handles a message of this socket and queues all that is to be sent because of it.
    pub(super) fn handle(&self, message: ClientMessage<Sdp<'_>>) {
        let tracker = &*self.tracker;
        tracker.counts.add(Event::Message);
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
            let handled = match tracker.refuses(swarms, self.id, &message) {
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
            if let Some(place) = sockets.get_mut(&self.id)
                && !place.joined
                && swarms.is_used(self.id)
            {
                place.joined = true;
                homes.come(now, self.home);
            }
            let post = |Delivery { to, message }| {
                let mailbox = match to == self.id {
                    true => &self.mailbox,
                    false => &sockets.get(&to)?.mailbox,
                };
                Some((Arc::clone(mailbox), message))
            };
            (
                handled,
                out.into_iter().filter_map(post).collect::<Vec<_>>(),
            )
        };
        // Writing takes longest, and needs nobody else's attention.
        for (mailbox, message) in posts {
            tracker.post(&mailbox, |out| message.append(out));
            // This socket's own task is at work, and looks when it has read all.
            if !Arc::ptr_eq(&mailbox, &self.mailbox) {
                mailbox.wake();
            }
        }
        match handled {
            Handled::Fine => {}
            Handled::Flood => self.mailbox.end(End::Flood),
            Handled::Off(by) => self.mailbox.end(End::Off(by)),
        }
    }

    /// Counts a frame that is no message.
    pub(super) fn count(&self) -> Result<(), End> {
        let tracker = &*self.tracker;
        match tracker.state().swarms.count_refused(tracker.now(), self.id) {
            Handled::Flood => Err(End::Flood),
            Handled::Fine | Handled::Off(_) => Ok(()),
        }
    }

    /// Answers a ping.
    pub(super) fn pong(&self, payload: &[u8]) -> Result<(), End> {
        self.count()?;
        self.tracker
            .queue(&self.mailbox, |out| frame::pong(out, payload));
        Ok(())
    }

    /// Asks whether the client is still there.
    pub(super) fn ping(&self) {
        self.tracker.queue(&self.mailbox, frame::ping);
    }
}

/// Says why sharing is off, and closes.
fn say_off(place: &Place, by: OffBy, text: &str) {
    let write = |out: &mut Vec<u8>| out.extend_from_slice(text.as_bytes());
    let frame = |out: &mut Vec<u8>| frame::text(out, write);
    place.mailbox.end_with(End::Off(by), frame);
}

impl Drop for Seat {
    fn drop(&mut self) {
        let now = self.tracker.now();
        let mut state = self.tracker.state();
        let place = state.sockets.remove(&self.id);
        if place.is_some_and(|place| place.joined) {
            state.homes.go(self.home);
        }
        state.swarms.close(now, self.id);
    }
}

/// Says goodbye to one socket after another, in random order and evenly over this time.
pub(super) async fn say_goodbye(mut mailboxes: Vec<Arc<Mailbox>>, over: Duration) {
    Rng::with_seed(Secret::random().number()).shuffle(&mut mailboxes);
    let steps = (over.as_millis() / DRAIN_STEP.as_millis()).max(1);
    let at_once = mailboxes
        .len()
        .div_ceil(usize::try_from(steps).unwrap_or(usize::MAX));
    for some in mailboxes.chunks(at_once.max(1)) {
        some.iter().for_each(|mailbox| mailbox.end(End::Stopping));
        sleep(DRAIN_STEP.min(over)).await;
    }
}
