//! Runs one scenario in both arms and prints a table, or lives a viewer's recording again.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use shoal_sim::{Access, Comparison, Crowd, Nat, Scenario, minutes, replay, secs};

/// Simulates a swarm of viewers, with P2P and without.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Which viewers come, and what they do.
    #[arg(value_enum, default_value = "cable")]
    scenario: Preset,
    /// How many of them.
    #[arg(long, default_value_t = 20)]
    viewers: usize,
    /// A live stream instead of a video on demand.
    #[arg(long)]
    live: bool,
    /// Minutes of media.
    #[arg(long, default_value_t = 5)]
    minutes: u64,
    /// Bit rates of the renditions, Mbit/s, lowest first.
    #[arg(long, value_delimiter = ',', default_value = "2")]
    mbits: Vec<f64>,
    /// Seconds over which the viewers arrive.
    #[arg(long, default_value_t = 60)]
    arriving: u64,
    /// Seeds to run: this one and so many after it (see --seeds).
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds to run.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Which arms to run.
    #[arg(long, value_enum, default_value = "both")]
    arms: Arms,
    /// Pass every frame through the real codec.
    #[arg(long)]
    strict: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Lives a viewer's recording (`player.trace()`) again; fails where the engine does otherwise.
    Replay {
        /// The recording.
        file: PathBuf,
        /// Print every input and output.
        #[arg(long)]
        verbose: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Preset {
    /// All on cable, to the end.
    Cable,
    /// Coming and going, half of them silently.
    Churn,
    /// Fibre, cable, DSL and mobile, the last behind symmetric NATs.
    Mixed,
    /// Everyone seeks all the time.
    Seeks,
}

#[derive(Clone, Copy, ValueEnum)]
enum Arms {
    Both,
    Shared,
}

impl Arguments {
    fn scenario(&self, seed: u64) -> Scenario {
        let crowd = Crowd::of(self.viewers).arriving_over(secs(self.arriving));
        let crowd = match self.scenario {
            Preset::Cable => crowd.on(Access::cable()),
            Preset::Churn => crowd
                .on(Access::cable())
                .leaving_after(secs(20)..minutes(3)),
            Preset::Mixed => crowd
                .mixed(3, Access::fibre().behind(Nat::Open))
                .mixed(4, Access::cable())
                .mixed(2, Access::dsl())
                .mixed(1, Access::mobile()),
            Preset::Seeks => crowd.on(Access::cable()).seeking_every(secs(10)..secs(40)),
        };
        let scenario = match self.live {
            true => Scenario::live(minutes(self.minutes)),
            false => Scenario::vod(minutes(self.minutes)),
        };
        let scenario = scenario
            .at_mbits(&self.mbits)
            .watched_by(crowd)
            .with_seed(seed);
        if self.strict {
            scenario
        } else {
            scenario.without_codec()
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Replay { file, verbose }) = &arguments.command {
        return relive(file, *verbose);
    }
    for seed in arguments.seed..arguments.seed + arguments.seeds {
        let scenario = arguments.scenario(seed);
        println!("seed {seed}, {} viewers", arguments.viewers);
        match arguments.arms {
            Arms::Both => println!("{}", scenario.compare()),
            Arms::Shared => {
                let shared = scenario.run();
                println!(
                    "{}",
                    Comparison {
                        alone: shared.clone(),
                        shared
                    }
                );
            }
        }
    }
    ExitCode::SUCCESS
}

fn relive(file: &Path, verbose: bool) -> ExitCode {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{} cannot be read: {error}", file.display());
            return ExitCode::FAILURE;
        }
    };
    let watch = |step: shoal_sim::Step<'_>| {
        if verbose {
            println!("{step}");
        }
    };
    match replay(&bytes, watch) {
        Ok(replay) => {
            println!("{replay}");
            ExitCode::from(u8::from(replay.differs.is_some()))
        }
        Err(error) => {
            eprintln!("{} cannot be replayed: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}
