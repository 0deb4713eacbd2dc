//! How many watch, where the operator wants a number of them before anyone shares: asked of the server,
//! without joining the swarm.

use core::time::Duration;

use crate::engine::Engine;
use crate::output::Output;
use crate::time::Time;

/// When the server is asked.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    /// An answer is waited for.
    asked: bool,
    /// When to ask, or to ask again.
    due: Time,
    /// The number decides something at present.
    counts: bool,
}

impl Engine {
    pub(crate) fn run_crowd(&mut self) {
        let counts = self.policy.counts();
        if counts && !self.crowd.counts {
            self.crowd.due = self.now;
        }
        self.crowd.counts = counts;
        if counts && !self.crowd.asked && self.crowd.due <= self.now {
            self.crowd.asked = true;
            let member = self.joined.is_some();
            self.out.push_back(Output::CountViewers { member });
        }
    }

    pub(crate) fn crowd_deadline(&self) -> Option<Time> {
        let waits = self.crowd.counts && !self.crowd.asked;
        waits.then_some(self.crowd.due)
    }

    /// The server has answered, or nobody has. What is not known changes nothing.
    pub(crate) fn viewers_counted(&mut self, viewers: Option<u32>, again: Duration) {
        self.crowd.asked = false;
        let (least, most) = (self.config.min_count_interval, self.config.count_retry);
        let wait = match viewers {
            Some(viewers) => {
                self.policy.counted(viewers);
                again.clamp(least, most)
            }
            None => most,
        };
        self.crowd.due = self.now + wait.mul_f64(self.chance.around_one(0.1));
    }
}
