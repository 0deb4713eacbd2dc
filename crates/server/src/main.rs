//! The `shoal` command.

mod cli;
mod indexing;

use std::{
    io::{IsTerminal, Write, stderr, stdout},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZero,
    process::ExitCode,
    thread::available_parallelism,
    time::Duration,
};

use anyhow::{Context, Result};
use clap::Parser;
use shoal_server::{
    admin::{Nodes, Switch, client},
    checked::{Checked, Text},
    config::File,
    log,
    privacy::{self, Party},
    serve::{
        DrainConfig, Server,
        tracker_only::{TrackConfig, TrackerServer},
    },
    stun::StunAt,
    tracker::Access,
};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};

/// Says what is logged, in the syntax of `RUST_LOG`; `info` if it is not set.
const LOG: &str = "SHOAL_LOG";

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let filter = EnvFilter::try_from_env(LOG).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_ansi(stderr().is_terminal())
        .with_env_filter(log::filter(filter))
        .with_target(false)
        .with_writer(stderr)
        .init();
    let done = match command {
        Command::Index(options) => indexing::run(options),
        Command::P2p(options) => p2p(options),
        Command::Privacy(options) => privacy(options),
        Command::Serve(options) => serve(options),
        Command::Track(options) => track(options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shoal: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: cli::Serve) -> Result<()> {
    let check = options.check;
    let config = options.into_config()?;
    if check {
        let runtime = runtime()?;
        runtime.block_on(config.check())?;
        for problem in runtime.block_on(config.problems()) {
            eprintln!("{problem}");
        }
        println!("The configuration is in order.");
        return Ok(());
    }
    let runtime = runtime()?;
    runtime.block_on(async {
        let server = Server::bind(config).await?;
        let (drain, stop) = signals()?;
        let (address, is_tls) = (reachable(server.local_addr()), server.is_tls());
        // The reader may have gone; the server does not need it.
        let scheme = if is_tls { "https" } else { "http" };
        let _unread = writeln!(stdout(), "{scheme}://{address}/shoal/demo/");
        let (drain, stop) = (drain.cancelled_owned(), stop.cancelled_owned());
        server.run_until(drain, stop).await;
        Ok(())
    })
}

fn p2p(options: cli::P2pCommand) -> Result<()> {
    let endpoint = options.server.endpoint()?;
    let switch = options.word.map(|word| Switch {
        video: options.video,
        p2p: word.p2p().map(Checked),
    });
    let runtime = runtime()?;
    let status = runtime.block_on(client::p2p(&endpoint, switch.as_ref()))?;
    let since = match (status.switched, status.nodes) {
        (None, _) => "",
        (Some(_), Nodes::None) => " (switched; it lasts until the server stops)",
        (Some(_), _) => " (switched)",
    };
    println!("site: {}{since}", status.site.0.write());
    for (video, p2p) in status.videos {
        println!("{video}: {}", p2p.0.write());
    }
    match status.nodes {
        Nodes::None => {}
        Nodes::All => println!("It holds at all nodes."),
        Nodes::Apart => {
            println!("Only this node has it: Redis is away. The others get it when Redis is back.");
        }
    }
    Ok(())
}

fn privacy(options: cli::Privacy) -> Result<()> {
    let file = options.config.as_deref().map(File::read).transpose()?;
    // Without a configuration it is not known where a server would listen.
    let anywhere = file.is_none();
    let mut config = file.unwrap_or_default().into_config()?;
    options.site.apply(&mut config);
    let mut facts = if anywhere {
        config.facts(config.stun != StunAt::Off)
    } else {
        config.facts_as_configured()
    };
    let urls = |urls: &[String]| Party::of(urls.iter().map(String::as_str));
    if !options.trackers.is_empty() {
        facts.tracker = urls(&options.trackers);
    }
    if !options.turn.is_empty() {
        facts.turn = urls(&options.turn);
    }
    let mirrors = options.mirrors.urls()?;
    if !mirrors.is_empty() {
        facts.mirrors = urls(&mirrors);
    }
    let page = privacy::render(&facts, &options.lang, false)?;
    stdout().write_all(page.as_bytes())?;
    Ok(())
}

fn track(options: cli::Track) -> Result<()> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let access = Access {
            open: options.open,
            allow: options.allow,
            origins: options.origins,
            ..Access::default()
        };
        let mut config = TrackConfig::new(options.listen, access);
        config.trusted_proxies = options.trusted_proxies;
        config.drain = DrainConfig {
            notice: Duration::from_secs(options.drain_notice.into()),
            over: Duration::from_secs(options.drain_over.into()),
        };
        let tracker = TrackerServer::bind(config)
            .await
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        let (drain, stop) = signals()?;
        let _unread = writeln!(stdout(), "ws://{}/", reachable(tracker.local_addr()));
        let (drain, stop) = (drain.cancelled_owned(), stop.cancelled_owned());
        tracker.run_until(drain, stop).await;
        Ok(())
    })
}

/// As many threads as there are cores. One alone takes tasks strictly in turn, which several do not: what is woken
/// first is sent first, and more of what waits for one socket goes out in one packet.
fn runtime() -> Result<Runtime> {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let mut builder = match cores {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build();
    runtime.context("no thread could be started")
}

/// Cancelled when the process is told to go, and when it is interrupted or told for a second time. To be had
/// before an address is told: whoever reads it may stop the process at once.
fn signals() -> Result<(CancellationToken, CancellationToken)> {
    let mut interrupt = signal(SignalKind::interrupt()).context("no signal can be caught")?;
    let mut terminate = signal(SignalKind::terminate()).context("no signal can be caught")?;
    // For a certificate. Without one it would end the process.
    let mut hangup = signal(SignalKind::hangup()).context("no signal can be caught")?;
    let (drain, stop) = (CancellationToken::new(), CancellationToken::new());
    let tokens = (drain.clone(), stop.clone());
    tokio::spawn(async move {
        let told_twice = async {
            terminate.recv().await;
            drain.cancel();
            terminate.recv().await;
        };
        let ignored = async { while hangup.recv().await.is_some() {} };
        tokio::select! {
            _ = interrupt.recv() => {}
            () = told_twice => {}
            () = ignored => {}
        }
        stop.cancel();
    });
    Ok(tokens)
}

/// An address that a browser on this machine can open.
fn reachable(local: SocketAddr) -> SocketAddr {
    let ip = match local.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, local.port())
}
