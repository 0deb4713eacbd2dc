//! Videos in a bucket of an S3-compatible store.
//!
//! Nothing is kept of media but what is under way to a viewer. Of small files (playlists, policies,
//! indexes) the last state is kept, and asked for again with its entity tag. What is known of a file is
//! believed for a while; what is sent of it comes with the condition that it is still the same.

mod memory;
mod object;

use std::{
    collections::HashMap,
    env, fmt,
    io::{self, Read},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    ClientOptions, GetOptions, GetResult, ObjectStore, ObjectStoreExt, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey},
    path::Path as Key,
};
use tokio::runtime::Handle;
use tokio_rustls::rustls::crypto::ring;
use tokio_util::sync::CancellationToken;

use self::memory::Memory;
pub use self::object::Object;
use super::{
    config::{SCHEME, StoreConfig},
    entry::{Entry, Pace, Stamp, within},
};
use crate::path::FilePath;

/// Time that a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// Time for which the store may send nothing.
const SILENCE: Duration = Duration::from_secs(15);

/// Tries after one that failed, and the time from the first one on in which they may be made.
const RETRIES: usize = 2;
const RETRY_FOR: Duration = Duration::from_secs(20);

/// Time for which a viewer's request may believe what is known of a file.
const BELIEVED: Duration = Duration::from_secs(60);

/// Bytes of a small file at most that is kept. A playlist may be larger, and is then fetched each time.
const MAX_KEPT: u64 = 1024 * 1024;

/// Files of one folder from which on it is listed, which is one request for a thousand of them.
const WORTH_A_LIST: usize = 4;

/// Files asked about at a time.
const AT_A_TIME: usize = 16;

/// A bucket, or a part of one.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    url: PathBuf,
    /// Text that stands before each path, with a slash at its end if there is anything.
    prefix: String,
    client: AmazonS3,
    runtime: Handle,
    /// After this nobody waits for an answer any more.
    closing: CancellationToken,
    pace: Pace,
    memory: Memory,
}

/// Reason why nothing of a file is sent.
#[derive(Debug)]
pub enum SendError {
    /// The file is not what it was believed to be: ask again.
    Changed,
    /// The file cannot be had.
    Failed(io::Error),
}

impl Store {
    /// Reaches a bucket at `s3://bucket` or `s3://bucket/prefix`, and looks whether it answers.
    ///
    /// # Errors
    /// When it does not, or the settings do not do.
    pub async fn open(url: &str, config: &StoreConfig) -> io::Result<Self> {
        let place = url
            .strip_prefix(SCHEME)
            .unwrap_or(url)
            .trim_end_matches('/');
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(io::Error::other(
                "no bucket is named: write s3://bucket or s3://bucket/prefix",
            ));
        }
        // Another provider may have been chosen before; any will do.
        let _chosen = ring::default_provider().install_default();
        let mut options = client_options()
            .with_timeout_disabled()
            .with_connect_timeout(CONNECT)
            .with_read_timeout(SILENCE);
        if config.allow_http {
            options = options.with_allow_http(true);
        }
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_client_options(options)
            .with_retry(RetryConfig {
                max_retries: RETRIES,
                retry_timeout: RETRY_FOR,
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &config.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &config.region {
            builder = builder.with_region(region);
        }
        if let Some((name, secret)) = &config.key {
            builder = builder
                .with_access_key_id(name)
                .with_secret_access_key(secret);
        }
        let store = Self(Arc::new(Inner {
            url: url.into(),
            prefix: match prefix {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
            client: builder.build().map_err(told)?,
            runtime: Handle::current(),
            closing: CancellationToken::new(),
            pace: Pace {
                live: config.look,
                policies: config.scan,
                scan: config.scan,
                index: config.scan,
            },
            memory: Memory::default(),
        }));
        let key = store.key(&FilePath::root())?;
        let mut first = store.0.client.list(Some(&key));
        first.next().await.transpose().map_err(told)?;
        drop(first);
        Ok(store)
    }

    /// The address that the operator gave.
    #[must_use]
    pub fn url(&self) -> &Path {
        &self.0.url
    }

    pub(super) fn pace(&self) -> Pace {
        self.0.pace
    }

    /// Has nobody wait for an answer any more: the runtime is about to stop.
    pub(super) fn close(&self) {
        self.0.closing.cancel();
    }

    /// Waits for an answer, on a thread that may.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = T>) -> io::Result<T> {
        let answer = self.0.closing.run_until_cancelled(answer);
        let answer = self.0.runtime.block_on(answer);
        answer.ok_or_else(|| io::ErrorKind::HostUnreachable.into())
    }

    /// Returns what is known of a file, `None` if there is none; asked for again when that is not fresh.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn object(&self, path: &FilePath) -> io::Result<Option<Object>> {
        if is_small(path) {
            match self.small(path).await {
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {}
                found => return found.map(|found| found.map(|(object, _)| object)),
            }
        }
        // Without a tag nothing would tell that it is another.
        let believed = |object: &Option<Object>| match object {
            Some(object) if object.etag.is_some() => BELIEVED,
            _ => self.0.pace.live,
        };
        match self.0.memory.object(path, believed) {
            Some(known) => Ok(known),
            None => self.head(path).await,
        }
    }

