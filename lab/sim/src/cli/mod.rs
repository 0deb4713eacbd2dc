//! The command line: what to simulate, and what to do with the reports.

mod harvest;
mod jobs;
mod plot;
mod replay;
mod run;
mod sweep;
mod targets;
mod timing;
mod video;

use clap::{Parser, Subcommand};

/// Simulates swarms of viewers, with P2P and without.
///
/// Every viewer is a real engine on a simulated line. The same scenario and seed give the same run
/// to the last event. Tables go to stdout, progress to stderr.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How many viewers somebody learns of who collects them, at our tracker and by PeerTube's rules
    Harvest(harvest::Collect),
    /// Live a viewer's recording again, and fail where the engine does otherwise
    Replay(replay::Replay),
    /// Run one scenario and compare it with its HTTP-only twin
    Run(run::Run),
    /// Offload against the number of viewers, and against the share of them without P2P
    Sweep(sweep::Sweep),
    /// The figures that Shoal promises, each with its goal
    Targets(targets::Targets),
    /// What a viewer-minute costs the simulator
    Timing(timing::Timing),
}

impl Cli {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Harvest(collect) => collect.run(),
            Command::Replay(replay) => replay.run(),
            Command::Run(run) => run.run(),
            Command::Sweep(sweep) => sweep.run(),
            Command::Targets(targets) => targets.run(),
            Command::Timing(timing) => timing.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (line, named) in [
            ("sim run --viewers 0", "--viewers"),
            ("sim run --p2p-off 2", "--p2p-off"),
            ("sim run --mbits 2,fast", "--mbits"),
            ("sim sweep --videos tape", "--videos"),
        ] {
            let error = Cli::try_parse_from(line.split(' ')).map(|_| ());
            let words = error.map_err(|error| error.to_string()).err();
            assert!(words.is_some_and(|words| words.contains(named)), "{line}");
        }
    }
}
