//! Writes index files beside the playlists, so that any web server can serve them.
//!
//! An index appears as a whole: it is written to a hidden folder, which then takes its place by name.

use std::io;

use cap_std::fs::Dir;

use super::{
    built::{Built, Settings},
    digest::Digests,
    scan::Scanner,
    source, vod,
};
use crate::{path::FilePath, root::Root};

/// What has been done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Videos found.
    pub found: usize,
    /// Indexes written.
    pub written: usize,
    /// A sentence for each thing that went wrong.
    pub problems: Vec<String>,
}

/// Writes the index of every video in a directory. `progress` is told how many are done, of how many,
/// and which comes next.
pub fn all(
    root: &Root,
    settings: &Settings,
    mut progress: impl FnMut(usize, usize, &FilePath),
) -> Report {
    let mut scanner = Scanner::default();
    scanner.scan(root);
    let mut report = Report {
        found: scanner.videos().len(),
        ..Report::default()
    };
    for (done, playlist) in scanner.videos().iter().enumerate() {
        progress(done, report.found, playlist);
        match one(root, settings, playlist, &mut report.problems) {
            Ok(()) => report.written += 1,
            Err(problem) => report.problems.push(problem),
        }
    }
    report
}

fn one(
    root: &Root,
    settings: &Settings,
    playlist: &FilePath,
    problems: &mut Vec<String>,
) -> Result<(), String> {
    let mut source = source::read(root, playlist)?;
    if source.is_live() {
        return Err(format!(
            "{playlist}: a live stream (it has no EXT-X-ENDLIST) is indexed while it runs: use \
             `shoal serve`"
        ));
    }
    let built = vod::build(root, settings, &mut Digests::default(), &mut source);
    problems.append(&mut source.problems);
    let built = built.ok_or_else(|| format!("{playlist}: no rendition of it can be indexed"))?;
    replace(root.dir(), playlist, &built).map_err(|error| {
        format!("{playlist}: its index cannot be written ({error}): is the folder writable?")
    })
}

fn replace(dir: &Dir, playlist: &FilePath, built: &Built) -> io::Result<()> {
    let parent = playlist.parent();
    let beside = |name: String| match parent.as_str() {
        "" => name,
        parent => format!("{parent}/{name}"),
    };
    let name = playlist.name();
    let place = beside(format!("{name}.shoal"));
    let (new, old) = (
        beside(format!(".{name}.shoal.new")),
        beside(format!(".{name}.shoal.old")),
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
    match dir.rename(&place, dir, &old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    dir.rename(&new, dir, &place)?;
    remove(dir, &old)
}

fn remove(dir: &Dir, folder: &str) -> io::Result<()> {
    match dir.remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
