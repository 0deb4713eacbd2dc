//! Reports and comparisons as tables.

use core::fmt;
use core::time::Duration;

use crate::report::{Comparison, Report};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Row(name, cell) in ROWS {
            writeln!(f, "{name:<32} {:>14}", cell(self))?;
        }
        Ok(())
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hybrid = self.hybrid.as_ref().map(|report| ("hybrid loader", report));
        let arms: Vec<(&str, &Report)> = [("with P2P", &self.shared)]
            .into_iter()
            .chain(hybrid)
            .chain([("HTTP only", &self.alone)])
            .collect();
        let mut line = |name: &str, cell: &dyn Fn(&str, &Report) -> String| {
            write!(f, "{name:<32}")?;
            for (arm, report) in &arms {
                write!(f, " {:>14}", cell(arm, report))?;
            }
            writeln!(f)
        };
        line("", &|arm, _| arm.to_owned())?;
        for Row(name, cell) in ROWS {
            line(name, &|_, report| cell(report))?;
        }
        line("offload", &|_, report| percent(self.offload_of(report)))?;
        writeln!(
            f,
            "ceiling {}, of which uploads allow {}",
            percent(self.ceiling()),
            percent(self.upload_ceiling())
        )?;
        writeln!(
            f,
            "worst viewer against its twin: {} in mid-play, {} at the start",
            seconds(self.worst_wait()),
            seconds(self.worst_startup())
        )
    }
}

/// A name, and what stands under each arm.
struct Row(&'static str, fn(&Report) -> String);

/// What is shown of each arm.
const ROWS: [Row; 17] = [
    Row("origin, media", |report| megabytes(report.origin_bytes)),
    Row("origin, index", |report| megabytes(report.index_bytes)),
    Row("from peers", |report| megabytes(report.peer_bytes())),
    Row("wasted", |report| percent(report.wasted_share())),
    Row("origin fetches per segment", |report| {
        format!("{:.2}", report.fetches_per_segment())
    }),
    Row("origin requests per segment", |report| {
        format!("{:.2}", report.requests_per_segment())
    }),
    Row("stalls", |report| report.stalls().to_string()),
    Row("waited in mid-play", |report| seconds(report.waited())),
    Row("first frame, median", |report| seconds(report.startup())),
    Row("upload/download, median", |report| {
        format!("{:.2}", report.upload_share(50))
    }),
    Row("upload/download, 95th", |report| {
        format!("{:.2}", report.upload_share(95))
    }),
    Row("upload/download, most", |report| {
        format!("{:.2}", report.upload_share(100))
    }),
    Row("messages between viewers", |report| {
        report.messages().0.to_string()
    }),
    Row("their bytes", |report| megabytes(report.messages().1)),
    Row("messages to the tracker", |report| {
        report.tracker_messages.to_string()
    }),
    Row("viewer-minutes", |report| {
        format!("{:.1}", report.viewer_minutes())
    }),
    Row("trace", |report| format!("{:012x}", report.trace >> 16)),
];

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
