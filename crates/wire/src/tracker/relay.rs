//! What a tracker passes on: a session description stays the JSON that it came in. Most of what goes
//! through a tracker is session descriptions.

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ClientFields, ClientMessage, Description, Limits, TrackerMessage};
use crate::DecodeError;

/// A session description as it stands in a message: a JSON text with quotes and escapes, checked.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub struct Sdp<'a>(&'a RawValue);

impl<'a> Sdp<'a> {
    /// Returns the JSON that it is.
    pub fn json(self) -> &'a str {
        self.0.get()
    }
}

impl PartialEq for Sdp<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl Eq for Sdp<'_> {}

impl<'de: 'a, 'a> Deserialize<'de> for Sdp<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sdp = Self(<&RawValue>::deserialize(deserializer)?);
        // Half a surrogate pair is a mistake that is found only where escapes are read.
        let is_text =
            sdp.json().starts_with('"') && (!sdp.json().contains("\\u") || sdp.read().is_ok());
        is_text
            .then_some(sdp)
            .ok_or_else(|| D::Error::custom("an sdp that is no text"))
    }
}

impl Sdp<'_> {
    fn read(self) -> serde_json::Result<String> {
        serde_json::from_str(self.json())
    }
}

impl Description for Sdp<'_> {
    fn fits(&self, limit: usize) -> bool {
        // Escapes make it longer, and never shorter.
        self.json().len() - 2 <= limit || self.read().is_ok_and(|sdp| sdp.len() <= limit)
    }
}

impl<'a> ClientMessage<Sdp<'a>> {
    /// Reads what [`ClientMessage::decode`] reads, and refuses what it refuses.
    pub fn scan(json: &'a str, limits: &Limits) -> Result<Self, DecodeError> {
        limits.check_message(json)?;
        crate::json::read::<ClientFields<'_, _>>(json)?.check(limits)
    }
}

impl TrackerMessage<Sdp<'_>> {
    /// Appends the message's JSON.
    pub fn append(&self, out: &mut Vec<u8>) {
        crate::json::append(self, out);
    }
}
