//! What a viewer and a tracker say to each other: WebTorrent's JSON over WebSocket.
//!
//! There is no BEP; the bittorrent-tracker package is the definition in practice. One JSON object
//! is one message. Ids are binary strings: 20 code points from U+0000 to U+00FF.

mod client;
mod relay;
mod server;

use std::borrow::Cow;

use crate::DecodeError;
use crate::json::{Value, Writer};

pub use client::{Announce, AnnounceEvent, Answer, ClientMessage, Offer};
pub use relay::Sdp;
pub use server::{OffBy, Scrape, TrackerMessage};

/// What one tracker message may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole message. 64 KiB.
    pub max_message: usize,
    /// Bytes of one SDP. 16 KiB.
    pub max_sdp: usize,
    /// Offers in one announce; not more than 100. 10.
    pub max_offers: usize,
    /// Swarms in one scrape; not more than 100. 100.
    pub max_scrape: usize,
    /// Bytes of a join token. 1 KiB.
    pub max_token: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message: 64 * 1024,
            max_sdp: 16 * 1024,
            max_offers: 10,
            max_scrape: HARD_CAP,
            max_token: 1024,
        }
    }
}

impl Limits {
    fn check_message(&self, json: &str) -> Result<(), DecodeError> {
        if json.len() > self.max_message {
            return Err(DecodeError::Oversized {
                limit: self.max_message,
            });
        }
        Ok(())
    }
}

/// Entries of any list that are read, whatever the limits say.
const HARD_CAP: usize = 100;

/// Characters of a failure's or a warning's text that are kept.
const MAX_TEXT: usize = 256;

/// The SDP of an `RTCSessionDescription`, when its `type` is not something else than `kind` and
/// the length is within limits.
fn sdp(description: Value<'_>, kind: &str, limits: &Limits) -> Result<String, DecodeError> {
    maybe_sdp(description, kind, limits)?.ok_or(DecodeError::Missing("sdp"))
}

/// The same, if there is one.
fn maybe_sdp(
    description: Value<'_>,
    kind: &str,
    limits: &Limits,
) -> Result<Option<String>, DecodeError> {
    let [given, sdp] = description.fields(["type", "sdp"])?;
    let Some(sdp) = sdp else {
        return Ok(None);
    };
    if text(given)?.is_some_and(|given| given != kind) {
        return Err(DecodeError::DescriptionType);
    }
    let sdp = sdp.text()?;
    if sdp.len() > limits.max_sdp {
        return Err(DecodeError::SdpTooLong {
            limit: limits.max_sdp,
        });
    }
    Ok(Some(sdp))
}

/// How a session description is held until it is written.
pub trait Description {
    /// What is to be written.
    fn text(&self) -> Text<'_>;
}

/// A text that is to be written.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// It is JSON already, quotes and escapes included.
    Json(&'a str),
    /// It is to be made JSON.
    Plain(&'a str),
}

impl Description for String {
    fn text(&self) -> Text<'_> {
        Text::Plain(self)
    }
}

/// Writes an `RTCSessionDescription` as the field `kind`.
fn write_description(message: &mut Writer, kind: &str, sdp: Text<'_>) {
    message.inner(kind, |description| {
        description.text("type", kind);
        match sdp {
            Text::Json(json) => description.raw("sdp", json),
            Text::Plain(sdp) => description.text("sdp", sdp),
        }
    });
}

/// A required id: missing is one error, malformed another.
fn id<T>(
    value: Option<Value<'_>>,
    name: &'static str,
    read: fn(&str) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    read(&text(value)?.ok_or(DecodeError::Missing(name))?)
}

fn text<'a>(value: Option<Value<'a>>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    value.map(Value::seen).transpose()
}

fn count(value: Option<Value<'_>>) -> Result<Option<u64>, DecodeError> {
    value.map(Value::count).transpose()
}

/// A count, at most `u32::MAX`.
fn small(value: Option<Value<'_>>) -> Result<Option<u32>, DecodeError> {
    let count = count(value)?;
    Ok(count.map(|count| u32::try_from(count).unwrap_or(u32::MAX)))
}
