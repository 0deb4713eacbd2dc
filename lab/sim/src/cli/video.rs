//! What all commands are told alike: the video, its length, the seeds.

use std::thread;

use clap::{Args, ValueEnum};
use shoal_sim::{Scenario, minutes};

/// The kinds of video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// On demand, in segments of 4 s
    Vod,
    /// Live in segments of 4 s, watched 12 s behind the newest, hls.js's default
    Live,
    /// Live in segments of 4 s, watched 20 s behind the newest
    #[value(name = "live-20s")]
    Live20,
    /// Live in segments of 1 s, watched 4 s behind the newest
    #[value(name = "live-4s")]
    Live4,
}

impl Kind {
    /// The kinds that are measured.
    pub(crate) const MEASURED: [Self; 3] = [Self::Vod, Self::Live20, Self::Live4];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Vod => "VOD",
            Self::Live => "live, 12 s behind",
            Self::Live20 => "live, 20 s behind",
            Self::Live4 => "live, 4 s behind",
        }
    }

    /// Part of a file's name.
    pub(crate) const fn slug(self) -> &'static str {
        match self {
            Self::Vod => "vod",
            Self::Live => "live",
            Self::Live20 => "live-20s",
            Self::Live4 => "live-4s",
        }
    }
}

/// Options of every command that simulates.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Minutes of media
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=360))]
    pub(crate) minutes: u64,
    /// Bit rates of the renditions in Mbit/s, lowest first
    #[arg(long, value_name = "RATES", value_delimiter = ',', default_value = "2", value_parser = rate)]
    pub(crate) mbits: Vec<f64>,
    /// What each viewer sends at most, in multiples of the best rendition's bit rate; no limit by
    /// default
    #[arg(long, value_name = "MULTIPLE", value_parser = rate)]
    pub(crate) upload_cap: Option<f64>,
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many seeds to run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) seeds: u64,
    /// Runs at one time; as many as the machine has processors by default
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
}

impl Common {
    /// A scenario that nobody watches yet. Frames are typed.
    pub(crate) fn scenario(&self, kind: Kind) -> Scenario {
        let length = minutes(self.minutes);
        let scenario = match kind {
            Kind::Vod => Scenario::vod(length),
            Kind::Live => Scenario::live(length),
            Kind::Live20 => Scenario::live_20s_behind(length),
            Kind::Live4 => Scenario::live_4s_behind(length),
        };
        let scenario = scenario.at_mbits(&self.mbits).without_codec();
        let best = self.mbits.iter().copied().fold(0.0, f64::max);
        match self.upload_cap {
            Some(multiple) => scenario.capped_at(multiple * best, 0),
            None => scenario,
        }
    }

    pub(crate) fn seeds(&self) -> std::ops::Range<u64> {
        self.seed..self.seed + self.seeds
    }

    pub(crate) fn jobs(&self) -> usize {
        let all = || thread::available_parallelism().map_or(1, usize::from);
        self.jobs.unwrap_or_else(all).max(1)
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(rate) if (0.01..=1000.0).contains(&rate) => Ok(rate),
        _ => Err("expected a number from 0.01 to 1000".to_owned()),
    }
}

/// A share from 0 to 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    match text.trim().parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a share from 0 to 1".to_owned()),
    }
}
