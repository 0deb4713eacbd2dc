//! What a viewer and a tracker say to each other: WebTorrent's JSON over WebSocket.
//!
//! There is no BEP; the bittorrent-tracker package is the definition in practice. One JSON object
//! is one message. Ids are binary strings: 20 code points from U+0000 to U+00FF.
//!
//! Reading has two steps. serde makes fields of a message, whoever read its JSON; `check` makes a
//! message of the fields, within limits.

mod client;
mod fields;
#[cfg(feature = "json")]
mod relay;
mod server;

use crate::DecodeError;

pub use client::{Announce, AnnounceEvent, Answer, ClientFields, ClientMessage, Offer};
#[cfg(feature = "json")]
pub use relay::Sdp;
pub use server::{OffBy, Scrape, TrackerFields, TrackerMessage};

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
    #[cfg(feature = "json")]
    fn check_message(&self, json: &str) -> Result<(), DecodeError> {
        if json.len() > self.max_message {
            return Err(DecodeError::Oversized {
                limit: self.max_message,
            });
        }
        Ok(())
    }

    fn check_sdp<S: Description>(&self, sdp: S) -> Result<S, DecodeError> {
        if !sdp.fits(self.max_sdp) {
            return Err(DecodeError::SdpTooLong {
                limit: self.max_sdp,
            });
        }
        Ok(sdp)
    }
}

/// Entries of any list that are read, whatever the limits say.
const HARD_CAP: usize = 100;

/// Characters of a failure's or a warning's text that are kept.
const MAX_TEXT: usize = 256;

/// How a session description is held between reading and writing.
pub trait Description {
    /// Whether it has at most `limit` bytes, quotes and escapes not counted.
    fn fits(&self, limit: usize) -> bool;
}

impl Description for String {
    fn fits(&self, limit: usize) -> bool {
        self.len() <= limit
    }
}
