//! What was measured, as figures and as a Markdown table.

use std::{fmt, time::Duration};

use serde::Serialize;

use crate::{hostile::HostileFigures, ledger::Faults};

/// What one run has shown. Latencies in milliseconds, memory in bytes for each viewer.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) viewers: usize,
    pub(crate) swarms: usize,
    /// Memory of the process before the first connection, in bytes.
    pub(crate) base: u64,
    /// Growth by each viewer that is connected.
    pub(crate) connected: u64,
    /// The same once each has announced.
    pub(crate) joined: u64,
    /// The same after the load.
    pub(crate) after: u64,
    /// Announces under load.
    pub(crate) announces: usize,
    pub(crate) seconds: f64,
    /// Complete announces per second: with the reply, the offers and the answers.
    pub(crate) rate: f64,
    /// Processor time of the tracker for each announce, in microseconds.
    pub(crate) cpu: f64,
    /// Share of a core that the tracker has used, and the generator.
    pub(crate) busy: f64,
    pub(crate) generator_busy: f64,
    pub(crate) reply: Percentiles,
    pub(crate) answer: Percentiles,
    /// From the order to switch off until a viewer has heard, of all viewers.
    pub(crate) off: Percentiles,
    /// What has come of the connections that mean no good.
    pub(crate) hostile: HostileFigures,
    #[serde(flatten)]
    pub(crate) faults: Faults,
}

/// In milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) count: usize,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Percentiles {
    pub(crate) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        let at = |share: f64| {
            let place = (durations.len() as f64 * share).ceil() as usize;
            let found = durations.get(place.saturating_sub(1));
            found.map_or(0.0, |found| found.as_secs_f64() * 1_000.0)
        };
        Self {
            count: durations.len(),
            p50: at(0.5),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kib = |bytes: u64| format!("{:.1} KiB", bytes as f64 / 1_024.0);
        let times = |it: Percentiles| format!("{:.1} / {:.1} / {:.1} ms", it.p50, it.p99, it.max);
        let Self {
            viewers,
            swarms,
            faults,
            ..
        } = self;
        writeln!(f, "| {viewers} viewers in {swarms} swarms | |\n|---|---|")?;
        let memory = [self.connected, self.joined, self.after]
            .map(kib)
            .join(" / ");
        writeln!(
            f,
            "| memory per viewer: connected / joined / after load | {memory} |"
        )?;
        if self.off.count > 0 {
            let off = times(self.off);
            writeln!(f, "| order to switch off heard, p50 / p99 / last | {off} |")?;
        }
        writeln!(
            f,
            "| tracker's / generator's share of a core | {:.2} / {:.2} |",
            self.busy, self.generator_busy
        )?;
        if self.announces > 0 {
            writeln!(f, "| announces complete per second | {:.0} |", self.rate)?;
            writeln!(f, "| processor time per announce | {:.0} µs |", self.cpu)?;
            writeln!(f, "| reply, p50 / p99 / max | {} |", times(self.reply))?;
            writeln!(
                f,
                "| answer back, p50 / p99 / max | {} |",
                times(self.answer)
            )?;
        }
        writeln!(
            f,
            "| lost: replies, offers, answers; misrouted; failures; closed | {}, {}, {}; {}; {}; {} |",
            faults.replies_lost,
            faults.offers_lost,
            faults.answers_lost,
            faults.misrouted,
            faults.failures,
            faults.closed
        )?;
        let HostileFigures {
            tried,
            open,
            growth,
        } = self.hostile;
        if tried > 0 {
            writeln!(
                f,
                "| hostile connections: tried / open in the end; the tracker's growth | {tried} / {open}; {} |",
                kib(growth)
            )?;
        }
        if let Some(failure) = &faults.failure {
            writeln!(f, "\nThe last failure: {failure}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_times() {
        let times = (1..=200).rev().map(Duration::from_millis).collect();
        let known = Percentiles {
            count: 200,
            p50: 100.0,
            p99: 198.0,
            max: 200.0,
        };
        assert_eq!(Percentiles::of(times), known);
        assert_eq!(Percentiles::of(Vec::new()), Percentiles::default());
    }
}
