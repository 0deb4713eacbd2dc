//! One playlist's index through time: made when first wanted, made anew when files change.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use shoal_wire::{
    id::InfoHash,
    index::{Index, MAX_INDEX_BYTES, P2p},
};

use super::{
    built::Built,
    context::IndexContext,
    digest::Digests,
    live::{Growth, Stream, is_settled},
    source::{self, Source},
    vod::{self, Away, Making},
};
use crate::{
    path::FilePath,
    root::{Root, Stamp, is_away},
};

/// Looks at a playlist that may be half written before it is believed: some are written
/// so often that they never rest.
const MAX_DOUBTS: u32 = 5;

/// A playlist that has, or may get, an index.
#[derive(Debug)]
pub(super) struct Video {
    playlist: FilePath,
    published: RwLock<Published>,
    work: Arc<tokio::sync::Mutex<Work>>,
    unfinished: AtomicBool,
}

/// An index, as far as the world may see it.
#[derive(Debug, Default)]
pub(super) enum Published {
    /// An index made here.
    Made(Built),
    /// Files beside the playlist, made by `shoal index`.
    OnDisk(Box<Index>),
    /// Nothing: not made yet, or the playlist is no use.
    #[default]
    Nothing,
}

/// Results of the last look that the next one needs.
#[derive(Debug, Default)]
struct Work {
    looked: Option<Instant>,
    /// Look again even if no file has changed.
    unfinished: bool,
    /// Looks in a row at which it was not clear what the playlists say.
    doubts: u32,
    files: Vec<(FilePath, Option<Stamp>)>,
    /// Of a video on demand, once it was read.
    digests: Option<Digests>,
    stream: Option<Stream>,
    problems: BTreeSet<String>,
}

impl Video {
    pub(super) fn new(playlist: FilePath) -> Self {
        Self {
            playlist,
            published: RwLock::default(),
            work: Arc::default(),
            unfinished: AtomicBool::new(false),
        }
    }

    pub(super) fn published(&self) -> RwLockReadGuard<'_, Published> {
        self.published
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn playlist(&self) -> &FilePath {
        &self.playlist
    }

    /// Returns where `shoal index` puts the index of this playlist.
    pub(super) fn file_on_disk(&self) -> Option<FilePath> {
        let folder = format!("{}.shoal", self.playlist.name());
        self.playlist.parent().join(&folder)?.join("index.json")
    }

    /// Whether it is a stream that may grow.
    pub(super) fn is_live(&self) -> bool {
        matches!(&*self.published(), Published::Made(built) if built.index.live)
    }

    /// Whether another look is due even if no file changes: it was not clear what the playlists say,
    /// or a segment that they list was not there.
    pub(super) fn is_unfinished(&self) -> bool {
        self.unfinished.load(Ordering::Relaxed)
    }

