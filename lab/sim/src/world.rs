//! The simulated world: one clock, one agenda, and everybody in it.
//!
//! Invariants: events happen in the order of (time, number); nothing but the seed is drawn from;
//! an engine is never given an input while it is being drained.

use core::time::Duration;

use shoal_engine::{HttpFault, Input, LinkFault, LinkId, Time, Verdict};
use shoal_wire::id::{InfoHash, PieceIndex, TrackId};

use crate::access::Access;
use crate::agenda::Agenda;
use crate::crowd::Plan;
use crate::hybrid;
use crate::node::{Node, Stage};
use crate::origin::{Origin, RequestId};
use crate::player::Habits;
use crate::report::Report;
use crate::scenario::{Arm, Scenario};
use crate::trace::Trace;
use crate::tracker::{SocketId, Tracker};
use crate::video::Video;
use crate::wire::{Burst, Wire};

/// A simulated viewer: its position among all viewers of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

/// Something that happens to a node.
#[derive(Debug)]
pub(crate) enum Event {
    /// The page is opened.
    Arrive,
    /// The engine is loaded.
    EngineReady,
    /// The page is closed.
    Leave,
    /// A step of the viewer's script.
    Step(usize),
    /// The player's timer.
    Wake,
    /// The engine's timer.
    Tick,
    /// P2P was switched off a second ago.
    Hush(u64),
    /// A request that waits for the engine is looked at again, and so many times more.
    Held { number: u64, left: u32 },
    /// Read a playlist again after an error.
    Playlist(TrackId),
    /// Read the index, again after an error.
    GetIndex,
    /// What the index says of policy has been read again.
    Renewed,
    /// A digest is ready.
    Digest(PieceIndex),
    /// The uplink has sent a packet.
    UpFree,
    /// The downlink has received a packet.
    DownFree,
    /// A part of a response has come to the downlink's far end.
    Chunk { request: RequestId, size: u32 },
    /// Frames have come to the downlink's far end.
    Wire(Box<Wire>),
    /// The other end has bytes of a link that waits for it.
    Receipt(LinkId),
    /// The send buffer of a link is low.
    Drained(LinkId),
    /// An SDP is ready.
    Described(LinkId),
    /// A data channel is open.
    Opened(LinkId),
    /// Connecting has taken too long.
    Unreached(LinkId),
    /// A link has failed, or its other end was closed.
    Broken { link: LinkId, fault: LinkFault },
    /// A request has come to the origin.
    Serve(RequestId),
    /// The origin may send more of a response.
    Send(RequestId),
    /// A response fails.
    HttpLost {
        request: RequestId,
        fault: HttpFault,
    },
    /// The tracker has a new connection.
    TrackerReached(SocketId),
    /// The tracker has a message.
    TrackerHears(Box<Text>),
    /// The tracker has lost a connection.
    TrackerLeft(SocketId),
    /// The node's socket is open.
    SocketOpen(SocketId),
    /// The node's socket has a message.
    SocketText(Box<Text>),
    /// The node's socket is closed.
    SocketGone(SocketId),
    /// The origin fails from now on for a while. Happens to nobody in particular.
    OriginOutage,
    /// The tracker fails from now on for a while. Happens to nobody in particular.
    TrackerOutage,
}

/// A message between the tracker and a socket.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) socket: SocketId,
    pub(crate) text: String,
}

/// Everybody and everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) video: Video,
    pub(crate) arm: Arm,
    pub(crate) now: Time,
    pub(crate) nodes: Vec<Node>,
    pub(crate) origin: Origin,
    pub(crate) mirrors: Vec<Origin>,
    pub(crate) tracker: Tracker,
    pub(crate) trace: Trace,
    /// What everybody's line is like: what is asked of others all the time, close together.
    pub(crate) lines: Vec<Access>,
    /// What the viewer whose engine is being drained has sent so far.
    pub(crate) bursts: Vec<Burst>,
    agenda: Agenda,
}

/// The swarms that the viewers of an arm form.
fn swarms(video: &Video, arm: Arm) -> Vec<InfoHash> {
    match arm {
        Arm::Alone | Arm::Shared => vec![video.index().swarm],
        Arm::Hybrid => (0..video.tracks())
            .map(|track| hybrid::info_hash(TrackId(track)))
            .collect(),
    }
}

/// How soon after the switch everything must be closed.
const HUSH: Duration = Duration::from_secs(1);

impl World {
    pub(crate) fn new(scenario: &Scenario, arm: Arm) -> Self {
        let seed = scenario.seed;
        let mut world = Self {
            video: scenario.video.clone(),
            arm,
            now: Time(0),
            nodes: Vec::new(),
            origin: Origin::new(seed, &scenario.origin),
            mirrors: Origin::mirrors(seed, &scenario.mirrors),
            tracker: Tracker::new(seed, &scenario.tracker, swarms(&scenario.video, arm)),
            trace: Trace::new(),
            lines: Vec::new(),
            bursts: Vec::new(),
            agenda: Agenda::new(),
            scenario: scenario.clone(),
        };
        let crowds = scenario
            .crowds
            .iter()
            .flat_map(|crowd| vec![crowd; crowd.len()]);
        for (number, crowd) in (0..).zip(crowds) {
            let plan = crowd.plan(seed, u64::from(number), &scenario.video);
            let arrives = plan.arrives;
            world.lines.push(plan.access);
            world.nodes.push(Node::new(seed, number, plan));
            world.schedule(arrives, NodeId(number), Event::Arrive);
        }
        for &(from, _) in &scenario.origin.outages {
            world.schedule(Time(0) + from, NodeId(0), Event::OriginOutage);
        }
        for &(from, _) in &scenario.tracker.outages {
            world.schedule(Time(0) + from, NodeId(0), Event::TrackerOutage);
        }
        world
    }

