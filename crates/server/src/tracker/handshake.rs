//! The opening of a WebSocket (RFC 6455 §4.2): what a request has to say, and what it is answered.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Version,
        header::{
            CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
        },
        request::Parts,
    },
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::upgrade::OnUpgrade;
use sha1::{Digest, Sha1};

use crate::reply::text;

/// Text that the accepted key is made with (§1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The protocol's only version.
const VERSION: &str = "13";

/// Bytes of a key.
const KEY: usize = 16;

/// A request that asks for a WebSocket as it should.
#[derive(Debug)]
pub(super) struct Opening {
    accept: HeaderValue,
    upgrade: OnUpgrade,
}

impl Opening {
    /// Looks at a request, or says what is wrong with it. Neither subprotocols nor extensions are agreed upon.
    pub(super) fn of(parts: &mut Parts) -> Result<Self, Box<Response>> {
        let headers = &parts.headers;
        let refuse = |status, why| Err(Box::new(text(status, why)));
        if parts.method != Method::GET || parts.version < Version::HTTP_11 {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "this is for WebSockets\n");
        }
        if !names(headers, &CONNECTION, "upgrade") || !names(headers, &UPGRADE, "websocket") {
            return refuse(StatusCode::BAD_REQUEST, "this is for WebSockets\n");
        }
        if !names(headers, &SEC_WEBSOCKET_VERSION, VERSION) {
            let why = "only version 13 of WebSockets is spoken here\n";
            let mut response = text(StatusCode::UPGRADE_REQUIRED, why);
            let version = HeaderValue::from_static(VERSION);
            response
                .headers_mut()
                .insert(SEC_WEBSOCKET_VERSION, version);
            return Err(Box::new(response));
        }
        let key = headers.get(SEC_WEBSOCKET_KEY);
        let key = key.filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == KEY));
        let Some(key) = key else {
            return refuse(StatusCode::BAD_REQUEST, "the WebSocket's key is wrong\n");
        };
        let accept = HeaderValue::from_str(&accept(key.as_bytes()));
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let Some((accept, upgrade)) = accept.ok().zip(upgrade) else {
            // HTTP/2 has another way, which browsers take only where they are offered it.
            return refuse(StatusCode::UPGRADE_REQUIRED, "WebSockets need HTTP/1.1\n");
        };
        Ok(Self { accept, upgrade })
    }

    /// The answer, and what becomes the connection once it is sent.
    pub(super) fn accept(self) -> (Response, OnUpgrade) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        (response, self.upgrade)
    }
}

fn accept(key: &[u8]) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// Whether a header has a word in its list.
fn names(headers: &HeaderMap, name: impl axum::http::header::AsHeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    let mut words = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    words.any(|found| found.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_standards_example_is_accepted_as_there() {
        let accepted = accept(b"dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accepted, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
