//! A peer's rate: bytes over the time in which something was being loaded from it.

use std::collections::VecDeque;

use core::time::Duration;

use shoal_engine::Time;

/// The bytes that a peer has sent of late.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// When, not counting the time in which nothing was asked for, and how many.
    samples: VecDeque<(Duration, u32)>,
    idle: Duration,
    loading: bool,
    stopped: Option<Time>,
}

/// Span that the rate looks back over.
const SPAN: Duration = Duration::from_secs(15);
/// The least time that bytes count for.
const MIN_SPAN: Duration = Duration::from_millis(1);

impl Meter {
    pub(super) fn start(&mut self, now: Time) {
        if !self.loading
            && let Some(stopped) = self.stopped
        {
            self.idle += now.since(stopped);
        }
        self.loading = true;
    }

    pub(super) fn stop(&mut self, now: Time) {
        if self.loading {
            self.loading = false;
            self.stopped = Some(now);
        }
    }

    pub(super) fn add(&mut self, now: Time, bytes: u32) {
        let at = Duration::from_micros(now.0).saturating_sub(self.idle);
        self.samples.push_back((at, bytes));
        while self
            .samples
            .front()
            .is_some_and(|&(old, _)| old + SPAN < at)
        {
            self.samples.pop_front();
        }
    }

    /// Forgets all: the peer has failed.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes per second; 0 when nothing has come.
    pub(super) fn rate(&self) -> f64 {
        let (Some((first, _)), Some((last, _))) = (self.samples.front(), self.samples.back())
        else {
            return 0.0;
        };
        let bytes: u64 = self
            .samples
            .iter()
            .map(|&(_, bytes)| u64::from(bytes))
            .sum();
        let span = last.saturating_sub(*first).max(MIN_SPAN);
        bytes as f64 / span.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_a_request_does_not_count() {
        let mut meter = Meter::default();
        meter.start(Time::from_secs(0));
        meter.add(Time::from_secs(1), 1000);
        meter.stop(Time::from_secs(1));
        meter.start(Time::from_secs(100));
        meter.add(Time::from_secs(101), 1000);
        assert_eq!(meter.rate(), 2000.0);
    }

    #[test]
    fn old_bytes_do_not_count() {
        let mut meter = Meter::default();
        meter.start(Time::from_secs(0));
        meter.add(Time::from_secs(1), 1_000_000);
        meter.add(Time::from_secs(20), 500);
        meter.add(Time::from_secs(21), 500);
        assert_eq!(meter.rate(), 1000.0);
    }
}