    /// The contents of a small file and what is known of it.
    ///
    /// # Errors
    /// When the store does not answer, or the file is too large to be kept.
    pub async fn small(&self, path: &FilePath) -> io::Result<Option<(Object, Bytes)>> {
        let slot = self.0.memory.slot(path);
        // Whoever else asks for it meanwhile waits for the same answer.
        let mut slot = slot.lock().await;
        if slot.is_fresh(self.0.pace.live) {
            return Ok(slot.found.clone());
        }
        let known = slot
            .found
            .as_ref()
            .and_then(|(object, _)| object.etag.clone());
        let options = GetOptions::new().with_if_none_match(known.as_deref());
        let found = match self.0.client.get_opts(&self.key(path)?, options).await {
            Ok(sent) if sent.meta.size > MAX_KEPT => return Err(io::ErrorKind::FileTooLarge.into()),
            Ok(sent) => Some((Object::of(&sent.meta), sent.bytes().await.map_err(told)?)),
            Err(object_store::Error::NotModified { .. }) => slot.found.take(),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(error) => return Err(told(error)),
        };
        slot.renew(found.clone());
        self.0
            .memory
            .keep(path, found.as_ref().map_or(0, |(_, bytes)| bytes.len()));
        Ok(found)
    }

    /// Some bytes of a file that is still as it was believed to be.
    ///
    /// # Errors
    /// When it is not, or the store does not answer.
    pub async fn send(
        &self,
        path: &FilePath,
        object: &Object,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>, SendError> {
        let whole = range == (0..object.stamp.len);
        let options = GetOptions::new()
            .with_if_match(object.etag.as_deref())
            .with_range((!whole).then_some(range));
        let key = self.key(path).map_err(SendError::Failed)?;
        match self.0.client.get_opts(&key, options).await {
            Ok(sent) if Object::of(&sent.meta).stamp.len != object.stamp.len => {
                self.0.memory.forget(path);
                Err(SendError::Changed)
            }
            Ok(sent) => Ok(sent.into_stream().map_err(told)),
            Err(
                object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. },
            ) => {
                self.0.memory.forget(path);
                Err(SendError::Changed)
            }
            Err(error) => Err(SendError::Failed(told(error))),
        }
    }

