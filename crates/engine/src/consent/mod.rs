//! Whether this viewer shares at present: the rules, how many watch, and what the page is shown.
//!
//! Nothing is sent before the rules say so, and nothing after they say no. Leaving itself is the
//! engine's, since it concerns every part.

mod policy;
mod viewer_count;

use core::time::Duration;

pub use policy::{Reason, Rule, State, Wish};

use self::policy::{Policy, Ruling};
use self::viewer_count::ViewerCount;
use crate::ctx::Ctx;
use crate::event::Event;

/// The rules, and what follows from them.
#[derive(Debug)]
pub(crate) struct Consent {
    policy: Policy,
    viewers: ViewerCount,
    joined: bool,
    state: State,
}

/// What the rules want now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Sharing begins.
    Join,
    /// Sharing ends.
    Leave,
    /// All stays as it is.
    Stay,
}

impl Consent {
    pub(crate) fn new() -> Self {
        Self {
            policy: Policy::default(),
            viewers: ViewerCount::default(),
            joined: false,
            state: State::Waiting(Reason::Starting),
        }
    }

    /// The outcome, as the page has been told.
    pub(crate) const fn state(&self) -> State {
        self.state
    }

    /// Peers and tracker may be contacted.
    pub(crate) const fn is_joined(&self) -> bool {
        self.joined
    }

    /// Takes in what one of those who decide has said. Returns whether the swarm has to be left at
    /// once: who hides, or no longer, makes every connection anew.
    #[must_use]
    pub(crate) fn set(&mut self, rule: Rule) -> bool {
        let before = self.policy.hidden();
        self.policy.set(rule);
        self.policy.hidden() != before && core::mem::take(&mut self.joined)
    }

    /// Notes that no description of ours had a way by which a peer could come.
    pub(crate) fn block(&mut self) {
        self.policy.block();
    }

    /// Returns what the rules want, and takes it for done. Nobody joins before the video is `known`.
    #[must_use]
    pub(crate) fn step(&mut self, known: bool) -> Step {
        let join = self.policy.ruling() == Ruling::Join;
        let step = match (join, self.joined) {
            (true, false) if known => Step::Join,
            (false, true) => Step::Leave,
            _ => return Step::Stay,
        };
        self.joined = step == Step::Join;
        step
    }

    /// Tells the page what the viewer sees, after a change. `stranded`: no tracker can be reached, and
    /// no peer is there.
    pub(crate) fn show(&mut self, ctx: &mut Ctx, known: bool, stranded: bool) {
        let state = match self.policy.ruling() {
            Ruling::Stop(reason) => State::Off(reason),
            _ if !known => State::Waiting(Reason::Starting),
            Ruling::Ask => State::Asking,
            Ruling::Hold(reason) => State::Waiting(reason),
            Ruling::Join if stranded => State::Waiting(Reason::Tracker),
            Ruling::Join => State::On,
        };
        if state != self.state {
            self.state = state;
            ctx.event(Event::State(state));
        }
    }

    /// Asks the server how many watch, where that decides something and it is time.
    pub(crate) fn count_viewers(&mut self, ctx: &mut Ctx) {
        self.viewers.run(ctx, self.policy.counts(), self.joined);
    }

    /// Takes in how many watch. What is not known changes nothing.
    pub(crate) fn viewers_counted(&mut self, ctx: &mut Ctx, viewers: Option<u32>, again: Duration) {
        if let Some(viewers) = viewers {
            self.policy.counted(viewers);
        }
        self.viewers.answered(ctx, viewers.map(|_| again));
    }
}
