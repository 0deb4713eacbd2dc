//! What directories and stores say of their files.

use std::{
    io,
    ops::Range,
    time::{Duration, SystemTime},
};

use crate::path::FilePath;

/// Tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Time of its last change.
    pub modified: SystemTime,
    /// Its length in bytes.
    pub len: u64,
    /// A digest of the entity tag that a store gives it; 0 for a file.
    pub tag: u64,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file, or a link to one; and its state, where that came with the list.
    File(FilePath, Option<Stamp>),
    /// A folder. Links to folders are not listed: they could lead in a circle.
    Folder(FilePath),
}

/// Times between two looks for what has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// At the playlists of live streams.
    pub live: Duration,
    /// At the policy files.
    pub policies: Duration,
    /// For new playlists.
    pub scan: Duration,
    /// Age that the state of an index may have that is given out. A look asks about each file of the video.
    pub index: Duration,
}

/// The range of a file in this state, all of it if none is asked for.
pub(super) fn within(range: Option<&Range<u64>>, stamp: Stamp) -> io::Result<Range<u64>> {
    let range = range.cloned().unwrap_or(0..stamp.len);
    if range.end > stamp.len || range.start > range.end {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(range)
}

/// Whether an error tells nothing about a file, since what would know of it did not answer.
#[must_use]
pub fn is_away(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::HostUnreachable
}
