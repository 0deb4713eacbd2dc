//! The policy files of folders, read when they change.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde::Deserialize;
use shoal_wire::index::P2p;

use crate::{
    checked::{Checked, Within},
    path::FilePath,
    root::{Root, Stamp, is_away},
};

/// The name of a policy file. It is never served.
pub(crate) const FILE: &str = "shoal.toml";

/// Bytes of a policy file.
const MAX_FILE: u64 = 64 * 1024;

/// The policy files that are known, by their folders.
#[derive(Debug, Default)]
pub(super) struct PolicyFiles(RwLock<BTreeMap<FilePath, Folder>>);

/// A folder's file.
#[derive(Clone, Copy, Debug, Default)]
struct Folder {
    stamp: Option<Stamp>,
    rules: FolderRules,
}

/// Rules of one file; what it leaves out, a folder above may say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FolderRules {
    pub(super) p2p: Option<Checked<P2p>>,
    pub(super) min_viewers: Option<Within<0, 1_000_000>>,
}

impl PolicyFiles {
    /// Returns what the files say that concern a playlist, the nearest first.
    pub(super) fn of(&self, playlist: &FilePath) -> Vec<FolderRules> {
        let known = self.known();
        let rules = |folder| Some(known.get(&folder)?.rules);
        folders(playlist).filter_map(rules).collect()
    }

    /// Reads the files that have changed.
    pub(super) fn look(&self, root: &Root) {
        let known = self.known().clone();
        for (folder, before) in known {
            let found = before.again(root, &folder);
            if found.stamp != before.stamp {
                self.known_mut().insert(folder, found);
            }
        }
    }

    /// Reads the files that concern one more video.
    pub(super) fn look_at(&self, root: &Root, playlist: &FilePath) {
        for folder in folders(playlist) {
            if !self.known().contains_key(&folder) {
                let found = Folder::default().again(root, &folder);
                self.known_mut().insert(folder, found);
            }
        }
    }

    fn known(&self) -> RwLockReadGuard<'_, BTreeMap<FilePath, Folder>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<FilePath, Folder>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Folder {
    /// Reads what the file says now.
    fn again(self, root: &Root, folder: &FilePath) -> Self {
        let Some(path) = folder.join(FILE) else {
            return Self::default();
        };
        // What a store that is away had said still holds.
        let Ok(stamp) = root.stamp(&path) else {
            return self;
        };
        if stamp == self.stamp {
            return self;
        }
        let read = stamp.map(|_| root.read(&path, MAX_FILE));
        let rules = match read {
            None => Ok(FolderRules::default()),
            Some(Err(error)) if is_away(&error) => return self,
            Some(Err(error)) => Err(format!("it cannot be read ({error})")),
            Some(Ok((bytes, _))) => parse(bytes),
        };
        let rules = rules.unwrap_or_else(|problem| {
            tracing::warn!(%path, "{problem}: until it is in order, nobody shares here");
            FolderRules {
                p2p: Some(Checked(P2p::Off)),
                min_viewers: None,
            }
        });
        tracing::info!(%path, "policy read");
        Self { stamp, rules }
    }
}

fn parse(bytes: Vec<u8>) -> Result<FolderRules, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
    toml::from_str(&text).map_err(|error| error.to_string().trim_end().replace('\n', " "))
}

/// The folders whose files concern a playlist: its own, and those above it.
fn folders(playlist: &FilePath) -> impl Iterator<Item = FilePath> + use<> {
    let up = |folder: &FilePath| (*folder != FilePath::root()).then(|| folder.parent());
    std::iter::successors(Some(playlist.parent()), up)
}
