//! Who may share what: the operator's word for the site and for one video, and the files that say it for
//! a folder. All of it can change while the server runs.
//!
//! The operator's switch is above the configuration, the switch of one video above that of the site,
//! except that a site that is off is off. One video that is switched off is off by its own word, so that
//! viewers are told which. So is what a folder's `shoal.toml` says; in a folder below, another may say
//! otherwise. Players and tracker take the strictest of both.

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

/// What holds for one video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// The operator's word.
    pub(crate) site: P2p,
    /// The video's own, if it has one.
    pub(crate) video: Option<P2p>,
    /// Viewers that there must be before any of them shares.
    pub(crate) min_viewers: u32,
}

impl Policy {
    /// Whether nobody may share.
    pub(crate) fn is_off(self) -> bool {
        self.site == P2p::Off || self.video == Some(P2p::Off)
    }
}

/// What the operator has switched while the server runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Switched {
    /// For the site.
    pub(crate) site: Option<P2p>,
    /// For single videos.
    pub(crate) videos: BTreeMap<FilePath, P2p>,
}

/// Everybody's word.
#[derive(Debug)]
pub(crate) struct Policies {
    /// The configuration's.
    p2p: P2p,
    min_viewers: u32,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    switched: Switched,
    folders: BTreeMap<FilePath, Folder>,
}

/// A folder's file.
#[derive(Clone, Copy, Debug, Default)]
struct Folder {
    stamp: Option<Stamp>,
    words: Words,
}

/// What a file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Words {
    p2p: Option<Checked<P2p>>,
    min_viewers: Option<Within<0, 1_000_000>>,
}

impl Policies {
    pub(crate) fn new(p2p: P2p, min_viewers: u32) -> Self {
        Self {
            p2p,
            min_viewers,
            state: RwLock::default(),
        }
    }

    /// What holds for the site, where no video is concerned.
    pub(crate) fn site(&self) -> P2p {
        self.read().switched.site.unwrap_or(self.p2p)
    }

    /// What holds for a video. An index that `shoal index` has written says itself what is in the
    /// configuration's place.
    pub(crate) fn of(&self, playlist: &FilePath, written: Option<P2p>) -> Policy {
        let state = self.read();
        let switched = state.switched.videos.get(playlist).copied();
        // One video that is switched off is off by a word of its own: viewers are told which.
        let video_off = switched.filter(|word| *word == P2p::Off);
        let site = match state.switched.site.unwrap_or(self.p2p) {
            P2p::Off => P2p::Off,
            configured => {
                let switched = switched.filter(|word| *word != P2p::Off);
                switched
                    .or(state.switched.site)
                    .or(written)
                    .unwrap_or(configured)
            }
        };
        let words =
            || folders(playlist).filter_map(|folder| Some(state.folders.get(&folder)?.words));
        let min_viewers = words().find_map(|words| words.min_viewers);
        Policy {
            site,
            video: video_off.or_else(|| words().find_map(|words| words.p2p).map(|word| word.0)),
            min_viewers: min_viewers.map_or(self.min_viewers, Within::small),
        }
    }

    /// What has been switched.
    pub(crate) fn switched(&self) -> Switched {
        self.read().switched.clone()
    }

    /// Switches the site, or one video; `None` gives the word back to the configuration.
    pub(crate) fn switch(&self, video: Option<FilePath>, word: Option<P2p>) {
        let switched = &mut self.write().switched;
        match (video, word) {
            (None, word) => switched.site = word,
            (Some(video), Some(word)) => {
                switched.videos.insert(video, word);
            }
            (Some(video), None) => {
                switched.videos.remove(&video);
            }
        }
    }

    /// Reads the files that have changed.
    pub(crate) fn look(&self, root: &Root) {
        let known = self.read().folders.clone();
        for (folder, before) in known {
            let found = before.again(root, &folder);
            if found.stamp != before.stamp {
                self.write().folders.insert(folder, found);
            }
        }
    }

