//! What can be wrong with a recording.

use shoal_wire::DecodeError;
use thiserror::Error;

use super::format::FORMAT;
use crate::config::ConfigError;

/// Why bytes are no recording that can be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The configuration is one that no engine runs on.
    #[error("the recorded configuration cannot be: {0}")]
    Config(#[from] ConfigError),
    /// It was written by another version of this program.
    #[error("recordings of format {0} are not known, only those of format {FORMAT}")]
    Format(u8),
    /// The bytes do not begin as a recording.
    #[error("this is not a recording of Shoal")]
    NotRecording,
    /// A number is not one that can be there.
    #[error("a number out of range")]
    Number,
    /// A bound of the configuration is not known, or cannot be what it is set to.
    #[error("the configuration has no `{0}`, or it cannot be that number")]
    Setting(String),
    /// Bytes follow behind the end.
    #[error("bytes behind the end")]
    Trailing,
    /// The bytes end before the recording does.
    #[error("the recording ends too early")]
    Truncated,
    /// Something has a number that nothing of its kind has.
    #[error("there is no {kind} of number {number}")]
    Unknown {
        /// What it should be.
        kind: &'static str,
        /// Its number.
        number: u8,
    },
}

impl From<DecodeError> for RecordError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Truncated => Self::Truncated,
            _ => Self::Number,
        }
    }
}
