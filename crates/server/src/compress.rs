//! Which answers are compressed: text, above all playlists and indexes. Media is dense already, and
//! ranges are of the file as it is.

use axum::{
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header},
    response::Response,
};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, predicate::Predicate},
};

/// Bytes below which it does not pay.
const MIN: u64 = 512;

/// Effort, from 1 to 11: a playlist of 100 KB takes a millisecond.
const LEVEL: i32 = 4;

/// Beginnings of the media types that are text.
const TEXTS: [&str; 7] = [
    "application/json",
    "application/dash+xml",
    "application/vnd.apple.mpegurl",
    "application/wasm",
    "image/svg+xml",
    "image/x-icon",
    "text/",
];

/// Compresses by Brotli or gzip, as the client likes.
pub(crate) fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .br(true)
        .gzip(true)
        .quality(CompressionLevel::Precise(LEVEL))
        .compress_when(is_worth_it)
}

fn is_worth_it(status: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    status == StatusCode::OK
        && length.is_none_or(|length| length >= MIN)
        && TEXTS.iter().any(|known| kind.starts_with(known))
}

/// A compressed answer has other bytes than the file: its entity tag is weak (RFC 9110 §8.8.1), and no
/// range of it can be asked for.
pub(crate) async fn weaken(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if headers.contains_key(header::CONTENT_ENCODING)
        && let Some(tag) = headers.get(header::ETAG)
        && let Ok(tag) = tag.to_str()
        && !tag.starts_with("W/")
        && let Ok(weak) = HeaderValue::try_from(format!("W/{tag}"))
    {
        headers.insert(header::ETAG, weak);
    }
    response
}
