//! Keeps the indexes up to date while a stream grows or files change.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    indexes::{RETRY, VideoIndexes},
    video::{Published, Video},
};

/// Time between two looks at what may not be shared any more.
const ENFORCE: Duration = Duration::from_millis(500);

/// Live streams that are looked at at a time.
const LOOKS: usize = 8;

impl VideoIndexes {
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
        self.context.pool.shut_down();
        self.context.root.close();
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
                    video.refresh(&self.context, self.pace().index).await;
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
                video.refresh(&self.context, RETRY).await;
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
                let (root, policies) = (self.context.root.clone(), Arc::clone(&self.policies));
                let look = tokio::task::spawn_blocking(move || policies.look(&root));
                // When the runtime stops it is no longer wanted.
                let _done = look.await;
            }
            self.enforce();
            sleep(ENFORCE).await;
        }
    }

    /// Closes the swarms of playlists that are gone, and looks anew where `shoal index` was at work: such
    /// an index is served from the disk, so that no request for it leads to a look.
    async fn notice_changes(&self) {
        let known: Vec<_> = self.videos().values().cloned().collect();
        let root = self.context.root.clone();
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
            video.retire(&self.context);
        }
        for video in overtaken {
            video.refresh(&self.context, self.pace().index).await;
        }
    }
}