    pub(super) async fn stamp(&self, path: &FilePath) -> io::Result<Option<Stamp>> {
        let found = if is_small(path) {
            match self.small(path).await {
                Ok(found) => found.map(|(object, _)| object),
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    self.head(path).await?
                }
                Err(error) => return Err(error),
            }
        } else {
            match self.0.memory.object(path, |_| self.0.pace.live) {
                Some(known) => known,
                None => self.head(path).await?,
            }
        };
        Ok(found.map(|object| object.stamp))
    }

    pub(super) async fn stamps(&self, paths: &[FilePath]) -> Vec<io::Result<Option<Stamp>>> {
        let mut folders: Vec<_> = paths.iter().map(FilePath::parent).collect();
        folders.sort_unstable();
        let mut lists = Vec::new();
        for same in folders.chunk_by(|a, b| a == b) {
            if let [folder, ..] = same
                && same.len() >= WORTH_A_LIST
            {
                let entries = self.list(folder).await;
                let known = entries.map(|entries| {
                    let known = entries.into_iter().filter_map(|entry| match entry {
                        Entry::File(path, stamp) => Some((path, stamp)),
                        Entry::Folder(_) => None,
                    });
                    known.collect::<HashMap<_, _>>()
                });
                lists.push((folder, known));
            }
        }
        let one = async |path: &FilePath| {
            let parent = path.parent();
            match lists.iter().find(|(folder, _)| **folder == parent) {
                Some((_, Ok(known))) => match known.get(path) {
                    Some(None) => self.stamp(path).await,
                    listed => Ok(listed.copied().flatten()),
                },
                Some((_, Err(error))) => Err(io::Error::new(error.kind(), error.to_string())),
                None => self.stamp(path).await,
            }
        };
        let answers = futures_util::stream::iter(paths.iter().map(one));
        answers.buffered(AT_A_TIME).collect().await
    }

    pub(super) async fn download(
        &self,
        path: &FilePath,
        range: Option<&Range<u64>>,
    ) -> io::Result<(Download, Stamp)> {
        if let Some(range) = range {
            // What a store says about a range that is not there, each says in its own way.
            let stamp = self.stamp(path).await?.ok_or(io::ErrorKind::NotFound)?;
            within(Some(range), stamp)?;
        }
        if range.is_some_and(Range::is_empty) {
            let stamp = self.stamp(path).await?.ok_or(io::ErrorKind::NotFound)?;
            return Ok((Download::empty(self), stamp));
        }
        let options = GetOptions::new().with_range(range.cloned());
        let sent = self.0.client.get_opts(&self.key(path)?, options).await;
        let sent: GetResult = sent.map_err(told)?;
        let stamp = Object::of(&sent.meta).stamp;
        let download = Download {
            store: self.clone(),
            stream: sent.into_stream(),
            chunk: Bytes::new(),
        };
        Ok((download, stamp))
    }

    pub(super) async fn read(&self, path: &FilePath, max: u64) -> io::Result<(Vec<u8>, Stamp)> {
        if is_small(path) {
            match self.small(path).await {
                Ok(Some((object, _))) if object.stamp.len > max => {
                    return Err(io::ErrorKind::FileTooLarge.into());
                }
                Ok(Some((object, bytes))) => return Ok((bytes.into(), object.stamp)),
                Ok(None) => return Err(io::ErrorKind::NotFound.into()),
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {}
                Err(error) => return Err(error),
            }
        }
        let sent = self.0.client.get(&self.key(path)?).await.map_err(told)?;
        if sent.meta.size > max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let stamp = Object::of(&sent.meta).stamp;
        Ok((sent.bytes().await.map_err(told)?.into(), stamp))
    }

    pub(super) async fn list(&self, folder: &FilePath) -> io::Result<Vec<Entry>> {
        let key = self.key(folder)?;
        let listed = self.0.client.list_with_delimiter(Some(&key)).await;
        let listed = listed.map_err(told)?;
        let within = |key: &Key| folder.join(key.filename()?);
        let folders = listed.common_prefixes.iter().filter_map(within);
        let files = listed.objects.iter().filter_map(|meta| {
            let object = Object::of(meta);
            // Without the tag that other answers have it would seem to be another.
            let stamp = object.etag.is_some().then_some(object.stamp);
            Some(Entry::File(within(&meta.location)?, stamp))
        });
        Ok(folders.map(Entry::Folder).chain(files).collect())
    }

    async fn head(&self, path: &FilePath) -> io::Result<Option<Object>> {
        let found = match self.0.client.head(&self.key(path)?).await {
            Ok(meta) => Some(Object::of(&meta)),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(error) => return Err(told(error)),
        };
        self.0.memory.note(path, found.clone());
        Ok(found)
    }

    fn key(&self, path: &FilePath) -> io::Result<Key> {
        // As it is: an object's name is no URL.
        Key::parse(format!("{}{path}", self.0.prefix)).map_err(|_| io::ErrorKind::NotFound.into())
    }
}

/// Bytes that a store sends of an object, for a thread that waits for them.
pub struct Download {
    store: Store,
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    chunk: Bytes,
}

impl Download {
    fn empty(store: &Store) -> Self {
        Self {
            store: store.clone(),
            stream: futures_util::stream::empty().boxed(),
            chunk: Bytes::new(),
        }
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.store.wait(self.stream.next())? {
                Some(chunk) => self.chunk = chunk.map_err(told)?,
                None => return Ok(0),
            }
        }
        let taken = self.chunk.split_to(self.chunk.len().min(buffer.len()));
        if let Some(place) = buffer.get_mut(..taken.len()) {
            place.copy_from_slice(&taken);
        }
        Ok(taken.len())
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").finish_non_exhaustive()
    }
}

/// Reads what the environment says about HTTP, such as `AWS_ALLOW_HTTP`.
fn client_options() -> ClientOptions {
    let mut options = ClientOptions::new();
    for (name, value) in env::vars_os() {
        if let (Some(name), Some(value)) = (name.to_str(), value.to_str())
            && name.starts_with("AWS_")
            && let Ok(AmazonS3ConfigKey::Client(key)) = name.to_ascii_lowercase().parse()
        {
            options = options.with_config(key, value);
        }
    }
    options
}

/// Whether a file is one that is read as a whole, again and again.
pub(crate) fn is_small(path: &FilePath) -> bool {
    let name = path.name().to_ascii_lowercase();
    [".m3u8", ".json", ".toml"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Converts an error to what it means for whoever asked.
fn told(error: object_store::Error) -> io::Error {
    match error {
        object_store::Error::NotFound { .. } => io::ErrorKind::NotFound.into(),
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => {
            io::Error::new(io::ErrorKind::PermissionDenied, error)
        }
        error => io::Error::new(io::ErrorKind::HostUnreachable, error),
    }
}
