//! The index maker: finds the HLS playlists of a directory, makes the index of each, and keeps it up
//! to date while a stream grows or files change.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use shoal_wire::{id::InfoHash, index::P2p};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    built::Settings,
    cache::Cache,
    compose::Composer,
    hash_pool::Crew,
    scan::Scanner,
    video::{Published, Video, Workshop},
};
use crate::{
    path::FilePath,
    policy::Policies,
    root::{Pace, Root},
    tracker::{Tracker, swarm::Scope},
};

/// How often the tracker is told what may not be shared any more.
const ENFORCE: Duration = Duration::from_millis(500);

/// Live streams that are looked at at a time.
const LOOKS: usize = 8;

/// How soon a playlist that is perhaps half written is looked at again.
const RETRY: Duration = Duration::from_millis(100);

/// How long a request waits for an index that is being made.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it waits for news about one that is made.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);

/// Videos on demand that are made at a time. They share the threads that hash: a short one is not kept
/// waiting by a few long ones.
const READERS: usize = 4;

/// The videos of a directory and their indexes.
#[derive(Debug)]
pub(crate) struct Library {
    shop: Arc<Workshop>,
    policies: Arc<Policies>,
    composer: Composer,
    enforced: Mutex<Enforced>,
    videos: Mutex<BTreeMap<FilePath, Arc<Video>>>,
    scanner: tokio::sync::Mutex<(Scanner, Option<Instant>)>,
}

/// What the tracker was last told to refuse.
#[derive(Debug, Default)]
struct Enforced {
    site: bool,
    videos: BTreeSet<InfoHash>,
}

/// A file of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is still being made.
    Later,
    /// Here it is.
    Ready {
        bytes: Bytes,
        etag: String,
        media_type: &'static str,
        cache_control: &'static str,
    },
}

/// Which file of an index a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Index,
    Part { track: usize, number: u64 },
}

impl Library {
    /// The videos of a directory. Nothing is read yet.
    pub(crate) fn new(
        root: Root,
        settings: Settings,
        (crew, cache): (Crew, Option<Cache>),
        policies: Arc<Policies>,
        composer: Composer,
        tracker: Arc<Tracker>,
    ) -> Self {
        let library = Self {
            policies,
            composer,
            enforced: Mutex::default(),
            shop: Arc::new(Workshop {
                root,
                settings,
                tracker,
                readers: Arc::new(Semaphore::new(READERS)),
                crew,
                cache,
            }),
            videos: Mutex::default(),
            scanner: tokio::sync::Mutex::default(),
        };
        library.enforce();
        library
    }

    /// Makes the indexes of all videos, then keeps them up to date until `stop`.
    pub(crate) async fn watch(&self, stop: CancellationToken) {
        let _ended = stop.run_until_cancelled(async {
            tokio::join!(
                self.watch_directory(),
                self.watch_live(),
                self.watch_policies()
            );
        });
        _ended.await;
        self.shop.crew.dismiss();
        self.shop.root.close();
    }

    /// How many videos have an index, and how many of them are live.
    pub(crate) fn count(&self) -> (usize, usize) {
        let videos = self.videos();
        let ready = |video: &&Arc<Video>| video.published().index().is_some();
        let live = videos.values().filter(|video| video.is_live()).count();
        (videos.values().filter(ready).count(), live)
    }

    /// Switches the site and single videos; `None` gives the word back to the configuration.
    pub(crate) fn switch(
        &self,
        changes: impl IntoIterator<Item = (Option<FilePath>, Option<P2p>)>,
    ) {
        for (video, word) in changes {
            self.policies.switch(video, word);
        }
        self.enforce();
    }

    /// The playlist at a URL's path, if there is one.
    pub(crate) async fn playlist(&self, path: &str) -> Option<FilePath> {
        let path = FilePath::from_url(&format!("/{}", path.trim_start_matches('/')))?;
        self.video(&path)
            .await
            .filter(|_| is_playlist(path.name()))?;
        Some(path)
    }

    /// Has the tracker refuse the swarms that nobody may share, and send home who is there. A swarm that
    /// several videos share stays as long as one of them may be shared.
    fn enforce(&self) {
        let mut enforced = self.enforced.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shared = BTreeMap::<InfoHash, bool>::new();
        for video in self.videos().values() {
            if let Some((index, written)) = video.published().index() {
                let policy = self.policies.of(video.playlist(), written);
                let off = policy.is_off() || index.policy.video == Some(P2p::Off);
                *shared.entry(index.swarm).or_default() |= !off;
            }
        }
        let off = |(swarm, shared): (InfoHash, bool)| (!shared).then_some(swarm);
        let now = Enforced {
            site: self.policies.site() == P2p::Off,
            videos: shared.into_iter().filter_map(off).collect(),
        };
        let tracker = &self.shop.tracker;
        if now.site != enforced.site {
            tracker.switch(Scope::Site, !now.site);
        }
        for swarm in now.videos.difference(&enforced.videos) {
            tracker.switch(Scope::Video(*swarm), false);
        }
        for swarm in enforced.videos.difference(&now.videos) {
            tracker.switch(Scope::Video(*swarm), true);
        }
        *enforced = now;
    }

