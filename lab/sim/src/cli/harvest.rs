//! `harvest`: how many viewers somebody learns of who collects them.

use std::thread;

use clap::Args;
use shoal_sim::{Harvest, Harvested, Rules};

/// Options of `harvest`.
#[derive(Debug, Args)]
pub(crate) struct Collect {
    /// Viewers at a time
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    viewers: u32,
    /// Numbers of the harvester's network addresses
    #[arg(
        long,
        value_name = "NUMBERS",
        value_delimiter = ',',
        default_value = "0,1,16"
    )]
    addresses: Vec<u32>,
    /// The seed of all random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl Collect {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let mut runs = Vec::new();
        for rules in [Rules::Ours, Rules::PeerTube] {
            for &addresses in &self.addresses {
                let answers: &[bool] = if addresses == 0 {
                    &[false]
                } else {
                    &[false, true]
                };
                runs.extend(answers.iter().map(|&answering| Harvest {
                    rules,
                    audience: self.viewers,
                    addresses,
                    answering,
                    seed: self.seed,
                }));
            }
        }
        println!("{}", Harvested::HEAD);
        let rows: Vec<_> = runs
            .into_iter()
            .map(|harvest| thread::spawn(move || harvest.run()))
            .collect();
        for row in rows {
            match row.join() {
                Ok(row) => println!("{row}"),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    }
}
