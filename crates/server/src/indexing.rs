//! `shoal index`: what it is told, and what it shows meanwhile.

use std::{
    io::{IsTerminal, stderr},
    path::Path,
    sync::Mutex,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use shoal_server::{
    ice,
    index::{
        Cache, HashPool, Settings,
        write::{self, IndexEvent, Run},
    },
    root::{Directory, SCHEME},
};

use crate::cli;

/// Time between two drawings of the bar, and between two lines where there is no terminal.
const DRAW: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(10);

/// Template of the bar.
const STYLE: &str = "{bar:24} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left  {wide_msg}";

pub(crate) fn run(options: cli::Index) -> Result<()> {
    let dir = options.dir;
    if dir.to_str().is_some_and(|dir| dir.starts_with(SCHEME)) {
        bail!("indexes are written into a directory only: `shoal serve` makes those of a bucket");
    }
    let directory = Directory::open(&dir).with_context(|| {
        format!(
            "{} cannot be read: give the folder with the playlists",
            dir.display()
        )
    })?;
    if options.trackers.is_empty() && !options.quiet {
        eprintln!("No --tracker is given: viewers meet only where the page names one.");
    }
    let mut servers: Vec<_> = options.stun.into_iter().map(ice::stun).collect();
    let turn = options.turn.turn(None)?;
    servers.extend(turn.map(|turn| turn.server(SystemTime::now())));
    let settings = Settings {
        p2p: options.p2p.into(),
        trackers: Some(options.trackers),
        ice: servers,
        mirrors: options.mirrors.urls()?,
    };
    let cache = match &options.cache {
        _ if options.no_cache => None,
        Some(folder) => Some(cache(folder, Cache::shared(folder, &dir))?),
        None => Some(cache(&dir.join(".shoal"), Cache::inside(&dir))?),
    };
    let threads = options.threads.map(|threads| HashPool::new(threads.get()));
    let run = Run {
        settings: &settings,
        pool: &threads.unwrap_or_else(HashPool::of_all_cores),
        cache: cache.as_ref(),
        prune: options.prune,
    };
    let progress = Progress::new(options.quiet);
    let report = write::all(&directory, &run, &|event| progress.show(event));
    progress.bar.finish_and_clear();
    for problem in &report.problems {
        eprintln!("{problem}");
    }
    let have = report.written + report.unchanged;
    if !options.quiet {
        println!("{have} of {} playlists have an index now.", report.found);
        if report.unchanged > 0 {
            println!("{} of them had it already.", report.unchanged);
        }
        if options.prune && report.vanished > 0 {
            println!("{} without a playlist were removed.", report.vanished);
        }
    }
    if report.found == 0 {
        bail!("there is no HLS playlist (*.m3u8) in {}", dir.display());
    }
    if have < report.found {
        bail!(
            "{} playlists got no index; the reasons are above",
            report.found - have
        );
    }
    Ok(())
}

fn cache(folder: &Path, opened: std::io::Result<Cache>) -> Result<Cache> {
    opened.with_context(|| {
        format!(
            "digests cannot be kept in {}: give --cache another folder, or --no-cache",
            folder.display()
        )
    })
}

/// Progress of a run: a bar on a terminal, elsewhere a line from time to time.
struct Progress {
    bar: ProgressBar,
    lines: Option<Mutex<Lines>>,
}

struct Lines {
    written: Instant,
    videos: usize,
    ended: usize,
}

impl Progress {
    fn new(quiet: bool) -> Self {
        let terminal = stderr().is_terminal();
        let bar = if quiet || !terminal {
            ProgressBar::hidden()
        } else {
            ProgressBar::no_length()
        };
        // A template that is not understood leaves the usual bar.
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style.progress_chars("█▌ "));
        }
        bar.enable_steady_tick(DRAW);
        let lines = || {
            Mutex::new(Lines {
                written: Instant::now(),
                videos: 0,
                ended: 0,
            })
        };
        Self {
            bar,
            lines: (!quiet && !terminal).then(lines),
        }
    }

    fn show(&self, event: IndexEvent<'_>) {
        match event {
            IndexEvent::Planned { bytes, .. } => self.bar.set_length(bytes),
            IndexEvent::Begun(playlist) => self.bar.set_message(playlist.to_string()),
            IndexEvent::Hashed(bytes) => self.bar.inc(bytes),
            _ => {}
        }
        // Whoever is writing a line now has it nearly right.
        let Some(mut lines) = self.lines.as_ref().and_then(|lines| lines.try_lock().ok()) else {
            return;
        };
        match event {
            IndexEvent::Planned { videos, bytes } => {
                lines.videos = videos;
                eprintln!("{videos} playlists, {} to read", HumanBytes(bytes));
            }
            IndexEvent::Ended => lines.ended += 1,
            _ => {}
        }
        if lines.written.elapsed() >= LINE {
            lines.written = Instant::now();
            let Lines { videos, ended, .. } = *lines;
            let (read, of) = (self.bar.position(), self.bar.length().unwrap_or_default());
            let rate = self.bar.per_sec() as u64;
            eprintln!(
                "{ended} of {videos} playlists, {} of {} read, {} a second",
                HumanBytes(read),
                HumanBytes(of),
                HumanBytes(rate)
            );
        }
    }
}
