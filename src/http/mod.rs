//! HTTP: media by ranges, streamed, and parts of the index.

mod body;

use core::ops::Range;
use core::time::Duration;

use shoal_engine::{HttpFault, HttpId, Input};
use shoal_wire::id::{SegmentId, TrackId};
use shoal_wire::index::{MAX_INDEX_BYTES, ViewerCount};
use web_sys::{AbortController, Headers, RequestInit, Response};

use self::body::{Body, Cutter, Surplus};
use crate::error::Error;
use crate::host_event::{HostEvent, Sender};
use crate::js::{JsResult as _, Task, settled};
use crate::small_map::SmallMap;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// The global function, which windows and workers both have.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<js_sys::Promise, wasm_bindgen::JsValue>;
}

/// Largest part of an index that is read, bytes.
const LARGEST_PART: usize = 512 * 1024;

/// Largest count of viewers that is read, bytes.
const LARGEST_COUNT: usize = 256;

/// What to get of a segment.
#[derive(Clone, Debug)]
pub struct Get {
    /// Names the request.
    pub id: HttpId,
    /// Which segment.
    pub segment: SegmentId,
    /// First byte, from the segment's start; the start of a piece.
    pub offset: u32,
    /// Bytes.
    pub length: u32,
    /// Bytes of a piece.
    pub piece_length: u32,
    /// The resource.
    pub url: String,
    /// The bytes of the resource that these are; nothing when they are all of it, and then it is
    /// asked for without `Range`, so that caches can serve it.
    pub range: Option<Range<u64>>,
}

/// The requests under way. Dropped, they are aborted.
#[derive(Debug)]
pub struct Http {
    sender: Sender,
    gets: SmallMap<HttpId, Task>,
    parts: SmallMap<(TrackId, u64), Task>,
    /// The last question of how many watch, and the last look at the index.
    count: Option<Task>,
    index: Option<Task>,
}

impl Http {
    /// No requests yet. What they bring goes into the sender.
    #[must_use]
    pub const fn new(sender: Sender) -> Self {
        Self {
            sender,
            gets: SmallMap::new(),
            parts: SmallMap::new(),
            count: None,
            index: None,
        }
    }

    /// Gets media: `HostEvent::HttpData` up to each piece's end, then `Input::HttpDone`, or
    /// `Input::HttpFailed`.
    pub fn get(&mut self, get: Get) {
        let sender = self.sender.clone();
        let id = get.id;
        let task = Task::spawn(async move {
            sender.push(match media(&get, &sender).await {
                Ok(()) => Input::HttpDone(id),
                Err(fault) => Input::HttpFailed { id, fault },
            });
        });
        self.gets.put(id, task);
    }

    /// Whether a request is under way.
    #[must_use]
    pub fn holds(&self, id: HttpId) -> bool {
        self.gets.holds(id)
    }

    /// Forgets a request, and aborts what is left of it.
    pub fn end(&mut self, id: HttpId) {
        self.gets.remove(&id);
    }

    /// Gets a part of the index: `HostEvent::Part`.
    pub fn part(&mut self, track: TrackId, part: u64, url: String) {
        let sender = self.sender.clone();
        let task = Task::spawn(async move {
            let bytes = file(&url, LARGEST_PART).await.ok();
            sender.push(HostEvent::Part { track, part, bytes });
        });
        self.parts.put((track, part), task);
    }

    /// Asks how many watch: `Input::Viewers`. Without an address nobody knows.
    pub fn count(&mut self, url: Option<String>) {
        let sender = self.sender.clone();
        self.count = Some(Task::spawn(async move {
            let count = match url {
                Some(url) => file(&url, LARGEST_COUNT).await.ok(),
                None => None,
            };
            let count = count.and_then(|bytes| ViewerCount::parse(&bytes).ok());
            sender.push(Input::Viewers {
                viewers: count.map(|count| count.viewers),
                again: Duration::from_secs(count.map_or(0, |count| count.interval.into())),
            });
        }));
    }

    /// Gets the index once more: `HostEvent::Renewed`.
    pub fn renew(&mut self, url: String) {
        let sender = self.sender.clone();
        self.index = Some(Task::spawn(async move {
            sender.push(HostEvent::Renewed(file(&url, MAX_INDEX_BYTES).await.ok()));
        }));
    }

    /// Forgets a part that has come.
    pub fn end_part(&mut self, track: TrackId, part: u64) {
        self.parts.remove(&(track, part));
    }
}

/// A request that is aborted when dropped; after its end that does nothing.
struct Request(AbortController);

impl Request {
    fn new() -> Result<Self, Error> {
        AbortController::new().or_thrown().map(Self)
    }

    async fn send(&self, url: &str, range: Option<&Range<u64>>) -> Result<Response, Error> {
        let init = RequestInit::new();
        init.set_signal(Some(&self.0.signal()));
        if let Some(range) = range {
            let headers = Headers::new().or_thrown()?;
            let value = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
            headers.set("Range", &value).or_thrown()?;
            init.set_headers(&headers);
        }
        settled(fetch(url, &init).or_thrown()?)
            .await
            .map(|value| value.unchecked_into())
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn media(get: &Get, sender: &Sender) -> Result<(), HttpFault> {
    let network = |_: Error| HttpFault::Network;
    let request = Request::new().map_err(network)?;
    let response = request
        .send(&get.url, get.range.as_ref())
        .await
        .map_err(network)?;
    // A server may answer a request for a range with the whole; what comes before is skipped then.
    let (skip, surplus) = match (response.status(), &get.range) {
        (200, None) => (0, Surplus::Fault),
        (200, Some(range)) => (range.start, Surplus::Ignore),
        (206, Some(range)) if is_range(&response, range) => (0, Surplus::Fault),
        (206, Some(_)) => return Err(HttpFault::Length),
        (status, _) => return Err(HttpFault::Status(status)),
    };
    let body = Body::new(&response).map_err(network)?;
    let mut cutter = Cutter::new(get.offset, get.length, get.piece_length, skip, surplus);
    while let Some(chunk) = body.chunk().await.map_err(network)? {
        let mut rest = chunk;
        while let Some((offset, data)) = cutter.cut(&mut rest)? {
            sender.push(HostEvent::HttpData {
                id: get.id,
                segment: get.segment,
                offset,
                data,
            });
        }
        if cutter.is_content() {
            break;
        }
    }
    cutter.finish()
}

/// Whether a response holds the bytes that were asked for, as far as it says so: other origins
/// may hide the header.
fn is_range(response: &Response, range: &Range<u64>) -> bool {
    let Some(value) = response.headers().get("Content-Range").ok().flatten() else {
        return true;
    };
    let expected = format!("bytes {}-{}/", range.start, range.end.saturating_sub(1));
    value.starts_with(&expected)
}

async fn file(url: &str, largest: usize) -> Result<Vec<u8>, Error> {
    let request = Request::new()?;
    let response = request.send(url, None).await?;
    if response.status() != 200 {
        return Err(Error::Browser(format!("status {}", response.status())));
    }
    let body = Body::new(&response)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        if bytes.len() + chunk.length() as usize > largest {
            return Err(Error::Browser("the file is too large".into()));
        }
        bytes.extend(chunk.to_vec());
    }
    Ok(bytes)
}
