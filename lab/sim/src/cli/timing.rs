//! `timing`: what a viewer-minute costs the simulator.

use std::time::Instant;

use clap::Args;
use shoal_sim::{Crowd, Report, secs};

use super::video::{Common, Kind};

/// Options of `timing`.
#[derive(Debug, Args)]
pub(crate) struct Timing {
    /// Numbers of viewers
    #[arg(
        long,
        value_name = "NUMBERS",
        value_delimiter = ',',
        default_value = "100,300,1000,3000,5000",
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    viewers: Vec<u32>,
    /// The kind of video
    #[arg(long, value_enum, default_value = "vod")]
    video: Kind,
    #[command(flatten)]
    common: Common,
}

impl Timing {
    /// On demand, with up to 5,000 viewers.
    pub(crate) fn of_large_swarms(common: &Common) -> Self {
        Self {
            viewers: vec![100, 300, 1000, 3000, 5000],
            video: Kind::Vod,
            common: common.clone(),
        }
    }

    pub(crate) fn run(&self) -> anyhow::Result<()> {
        println!(
            "{}, {} min, the arm with P2P on one thread\n",
            self.video.name(),
            self.common.minutes
        );
        println!(
            "| viewers | wall clock | processor | per viewer-minute | per 16 KiB from peers |"
        );
        println!("|---:|---:|---:|---:|---:|");
        for &viewers in &self.viewers {
            let crowd = Crowd::realistic(viewers as usize).arriving_over(secs(60));
            let scenario = self.common.scenario(self.video).watched_by(crowd);
            let began = Instant::now();
            let report = scenario.with_seed(self.common.seed).run();
            println!(
                "| {viewers} | {:.1} s | {:.1} s | {:.2} ms | {:.2} µs |",
                began.elapsed().as_secs_f64(),
                report.cost.as_secs_f64(),
                report.cost_per_viewer_minute().as_secs_f64() * 1e3,
                per_block(&report) * 1e6,
            );
        }
        Ok(())
    }
}

/// Seconds for each block that peers sent.
fn per_block(report: &Report) -> f64 {
    let blocks = report.peer_bytes() as f64 / f64::from(16 << 10);
    report.cost.as_secs_f64() / blocks.max(1.0)
}
