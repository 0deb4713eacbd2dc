//! How many watch, where the operator wants a number of them before anyone shares: asked of the server,
//! without joining the swarm.

use core::time::Duration;

use crate::ctx::Ctx;
use crate::output::Output;
use crate::time::Time;
use crate::timers::Timer;

/// When the server is asked.
#[derive(Debug, Default)]
pub(crate) struct ViewerCount {
    /// An answer is waited for.
    asked: bool,
    /// When to ask, or to ask again.
    due: Time,
    /// The number decides something at present.
    counts: bool,
}

impl ViewerCount {
    /// Asks if it is time. `counts`: the number decides something; `member`: we are counted already.
    pub(crate) fn run(&mut self, ctx: &mut Ctx, counts: bool, member: bool) {
        if counts && !self.counts {
            self.due = ctx.now;
        }
        self.counts = counts;
        if counts && !self.asked && self.due <= ctx.now {
            self.asked = true;
            ctx.push(Output::CountViewers { member });
        }
        let waits = counts && !self.asked;
        ctx.timers
            .set(Timer::ViewerCount, waits.then_some(self.due));
    }

    /// The server has answered, and said when to ask again; or nobody has.
    pub(crate) fn answered(&mut self, ctx: &mut Ctx, again: Option<Duration>) {
        self.asked = false;
        let (least, most) = (ctx.config.min_count_interval, ctx.config.count_retry);
        let wait = again.map_or(most, |again| again.max(least).min(most));
        self.due = ctx.now + wait.mul_f64(ctx.rng.around_one(0.1));
    }
}
