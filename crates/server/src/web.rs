//! The player script, the demo page and the embed page: the web files that are inside the binary.

use std::borrow::Cow;

use axum::{
    extract::Path,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use bytes::Bytes;
use rust_embed::RustEmbed;

use crate::{
    origin::{
        Validators, media_type,
        resource::{Changed, Content, Resource},
    },
    reply::{not_found, redirect},
};

/// Path of the demo page.
const DEMO: &str = "/shoal/demo/";

/// Files that webpack has put into `dist/`. A debug build reads it from there, a release build holds it.
#[derive(RustEmbed)]
#[folder = "../../dist"]
#[allow_missing = true]
struct Dist;

/// Answers `/shoal/…`.
pub(crate) async fn serve(
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let path = if path.ends_with('/') {
        format!("{path}index.html")
    } else {
        path
    };
    let Some(file) = Dist::get(&path) else {
        return not_found();
    };
    let hash = file
        .metadata
        .sha256_hash()
        .iter()
        .take(16)
        .fold(String::new(), hex);
    let resource = Resource {
        content: Content::Bytes(match file.data {
            Cow::Borrowed(data) => Bytes::from_static(data),
            Cow::Owned(data) => Bytes::from(data),
        }),
        media_type: media_type::of(&path),
        cache_control: if is_hashed(&path) {
            "max-age=31536000, immutable"
        } else {
            "no-cache"
        }
        .into(),
        validators: Validators {
            etag: format!("\"{hash}\""),
            modified: None,
        },
    };
    // What is in the binary does not change.
    let reply = resource.reply(&method, &headers).await;
    reply.unwrap_or_else(|Changed| not_found())
}

/// Answers `/shoal/embed`: one player that fills a frame. The query is the page's own affair.
pub(crate) async fn embed(method: Method, headers: HeaderMap) -> Response {
    serve(Path("embed/index.html".into()), method, headers).await
}

/// Answers `/shoal` and `/shoal/`.
pub(crate) async fn demo() -> Response {
    redirect(StatusCode::FOUND, DEMO)
}

fn hex(text: String, byte: &u8) -> String {
    format!("{text}{byte:02x}")
}

/// Whether webpack has put a hash of the contents into the name: 8 hexadecimal digits or more.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split(['.', '-', '_'])
        .any(|part| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_immutable() {
        assert!(is_hashed("0123456789abcdef0123.wasm"));
        assert!(is_hashed("shoal_bg.a3ef7a75.wasm"));
        assert!(!is_hashed("shoal.js"));
        assert!(!is_hashed("demo/index.html"));
    }
}
