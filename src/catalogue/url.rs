//! Addresses in the index.

use web_sys::Url;

use crate::error::Error;
use crate::js::JsResult as _;

/// Whether an ICE server passes on what peers send each other (RFC 7065), instead of only telling them
/// their addresses.
pub(crate) fn is_relay(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("turn") || scheme.eq_ignore_ascii_case("turns")
}

/// An address in the index, made absolute.
pub(super) fn resolve(address: &str, base: &Url) -> Result<Url, Error> {
    Url::new_with_base(address, &base.href())
        .or_thrown()
        .map_err(|_| {
            Error::IndexMalformed(format!(
                "The index names an address that is none: {address}"
            ))
        })
}

/// A tracker's address, made absolute: a path of a web server is a socket there.
pub(super) fn socket(address: &str, base: &Url) -> Result<String, Error> {
    let url = resolve(address, base)?;
    match url.protocol().as_str() {
        "http:" => url.set_protocol("ws:"),
        "https:" => url.set_protocol("wss:"),
        _ => {}
    }
    if !matches!(url.protocol().as_str(), "ws:" | "wss:") {
        return Err(Error::IndexMalformed(format!(
            "The index names a tracker that is no WebSocket: {address}"
        )));
    }
    Ok(url.href())
}
