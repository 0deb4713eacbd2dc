//! How a server goes when it is asked to.

use tokio::time::sleep;

use super::config::DrainConfig;
use crate::{metrics::Figures, tracker::Tracker};

impl DrainConfig {
    /// Says that it stops, waits until that has been noticed, and lets the tracker's sockets go.
    pub(crate) async fn carry_out(self, figures: &Figures, tracker: &Tracker) {
        tracing::info!("no new viewers from now on");
        figures.drain();
        sleep(self.notice).await;
        tracker.drain(self.over).await;
    }
}
