//! The `shoal` command.

mod cli;

use std::{
    io::{IsTerminal, Write, stderr, stdout},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::NonZero,
    path::Path,
    process::ExitCode,
    thread::available_parallelism,
    time::SystemTime,
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use shoal_server::{
    admin::{Switch, client},
    config::{Checked, Text},
    ice,
    index::{Settings, write},
    log,
    privacy::{self, Party},
    root::Root,
    serve::{ServeConfig, Server},
    stun::StunAt,
    tracker::{
        Access,
        alone::{LoneTracker, TrackConfig},
    },
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
        Command::Index(options) => index(options),
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
        config.check()?;
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
    let server = options.server.server()?;
    let switch = options.word.map(|word| Switch {
        video: options.video,
        p2p: word.word().map(Checked),
    });
    let runtime = Runtime::new().context("no thread could be started")?;
    let status = runtime.block_on(client::p2p(&server, switch.as_ref()))?;
    let since = if status.switched.is_some() {
        " (switched; it lasts until the server stops)"
    } else {
        ""
    };
    println!("site: {}{since}", status.site.0.write());
    for (video, word) in status.videos {
        println!("{video}: {}", word.0.write());
    }
    Ok(())
}

fn privacy(options: cli::Privacy) -> Result<()> {
    let mut config = ServeConfig::default();
    options.site.apply(&mut config);
    let mut facts = config.facts(config.stun != StunAt::Off);
    let urls = |urls: &[String]| Party::of(urls.iter().map(String::as_str));
    if !options.trackers.is_empty() {
        facts.tracker = urls(&options.trackers);
    }
    facts.turn = urls(&options.turn);
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
        let tracker = LoneTracker::bind(config)
            .await
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        let stop = stopped()?;
        let _unread = writeln!(stdout(), "ws://{}/", reachable(tracker.local_addr()));
        tracker.run(stop).await;
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

/// Cancelled when the process is told to go, and when it is interrupted or told for a second time.
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

/// Ready when the process is told to end. To be had before an address is told: whoever reads it may stop
/// the process at once.
fn stopped() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("no signal can be caught")?;
    let mut terminate = signal(SignalKind::terminate()).context("no signal can be caught")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
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

fn index(options: cli::Index) -> Result<()> {
    let root = open(&options.dir)?;
    if options.trackers.is_empty() {
        eprintln!("No --tracker is given: viewers meet only where the page names one.");
    }
    let mut servers: Vec<_> = options.stun.into_iter().map(ice::stun).collect();
    let turn = options.turn.turn(None)?;
    servers.extend(turn.map(|turn| turn.server(SystemTime::now())));
    let settings = Settings {
        p2p: options.p2p.into(),
        trackers: Some(options.trackers),
        ice: servers,
    };
    let live = stderr().is_terminal();
    let report = write::all(&root, &settings, |done, of, playlist| {
        if live {
            eprint!("\r\x1b[K{done}/{of} {playlist}");
        }
    });
    if live {
        eprint!("\r\x1b[K");
    }
    for problem in &report.problems {
        eprintln!("{problem}");
    }
    println!(
        "{} of {} playlists have an index now.",
        report.written, report.found
    );
    if report.found == 0 {
        bail!(
            "there is no HLS playlist (*.m3u8) in {}",
            options.dir.display()
        );
    }
    if report.written < report.found {
        bail!(
            "{} playlists got no index; the reasons are above",
            report.found - report.written
        );
    }
    Ok(())
}

fn open(dir: &Path) -> Result<Root> {
    Root::open(dir).with_context(|| {
        format!(
            "{} cannot be read: give the folder with the playlists",
            dir.display()
        )
    })
}
