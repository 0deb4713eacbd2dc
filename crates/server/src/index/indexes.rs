//! The index maker: finds the HLS playlists of a directory, makes the index of each, and keeps it up
//! to date while a stream grows or files change.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use shoal_wire::{id::InfoHash, index::P2p};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};

use super::{
    built::Settings,
    cache::Cache,
    compose::Composer,
    context::IndexContext,
    hash_pool::HashPool,
    names::{Wanted, is_playlist, wanted},
    scan::Scanner,
    video::{Published, Video},
};
use crate::{
    path::FilePath,
    policy::Policies,
    root::{Pace, Root},
    tracker::{Tracker, swarm::Scope},
};

/// Time until a playlist that is perhaps half written is looked at again.
pub(super) const RETRY: Duration = Duration::from_millis(100);

/// Time for which a request waits for an index that is being made.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time for which it waits for news about one that is made.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);

/// Videos on demand that are made at a time. They share the threads that hash: a short one is not kept
/// waiting by a few long ones.
const READERS: usize = 4;

/// The videos of a directory and their indexes.
#[derive(Debug)]
pub(crate) struct VideoIndexes {
    pub(super) context: Arc<IndexContext>,
    pub(super) policies: Arc<Policies>,
    composer: Composer,
    enforced: Mutex<Enforced>,
    videos: Mutex<BTreeMap<FilePath, Arc<Video>>>,
    scanner: tokio::sync::Mutex<(Scanner, Option<Instant>)>,
}

/// Swarms that the tracker was last told to refuse.
#[derive(Debug, Default)]
struct Enforced {
    site: bool,
    videos: BTreeSet<InfoHash>,
}

/// A file of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The file is still being made.
    Later,
    /// The file as it is to be sent.
    Ready {
        bytes: Bytes,
        etag: String,
        media_type: &'static str,
        cache_control: &'static str,
    },
}

impl VideoIndexes {
    /// The videos of a directory. Nothing is read yet.
    pub(crate) fn new(
        root: Root,
        settings: Settings,
        (pool, cache): (HashPool, Option<Cache>),
        policies: Arc<Policies>,
        composer: Composer,
        tracker: Arc<Tracker>,
    ) -> Self {
        let indexes = Self {
            policies,
            composer,
            enforced: Mutex::default(),
            context: Arc::new(IndexContext {
                root,
                settings,
                tracker,
                readers: Arc::new(Semaphore::new(READERS)),
                pool,
                cache,
            }),
            videos: Mutex::default(),
            scanner: tokio::sync::Mutex::default(),
        };
        indexes.enforce();
        indexes
    }

    /// Returns how many videos have an index, and how many of them are live.
    pub(crate) fn count(&self) -> (usize, usize) {
        let videos = self.videos();
        let ready = |video: &&Arc<Video>| video.published().index().is_some();
        let live = videos.values().filter(|video| video.is_live()).count();
        (videos.values().filter(ready).count(), live)
    }

    /// Switches the site and single videos; `None` gives them back to the configuration.
    pub(crate) fn switch(
        &self,
        changes: impl IntoIterator<Item = (Option<FilePath>, Option<P2p>)>,
    ) {
        for (video, p2p) in changes {
            self.policies.switch(video, p2p);
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
    pub(super) fn enforce(&self) {
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
        let tracker = &self.context.tracker;
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
            let _late = timeout(SHORT_PATIENCE, video.refresh(&self.context, max_age)).await;
            return;
        }
        video.refresh(&self.context, self.pace().index).await;
        // A playlist that is just being written.
        while video.is_unfinished() && matches!(*video.published(), Published::Nothing) {
            sleep(RETRY).await;
            video.refresh(&self.context, RETRY).await;
        }
    }

    pub(super) async fn video(&self, playlist: &FilePath) -> Option<Arc<Video>> {
        if let Some(video) = self.videos().get(playlist) {
            return Some(Arc::clone(video));
        }
        let (root, path) = (self.context.root.clone(), playlist.clone());
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
                let token = self.context.tracker.token(index.swarm, now);
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

    pub(super) fn pace(&self) -> Pace {
        self.context.root.pace()
    }

    pub(super) fn videos(&self) -> MutexGuard<'_, BTreeMap<FilePath, Arc<Video>>> {
        self.videos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn scan(&self, max_age: Duration) -> Vec<FilePath> {
        let mut scanner = self.scanner.lock().await;
        let (found, at) = &mut *scanner;
        if at.is_none_or(|at| at.elapsed() >= max_age) {
            let (root, mut working) = (self.context.root.clone(), std::mem::take(found));
            let task = tokio::task::spawn_blocking(move || {
                working.scan(&root);
                working
            });
            *found = task.await.unwrap_or_default();
            *at = Some(Instant::now());
        }
        found.videos().to_vec()
    }
}
