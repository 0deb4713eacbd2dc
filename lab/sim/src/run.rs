//! A run from its first event to its report.

use core::time::Duration;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use shoal_engine::{Input, Verdict};
use shoal_wire::id::PieceIndex;

use crate::access::Nat;
use crate::clock::Meter;
use crate::crowd::Plan;
use crate::event::{Event, NodeId};
use crate::node::Stage;
use crate::p2pml_model;
use crate::player::Habits;
use crate::report::{Comparison, Report, ViewerReport};
use crate::scenario::{Arm, Scenario};
use crate::world::World;

impl Scenario {
    /// Runs the scenario as it is.
    ///
    /// # Panics
    /// When an engine breaks its contract.
    #[must_use]
    pub fn run(&self) -> Report {
        self.run_arm(Arm::Shared)
    }

    /// Runs one arm of the scenario.
    ///
    /// # Panics
    /// When an engine breaks its contract.
    #[must_use]
    pub fn run_arm(&self, arm: Arm) -> Report {
        let meter = Meter::start();
        let mut report = World::new(self, arm).run();
        report.cost = meter.spent();
        report
    }

    /// Runs the scenario, and again without P2P. Each arm has a thread of its own.
    ///
    /// # Panics
    /// When an engine breaks its contract.
    #[must_use]
    pub fn compare(&self) -> Comparison {
        self.compare_arms(false)
    }

    /// Runs the scenario, again without P2P, and again with the hybrid loader.
    ///
    /// # Panics
    /// When an engine breaks its contract.
    #[must_use]
    pub fn compare_with_hybrid(&self) -> Comparison {
        self.compare_arms(true)
    }

    fn compare_arms(&self, hybrid: bool) -> Comparison {
        thread::scope(|scope| {
            let alone = scope.spawn(|| self.run_arm(Arm::Alone));
            let hybrid = hybrid.then(|| scope.spawn(|| self.run_arm(Arm::Hybrid)));
            let shared = self.run_arm(Arm::Shared);
            let wait = |arm: ScopedJoinHandle<'_, Report>| {
                arm.join().unwrap_or_else(|panic| resume_unwind(panic))
            };
            Comparison {
                shared,
                alone: wait(alone),
                hybrid: hybrid.map(wait),
            }
        })
    }
}

impl World {
    /// Lives until nothing happens any more, or until the scenario's end.
    pub(crate) fn run(mut self) -> Report {
        while let Some((id, event)) = self.next_event() {
            self.happen(id, event);
        }
        for number in 0..self.nodes.len() {
            self.leave(NodeId(number as u32));
        }
        self.report()
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

    fn digest(&mut self, id: NodeId, piece: PieceIndex) {
        let verdict = match self.node(id).store.checked(piece) {
            Some(true) => Verdict::Valid,
            Some(false) => Verdict::Invalid,
            None => Verdict::Unknown,
        };
        self.feed(id, Input::Verified { piece, verdict });
    }

    /// What has been seen up to now.
    fn report(&self) -> Report {
        let counts = &self.origin.counts;
        let viewers = self.nodes.iter().filter_map(|node| {
            let watched = &node.player.as_ref()?.watched;
            let engine = node.engine.as_ref().map(|engine| engine.stats(self.now));
            let stats = engine.or(node.hybrid.as_ref().map(p2pml_model::Client::stats));
            let mut report = ViewerReport::of(watched, stats.unwrap_or_default(), &node.counts);
            report.refused = node.plan.share == Some(false);
            if !report.refused && node.plan.access.nat != Nat::Blocked {
                let cap = self.scenario.config.upload_rate;
                let line = node.plan.access.up;
                let rate = if cap == 0 { line } else { line.min(cap) };
                report.sendable = (rate as f64 * node.counts.present.as_secs_f64()) as u64;
            }
            Some(report)
        });
        let lengths = counts
            .segments
            .keys()
            .map(|&segment| u64::from(self.video.length(segment)));
        let mut report = Report {
            seed: self.scenario.seed,
            viewers: viewers.collect(),
            origin_bytes: counts.media_bytes,
            index_bytes: counts.index_bytes,
            origin_requests: counts.media_requests,
            segments: counts.segments.len() as u64,
            unique_bytes: lengths.sum(),
            origin_load: counts.load.clone(),
            mirror_bytes: self
                .mirrors
                .iter()
                .map(|it| it.counts.media_bytes)
                .collect(),
            tracker_messages: self.tracker.heard,
            trace: 0,
            cost: Duration::ZERO,
        };
        let mut trace = self.trace.clone();
        trace.outcome(&report);
        report.trace = trace.hash();
        report
    }
}
