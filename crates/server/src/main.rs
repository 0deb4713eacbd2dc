//! The `shoal` command.

mod cli;

use std::{
    io::{IsTerminal, Write, stderr, stdout},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::SystemTime,
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use shoal_server::{
    ice,
    index::{Settings, write},
    log,
    root::Root,
    serve::{ServeConfig, Server},
    stun::StunAt,
    tracker::{
        Access,
        alone::{LoneTracker, TrackConfig},
    },
};
use tokio::signal::unix::{SignalKind, signal};
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
    let runtime = tokio::runtime::Runtime::new().context("no thread could be started")?;
    runtime.block_on(async {
        let mut config = ServeConfig::new(options.dir, options.listen);
        config.p2p = options.p2p.into();
        config.min_viewers = options.min_viewers;
        config.trusted_proxies = options.trusted_proxies;
        match options.stun {
            Some(cli::Stun::Here(at)) => config.stun = at,
            Some(cli::Stun::There(url)) => {
                config.stun = StunAt::Off;
                config.ice = vec![ice::stun(url)];
            }
            None => {}
        }
        config.turn = options.turn.turn(options.turn_secret_file.as_deref())?;
        let server = Server::bind(config).await?;
        let stop = stopped()?;
        let address = reachable(server.local_addr());
        // The reader may have gone; the server does not need it.
        let _unread = writeln!(stdout(), "http://{address}/shoal/demo/");
        server.run(stop).await;
        Ok(())
    })
}

fn track(options: cli::Track) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("no thread could be started")?;
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
    let root = Root::open(&options.dir).with_context(|| {
        format!(
            "{} cannot be read: give the folder with the playlists",
            options.dir.display()
        )
    })?;
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
