//! How fast things go: rates over the last seconds, rates while busy, and a token bucket.

use core::f64::consts::LN_2;
use core::time::Duration;

use crate::time::Time;

const SLOTS: usize = 8;
const SLOT: u64 = 500_000;

/// Bytes per second over the last four seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    slots: [u64; SLOTS],
    newest: u64,
}

impl Meter {
    pub(crate) fn add(&mut self, now: Time, bytes: u64) {
        self.turn(now);
        if let Some(slot) = self.slots.get_mut((self.newest % SLOTS as u64) as usize) {
            *slot += bytes;
        }
    }

    pub(crate) fn rate(&self, now: Time) -> f64 {
        let mut meter = self.clone();
        meter.turn(now);
        let part = now.0 % SLOT;
        let span = (SLOTS as u64 - 1) * SLOT + part;
        meter.slots.iter().sum::<u64>() as f64 * 1e6 / span as f64
    }

    fn turn(&mut self, now: Time) {
        let slot = now.0 / SLOT;
        for passed in (self.newest + 1..=slot).rev().take(SLOTS) {
            if let Some(old) = self.slots.get_mut((passed % SLOTS as u64) as usize) {
                *old = 0;
            }
        }
        self.newest = self.newest.max(slot);
    }
}

/// Bytes per second while at least one transfer runs, with a half-life of busy time. Idle time
/// says nothing about what a connection can carry.
#[derive(Clone, Debug)]
pub(crate) struct BusyMeter {
    half_life: f64,
    running: u32,
    since: Time,
    bytes: f64,
    seconds: f64,
    fresh: f64,
}

impl BusyMeter {
    pub(crate) fn new(half_life: Duration) -> Self {
        Self {
            half_life: half_life.as_secs_f64().max(0.001),
            running: 0,
            since: Time::default(),
            bytes: 0.0,
            seconds: 0.0,
            fresh: 0.0,
        }
    }

    pub(crate) fn start(&mut self, now: Time) {
        self.settle(now);
        self.running += 1;
    }

    pub(crate) fn stop(&mut self, now: Time) {
        self.settle(now);
        self.running = self.running.saturating_sub(1);
    }

    /// Transfers that run.
    pub(crate) const fn running(&self) -> u32 {
        self.running
    }

    /// Counts bytes of the transfers that run. What comes while none does says nothing of a rate: its
    /// time was not counted.
    pub(crate) fn add(&mut self, now: Time, bytes: u64) {
        if self.running > 0 {
            self.fresh += bytes as f64;
            self.settle(now);
        }
    }

    /// A transfer that ended before anyone watched it.
    pub(crate) fn add_past(&mut self, span: Duration, bytes: u64) {
        self.bytes += bytes as f64;
        self.seconds += span.as_secs_f64();
    }

    /// `None` until 16 KiB have come in 5 ms of busy time.
    pub(crate) fn rate(&self) -> Option<f64> {
        (self.seconds >= 0.005 && self.bytes >= 16_384.0).then(|| self.bytes / self.seconds)
    }

    fn settle(&mut self, now: Time) {
        let span = if self.running == 0 {
            0.0
        } else {
            now.since(self.since).as_secs_f64()
        };
        let fade = halved(span / self.half_life);
        self.bytes = self.bytes * fade + self.fresh;
        self.seconds = self.seconds * fade + span;
        self.fresh = 0.0;
        self.since = now;
    }
}

/// `0.5^times`, by arithmetic that is the same everywhere: `powf` differs in its last bit from one
/// platform to the next, and what a browser has recorded must be replayed natively to the bit.
pub(crate) fn halved(times: f64) -> f64 {
    let whole = times.floor();
    if whole >= 1_000.0 {
        return 0.0;
    }
    let rest = (times - whole) * LN_2;
    // The series of e^-rest, from its smallest term.
    let part = (1..=18)
        .rev()
        .fold(1.0, |sum, n| 1.0 - rest * sum / f64::from(n));
    part * f64::from_bits((1_023 - whole as u64) << 52)
}

/// How long something takes, and by how much that varies: RFC 6298's smoothed mean and deviation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delay {
    known: Option<(f64, f64)>,
}

impl Delay {
    pub(crate) fn add(&mut self, took: Duration) {
        let took = took.as_secs_f64();
        self.known = Some(match self.known {
            None => (took, took / 2.0),
            Some((mean, deviation)) => (
                mean + (took - mean) / 8.0,
                deviation + ((took - mean).abs() - deviation) / 4.0,
            ),
        });
    }

    /// What it will hardly exceed, once measured.
    pub(crate) fn bound(&self) -> Option<Duration> {
        let (mean, deviation) = self.known?;
        Some(Duration::from_secs_f64(mean + 4.0 * deviation))
    }
}

/// Lets bytes through at a rate, and what was not used of it for a while in a burst.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    rate: u64,
    /// Bytes of the longest burst.
    burst: f64,
    tokens: f64,
    at: Time,
}

impl Bucket {
    /// `rate` in bytes per second; 0 lets everything through.
    pub(crate) fn new(rate: u64, burst: Duration) -> Self {
        Self {
            rate,
            burst: rate as f64 * burst.as_secs_f64(),
            tokens: rate as f64,
            at: Time(0),
        }
    }