    /// Lives until nothing happens any more, or until the scenario's end.
    pub(crate) fn run(mut self) -> Report {
        let end = Time(0) + self.scenario.until;
        while let Some(entry) = self.agenda.pop() {
            if entry.at > end {
                break;
            }
            self.now = entry.at;
            self.trace.event(entry.at, entry.node, &entry.event);
            self.happen(entry.node, entry.event);
        }
        self.now = end;
        for number in 0..self.nodes.len() {
            self.leave(NodeId(number as u32));
        }
        Report::of(&self)
    }

    pub(crate) fn schedule(&mut self, at: Time, node: NodeId, event: Event) {
        self.agenda.push(at, node, event);
    }

    pub(crate) fn soon(&mut self, delay: Duration, node: NodeId, event: Event) {
        self.schedule(self.now + delay, node, event);
    }

    pub(crate) fn node(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }

    fn happen(&mut self, id: NodeId, event: Event) {
        match event {
            Event::OriginOutage => return self.origin_fails(),
            Event::TrackerOutage => return self.tracker_fails(),
            Event::TrackerReached(socket) => return self.tracker_reached(id, socket),
            Event::TrackerHears(text) => return self.tracker_hears(&text),
            Event::TrackerLeft(socket) => return self.tracker.left(self.now, socket),
            Event::Arrive => return self.arrive(id),
            _ if self.node(id).stage != Stage::Here => return,
            Event::EngineReady => self.engine_ready(id),
            Event::Leave => self.leave(id),
            Event::Renewed => self.feed(id, Input::Renewed),
            Event::Step(nth) => self.step(id, nth),
            Event::Wake => self.wake(id),
            Event::Tick => self.tick(id),
            Event::Hush(switch) => self.check_hush(id, switch),
            Event::Held { number, left } => self.held(id, number, left),
            Event::Playlist(track) => self.read_playlist(id, track),
            Event::Digest(piece) => self.digest(id, piece),
            Event::UpFree => self.up_free(id),
            Event::DownFree => self.down_free(id),
            Event::Chunk { request, size } => self.chunk(id, request, size),
            Event::Wire(wire) => self.wire(id, wire),
            Event::Receipt(link) => self.pace(id, link),
            Event::Described(link) => self.described(id, link),
            Event::Drained(link) => self.drained(id, link),
            Event::Opened(link) => self.opened(id, link),
            Event::Unreached(link) => self.unreached(id, link),
            Event::GetIndex => self.get_index(id),
            Event::Broken { link, fault } => self.broken(id, link, fault),
            Event::Serve(request) => self.serve(id, request),
            Event::Send(request) => self.send_more(id, request),
            Event::HttpLost { request, fault } => self.http_lost(id, request, fault),
            Event::SocketOpen(socket) => self.socket_open(id, socket),
            Event::SocketText(text) => self.socket_text(id, *text),
            Event::SocketGone(socket) => self.socket_gone(id, socket),
        }
        self.obey(id);
    }

    fn arrive(&mut self, id: NodeId) {
        let (now, habits) = (self.now, self.habits());
        let node = &mut self.nodes[id.0 as usize];
        node.arrive(now, &self.video, habits);
        let shares = node.share != Some(false);
        let Plan {
            engine_delay,
            leaves,
            script,
            ..
        } = node.plan.clone();
        self.soon(engine_delay, id, Event::EngineReady);
        if let Some(leaves) = leaves {
            self.schedule(leaves, id, Event::Leave);
        }
        for (nth, step) in script.iter().enumerate() {
            self.soon(step.after, id, Event::Step(nth));
        }
        if self.arm == Arm::Hybrid && shares {
            self.install_hybrid(id);
        }
        self.obey(id);
    }

    /// How the pages of this arm set their players.
    fn habits(&self) -> Habits {
        match self.arm {
            Arm::Alone | Arm::Shared => Habits::default(),
            Arm::Hybrid => self.scenario.hybrid.habits(&self.video),
        }
    }

    fn tick(&mut self, id: NodeId) {
        let (now, seed) = (self.now, self.scenario.seed);
        let node = self.node(id);
        if node.armed != Some(now) {
            return;
        }
        node.armed = None;
        match node.deadline {
            Some(deadline) if deadline <= now => {
                node.guard.tick(now, id, seed);
                self.feed(id, Input::Tick);
            }
            Some(_) => self.arm_timer(id),
            None => {}
        }
    }

    /// Arms one timer for the engine's deadline.
    pub(crate) fn arm_timer(&mut self, id: NodeId) {
        let now = self.now;
        let node = self.node(id);
        let Some(deadline) = node.deadline else {
            return;
        };
        let due = node.timer(deadline.max(now));
        if node.armed.is_none_or(|armed| armed > due) {
            node.armed = Some(due);
            self.schedule(due, id, Event::Tick);
        }
    }

    fn digest(&mut self, id: NodeId, piece: PieceIndex) {
        let verdict = match self.node(id).store.checked(piece) {
            Some(true) => Verdict::Valid,
            Some(false) => Verdict::Invalid,
            None => Verdict::Unknown,
        };
        self.feed(id, Input::Verified { piece, verdict });
    }

    /// The engine has just been switched off: a second later all must be quiet.
    pub(crate) fn expect_hush(&mut self, id: NodeId, switch: u64) {
        self.soon(HUSH, id, Event::Hush(switch));
    }
}