    /// Reads the files that concern one more video.
    pub(crate) fn look_at(&self, root: &Root, playlist: &FilePath) {
        for folder in folders(playlist) {
            if !self.read().folders.contains_key(&folder) {
                let found = Folder::default().again(root, &folder);
                self.write().folders.insert(folder, found);
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Folder {
    /// What the file says now.
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
        let words = match read {
            None => Ok(Words::default()),
            Some(Err(error)) if is_away(&error) => return self,
            Some(Err(error)) => Err(format!("it cannot be read ({error})")),
            Some(Ok((bytes, _))) => words(bytes),
        };
        let words = words.unwrap_or_else(|problem| {
            tracing::warn!(%path, "{problem}: until it is in order, nobody shares here");
            Words {
                p2p: Some(Checked(P2p::Off)),
                min_viewers: None,
            }
        });
        tracing::info!(%path, "policy read");
        Self { stamp, words }
    }
}

fn words(bytes: Vec<u8>) -> Result<Words, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
    toml::from_str(&text).map_err(|error| error.to_string().trim_end().replace('\n', " "))
}

/// The folders whose files concern a playlist: its own, and those above it.
fn folders(playlist: &FilePath) -> impl Iterator<Item = FilePath> + use<> {
    let up = |folder: &FilePath| (*folder != FilePath::root()).then(|| folder.parent());
    std::iter::successors(Some(playlist.parent()), up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> FilePath {
        FilePath::from_url(path).unwrap()
    }

    fn policy(site: P2p, video: Option<P2p>) -> Policy {
        Policy {
            site,
            video,
            min_viewers: 0,
        }
    }

    #[test]
    fn a_video_can_be_switched_apart_unless_the_site_is_off() {
        let policies = Policies::new(P2p::Ask, 0);
        let film = path("/film.m3u8");
        assert_eq!(policies.of(&film, None), policy(P2p::Ask, None));
        policies.switch(Some(film.clone()), Some(P2p::Off));
        assert!(policies.of(&film, None).is_off());
        assert!(!policies.of(&path("/talk.m3u8"), None).is_off());
        policies.switch(Some(film.clone()), Some(P2p::On));
        assert_eq!(policies.of(&film, None), policy(P2p::On, None));
        policies.switch(None, Some(P2p::Off));
        assert!(policies.of(&film, None).is_off());
        policies.switch(None, None);
        policies.switch(Some(film.clone()), None);
        assert_eq!(policies.of(&film, None), policy(P2p::Ask, None));
        assert_eq!(policies.switched(), Switched::default());
    }

    #[test]
    fn a_written_index_has_its_own_word_until_the_operator_speaks() {
        let policies = Policies::new(P2p::Ask, 0);
        let film = path("/film.m3u8");
        assert_eq!(policies.of(&film, Some(P2p::On)), policy(P2p::On, None));
        policies.switch(None, Some(P2p::Ask));
        assert_eq!(policies.of(&film, Some(P2p::On)), policy(P2p::Ask, None));
        let off = Policies::new(P2p::Off, 0);
        assert!(off.of(&film, Some(P2p::On)).is_off());
    }

    #[test]
    fn the_nearest_file_counts_and_changes_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| std::fs::write(dir.path().join(path), text).unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        write("shoal.toml", "p2p = \"off\"\nmin_viewers = 3");
        write("a/shoal.toml", "p2p = \"ask\"");
        let root = Root::open(dir.path()).unwrap();
        let policies = Policies::new(P2p::On, 1);
        let (top, deep) = (path("/v.m3u8"), path("/a/b/v.m3u8"));
        policies.look_at(&root, &deep);
        policies.look_at(&root, &top);
        let held = policies.of(&deep, None);
        assert_eq!((held.video, held.min_viewers), (Some(P2p::Ask), 3));
        assert!(policies.of(&top, None).is_off());
        write("a/b/shoal.toml", "min_viewers = 20");
        write("shoal.toml", "");
        policies.look(&root);
        let held = policies.of(&deep, None);
        assert_eq!((held.video, held.min_viewers), (Some(P2p::Ask), 20));
        let held = policies.of(&top, None);
        assert_eq!((held.video, held.min_viewers), (None, 1));
        std::fs::remove_file(dir.path().join("a/shoal.toml")).unwrap();
        policies.look(&root);
        assert_eq!(policies.of(&deep, None).video, None);
    }

    #[test]
    fn a_file_that_is_not_understood_forbids_sharing() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::open(dir.path()).unwrap();
        let film = path("/film.m3u8");
        for text in [
            "p2p = \"offf\"",
            "[",
            "peer2peer = \"off\"",
            "min_viewers = -1",
        ] {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            let policies = Policies::new(P2p::On, 0);
            policies.look_at(&root, &film);
            assert!(policies.of(&film, None).is_off(), "{text}");
        }
    }
}
