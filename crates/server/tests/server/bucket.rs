//! A bucket that holds what is in a directory, behind the S3 protocol as the crate `s3s` speaks it: requests
//! are signed, and refused when they are not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures_util::stream;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::{
    S3, S3Request, S3Response, S3Result,
    auth::SimpleAuth,
    dto::{
        CommonPrefix, ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput,
        HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Object, StreamingBlob,
        Timestamp,
    },
    s3_error,
    service::S3ServiceBuilder,
};
use sha2::{Digest, Sha256};
use shoal_server::root::StoreConfig;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(crate) const KEY: &str = "AKIDTEST";
pub(crate) const SECRET: &str = "not so secret";

/// Names in one answer to a list, so that there are several.
const PAGE: usize = 7;

/// A bucket named `videos`.
pub(crate) struct Bucket {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    dir: PathBuf,
    /// Ends the connections that there are.
    up: Mutex<Option<CancellationToken>>,
    /// Requests by operation.
    asked: Mutex<BTreeMap<&'static str, usize>>,
    /// Whether lists tell entity tags.
    tags: bool,
}

impl Bucket {
    pub(crate) async fn new(dir: &Path, tags: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            dir: dir.into(),
            up: Mutex::new(Some(CancellationToken::new())),
            asked: Mutex::default(),
            tags,
        });
        let mut builder = S3ServiceBuilder::new(Served(Arc::clone(&state)));
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = builder.build();
        let of_task = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(up) = of_task.up.lock().unwrap().clone() else {
                    continue;
                };
                let service = service.clone();
                tokio::spawn(async move {
                    let connection = http1::Builder::new();
                    let connection = connection.serve_connection(TokioIo::new(stream), service);
                    let _ended = up.run_until_cancelled(connection).await;
                });
            }
        });
        Self { port, state }
    }

    pub(crate) fn config(&self) -> StoreConfig {
        StoreConfig {
            endpoint: Some(format!("http://127.0.0.1:{}", self.port)),
            allow_http: true,
            key: Some((KEY.into(), SECRET.into())),
            ..StoreConfig::default()
        }
    }

    /// From now on nobody gets an answer, until it comes back.
    pub(crate) fn go_away(&self) {
        if let Some(up) = self.state.up.lock().unwrap().take() {
            up.cancel();
        }
    }

    pub(crate) fn come_back(&self) {
        *self.state.up.lock().unwrap() = Some(CancellationToken::new());
    }

    /// How often it was asked since the last time, by operation.
    pub(crate) fn asked(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut self.state.asked.lock().unwrap())
    }
}

#[derive(Clone)]
struct Served(Arc<State>);

struct Found {
    bytes: Bytes,
    tag: ETag,
    modified: Timestamp,
}

impl Served {
    fn note(&self, operation: &'static str) {
        *self.0.asked.lock().unwrap().entry(operation).or_default() += 1;
    }

    fn find(&self, key: &str) -> S3Result<Found> {
        let path = self.0.dir.join(key);
        let found = fs::metadata(&path).and_then(|metadata| {
            // Of whole seconds, as the protocol's headers.
            Ok((fs::read(&path)?, metadata.modified()?))
        });
        let (bytes, modified) = found.map_err(|_| s3_error!(NoSuchKey))?;
        let mut tag = String::new();
        for byte in Sha256::digest(&bytes).iter().take(16) {
            write!(tag, "{byte:02x}").unwrap();
        }
        Ok(Found {
            bytes: bytes.into(),
            tag: ETag::Strong(tag),
            modified: modified.into(),
        })
    }
}

fn is(condition: Option<&ETagCondition>, tag: &ETag) -> Option<bool> {
    Some(condition?.as_etag().is_none_or(|wanted| wanted == tag))
}

#[async_trait::async_trait]
impl S3 for Served {
    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        self.note("get");
        let input = request.input;
        let found = self.find(&input.key)?;
        if is(input.if_match.as_ref(), &found.tag) == Some(false) {
            return Err(s3_error!(PreconditionFailed));
        }
        if is(input.if_none_match.as_ref(), &found.tag) == Some(true) {
            return Err(s3_error!(NotModified));
        }
        let len = found.bytes.len() as u64;
        let range = input.range.map(|range| range.check(len)).transpose()?;
        let content_range = range
            .as_ref()
            .map(|range| format!("bytes {}-{}/{len}", range.start, range.end - 1));
        let range = range.unwrap_or(0..len);
        let bytes = found.bytes.slice(range.start as usize..range.end as usize);
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(bytes.len() as i64),
            body: Some(StreamingBlob::wrap(stream::iter([Ok::<_, io::Error>(
                bytes,
            )]))),
            content_range,
            e_tag: Some(found.tag),
            last_modified: Some(found.modified),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        self.note("head");
        let found = self.find(&request.input.key)?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(found.bytes.len() as i64),
            e_tag: Some(found.tag),
            last_modified: Some(found.modified),
            ..HeadObjectOutput::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.note("list");
        let input = request.input;
        if input.bucket != "videos" {
            return Err(s3_error!(NoSuchBucket));
        }
        let prefix = input.prefix.unwrap_or_default();
        let mut keys = Vec::new();
        walk(&self.0.dir, "", &mut keys);
        let after = input.continuation_token.unwrap_or_default();
        let (mut entries, mut folders) = (BTreeSet::new(), BTreeSet::new());
        for key in keys.iter().filter(|key| key.starts_with(&prefix)) {
            let end = input.delimiter.as_ref().and_then(|delimiter| {
                let rest = &key[prefix.len()..];
                Some(prefix.len() + rest.find(delimiter.as_str())? + delimiter.len())
            });
            let entry = key[..end.unwrap_or(key.len())].to_owned();
            if end.is_some() {
                folders.insert(entry.clone());
            }
            if entry > after {
                entries.insert(entry);
            }
        }
        let page: Vec<_> = entries.iter().take(PAGE).cloned().collect();
        let (mut contents, mut prefixes) = (Vec::new(), Vec::new());
        for entry in &page {
            if folders.contains(entry) {
                prefixes.push(CommonPrefix {
                    prefix: Some(entry.clone()),
                });
                continue;
            }
            let Ok(found) = self.find(entry) else {
                continue;
            };
            contents.push(Object {
                key: Some(entry.clone()),
                size: Some(found.bytes.len() as i64),
                last_modified: Some(found.modified),
                e_tag: self.0.tags.then_some(found.tag),
                ..Object::default()
            });
        }
        let more = entries.len() > page.len();
        Ok(S3Response::new(ListObjectsV2Output {
            is_truncated: Some(more),
            next_continuation_token: page.last().filter(|_| more).cloned(),
            key_count: Some(page.len() as i32),
            contents: Some(contents),
            common_prefixes: Some(prefixes),
            ..ListObjectsV2Output::default()
        }))
    }
}

/// The names of all files below a folder, in their order.
fn walk(folder: &Path, prefix: &str, keys: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let key = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{key}/"), keys);
        } else {
            keys.push(key);
        }
    }
    keys.sort();
}
