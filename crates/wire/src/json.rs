//! JSON text, where no browser reads and writes it.

use serde::{Deserialize, Serialize};

use crate::DecodeError;

/// Reads a text whose length has been checked: it bounds what is allocated.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    // Of the error only the place is kept: its words may repeat what a stranger sent.
    serde_json::from_str(text).map_err(|error| DecodeError::Json {
        line: error.line(),
        column: error.column(),
    })
}

/// Reads bytes of at most `limit`.
pub(crate) fn read_bytes<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    limit: usize,
) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::Oversized { limit });
    }
    read(core::str::from_utf8(bytes).map_err(|_| DecodeError::Text)?)
}

/// Writes a value as `JSON.stringify` does.
pub(crate) fn write(value: &impl Serialize) -> String {
    // Fails only for maps whose keys are not texts, and there are none.
    serde_json::to_string(value).unwrap_or_default()
}

/// Appends what [`write`] writes.
pub(crate) fn append(value: &impl Serialize, out: &mut Vec<u8>) {
    // As there.
    let _ = serde_json::to_writer(out, value);
}