    /// The playlists that are videos of their own: master playlists, and media playlists that no
    /// master names.
    pub(crate) async fn list(&self) -> Vec<FilePath> {
        self.scan(self.pace().index).await
    }

    /// The file of an index that a path names, if it is one.
    pub(crate) async fn answer(&self, path: &FilePath) -> Option<Answer> {
        let (playlist, wanted) = wanted(path)?;
        let video = self.video(&playlist).await?;
        match timeout(PATIENCE, self.current(&video, wanted)).await {
            Ok(()) => self.ready(&video, wanted),
            Err(_) => Some(Answer::Later),
        }
    }

    /// Sees to it that the index is as the files are.
    async fn current(&self, video: &Arc<Video>, wanted: Wanted) {
        if let Wanted::Part { track, number } = wanted {
            // A part never changes.
            if video.published().part(track, number).is_some() {
                return;
            }
        }
        if matches!(*video.published(), Published::Made(_)) {
            // A live part is asked for because its segment is listed, perhaps since this moment.
            let max_age = match wanted {
                Wanted::Part { .. } if video.is_live() => Duration::ZERO,
                Wanted::Index | Wanted::Part { .. } => self.pace().index,
            };
            // While files that have changed are read anew, the old index is better than none.
            let _late = timeout(SHORT_PATIENCE, video.refresh(&self.shop, max_age)).await;
            return;
        }
        video.refresh(&self.shop, self.pace().index).await;
        // A playlist that is just being written.
        while video.is_unfinished() && matches!(*video.published(), Published::Nothing) {
            sleep(RETRY).await;
            video.refresh(&self.shop, RETRY).await;
        }
    }

    async fn video(&self, playlist: &FilePath) -> Option<Arc<Video>> {
        if let Some(video) = self.videos().get(playlist) {
            return Some(Arc::clone(video));
        }
        let (root, path) = (self.shop.root.clone(), playlist.clone());
        let policies = Arc::clone(&self.policies);
        let exists = tokio::task::spawn_blocking(move || {
            root.stamp(&path).ok()??;
            policies.look_at(&root, &path);
            Some(())
        });
        exists.await.ok()??;
        let new = || Arc::new(Video::new(playlist.clone()));
        Some(Arc::clone(
            self.videos().entry(playlist.clone()).or_insert_with(new),
        ))
    }

    fn ready(&self, video: &Video, wanted: Wanted) -> Option<Answer> {
        let published = video.published();
        let (index, written) = published.index()?;
        Some(match wanted {
            Wanted::Index => {
                let policy = self.policies.of(video.playlist(), written);
                let now = SystemTime::now();
                let token = self.shop.tracker.token(index.swarm, now);
                let composed = self
                    .composer
                    .compose(video.playlist(), index, policy, token, now);
                Answer::Ready {
                    bytes: composed.bytes,
                    etag: composed.etag,
                    media_type: "application/json",
                    cache_control: if composed.private {
                        "private, no-store"
                    } else {
                        "no-cache"
                    },
                }
            }
            Wanted::Part { track, number } => Answer::Ready {
                bytes: published.part(track, number)?,
                etag: format!("\"{}-{track}-{number}\"", index.swarm),
                media_type: "application/octet-stream",
                // A new stream in the same place starts its numbers over.
                cache_control: if index.live {
                    "max-age=60"
                } else {
                    "max-age=3600"
                },
            },
        })
    }

    fn pace(&self) -> Pace {
        self.shop.root.pace()
    }

    fn videos(&self) -> MutexGuard<'_, BTreeMap<FilePath, Arc<Video>>> {
        self.videos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn watch_directory(&self) {
        let mut first = true;
        loop {
            let found = self.scan(Duration::ZERO).await;
            if first {
                tracing::info!(videos = found.len(), "making the indexes");
            }
            for (done, playlist) in found.iter().enumerate() {
                let Some(video) = self.video(playlist).await else {
                    continue;
                };
                if first {
                    let (of, done) = (found.len(), done + 1);
                    tracing::debug!(%playlist, done, of, "indexing");
                }
                if matches!(*video.published(), Published::Nothing) {
                    video.refresh(&self.shop, self.pace().index).await;
                }
            }
            if first {
                tracing::info!(videos = found.len(), "all indexes are made");
            }
            first = false;
            self.notice_changes().await;
            sleep(self.pace().scan).await;
        }
    }

