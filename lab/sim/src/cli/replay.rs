//! `replay`: lives a viewer's recording again.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

/// Options of `replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The recording, as `player.trace()` gives it
    file: PathBuf,
    /// Print every input and output
    #[arg(long)]
    verbose: bool,
}

impl Replay {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let bytes = std::fs::read(&self.file)
            .with_context(|| format!("{} cannot be read", self.file.display()))?;
        let watch = |step: shoal_sim::Step<'_>| {
            if self.verbose {
                println!("{step}");
            }
        };
        let replay = shoal_sim::replay(&bytes, watch)
            .with_context(|| format!("{} cannot be replayed", self.file.display()))?;
        println!("{replay}");
        if replay.differs.is_some() {
            bail!("the engine does otherwise than the one that was recorded");
        }
        Ok(())
    }
}
