//! From something that can be served to the answer of a GET or HEAD: status, headers, streamed body.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, Seek, SeekFrom},
    ops::Range,
    time::SystemTime,
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

#[cfg(feature = "s3")]
use crate::{
    path::FilePath,
    root::store::{Object, SendError, Store},
};
use crate::{reply::text, root::is_away};

use super::{
    conditional::Validators,
    range::{self, Asked},
};

/// Bytes read from a file at a time. Larger saves system calls, smaller saves memory per download.
const CHUNK: usize = 64 * 1024;

/// Something that can be served.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) content: Content,
    pub(crate) media_type: &'static str,
    pub(crate) cache_control: Cow<'static, str>,
    pub(crate) validators: Validators,
}

/// Place of its bytes.
#[derive(Debug)]
pub(crate) enum Content {
    /// In memory.
    Bytes(Bytes),
    /// In a file of this length, which may be written meanwhile: no more than that is sent.
    File(File, u64),
    /// In a store, as long as it is still this object there.
    #[cfg(feature = "s3")]
    Object(Store, FilePath, Object),
}

/// The answer was about something that has just become something else.
#[derive(Debug)]
pub(crate) struct Changed;

impl Resource {
    /// Answers a GET or HEAD.
    ///
    /// # Errors
    /// When it is not what it was, so that the question is to be asked again.
    pub(crate) async fn reply(
        self,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response, Changed> {
        let len = match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(_, len) => *len,
            #[cfg(feature = "s3")]
            Content::Object(.., object) => object.stamp.len,
        };
        let mut response = Response::new(Body::empty());
        let mut set = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set(header::ACCEPT_RANGES, "bytes");
        set(header::CACHE_CONTROL, &self.cache_control);
        set(header::ETAG, &self.validators.etag);
        if let Some(modified) = self.validators.modified.and_then(http_date) {
            set(header::LAST_MODIFIED, &modified);
        }
        if self.validators.not_modified(headers) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        // A range is defined for GET only (RFC 9110 §14.2).
        let asked = match headers
            .get(header::RANGE)
            .and_then(|value| value.to_str().ok())
        {
            Some(value) if method == Method::GET && self.validators.range_applies(headers) => {
                range::asked(value, len)
            }
            _ => Asked::Whole,
        };
        set(header::CONTENT_TYPE, self.media_type);
        let (status, bytes) = match asked {
            Asked::Whole => (StatusCode::OK, 0..len),
            Asked::Part(part) => {
                let value = format!("bytes {}-{}/{len}", part.start, part.end - 1);
                set(header::CONTENT_RANGE, &value);
                (StatusCode::PARTIAL_CONTENT, part)
            }
            Asked::Unsatisfiable => {
                set(header::CONTENT_RANGE, &format!("bytes */{len}"));
                (StatusCode::RANGE_NOT_SATISFIABLE, 0..0)
            }
        };
        set(
            header::CONTENT_LENGTH,
            &(bytes.end - bytes.start).to_string(),
        );
        *response.status_mut() = status;
        if method == Method::HEAD || bytes.is_empty() {
            return Ok(response);
        }
        match body(self.content, bytes).await? {
            Ok(body) => *response.body_mut() = body,
            Err(error) if is_away(&error) => return Ok(away(&error)),
            Err(error) => {
                tracing::warn!(%error, "a file could not be read");
                return Ok(text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "this file cannot be read\n",
                ));
            }
        }
        Ok(response)
    }
}

/// The answer while the store does not answer itself.
pub(crate) fn away(error: &io::Error) -> Response {
    tracing::warn!(%error, "the store does not answer");
    let mut response = text(
        StatusCode::SERVICE_UNAVAILABLE,
        "the store with the videos does not answer\n",
    );
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// HTTP's form of a time, for the years that it can write (1970–9999).
fn http_date(time: SystemTime) -> Option<String> {
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    (seconds < YEAR_10000).then(|| httpdate::fmt_http_date(time))
}

async fn body(content: Content, bytes: Range<u64>) -> Result<io::Result<Body>, Changed> {
    Ok(match content {
        Content::Bytes(whole) => {
            let range = usize::try_from(bytes.start).unwrap_or(usize::MAX)
                ..usize::try_from(bytes.end).unwrap_or(usize::MAX);
            Ok(Body::from(whole.slice(range)))
        }
        Content::File(mut file, _) => {
            let begun = match bytes.start {
                0 => Ok(0),
                start => file.seek(SeekFrom::Start(start)),
            };
            begun.map(|_| {
                let file = tokio::fs::File::from_std(file).take(bytes.end - bytes.start);
                Body::from_stream(ReaderStream::with_capacity(file, CHUNK))
            })
        }
        #[cfg(feature = "s3")]
        Content::Object(store, path, object) => match store.send(&path, &object, bytes).await {
            Ok(stream) => Ok(Body::from_stream(stream)),
            Err(SendError::Changed) => return Err(Changed),
            Err(SendError::Failed(error)) => Err(error),
        },
    })
}
