//! The cost of a run to the machine it runs on.

use std::fs;
use std::time::Instant;

use core::time::Duration;

/// Processor time of this thread since it was made.
#[derive(Debug)]
pub(crate) struct Meter {
    began: Duration,
    wall: Instant,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self {
            began: on_processor().unwrap_or_default(),
            wall: Instant::now(),
        }
    }

    pub(crate) fn spent(&self) -> Duration {
        match on_processor() {
            Some(now) => now.saturating_sub(self.began),
            None => self.wall.elapsed(),
        }
    }
}

/// Time that this thread has spent on a processor, where the kernel says so: other work on the machine
/// does not count. Elsewhere the wall clock must do.
fn on_processor() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = stat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}
