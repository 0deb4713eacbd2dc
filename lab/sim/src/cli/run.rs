//! `run`: one scenario, as a table.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use shoal_sim::{Access, Comparison, Crowd, HybridConfig, minutes, secs};

use super::video::{Common, Kind, share};
use super::{jobs, plot};

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Which viewers come, and what they do
    #[arg(value_enum, default_value = "realistic")]
    crowd: Preset,
    /// How many of them
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    viewers: u32,
    /// The kind of video
    #[arg(long, value_enum, default_value = "vod")]
    video: Kind,
    /// Seconds over which the viewers arrive
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    arriving: u64,
    /// Seconds that pages stay open after the end of the video
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    linger: u64,
    /// Share of viewers who have said no to P2P, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    p2p_off: f64,
    /// Which arms to run
    #[arg(long, value_enum, default_value = "both")]
    arms: Arms,
    /// Seconds of media for which the model of p2p-media-loader uses HTTP at once; PeerTube sets 4
    /// for live streams
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    high_demand: u64,
    /// The model of p2p-media-loader leaves the player as it is in the other arms
    #[arg(long)]
    keep_player: bool,
    /// Pass every frame through the real codec
    #[arg(long)]
    strict: bool,
    /// Write plots of the last seed into this folder
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Preset {
    /// All on cable, to the end
    Cable,
    /// On cable, coming and going, half of them silently
    Churn,
    /// Fast lines behind NATs of all kinds (19 of 100 pairs never connect), to the end
    Nats,
    /// A public audience: lines and NATs of all kinds (23 of 100 pairs never connect), early
    /// leavers, hidden tabs
    Realistic,
    /// Everyone on cable and seeking all the time
    Seeks,
    /// Everyone on cable and changing the rendition all the time
    Switches,
    /// A public audience in five bursts, one a minute
    Waves,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Arms {
    /// With P2P, with the model of p2p-media-loader, and without P2P
    All,
    /// With P2P and without
    Both,
    /// With P2P only
    Shared,
}

impl Run {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let scenario = self
            .common
            .scenario(self.video)
            .watched_by(self.crowd())
            .with_hybrid(self.hybrid())
            .lingering(secs(self.linger));
        let scenario = if self.strict {
            scenario.with_codec()
        } else {
            scenario
        };
        let seeds = self.common.seeds();
        let scenarios: Vec<_> = seeds.map(|seed| scenario.clone().with_seed(seed)).collect();
        if self.arms == Arms::Shared {
            for scenario in &scenarios {
                let report = scenario.run();
                println!("seed {}, {} viewers", report.seed, self.viewers);
                println!("{report}");
            }
            return Ok(());
        }
        let jobs = self.common.jobs();
        let comparisons = match self.arms {
            Arms::All => jobs::compare_with_hybrid(&scenarios, jobs),
            Arms::Both | Arms::Shared => jobs::compare(&scenarios, jobs),
        };
        for comparison in &comparisons {
            let seed = comparison.shared.seed;
            println!("seed {seed}, {} viewers", self.viewers);
            println!("{comparison}");
        }
        match (&self.plots, comparisons.last()) {
            (Some(folder), Some(comparison)) => self.plot(folder, comparison),
            _ => Ok(()),
        }
    }

    fn plot(&self, folder: &std::path::Path, comparison: &Comparison) -> anyhow::Result<()> {
        let slug = self.video.slug();
        let title = format!("{} viewers, {}", self.viewers, self.video.name());
        plot::origin_load(folder, slug, &title, comparison)?;
        plot::stalls(folder, slug, &title, comparison)
    }

    fn hybrid(&self) -> HybridConfig {
        HybridConfig {
            high_demand: secs(self.high_demand),
            sets_player: !self.keep_player,
            ..HybridConfig::default()
        }
    }

    fn crowd(&self) -> Crowd {
        let viewers = self.viewers as usize;
        let cable = || Crowd::of(viewers).on(Access::cable());
        let crowd = match self.crowd {
            Preset::Cable => cable(),
            Preset::Churn => cable().leaving_after(secs(20)..minutes(3)),
            Preset::Nats => Crowd::behind_nats(viewers),
            Preset::Realistic => Crowd::realistic(viewers),
            Preset::Seeks => cable().seeking_every(secs(10)..secs(40)),
            Preset::Switches => cable().switching_quality_every(secs(10)..secs(40)),
            Preset::Waves => Crowd::realistic(viewers).arriving_in_waves(5, secs(60)),
        };
        let over = match self.crowd {
            Preset::Waves => self.arriving.min(10),
            _ => self.arriving,
        };
        crowd.arriving_over(secs(over)).with_p2p_off(self.p2p_off)
    }
}
