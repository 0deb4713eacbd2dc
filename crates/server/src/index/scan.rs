//! Finds the playlists of a directory and tells videos from their renditions.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use super::{
    names::is_playlist,
    playlist::{self, MAX_PLAYLIST, Playlist},
};
use crate::{
    path::FilePath,
    root::{Entry, Root, Stamp, is_away},
};

/// Folders inside each other at most.
const MAX_DEPTH: usize = 16;

/// Playlists at most, renditions included. What is beyond is served, but not listed.
const MAX_PLAYLISTS: usize = 20_000;

/// Playlists that were found, remembered so that only what has changed is read again.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    known: BTreeMap<FilePath, (Stamp, Vec<FilePath>)>,
    videos: Vec<FilePath>,
    indexes: Vec<FilePath>,
}

impl Scanner {
    /// Searches the directory. What a store that is away had before, it still has.
    pub(super) fn scan(&mut self, root: &Root) {
        let (mut playlists, mut indexes) = (Vec::new(), Vec::new());
        let top = FilePath::root();
        if let Err(error) = walk(root, &top, MAX_DEPTH, &mut playlists, &mut indexes) {
            tracing::warn!(%error, "it cannot be searched for videos");
            return;
        }
        self.indexes = indexes;
        let mut known = BTreeMap::new();
        for (path, listed) in playlists {
            let stamp = match listed {
                Some(stamp) => Ok(Some(stamp)),
                None => root.stamp(&path),
            };
            let Ok(Some(stamp)) = stamp else {
                continue;
            };
            let named = match self.known.remove(&path) {
                Some((before, named)) if before == stamp => named,
                _ => named(root, &path),
            };
            known.insert(path, (stamp, named));
        }
        self.known = known;
        let renditions: BTreeSet<_> = self.known.values().flat_map(|(_, named)| named).collect();
        let is_video = |path: &&FilePath| !renditions.contains(path);
        self.videos = self.known.keys().filter(is_video).cloned().collect();
    }

    /// The playlists that no other names, in the order of their paths.
    pub(super) fn videos(&self) -> &[FilePath] {
        &self.videos
    }

    /// Folders named as those that `shoal index` writes, in the order of their paths.
    pub(super) fn indexes(&self) -> &[FilePath] {
        &self.indexes
    }
}

fn walk(
    root: &Root,
    folder: &FilePath,
    depth: usize,
    found: &mut Vec<(FilePath, Option<Stamp>)>,
    indexes: &mut Vec<FilePath>,
) -> io::Result<()> {
    let entries = match root.list(folder) {
        Ok(entries) => entries,
        Err(error) if is_away(&error) => return Err(error),
        Err(error) => {
            tracing::warn!(%folder, %error, "a folder cannot be read");
            return Ok(());
        }
    };
    for entry in entries {
        match entry {
            Entry::File(path, stamp) if is_playlist(path.name()) && found.len() < MAX_PLAYLISTS => {
                found.push((path, stamp));
            }
            Entry::Folder(path) if path.name().ends_with(".shoal") => indexes.push(path),
            Entry::Folder(path) if depth > 0 => walk(root, &path, depth - 1, found, indexes)?,
            Entry::File(..) | Entry::Folder(_) => {}
        }
    }
    Ok(())
}

/// The playlists that a master names, subtitles among them.
fn named(root: &Root, path: &FilePath) -> Vec<FilePath> {
    let Ok((bytes, _)) = root.read(path, MAX_PLAYLIST) else {
        return Vec::new();
    };
    match playlist::parse(&bytes) {
        Ok(Playlist::Master(master)) => {
            let uris = master.tracks.iter().chain(&master.others);
            uris.filter_map(|uri| path.resolve(uri))
                .filter(|named| named != path)
                .collect()
        }
        Ok(Playlist::Media(_)) | Err(_) => Vec::new(),
    }
}
