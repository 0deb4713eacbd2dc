//! A bucket of tokens, and how full it is.

use std::time::Duration;

/// A bucket of tokens: how many at once after a quiet time, and how many per hour in the long run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Number that a full bucket holds.
    pub burst: u32,
    /// Number that flows in per hour. 0 counts as 1.
    pub per_hour: u32,
}

/// Level of a bucket, kept as the moment at which it is full again: in microseconds, 0
/// is full.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level(u64);

const HOUR: u64 = 3_600_000_000;

impl Bucket {
    /// Microseconds for one.
    pub(super) fn period(self) -> u64 {
        HOUR / u64::from(self.per_hour.max(1))
    }

    /// Returns what is left when it becomes scarce: a quarter.
    fn low(self) -> u32 {
        self.burst.div_ceil(4).max(1)
    }

    pub(super) fn ration(self, left: u32, wanted: usize) -> usize {
        let (left, low) = (left as usize, self.low() as usize);
        let share = if left < low {
            (wanted * left).div_ceil(low)
        } else {
            wanted
        };
        share.min(left)
    }

    pub(super) fn scarcity(self, left: u32) -> f64 {
        let low = f64::from(self.low());
        (1.0 - f64::from(left) / low).max(0.0)
    }
}

impl Level {
    pub(super) fn left(self, bucket: Bucket, now: Duration) -> u32 {
        let taken = self.0.saturating_sub(micros(now)).div_ceil(bucket.period());
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        bucket.burst.saturating_sub(taken)
    }

    /// Time until the bucket is full again, in microseconds.
    pub(super) fn owed(self, now: Duration) -> u64 {
        self.0.saturating_sub(micros(now))
    }

    /// Owes as much at least.
    pub(super) fn owe(&mut self, owed: u64, now: Duration) {
        self.0 = self.0.max(micros(now).saturating_add(owed));
    }

    /// Takes one, if there is one.
    pub(super) fn take(&mut self, bucket: Bucket, now: Duration) -> bool {
        let any = self.left(bucket, now) > 0;
        if any {
            self.0 = self.0.max(micros(now)).saturating_add(bucket.period());
        }
        any
    }

    pub(super) fn is_full(self, now: Duration) -> bool {
        self.0 <= micros(now)
    }
}

/// Enough for half a million years.
pub(super) fn micros(now: Duration) -> u64 {
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
}
