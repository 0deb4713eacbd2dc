//! The crowd, the harvester, and the tracker between them.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use rand::RngExt;
use shoal_server::tracker::limits::AddressId;
use shoal_server::tracker::swarm::{Delivery, Handled, SocketId, Swarms};
use shoal_wire::id::PeerId;
use shoal_wire::tracker::{AnnounceEvent, ClientMessage, TrackerMessage};

use super::case::{FROM, HOUR, Harvest, Harvested};
use super::message::{SWARM, Who, announce, answer, owner, spy_id, viewer_id};
use crate::rng::{Purpose, Rng, stream};
use crate::scenario::{minutes, secs};

/// The engine's habits.
const OFFERS: usize = 5;
const FEW_LINKS: usize = 6;
const TARGET_LINKS: usize = 24;
const MAX_LINKS: usize = 40;
const SOON: Duration = secs(15);

/// The interval for viewers that the tracker does not slow down.
const INTERVAL: Duration = secs(120);

/// Pairs of viewers between whom a connection can be made.
const CONNECTS: f64 = 0.8;

/// One viewer in so many shares its address with the one before it.
const HOUSEHOLDS: usize = 10;

/// Pupils behind one address, and when they come.
const SCHOOL: usize = 30;
const LESSON: Duration = minutes(25);

/// When after its arrival a viewer's links are counted.
const SETTLED: Duration = minutes(3);

/// The harvester's means at each address, and the time between its announces there.
const SPY_SOCKETS: usize = 16;
const SPY_IDS: usize = 4;
const SPY_PACE: Duration = Duration::from_millis(500);

/// Time after which it comes back with new ids.
const SPY_LIFE: Duration = minutes(1);

/// More than any tracker hands on.
const SPY_OFFERS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Announce { who: usize, turn: u32 },
    Arrive { pupil: bool },
    Leave(usize),
    Settled(usize),
    Spy(usize),
}

struct Viewer {
    socket: SocketId,
    rng: Rng,
    here: bool,
    pupil: bool,
    soon: Duration,
    interval: Duration,
    swarm: usize,
    links: BTreeSet<usize>,
    /// Announces that it has planned; an older one is void.
    turn: u32,
    introductions: u32,
    /// Whether the tracker has ever told it to wait longer than others.
    slowed: bool,
}

/// One address of the harvester.
struct Spy {
    sockets: Vec<(SocketId, Vec<PeerId>, Duration)>,
    next: usize,
}

pub(super) struct World {
    harvest: Harvest,
    now: Duration,
    swarms: Swarms,
    queue: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    planned: u64,
    sockets: BTreeMap<SocketId, Who>,
    opened: u64,
    viewers: Vec<Viewer>,
    spies: Vec<Spy>,
    ids: u64,
    learnt: BTreeMap<usize, Duration>,
    settled: (usize, usize),
    pupils_few: usize,
    refused: u64,
    there: usize,
}

impl World {
    pub(super) fn new(harvest: Harvest) -> Self {
        let mut swarms = Swarms::new(harvest.rules.config(), harvest.seed);
        swarms.admit(SWARM);
        let mut world = Self {
            harvest,
            now: Duration::ZERO,
            swarms,
            queue: BinaryHeap::new(),
            planned: 0,
            sockets: BTreeMap::new(),
            opened: 0,
            viewers: Vec::new(),
            spies: Vec::new(),
            ids: 0,
            learnt: BTreeMap::new(),
            settled: (0, 0),
            pupils_few: 0,
            refused: 0,
            there: 0,
        };
        let mut rng = stream(harvest.seed, 0, Purpose::Plan);
        for _ in 0..harvest.audience {
            // A premiere: everybody within five minutes.
            let at = Duration::from_millis(rng.random_range(0..300_000));
            world.plan(at, Event::Arrive { pupil: false });
        }
        for _ in 0..SCHOOL {
            let at = LESSON + Duration::from_millis(rng.random_range(0..60_000));
            world.plan(at, Event::Arrive { pupil: true });
        }
        for spy in 0..harvest.addresses as usize {
            let sockets = Vec::new();
            world.spies.push(Spy { sockets, next: 0 });
            world.plan(FROM, Event::Spy(spy));
        }
        world
    }