    async fn watch_live(&self) {
        loop {
            let live: Vec<_> = self
                .videos()
                .values()
                .filter(|video| video.is_live() || video.is_unfinished())
                .cloned()
                .collect();
            let looks = stream::iter(live).for_each_concurrent(LOOKS, async |video| {
                video.refresh(&self.shop, RETRY).await;
            });
            looks.await;
            sleep(self.pace().live).await;
        }
    }

    async fn watch_policies(&self) {
        let mut looked: Option<Instant> = None;
        loop {
            if looked.is_none_or(|at| at.elapsed() >= self.pace().policies) {
                looked = Some(Instant::now());
                let (root, policies) = (self.shop.root.clone(), Arc::clone(&self.policies));
                let look = tokio::task::spawn_blocking(move || policies.look(&root));
                // When the runtime stops it is no longer wanted.
                let _done = look.await;
            }
            self.enforce();
            sleep(ENFORCE).await;
        }
    }

    async fn scan(&self, max_age: Duration) -> Vec<FilePath> {
        let mut scanner = self.scanner.lock().await;
        let (found, at) = &mut *scanner;
        if at.is_none_or(|at| at.elapsed() >= max_age) {
            let (root, mut working) = (self.shop.root.clone(), std::mem::take(found));
            let task = tokio::task::spawn_blocking(move || {
                working.scan(&root);
                working
            });
            *found = task.await.unwrap_or_default();
            *at = Some(Instant::now());
        }
        found.videos().to_vec()
    }

    /// Closes the swarms of playlists that are gone, and looks anew where `shoal index` was at work: such
    /// an index is served from the disk, so that no request for it leads to a look.
    async fn notice_changes(&self) {
        let known: Vec<_> = self.videos().values().cloned().collect();
        let root = self.shop.root.clone();
        let task = tokio::task::spawn_blocking(move || {
            let is_gone = |video: &Arc<Video>| matches!(root.stamp(video.playlist()), Ok(None));
            let (gone, here): (Vec<_>, Vec<_>) = known.into_iter().partition(is_gone);
            let on_disk = |video: &Arc<Video>| root.stamp(&video.file_on_disk()?).ok()?;
            let overtaken = here
                .into_iter()
                .filter(|video| on_disk(video).is_some())
                .collect();
            (gone, overtaken)
        });
        let (gone, overtaken): (Vec<_>, Vec<_>) = task.await.unwrap_or_default();
        for video in gone {
            tracing::info!(playlist = %video.playlist(), "the playlist is gone");
            self.videos().remove(video.playlist());
            video.retire(&self.shop);
        }
        for video in overtaken {
            video.refresh(&self.shop, self.pace().index).await;
        }
    }
}

/// Whether a path names the index of a playlist: it is composed for whoever asks, even where there is a
/// file of that name.
pub(crate) fn is_index(path: &FilePath) -> bool {
    matches!(wanted(path), Some((_, Wanted::Index)))
}

/// Takes `….m3u8.shoal/index.json` and `….m3u8.shoal/<track>/<part>.bin` apart.
fn wanted(path: &FilePath) -> Option<(FilePath, Wanted)> {
    let (folder, wanted) = if path.name() == "index.json" {
        (path.parent(), Wanted::Index)
    } else {
        let number = canonical(path.name().strip_suffix(".bin")?)?;
        let track = path.parent();
        let index = usize::try_from(canonical(track.name())?).ok()?;
        (
            track.parent(),
            Wanted::Part {
                track: index,
                number,
            },
        )
    };
    let playlist = folder.name().strip_suffix(".shoal")?;
    is_playlist(playlist).then(|| Some((folder.parent().join(playlist)?, wanted)))?
}

/// Whether a file is an HLS playlist, by its name.
pub(super) fn is_playlist(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("m3u8"))
}

/// A number in its only form: digits without leading zeros.
fn canonical(digits: &str) -> Option<u64> {
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<(String, Wanted)> {
        let (playlist, wanted) = wanted(&FilePath::from_url(path)?)?;
        Some((playlist.to_string(), wanted))
    }

    #[test]
    fn the_files_of_an_index_are_told_from_others() {
        let part = Wanted::Part {
            track: 1,
            number: 20,
        };
        assert_eq!(
            of("/v/m.m3u8.shoal/index.json"),
            Some(("v/m.m3u8".into(), Wanted::Index))
        );
        assert_eq!(of("/m.M3U8.shoal/1/20.bin"), Some(("m.M3U8".into(), part)));
        for path in [
            "/index.json",
            "/m.m3u8/index.json",
            "/m.mp4.shoal/index.json",
            "/m.m3u8.shoal/1/020.bin",
            "/m.m3u8.shoal/1/+2.bin",
            "/m.m3u8.shoal/1/99999999999999999999999.bin",
            "/m.m3u8.shoal/20.bin",
            "/m.m3u8.shoal/x/2.bin",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
