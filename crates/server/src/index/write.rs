//! Writes index files beside the playlists, so that any web server can serve them.
//!
//! An index appears as a whole: it is written to a hidden folder, which then takes its place by name.
//! What was hashed is kept in a cache, so that a run after one that was broken off goes on where that was,
//! and one after files have changed reads these alone.

use std::{collections::BTreeSet, io};

use cap_std::fs::Dir;
use rustix::fs::{RenameFlags, renameat_with};
use shoal_wire::index::{Index, MAX_INDEX_BYTES};

use super::{
    built::{Built, Settings},
    cache::Cache,
    digest::Digests,
    hash_pool::HashPool,
    names::is_playlist,
    scan::Scanner,
    source::{self, Source},
    vod::{self, Making},
};
use crate::{
    path::FilePath,
    root::{Directory, Root},
};

/// Task of a run.
#[derive(Debug)]
pub struct Run<'a> {
    /// Decisions of the operator about every index.
    pub settings: &'a Settings,
    /// Threads that hash.
    pub pool: &'a HashPool,
    /// Digests that are kept. Without them every run reads everything.
    pub cache: Option<&'a Cache>,
    /// Whether indexes are removed whose playlists are gone.
    pub prune: bool,
}

/// Events of a run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum IndexEvent<'a> {
    /// It is known how much there is to do.
    Planned {
        /// Videos found.
        videos: usize,
        /// Bytes that have to be read.
        bytes: u64,
    },
    /// The index of a video is begun.
    Begun(&'a FilePath),
    /// So many more bytes were read and hashed.
    Hashed(u64),
    /// A video is done, whether it has an index now or not.
    Ended,
}

/// Results of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Videos found.
    pub found: usize,
    /// Indexes written, since they are new or something in them is.
    pub written: usize,
    /// Indexes that were as they should be.
    pub unchanged: usize,
    /// Indexes whose playlist is gone or no video of its own any more, removed if that was asked for.
    pub vanished: usize,
    /// A sentence for each thing that went wrong.
    pub problems: Vec<String>,
}

/// Writes the index of every video in a directory. What goes wrong with one leaves the others alone.
pub fn all(directory: &Directory, run: &Run<'_>, on: &(dyn Fn(IndexEvent<'_>) + Sync)) -> Report {
    let root = &Root::Directory(directory.clone());
    let mut scanner = Scanner::default();
    scanner.scan(root);
    let mut report = Report {
        found: scanner.videos().len(),
        ..Report::default()
    };
    on(IndexEvent::Planned {
        videos: report.found,
        bytes: planned(root, run, &scanner),
    });
    for playlist in scanner.videos() {
        on(IndexEvent::Begun(playlist));
        match one(directory, root, run, playlist, on, &mut report.problems) {
            Ok(true) => report.written += 1,
            Ok(false) => report.unchanged += 1,
            Err(problem) => report.problems.push(problem),
        }
        on(IndexEvent::Ended);
    }
    vanished(directory, root, run, &scanner, &mut report);
    report
}

/// Returns how many bytes have to be read. A video that cannot be indexed counts for nothing; why, is told later.
fn planned(root: &Root, run: &Run<'_>, scanner: &Scanner) -> u64 {
    let missing = |playlist: &FilePath| {
        let source = readable(root, playlist).ok()?;
        let mut digests = digests(run, playlist, &mut Vec::new());
        Some(vod::missing(root, &mut digests, &source))
    };
    scanner.videos().iter().filter_map(missing).sum()
}

fn readable(root: &Root, playlist: &FilePath) -> Result<Source, String> {
    let source = source::read(root, playlist).map_err(|useless| useless.problem)?;
    if source.is_live() {
        return Err(format!(
            "{playlist}: a live stream (it has no EXT-X-ENDLIST) is indexed while it runs: use \
             `shoal serve`"
        ));
    }
    Ok(source)
}

fn digests(run: &Run<'_>, playlist: &FilePath, problems: &mut Vec<String>) -> Digests {
    let open = |cache| Digests::open(cache, playlist);
    let opened = run.cache.map(open).transpose();
    let opened = opened.map_err(|error| {
        problems.push(format!(
            "{playlist}: what was hashed is not remembered: the cache cannot be used ({error})"
        ));
    });
    opened.ok().flatten().unwrap_or_default()
}

