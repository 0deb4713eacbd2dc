//! The flight recorder: a viewer's bug report is what happened to the engine, lived again natively.
//!
//! A recording is
//! - a head: [`format::MAGIC`], [`format::FORMAT`], the version of this crate, the seed, and every bound of the
//!   configuration by its name;
//! - for each input one byte of the hash of all outputs before it, the input, and the microseconds
//!   since the one before;
//! - a tail: that byte, [`format::END`], an [`Ending`], and the whole hash.
//!
//! Numbers are unsigned LEB128, hashes and fractions little-endian. So long as inputs and outputs
//! are the same, every byte of the hash is; where one is not, the replay has left the tracks.
//!
//! No address of anybody is kept, and no text that may hold one: see `private`.

mod code;
mod error;
mod format;
mod input;
mod output;
mod private;
mod read;
mod recorder;

pub use error::RecordError;
pub use format::Ending;
pub use output::OutputHash;
pub use read::{Entry, Recording};
pub use recorder::Recorder;