    /// Goes on at another rate. What was saved up at the old one is lost.
    pub(crate) fn change(&mut self, now: Time, rate: u64, burst: Duration) {
        if self.rate != rate {
            *self = Self {
                at: now,
                ..Self::new(rate, burst)
            };
        }
    }

    /// Bytes that it will have let through after `span`, at most.
    pub(crate) fn within(&self, span: Duration) -> f64 {
        match self.rate {
            0 => f64::INFINITY,
            rate => self.tokens + rate as f64 * span.as_secs_f64(),
        }
    }

    /// Takes `bytes`, or says when they may be taken.
    pub(crate) fn take(&mut self, now: Time, bytes: u32) -> Result<(), Time> {
        if self.rate == 0 {
            return Ok(());
        }
        let rate = self.rate as f64;
        // A burst is never smaller than what is asked, or a slow bucket would never let it pass.
        let full = self.burst.max(f64::from(bytes));
        self.tokens = (self.tokens + now.since(self.at).as_secs_f64() * rate).min(full);
        self.at = now;
        let short = f64::from(bytes) - self.tokens;
        if short <= 0.0 {
            self.tokens -= f64::from(bytes);
            return Ok(());
        }
        Err(now + Duration::from_secs_f64(short / rate) + Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_flow_reads_as_its_rate() {
        let mut meter = Meter::default();
        for tenth in 0..100 {
            meter.add(Time::from_millis(tenth * 100), 10_000);
        }
        let rate = meter.rate(Time::from_millis(9_900));
        assert!((90_000.0..115_000.0).contains(&rate), "{rate}");
        assert!(meter.rate(Time::from_secs(20)) < 1.0);
    }

    #[test]
    fn idle_time_does_not_lower_a_busy_rate() {
        let mut meter = BusyMeter::new(Duration::from_secs(4));
        meter.start(Time::from_secs(0));
        meter.add(Time::from_secs(1), 1_000_000);
        meter.stop(Time::from_secs(1));
        meter.start(Time::from_secs(100));
        meter.add(Time::from_secs(101), 1_000_000);
        meter.stop(Time::from_secs(101));
        let rate = meter.rate().unwrap_or_default();
        assert!((900_000.0..1_150_000.0).contains(&rate), "{rate}");
    }

    #[test]
    fn what_comes_while_nothing_runs_raises_no_rate() {
        let mut meter = BusyMeter::new(Duration::from_secs(4));
        meter.start(Time::from_secs(0));
        meter.add(Time::from_secs(1), 100_000);
        meter.stop(Time::from_secs(1));
        meter.add(Time::from_secs(2), 1_000_000);
        assert_eq!(meter.rate(), Some(100_000.0));
    }

    #[test]
    fn a_delay_is_bounded_by_what_it_has_shown() {
        let mut delay = Delay::default();
        assert_eq!(delay.bound(), None);
        for _ in 0..100 {
            delay.add(Duration::from_millis(50));
        }
        let steady = delay.bound().unwrap_or_default();
        assert!((50..60).contains(&steady.as_millis()), "{steady:?}");
        delay.add(Duration::from_millis(500));
        assert!(delay.bound().unwrap_or_default() > Duration::from_millis(400));
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "it is what ours is held to, within what platforms differ by"
    )]
    fn what_is_halved_is_as_a_power_has_it() {
        for times in [0.0, 0.001, 0.5, 0.999_999, 1.0, 7.25, 300.0, 2_000.0] {
            let (ours, true_one) = (halved(times), 0.5_f64.powf(times));
            assert!(
                (ours - true_one).abs() <= true_one * 1e-12,
                "{times}: {ours}"
            );
        }
    }

    #[test]
    fn a_bucket_lets_its_rate_through_and_no_more() {
        let mut bucket = Bucket::new(100_000, Duration::from_secs(1));
        let mut now = Time::from_secs(1);
        let mut sent = 0_u64;
        while now < Time::from_secs(11) {
            match bucket.take(now, 16_384) {
                Ok(()) => sent += 16_384,
                Err(later) => now = later,
            }
        }
        assert!((1_000_000..1_150_000).contains(&sent), "{sent}");
    }

    #[test]
    fn a_bucket_that_changes_its_rate_gives_nothing_away() {
        let second = Duration::from_secs(1);
        let mut bucket = Bucket::new(0, second);
        let now = Time::from_secs(1000);
        assert_eq!(bucket.take(now, 1 << 30), Ok(()));
        for _ in 0..10 {
            bucket.change(now, 20_000, second);
        }
        assert_eq!(bucket.take(now, 16_384), Ok(()));
        assert!(bucket.take(now, 16_384).is_err());
        bucket.change(now, 0, second);
        assert_eq!(bucket.take(now, 1 << 30), Ok(()));
    }

    #[test]
    fn a_bucket_slower_than_a_block_still_lets_blocks_pass() {
        let mut bucket = Bucket::new(1_000, Duration::from_secs(1));
        let later = bucket.take(Time::from_secs(1), 16_384).unwrap_err();
        assert_eq!(bucket.take(later, 16_384), Ok(()));
    }
}
