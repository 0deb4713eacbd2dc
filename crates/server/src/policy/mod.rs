//! Rules on who may share what: the operator's for the site and for one video, and those of the files that lie
//! in folders. All of it can change while the server runs.
//!
//! The operator's switch is above the configuration, the switch of one video above that of the site,
//! except that a site that is off is off. One video that is switched off is off by itself, so that
//! viewers are told which. So is what a folder's `shoal.toml` says; in a folder below, another may say
//! otherwise. Players and tracker take the strictest of both.

mod files;

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use shoal_wire::index::P2p;

pub(crate) use self::files::FILE;
use self::files::PolicyFiles;
use crate::{checked::Within, path::FilePath, root::Root};

/// Rules that hold for one video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// The operator's rule.
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

/// Rules that the operator has switched while the server runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Switched {
    /// For the site.
    pub(crate) site: Option<P2p>,
    /// For single videos.
    pub(crate) videos: BTreeMap<FilePath, P2p>,
}

/// Everybody's rules.
#[derive(Debug)]
pub(crate) struct Policies {
    /// The configuration's rule.
    p2p: P2p,
    min_viewers: u32,
    switched: RwLock<Switched>,
    files: PolicyFiles,
}

impl Policies {
    pub(crate) fn new(p2p: P2p, min_viewers: u32) -> Self {
        Self {
            p2p,
            min_viewers,
            switched: RwLock::default(),
            files: PolicyFiles::default(),
        }
    }

    /// Returns what holds for the site, where no video is concerned.
    pub(crate) fn site(&self) -> P2p {
        self.switches().site.unwrap_or(self.p2p)
    }

    /// Returns what holds for a video. An index that `shoal index` has written says itself what is in the
    /// configuration's place.
    pub(crate) fn of(&self, playlist: &FilePath, written: Option<P2p>) -> Policy {
        let switches = self.switches();
        let switched = switches.videos.get(playlist).copied();
        // One video that is switched off is off by itself: viewers are told which.
        let video_off = switched.filter(|p2p| *p2p == P2p::Off);
        let site = match switches.site.unwrap_or(self.p2p) {
            P2p::Off => P2p::Off,
            configured => {
                let switched = switched.filter(|p2p| *p2p != P2p::Off);
                switched.or(switches.site).or(written).unwrap_or(configured)
            }
        };
        let files = self.files.of(playlist);
        let in_file = || files.iter().find_map(|rules| rules.p2p);
        let min_viewers = files.iter().find_map(|rules| rules.min_viewers);
        Policy {
            site,
            video: video_off.or_else(|| in_file().map(|p2p| p2p.0)),
            min_viewers: min_viewers.map_or(self.min_viewers, Within::small),
        }
    }

    /// Returns what has been switched.
    pub(crate) fn switched(&self) -> Switched {
        self.switches().clone()
    }

    /// Switches the site, or one video; `None` gives it back to the configuration.
    pub(crate) fn switch(&self, video: Option<FilePath>, p2p: Option<P2p>) {
        let mut switched = self
            .switched
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match (video, p2p) {
            (None, p2p) => switched.site = p2p,
            (Some(video), Some(p2p)) => {
                switched.videos.insert(video, p2p);
            }
            (Some(video), None) => {
                switched.videos.remove(&video);
            }
        }
    }

    /// Reads the files that have changed.
    pub(crate) fn look(&self, root: &Root) {
        self.files.look(root);
    }

    /// Reads the files that concern one more video.
    pub(crate) fn look_at(&self, root: &Root, playlist: &FilePath) {
        self.files.look_at(root, playlist);
    }

    fn switches(&self) -> RwLockReadGuard<'_, Switched> {
        self.switched.read().unwrap_or_else(PoisonError::into_inner)
    }
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
