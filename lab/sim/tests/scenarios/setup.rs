//! What many scenarios begin and end with.

use core::time::Duration;

use shoal_sim::{Access, Comparison, Crowd, Report, Scenario, secs};

/// A video of this length whose bit rate every usual line carries several times.
pub(crate) fn vod(length: Duration) -> Scenario {
    Scenario::vod(length).at_mbits(&[0.8])
}

/// Viewers on cable who come within twenty seconds.
pub(crate) fn crowd(viewers: usize) -> Crowd {
    Crowd::of(viewers)
        .arriving_over(secs(20))
        .on(Access::cable())
}

/// No viewer waited in mid-play.
pub(crate) fn nobody_waits(comparison: &Comparison) {
    assert_eq!(comparison.shared.waited(), secs(0), "{comparison}");
}

/// Every viewer played so much.
pub(crate) fn all_play(report: &Report, length: Duration) {
    for viewer in &report.viewers {
        assert_eq!(viewer.played, length, "{viewer:?}");
    }
}