    pub(super) fn run(mut self) -> Harvested {
        while let Some(Reverse((at, _, event))) = self.queue.pop() {
            if at >= FROM + HOUR {
                break;
            }
            if self.now < FROM && at >= FROM {
                self.there = self.viewers.iter().filter(|viewer| viewer.here).count();
            }
            self.now = at;
            match event {
                Event::Announce { who, turn } => self.announce(who, turn),
                Event::Arrive { pupil } => self.arrive(pupil),
                Event::Leave(who) => self.leave(who),
                Event::Settled(who) => self.settle(who),
                Event::Spy(spy) => self.spy(spy),
            }
        }
        let until = |after: Duration| {
            let early = |at: &&Duration| **at < FROM + after;
            self.learnt.values().filter(early).count()
        };
        let (few, all) = self.settled;
        let normal = || self.viewers.iter().filter(|viewer| !viewer.pupil);
        Harvested {
            harvest: self.harvest,
            there: self.there,
            learnt: [minutes(1), minutes(10), HOUR].map(until),
            refused: self.refused,
            few_links: (few * 1_000).div_ceil(all.max(1)),
            few_links_at_school: self.pupils_few,
            slowed: normal().filter(|viewer| viewer.slowed).count(),
            busiest: normal()
                .map(|viewer| viewer.introductions)
                .max()
                .unwrap_or_default(),
        }
    }

    fn plan(&mut self, at: Duration, event: Event) {
        self.planned += 1;
        self.queue.push(Reverse((at, self.planned, event)));
    }

    fn arrive(&mut self, pupil: bool) {
        let who = self.viewers.len();
        let mut rng = stream(self.harvest.seed, who as u64 + 1, Purpose::Plan);
        let address = if pupil {
            u64::MAX
        } else {
            (who - usize::from(who % HOUSEHOLDS == 1)) as u64
        };
        let stay = if pupil {
            minutes(45)
        } else {
            Duration::from_secs(rng.random_range(60..4_800))
        };
        let (socket, opened) = self.connect(Who::Viewer(who), AddressId(address));
        self.refused += u64::from(!opened);
        if self.now >= FROM {
            self.there += 1;
        }
        self.viewers.push(Viewer {
            socket,
            rng,
            here: true,
            pupil,
            soon: SOON,
            interval: INTERVAL,
            swarm: 0,
            links: BTreeSet::new(),
            turn: 0,
            introductions: 0,
            slowed: false,
        });
        self.plan(self.now + stay, Event::Leave(who));
        self.plan(self.now + SETTLED, Event::Settled(who));
        self.announce(who, 0);
    }

    fn leave(&mut self, who: usize) {
        let viewer = &mut self.viewers[who];
        viewer.here = false;
        let (socket, pupil) = (viewer.socket, viewer.pupil);
        for other in core::mem::take(&mut viewer.links) {
            self.viewers[other].links.remove(&who);
        }
        self.disconnect(socket);
        if !pupil {
            self.arrive(false);
        }
    }

    fn settle(&mut self, who: usize) {
        let viewer = &self.viewers[who];
        if !viewer.here {
            return;
        }
        let few = viewer.links.len() < FEW_LINKS;
        if viewer.pupil {
            self.pupils_few += usize::from(few);
        } else {
            self.settled.0 += usize::from(few);
            self.settled.1 += 1;
        }
    }

    fn announce(&mut self, who: usize, turn: u32) {
        let viewer = &mut self.viewers[who];
        if !viewer.here || turn != viewer.turn {
            return;
        }
        viewer.turn += 1;
        let others = match viewer.swarm {
            0 => usize::MAX,
            swarm => swarm.saturating_sub(1 + viewer.links.len()),
        };
        let room = TARGET_LINKS.saturating_sub(viewer.links.len());
        let offers = OFFERS.min(room).min(others);
        let event = (turn == 0).then_some(AnnounceEvent::Started);
        let socket = viewer.socket;
        self.say(socket, announce(viewer_id(who), event, offers, turn.into()));
        let viewer = &mut self.viewers[who];
        let few = viewer.links.len() < FEW_LINKS && viewer.swarm > viewer.links.len() + 1;
        let wait = if few {
            let soon = viewer.soon;
            viewer.soon = (soon * 2).min(viewer.interval);
            soon.min(viewer.interval)
        } else {
            viewer.interval
        };
        let wait = wait.mul_f64(viewer.rng.random_range(0.9..1.1));
        let turn = viewer.turn;
        self.plan(self.now + wait, Event::Announce { who, turn });
    }

    /// One announce of the harvester, from one of its addresses.
    fn spy(&mut self, spy: usize) {
        self.plan(self.now + SPY_PACE, Event::Spy(spy));
        let place = self.spies[spy].next;
        self.spies[spy].next += 1;
        let socket = place % SPY_SOCKETS;
        let old = match self.spies[spy].sockets.get(socket) {
            None => true,
            Some((id, _, since)) => !self.sockets.contains_key(id) || self.now >= *since + SPY_LIFE,
        };
        if old {
            self.spy_comes_back(spy, socket);
        }
        let Some((id, ids, _)) = self.spies[spy].sockets.get(socket) else {
            return;
        };
        let (id, peer) = (*id, ids[place / SPY_SOCKETS % ids.len()]);
        self.say(id, announce(peer, None, SPY_OFFERS, place as u64));
    }

