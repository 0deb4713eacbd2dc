//! When to come back: one timer for each thing that depends on time alone.

use crate::time::Time;

/// What is due at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The tracker's socket is to be opened, given up or announced on.
    Announce,
    /// An HTTP request has been silent for too long.
    Fetch,
    /// The pieces gained are to be told.
    Have,
    /// A link expires, wants a keep-alive, owes us blocks or has not kept its claim.
    Links,
    /// A segment comes into danger, or it is our turn to fetch it.
    Plan,
    /// The cap lets the next block through.
    Upload,
    /// The server is to be asked how many watch.
    ViewerCount,
}

/// One moment for each [`Timer`].
#[derive(Debug, Default)]
pub(crate) struct Timers([Option<Time>; 7]);

impl Timers {
    /// Sets a timer, or stops it.
    pub(crate) fn set(&mut self, timer: Timer, at: Option<Time>) {
        if let Some(slot) = self.0.get_mut(timer as usize) {
            *slot = at;
        }
    }

    /// Sets a timer to this moment unless it is set to an earlier one.
    pub(crate) fn bring_forward(&mut self, timer: Timer, at: Time) {
        let earlier = self.at(timer).map_or(at, |set| set.min(at));
        self.set(timer, Some(earlier));
    }

    /// The moment of a timer.
    pub(crate) fn at(&self, timer: Timer) -> Option<Time> {
        self.0.get(timer as usize).copied().flatten()
    }

    /// Whether a timer's moment has come.
    pub(crate) fn is_due(&self, timer: Timer, now: Time) -> bool {
        self.at(timer).is_some_and(|at| at <= now)
    }

    /// Stops all that has to do with other viewers.
    pub(crate) fn leave(&mut self) {
        *self = Self::default().with(Timer::ViewerCount, self.at(Timer::ViewerCount));
    }

    /// The earliest moment of all.
    pub(crate) fn next(&self) -> Option<Time> {
        self.0.iter().copied().flatten().min()
    }

    fn with(mut self, timer: Timer, at: Option<Time>) -> Self {
        self.set(timer, at);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_timer_is_next_and_each_is_due_by_itself() {
        let mut timers = Timers::default();
        assert_eq!(timers.next(), None);
        timers.set(Timer::Plan, Some(Time(7)));
        timers.set(Timer::ViewerCount, Some(Time(9)));
        timers.bring_forward(Timer::Plan, Time(8));
        assert_eq!(timers.next(), Some(Time(7)));
        timers.bring_forward(Timer::Plan, Time(3));
        assert!(timers.is_due(Timer::Plan, Time(3)));
        assert!(!timers.is_due(Timer::ViewerCount, Time(8)));
        timers.set(Timer::Plan, None);
        assert_eq!(timers.next(), Some(Time(9)));
    }

    #[test]
    fn who_leaves_still_hears_how_many_watch() {
        let mut timers = Timers::default();
        timers.set(Timer::Links, Some(Time(1)));
        timers.set(Timer::ViewerCount, Some(Time(2)));
        timers.leave();
        assert_eq!(timers.next(), Some(Time(2)));
    }
}
