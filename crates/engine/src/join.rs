//! Joining and leaving: what follows from the policy. Nothing is sent before it says so, and
//! nothing after it says no.

use shoal_wire::peer::Ranges;

use crate::engine::Engine;
use crate::event::Event;
use crate::output::{CloseReason, Declined, Output};
use crate::policy::{Reason, Rule, Ruling, State};

impl Engine {
    /// One of those who decide has spoken.
    pub(crate) fn rule(&mut self, rule: Rule) {
        let before = self.policy.hidden();
        self.policy.set(rule);
        if self.policy.hidden() != before && self.joined.is_some() {
            // Every connection is made anew, the hidden ones through a relay.
            self.leave();
        }
    }

    /// Joins or leaves as the rules have it, and tells the page what the viewer sees.
    pub(crate) fn reconsider(&mut self) {
        let ruling = self.policy.ruling();
        let known = self.timeline.is_some();
        match (ruling, self.joined) {
            (Ruling::Join, None) if known => {
                self.joined = Some(self.now);
                self.plan.stale = true;
            }
            (Ruling::Join, _) | (_, None) => {}
            (_, Some(_)) => self.leave(),
        }
        let state = match ruling {
            Ruling::Stop(reason) => State::Off(reason),
            _ if !known => State::Waiting(Reason::Starting),
            Ruling::Ask => State::Asking,
            Ruling::Hold(reason) => State::Waiting(reason),
            Ruling::Join if self.is_stranded() => State::Waiting(Reason::Tracker),
            Ruling::Join => State::On,
        };
        if state != self.state {
            self.state = state;
            self.out.push_back(Output::Event(Event::State(state)));
        }
    }

    /// Ends everything that others can see, in one go. Whoever joins again does it under another name,
    /// so that nobody can tell that it is the same viewer, perhaps at another address.
    fn leave(&mut self) {
        self.joined = None;
        self.leave_tracker();
        self.me = self.chance.peer_id();
        self.routeless = 0;
        for link in self.links.names() {
            self.close_link(link, CloseReason::Stopped);
        }
        self.abort_fetches(|_, _| true);
        for id in self.needs.names() {
            self.decline(id, Declined::Off);
        }
        self.gained = Ranges::new();
        self.gained_since = None;
        self.window = Ranges::new();
        self.links_due = None;
        self.churn_at = None;
        self.lost = Ranges::new();
        self.hungry.clear();
        self.plan.forget();
    }
}
