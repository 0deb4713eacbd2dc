//! Loads a WebTorrent tracker on this machine with many viewers and tells what it bears.
//!
//! Every viewer has a WebSocket and a loopback address of its own (`127.x.y.z`), so limits that count by
//! address see as many addresses as there are viewers. Nothing leaves the machine.

mod cli;
mod hostile;
mod ledger;
mod message;
mod process;
mod report;
mod run;
mod viewer;

use anyhow::Result;
use clap::Parser;
use tokio::{runtime, task::LocalSet};

fn main() -> Result<()> {
    let options = cli::Cli::parse();
    // One thread: it is pinned to one core, and the tracker to another.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(LocalSet::new().run_until(run::run(&options)))?;
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}
