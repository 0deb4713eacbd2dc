//! A simulated viewer: an engine, and adapters that hold it to its contract.
//!
//! The adapters tell the engine nothing that real ones would not, and an output that breaks the
//! contract ends the run with the seed, the moment and the viewer.

use rand::Rng as _;
use shoal_engine::{Config, Engine, HttpId, LinkId, Pace, Reason, State, Time};
use shoal_wire::id::SegmentId;

use crate::counts::Counts;
use crate::crowd::Plan;
use crate::event::RequestId;
use crate::guard::Guard;
use crate::link::{End, Flow, Parcel};
use crate::p2pml_model;
use crate::pipe::Pipe;
use crate::player::{Habits, Player};
use crate::request::Request;
use crate::rng::{Purpose, Rng, stream};
use crate::small_map::SmallMap;
use crate::store::Store;
use crate::tracker::Socket;
use crate::video::Video;
use crate::wire::Wire;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Away,
    Here,
    Gone,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) plan: Plan,
    pub(crate) stage: Stage,
    /// The viewer's present answer.
    pub(crate) share: Option<bool>,
    pub(crate) player: Option<Player>,
    pub(crate) engine: Option<Engine>,
    /// The client in the engine's place, in the hybrid arm.
    pub(crate) hybrid: Option<p2pml_model::Client>,
    /// The engine has the index: it is asked for segments.
    pub(crate) attached: bool,
    /// The tab is hidden: its timers run once a second.
    pub(crate) hidden: bool,
    /// A page that stays open for a while after the end.
    pub(crate) leaving: bool,
    pub(crate) store: Store,
    pub(crate) up: Pipe<LinkId, Box<Wire>>,
    pub(crate) down: Pipe<Flow, Parcel>,
    pub(crate) links: SmallMap<LinkId, End>,
    pub(crate) requests: SmallMap<RequestId, Request>,
    pub(crate) gets: SmallMap<HttpId, RequestId>,
    /// Requests of the player that wait for an engine that is starting.
    pub(crate) held: Vec<(u64, SegmentId)>,
    /// Segments that the stock loader got and the engine has not taken, and how they came.
    pub(crate) stash: Vec<(SegmentId, Pace)>,
    /// Bytes per second of the stock loader's last segment.
    pub(crate) stock_rate: f64,
    /// Segments that the player waits for from the engine.
    pub(crate) needs: SmallMap<u64, SegmentId>,
    pub(crate) socket: Option<Socket>,
    /// The engine's deadline, and the moment of the timer that is armed for it.
    pub(crate) deadline: Option<Time>,
    pub(crate) armed: Option<Time>,
    /// The moment of the player's timer.
    pub(crate) wake: Option<Time>,
    pub(crate) rng: Rng,
    pub(crate) guard: Guard,
    pub(crate) counts: Counts,
    pub(crate) engine_seed: u64,
}

/// Microseconds that timers go by, and those of a hidden tab.
const GRAIN: u64 = 1_000;
const HIDDEN_GRAIN: u64 = 1_000_000;

impl Node {
    pub(crate) fn new(seed: u64, number: u32, plan: Plan) -> Self {
        let number = u64::from(number);
        Self {
            stage: Stage::Away,
            share: plan.share,
            player: None,
            engine: None,
            hybrid: None,
            attached: false,
            hidden: false,
            leaving: false,
            store: Store::new(),
            up: Pipe::new(plan.access.up),
            down: Pipe::new(plan.access.down),
            links: SmallMap::new(),
            requests: SmallMap::new(),
            gets: SmallMap::new(),
            needs: SmallMap::new(),
            held: Vec::new(),
            stash: Vec::new(),
            stock_rate: 0.0,
            socket: None,
            deadline: None,
            armed: None,
            wake: None,
            rng: stream(seed, number, Purpose::Network),
            guard: Guard::default(),
            counts: Counts::default(),
            engine_seed: stream(seed, number, Purpose::Engine).next_u64(),
            plan,
        }
    }

    pub(crate) fn arrive(&mut self, now: Time, video: &Video, habits: Habits) {
        self.stage = Stage::Here;
        self.player = Some(Player::new(now, video, self.plan.rendition, habits));
    }

    /// When a timer for this moment runs. Browsers' timers go by whole milliseconds, those of a
    /// hidden tab by whole seconds.
    pub(crate) fn timer(&self, due: Time) -> Time {
        let grain = if self.hidden { HIDDEN_GRAIN } else { GRAIN };
        Time(due.0.div_ceil(grain) * grain)
    }

    pub(crate) fn load_engine(&mut self, config: Config) {
        self.engine = Some(Engine::new(config, self.engine_seed));
    }

    /// Whether P2P may send anything at present.
    pub(crate) fn permitted(state: State) -> bool {
        matches!(state, State::On | State::Waiting(Reason::Tracker))
    }
}