    /// Brings the index up to date, unless that was begun `max_age` ago or later. Requests that wait for
    /// each other share one look.
    pub(super) async fn refresh(self: &Arc<Self>, context: &Arc<IndexContext>, max_age: Duration) {
        let asked = Instant::now();
        let mut work = Arc::clone(&self.work).lock_owned().await;
        if work.looked.is_some_and(|looked| looked + max_age > asked) {
            return;
        }
        // A live stream does not wait behind hours of film, nor does an index that is on the disk.
        let place = if self.is_live() || self.has_file(context).await {
            None
        } else {
            Arc::clone(&context.readers).acquire_owned().await.ok()
        };
        let (video, context) = (Arc::clone(self), Arc::clone(context));
        let task = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            video.look(&context, &mut work);
            work.looked = Some(begun);
            video.unfinished.store(work.unfinished, Ordering::Relaxed);
            drop(place);
        });
        // When the runtime stops it is no longer wanted.
        let _done = task.await;
    }

    /// Whether `shoal index` has been here.
    async fn has_file(&self, context: &IndexContext) -> bool {
        let (root, path) = (context.root.clone(), self.file_on_disk());
        let look = move || path.is_some_and(|path| root.stamp(&path).is_ok_and(|it| it.is_some()));
        tokio::task::spawn_blocking(look).await.unwrap_or(false)
    }

    /// Takes back what was published.
    pub(super) fn retire(&self, context: &IndexContext) {
        self.publish(context, Published::Nothing);
    }

    fn look(&self, context: &IndexContext, work: &mut Work) {
        let root = &context.root;
        if work.looked.is_some() && !work.unfinished && !has_changed(root, &work.files) {
            return;
        }
        work.unfinished = false;
        let before = std::mem::take(&mut work.files);
        let mut problems = BTreeSet::new();
        let looked = match self.on_disk(root, work, &mut problems) {
            Ok(Some(index)) => {
                work.stream = None;
                self.publish(context, Published::OnDisk(Box::new(index)));
                Ok(())
            }
            Ok(None) => self.make(context, work, &mut problems),
            Err(away) => Err(away),
        };
        if let Err(Away) = looked {
            // What was made before goes on being served.
            work.files = before;
            work.unfinished = true;
        }
        for problem in problems.difference(&work.problems) {
            tracing::warn!(playlist = %self.playlist, "{problem}");
        }
        work.problems = problems;
    }

    /// Looks for an index that `shoal index` has made.
    fn on_disk(
        &self,
        root: &Root,
        work: &mut Work,
        problems: &mut BTreeSet<String>,
    ) -> Result<Option<Index>, Away> {
        let Some(path) = self.file_on_disk() else {
            return Ok(None);
        };
        let stamp = root.stamp(&path).map_err(|_| Away)?;
        work.files.push((path.clone(), stamp));
        if stamp.is_none() {
            return Ok(None);
        }
        let (bytes, made) = match root.read(&path, MAX_INDEX_BYTES as u64) {
            Ok(read) => read,
            Err(error) if is_away(&error) => return Err(Away),
            Err(_) => return Ok(None),
        };
        match Index::parse(&bytes) {
            Ok(index) => {
                let playlist = root.stamp(&self.playlist).ok().flatten();
                if playlist.is_some_and(|now| now.modified > made.modified) {
                    problems.insert(format!(
                        "{path} is older than its playlist: run `shoal index` again, or delete it"
                    ));
                }
                Ok(Some(index))
            }
            Err(error) => {
                problems.insert(format!(
                    "{path}: {error}: run `shoal index` again, or delete it"
                ));
                Ok(None)
            }
        }
    }

    fn make(
        &self,
        context: &IndexContext,
        work: &mut Work,
        problems: &mut BTreeSet<String>,
    ) -> Result<(), Away> {
        let IndexContext { root, settings, .. } = context;
        let mut source = match source::read(root, &self.playlist) {
            Ok(source) => source,
            Err(useless) => {
                // Perhaps it is just being written. A stream that is known goes on meanwhile.
                problems.insert(useless.problem);
                if useless.is_away {
                    return Err(Away);
                }
                let stamp = root.stamp(&self.playlist).map_err(|_| Away)?;
                work.files.push((self.playlist.clone(), stamp));
                if work.stream.is_none() {
                    self.publish(context, Published::Nothing);
                }
                return Ok(());
            }
        };
        work.files.append(&mut source.playlists.clone());
        let stream = work.stream.as_ref();
        let continues = stream.map(|stream| stream.continues(root, &source));
        // A stream that begins or starts over is not told from a playlist that is half written, at
        // first.
        let tells_much = continues == Some(false) || (continues.is_none() && source.is_live());
        if tells_much && !is_settled(&source) && work.doubts < MAX_DOUBTS {
            work.doubts += 1;
            work.unfinished = true;
        } else if continues == Some(true) {
            work.doubts = 0;
            self.grow(root, work, &mut source);
        } else if source.is_live() {
            work.doubts = 0;
            self.begin(context, work, &mut source);
        } else {
            work.doubts = 0;
            work.stream = None;
            // Noted before they are read: what changes meanwhile is noticed next time.
            let files = vod::files(&source);
            for (path, stamp) in files.iter().zip(root.stamps(&files)) {
                work.files.push((path.clone(), stamp.map_err(|_| Away)?));
            }
            let digests = work.digests.get_or_insert_with(|| self.digests(context));
            let making = Making {
                pool: &context.pool,
                hashed: &|_| (),
            };
            let built = vod::build(root, settings, digests, &making, &mut source);
            problems.extend(std::mem::take(&mut source.problems));
            if context.pool.is_shut_down() {
                return Ok(());
            }
            let built = built?;
            digests.forget_unused();
            self.publish(context, built.map_or(Published::Nothing, Published::Made));
        }
        problems.extend(source.problems);
        Ok(())
    }

    /// Returns what was hashed before the server started.
    fn digests(&self, context: &IndexContext) -> Digests {
        let open = |cache| Digests::open(cache, &self.playlist);
        let opened = context.cache.as_ref().map(open).transpose();
        let opened = opened.map_err(|error| {
            tracing::warn!(playlist = %self.playlist, %error, "the cache of digests cannot be used");
        });
        opened.ok().flatten().unwrap_or_default()
    }

    fn begin(&self, context: &IndexContext, work: &mut Work, source: &mut Source) {
        let IndexContext { root, settings, .. } = context;
        let before = work.stream.take();
        match Stream::begin(root, settings, &self.playlist, source, before.as_ref()) {
            Some((stream, built)) => {
                work.stream = Some(stream);
                self.publish(context, Published::Made(built));
                self.grow(root, work, source);
            }
            None => self.publish(context, Published::Nothing),
        }
    }

    fn grow(&self, root: &Root, work: &mut Work, source: &mut Source) {
        let published = self.published();
        let (Some(stream), Published::Made(built)) = (&mut work.stream, &*published) else {
            return;
        };
        let (growths, incomplete) = stream.grow(root, source, &built.tracks);
        drop(published);
        work.unfinished = incomplete;
        self.add(growths);
    }

    fn add(&self, growths: Vec<Growth>) {
        let mut published = self
            .published
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if let Published::Made(built) = &mut *published {
            for (parts, growth) in built.tracks.iter_mut().zip(growths) {
                parts.extend(growth.parts);
                *parts = parts.split_off(&growth.keep_from);
            }
        }
    }

    /// Shows an index to the world. The tracker knows the swarm before anybody can ask for it.
    fn publish(&self, context: &IndexContext, new: Published) {
        if let Some(swarm) = new.swarm() {
            context.tracker.admit(swarm);
        }
        if let Published::Made(built) = &new {
            let parts: usize = built.tracks.iter().map(BTreeMap::len).sum();
            tracing::info!(
                playlist = %self.playlist, swarm = %built.index.swarm, live = built.index.live,
                tracks = built.tracks.len(), parts, "index ready"
            );
        }
        let old = {
            let mut published = self
                .published
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *published, new)
        };
        if let Some(swarm) = old.swarm() {
            context.tracker.retire(swarm);
        }
    }
}

/// Whether a file is not as it was; one of which nothing is known, is.
fn has_changed(root: &Root, files: &[(FilePath, Option<Stamp>)]) -> bool {
    let paths: Vec<_> = files.iter().map(|(path, _)| path.clone()).collect();
    let known = root.stamps(&paths).into_iter().zip(files);
    let mut known = known.filter_map(|(now, (_, before))| Some((now.ok()?, *before)));
    known.any(|(now, before)| now != before)
}

impl Published {
    fn swarm(&self) -> Option<InfoHash> {
        self.index().map(|(index, _)| index.swarm)
    }

    /// The index without its parts, and what it says itself on sharing if `shoal index` has written it.
    pub(super) fn index(&self) -> Option<(&Index, Option<P2p>)> {
        match self {
            Self::Made(built) => Some((&built.index, None)),
            Self::OnDisk(index) => Some((index, Some(index.policy.p2p))),
            Self::Nothing => None,
        }
    }

    /// A part of the index.
    pub(super) fn part(&self, track: usize, number: u64) -> Option<Bytes> {
        match self {
            Self::Made(built) => built.tracks.get(track)?.get(&number).cloned(),
            Self::OnDisk(_) | Self::Nothing => None,
        }
    }
}
