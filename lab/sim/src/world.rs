//! The simulated world: one clock, one event queue, and everybody in it.
//!
//! Invariants: events happen in the order of (time, number); nothing but the seed is drawn from;
//! an engine is never given an input while it is being drained.

use core::time::Duration;

use shoal_engine::Time;
use shoal_wire::id::{InfoHash, TrackId};

use crate::access::Access;
use crate::event::{Event, NodeId};
use crate::event_queue::{Entry, EventQueue};
use crate::node::Node;
use crate::origin::Origin;
use crate::p2pml_model;
use crate::scenario::{Arm, Scenario};
use crate::trace::Trace;
use crate::tracker::Tracker;
use crate::video::Video;
use crate::wire::Burst;

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
    /// Everybody's line: it is asked for all the time, so that it lies close together.
    pub(crate) lines: Vec<Access>,
    /// Frames that the viewer whose engine is being drained has sent so far.
    pub(crate) bursts: Vec<Burst>,
    queue: EventQueue,
}

/// The swarms that the viewers of an arm form.
fn swarms(video: &Video, arm: Arm) -> Vec<InfoHash> {
    match arm {
        Arm::Alone | Arm::Shared => vec![video.index().swarm],
        Arm::Hybrid => (0..video.tracks())
            .map(|track| p2pml_model::info_hash(TrackId(track)))
            .collect(),
    }
}

/// Bytes under way in one flow: what SCTP's receive window lets through at most, and what slow
/// flows keep in any case.
pub(crate) const WINDOW: core::ops::Range<u64> = 32 << 10..1 << 20;

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
            queue: EventQueue::new(),
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

    /// Goes on to the next event, or to the scenario's end when nothing happens before it.
    pub(crate) fn next_event(&mut self) -> Option<(NodeId, Event)> {
        let end = Time(0) + self.scenario.until;
        let next = self.queue.pop().filter(|entry| entry.at <= end);
        let Some(Entry {
            at, node, event, ..
        }) = next
        else {
            self.now = end;
            return None;
        };
        self.now = at;
        self.trace.event(at, node, &event);
        Some((node, event))
    }

    pub(crate) fn schedule(&mut self, at: Time, node: NodeId, event: Event) {
        self.queue.push(at, node, event);
    }

    pub(crate) fn soon(&mut self, delay: Duration, node: NodeId, event: Event) {
        self.schedule(self.now + delay, node, event);
    }

    pub(crate) fn node(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
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

    /// One way between two viewers.
    pub(crate) fn one_way(&self, one: NodeId, other: NodeId) -> Duration {
        let latency = |id: NodeId| self.lines[id.0 as usize].latency;
        latency(one) + latency(other)
    }

    /// Bytes of one flow that are under way to a viewer: as congestion control has it, twice what
    /// the line holds, shared among the flows.
    pub(crate) fn window(&self, to: NodeId, one_way: Duration) -> u32 {
        let down = &self.nodes[to.0 as usize].down;
        let holds = down.rate() as f64 * 2.0 * one_way.as_secs_f64();
        let share = (holds * 2.0) as u64 / down.flows().max(1) as u64;
        share.clamp(WINDOW.start, WINDOW.end) as u32
    }

    /// Ends the run: the engine has broken its contract.
    pub(crate) fn breach(&self, id: NodeId, what: &str) -> ! {
        panic!(
            "seed {}, {}, viewer {}: the engine {what}",
            self.scenario.seed, self.now, id.0
        )
    }
}
