//! What every part of the engine is handed: the moment, the bounds, chance, and where outputs go.

use std::collections::VecDeque;

use shoal_wire::id::{InfoHash, PeerId};
use shoal_wire::peer::{Frame, Message};

use crate::config::Config;
use crate::event::Event;
use crate::input::LinkId;
use crate::output::Output;
use crate::rng::Rng;
use crate::small_map::SmallMap;
use crate::time::Time;
use crate::timers::Timers;
use crate::traffic::Traffic;

/// The surroundings of a part. The only thing that all of them share.
#[derive(Debug)]
pub(crate) struct Ctx {
    pub(crate) now: Time,
    pub(crate) config: Config,
    pub(crate) rng: Rng,
    /// Our name in the swarm, another one each time that we join.
    pub(crate) me: PeerId,
    /// The swarm, once the index has named it.
    pub(crate) swarm: InfoHash,
    pub(crate) timers: Timers,
    pub(crate) traffic: Traffic,
    out: VecDeque<Output>,
    /// When each link was last sent something.
    last_sent: SmallMap<LinkId, Time>,
}

impl Ctx {
    pub(crate) fn new(config: Config, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        Self {
            now: Time::default(),
            me: rng.peer_id(),
            swarm: InfoHash([0; 20]),
            timers: Timers::default(),
            traffic: Traffic::default(),
            out: VecDeque::new(),
            last_sent: SmallMap::default(),
            config,
            rng,
        }
    }

    /// Asks the host for something.
    pub(crate) fn push(&mut self, output: Output) {
        match &output {
            Output::LinkSend { link, .. } => self.last_sent.insert(*link, self.now),
            Output::LinkClose { link, .. } => {
                self.last_sent.remove(*link);
            }
            _ => {}
        }
        self.out.push_back(output);
    }

    /// Takes the next output.
    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Sends a message. The link must be open.
    pub(crate) fn send(&mut self, link: LinkId, message: Message) {
        let frame = Frame::Message(message);
        self.push(Output::LinkSend { link, frame });
    }

    /// When a link was last sent something, if it ever was.
    pub(crate) fn last_sent(&self, link: LinkId) -> Option<Time> {
        self.last_sent.get(link).copied()
    }

    /// Tells the page.
    pub(crate) fn event(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    /// Tells the page that something went wrong that costs the viewer nothing.
    pub(crate) fn problem(&mut self, code: &'static str) {
        self.event(Event::Problem(code));
    }
}