/// Whether the index of a video had to be written.
fn one(
    directory: &Directory,
    root: &Root,
    run: &Run<'_>,
    playlist: &FilePath,
    on: &(dyn Fn(IndexEvent<'_>) + Sync),
    problems: &mut Vec<String>,
) -> Result<bool, String> {
    let mut source = readable(root, playlist)?;
    let mut digests = digests(run, playlist, problems);
    let making = Making {
        pool: run.pool,
        hashed: &|bytes| on(IndexEvent::Hashed(bytes)),
    };
    let built = vod::build(root, run.settings, &mut digests, &making, &mut source);
    let built = built.ok().flatten();
    digests.forget_unused();
    problems.append(&mut source.problems);
    let built = built.ok_or_else(|| format!("{playlist}: no rendition of it can be indexed"))?;
    if is_written(directory.dir(), playlist, &built) {
        return Ok(false);
    }
    let replaced = replace(directory.dir(), playlist, &built);
    replaced.map(|()| true).map_err(|error| {
        format!("{playlist}: its index cannot be written ({error}): is the folder writable?")
    })
}

/// Finds indexes that stand for no video, and removes them if that is wanted.
fn vanished(
    directory: &Directory,
    root: &Root,
    run: &Run<'_>,
    scanner: &Scanner,
    report: &mut Report,
) {
    if let Some(Err(error)) = run.cache.map(|cache| cache.keep_only(scanner.videos())) {
        report
            .problems
            .push(format!("the cache cannot be tidied: {error}"));
    }
    let videos: BTreeSet<_> = scanner.videos().iter().collect();
    for folder in scanner.indexes() {
        let name = folder.name().strip_suffix(".shoal");
        let playlist = name.filter(|name| is_playlist(name));
        let playlist = playlist.and_then(|name| folder.parent().join(name));
        if playlist.is_none_or(|playlist| videos.contains(&playlist)) || !is_index(root, folder) {
            continue;
        }
        report.vanished += 1;
        if !run.prune {
            report.problems.push(format!(
                "{folder}: its playlist is gone, or part of another now: delete it, or run with --prune"
            ));
        } else if let Err(error) = remove(directory.dir(), folder.as_str()) {
            report
                .problems
                .push(format!("{folder}: it cannot be removed ({error})"));
        }
    }
}

/// Whether a folder is one that was written here: nothing else is to be removed.
fn is_index(root: &Root, folder: &FilePath) -> bool {
    let index = folder.join("index.json");
    let bytes = index.and_then(|index| root.read(&index, MAX_INDEX_BYTES as u64).ok());
    bytes.is_some_and(|(bytes, _)| Index::parse(&bytes).is_ok())
}

/// Returns where files of a playlist's index are: in its folder, with a name made of the playlist's.
fn beside(playlist: &FilePath, before: &str, after: &str) -> String {
    let name = format!("{before}{}{after}", playlist.name());
    match playlist.parent().as_str() {
        "" => name,
        parent => format!("{parent}/{name}"),
    }
}

/// Whether just this index is there, and no older than its playlist. The swarm in it is a digest of the
/// parts: their lengths tell whether they were written to the end.
fn is_written(dir: &Dir, playlist: &FilePath, built: &Built) -> bool {
    let place = beside(playlist, "", ".shoal");
    let metadata = |path: &str| dir.metadata(path).ok();
    let index = format!("{place}/index.json");
    let modified = |path: &str| metadata(path)?.modified().ok();
    if modified(&index) < modified(playlist.as_str()) {
        return false;
    }
    let is_part = |track: usize, number: u64, length: usize| {
        let found = metadata(&format!("{place}/{track}/{number}.bin"));
        found.is_some_and(|found| found.len() == length as u64)
    };
    dir.read(index)
        .is_ok_and(|index| index == built.index.to_json().as_bytes())
        && built.tracks.iter().enumerate().all(|(track, parts)| {
            let mut parts = parts.iter();
            parts.all(|(number, part)| is_part(track, *number, part.len()))
        })
}

fn replace(dir: &Dir, playlist: &FilePath, built: &Built) -> io::Result<()> {
    let place = beside(playlist, "", ".shoal");
    let (new, old) = (
        beside(playlist, ".", ".shoal.new"),
        beside(playlist, ".", ".shoal.old"),
    );
    // Left behind by a run that was broken off.
    remove(dir, &new)?;
    remove(dir, &old)?;
    dir.create_dir(&new)?;
    for (track, parts) in built.tracks.iter().enumerate() {
        dir.create_dir(format!("{new}/{track}"))?;
        for (number, part) in parts {
            dir.write(format!("{new}/{track}/{number}.bin"), part)?;
        }
    }
    dir.write(format!("{new}/index.json"), built.index.to_json())?;
    if !dir.try_exists(&place)? {
        return dir.rename(&new, dir, &place);
    }
    // In one step, where the file system can: at no time there is none.
    if renameat_with(dir, &new, dir, &place, RenameFlags::EXCHANGE).is_ok() {
        return remove(dir, &new);
    }
    dir.rename(&place, dir, &old)?;
    dir.rename(&new, dir, &place)?;
    remove(dir, &old)
}

fn remove(dir: &Dir, folder: &str) -> io::Result<()> {
    match dir.remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