    /// Opens a socket with new ids, in place of an old one.
    fn spy_comes_back(&mut self, spy: usize, socket: usize) {
        if let Some((old, ..)) = self.spies[spy].sockets.get(socket) {
            self.disconnect(*old);
        }
        let address = AddressId(1_000_000_000 + spy as u64);
        let (id, opened) = self.connect(Who::Spy(spy), address);
        if !opened {
            return;
        }
        let ids: Vec<_> = (0..SPY_IDS)
            .map(|_| {
                self.ids += 1;
                spy_id(self.ids)
            })
            .collect();
        // All of them are there to be drawn.
        for &peer in &ids {
            self.say(id, announce(peer, Some(AnnounceEvent::Started), 0, 0));
        }
        let fresh = (id, ids, self.now);
        let sockets = &mut self.spies[spy].sockets;
        match sockets.get_mut(socket) {
            Some(old) => *old = fresh,
            None => sockets.push(fresh),
        }
    }

    fn connect(&mut self, who: Who, address: AddressId) -> (SocketId, bool) {
        let id = SocketId(self.opened);
        self.opened += 1;
        let opened = self.swarms.open(self.now, id, address);
        if opened {
            self.sockets.insert(id, who);
        }
        (id, opened)
    }

    fn disconnect(&mut self, socket: SocketId) {
        self.sockets.remove(&socket);
        self.swarms.close(self.now, socket);
    }

    /// A message, and all that comes of it.
    fn say(&mut self, from: SocketId, message: ClientMessage) {
        let mut said = VecDeque::from([(from, message)]);
        while let Some((from, message)) = said.pop_front() {
            let mut out = Vec::new();
            if self.swarms.handle(self.now, from, message, &mut out) == Handled::Flood {
                match self.sockets.get(&from) {
                    Some(Who::Viewer(_)) => self.refused += 1,
                    _ => self.disconnect(from),
                }
            }
            for Delivery { to, message } in out {
                match self.sockets.get(&to) {
                    Some(&Who::Viewer(who)) => said.extend(self.viewer_hears(who, message)),
                    Some(&Who::Spy(spy)) => said.extend(self.spy_hears(to, spy, &message)),
                    None => {}
                }
            }
        }
    }

    fn viewer_hears(
        &mut self,
        who: usize,
        message: TrackerMessage,
    ) -> Option<(SocketId, ClientMessage)> {
        let viewer = &mut self.viewers[who];
        match message {
            TrackerMessage::Announced {
                interval,
                complete,
                incomplete,
                ..
            } => {
                viewer.interval = secs(interval.into());
                viewer.slowed |= viewer.interval > INTERVAL;
                viewer.swarm = (complete + incomplete) as usize;
                None
            }
            TrackerMessage::Offer {
                peer_id, offer_id, ..
            } => {
                viewer.introductions += 1;
                // The offering side has the same introduction.
                if let Who::Viewer(other) = owner(peer_id) {
                    self.viewers[other].introductions += 1;
                }
                let viewer = &self.viewers[who];
                let free = viewer.links.len() < MAX_LINKS;
                free.then(|| (viewer.socket, answer(viewer_id(who), peer_id, offer_id)))
            }
            TrackerMessage::Answer { peer_id, .. } => {
                if let Who::Viewer(other) = owner(peer_id)
                    && other != who
                    && viewer.rng.random_bool(CONNECTS)
                    && self.viewers[other].here
                {
                    self.viewers[who].links.insert(other);
                    self.viewers[other].links.insert(who);
                }
                None
            }
            TrackerMessage::Failure { .. } => {
                self.refused += 1;
                None
            }
            TrackerMessage::Scraped { .. } | TrackerMessage::Warning { .. } => None,
        }
    }

    fn spy_hears(
        &mut self,
        socket: SocketId,
        spy: usize,
        message: &TrackerMessage,
    ) -> Vec<(SocketId, ClientMessage)> {
        match *message {
            TrackerMessage::Offer {
                peer_id, offer_id, ..
            } => {
                self.learn(peer_id);
                let here = self.spies[spy].sockets.iter();
                // The tracker does not say to which of its ids the offer went.
                let ids = here
                    .filter(|(id, ..)| *id == socket && self.harvest.answering)
                    .flat_map(|(_, ids, _)| ids);
                ids.map(|&id| (socket, answer(id, peer_id, offer_id)))
                    .collect()
            }
            TrackerMessage::Answer { peer_id, .. } => {
                self.learn(peer_id);
                Vec::new()
            }
            TrackerMessage::Announced { .. }
            | TrackerMessage::Failure { .. }
            | TrackerMessage::Scraped { .. }
            | TrackerMessage::Warning { .. } => Vec::new(),
        }
    }

    fn learn(&mut self, peer: PeerId) {
        if let Who::Viewer(who) = owner(peer) {
            self.learnt.entry(who).or_insert(self.now);
        }
    }
}
