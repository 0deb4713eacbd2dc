//! What a viewer and a tracker say to each other: WebTorrent's JSON over WebSocket.
//!
//! There is no BEP; the bittorrent-tracker package is the definition in practice. One JSON object
//! is one message. Ids are binary strings: 20 code points from U+0000 to U+00FF.

mod client;
mod server;

use serde::{Deserialize, Serialize};

use crate::DecodeError;
use crate::json::Count;

pub use client::{Announce, AnnounceEvent, Answer, ClientMessage, Offer};
pub use server::{Scrape, TrackerMessage};

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

/// Entries of any list that are kept while it is read, whatever the limits say.
const HARD_CAP: usize = 100;

/// Characters of a failure's or a warning's text that are kept.
const MAX_TEXT: usize = 256;

/// An `RTCSessionDescription`.
#[derive(Debug, Deserialize)]
struct Description {
    #[serde(rename = "type")]
    kind: Option<String>,
    sdp: Option<String>,
}

impl Description {
    /// The SDP, when `type` is not something else than `kind` and the length is within limits.
    fn sdp(self, kind: &str, limits: &Limits) -> Result<String, DecodeError> {
        if self.kind.is_some_and(|given| given != kind) {
            return Err(DecodeError::DescriptionType);
        }
        let sdp = self.sdp.ok_or(DecodeError::Missing("sdp"))?;
        if sdp.len() > limits.max_sdp {
            return Err(DecodeError::SdpTooLong {
                limit: limits.max_sdp,
            });
        }
        Ok(sdp)
    }
}

/// An `RTCSessionDescription` to be written.
#[derive(Serialize)]
struct DescriptionOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    sdp: &'a str,
}

impl<'a> DescriptionOut<'a> {
    fn offer(sdp: &'a str) -> Self {
        Self { kind: "offer", sdp }
    }

    fn answer(sdp: &'a str) -> Self {
        Self {
            kind: "answer",
            sdp,
        }
    }
}

/// A required id: missing is one error, malformed another.
fn id<T>(
    text: Option<&str>,
    name: &'static str,
    read: fn(&str) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    read(text.ok_or(DecodeError::Missing(name))?)
}

fn small(count: Option<Count>) -> u32 {
    count.unwrap_or_default().small()
}
