//! Where the videos are: in a directory of this machine, or in a bucket of an S3-compatible store.
//!
//! Both answer the same questions. A directory knows what is there; a store may be away, and then nothing
//! is known: neither that a file is there nor that it is gone ([`is_away`]).
//!
//! The questions here wait for their answer. They are for threads that may, never for those that serve.

mod config;
mod directory;
mod entry;
#[cfg(feature = "s3")]
pub mod store;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
    time::Duration,
};

pub use config::{SCHEME, StoreConfig};
pub use directory::Directory;
use entry::within;
pub use entry::{Entry, Pace, Stamp, is_away};
#[cfg(feature = "s3")]
use store::{Download, Store};

use crate::path::FilePath;

/// The place of the videos.
#[derive(Clone, Debug)]
pub enum Root {
    /// A directory.
    Directory(Directory),
    /// A store.
    #[cfg(feature = "s3")]
    Store(Store),
}

/// A file that is read from its beginning, or from that of a range, to the end.
#[derive(Debug)]
pub enum Reader {
    /// A file.
    File(io::Take<File>),
    /// Bytes that a store sends.
    #[cfg(feature = "s3")]
    Download(Download),
}

impl Root {
    /// Opens a directory.
    ///
    /// # Errors
    /// When it does not exist, is not a directory or may not be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Directory::open(path).map(Self::Directory)
    }

    /// Returns where it is, as the operator named it.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Directory(directory) => directory.path(),
            #[cfg(feature = "s3")]
            Self::Store(store) => store.url(),
        }
    }

    /// Returns how often to look for what has changed.
    #[must_use]
    pub fn pace(&self) -> Pace {
        match self {
            Self::Directory(_) => Pace {
                live: Duration::from_millis(500),
                policies: Duration::from_millis(500),
                scan: Duration::from_secs(10),
                index: Duration::from_secs(2),
            },
            #[cfg(feature = "s3")]
            Self::Store(store) => store.pace(),
        }
    }

    /// Whether reading is waiting, for the most part.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        !matches!(self, Self::Directory(_))
    }

    /// Has nobody wait for an answer any more.
    pub fn close(&self) {
        match self {
            Self::Directory(_) => {}
            #[cfg(feature = "s3")]
            Self::Store(store) => store.close(),
        }
    }

    /// The state of a regular file, `None` if there is none.
    ///
    /// # Errors
    /// When that is not known.
    pub fn stamp(&self, path: &FilePath) -> io::Result<Option<Stamp>> {
        match self {
            Self::Directory(directory) => Ok(directory.stamp(path)),
            #[cfg(feature = "s3")]
            Self::Store(store) => store.wait(store.stamp(path))?,
        }
    }

    /// The states of several files, as [`stamp`](Self::stamp) would tell them.
    #[must_use]
    pub fn stamps(&self, paths: &[FilePath]) -> Vec<io::Result<Option<Stamp>>> {
        match self {
            Self::Directory(directory) => {
                let stamp = |path| Ok(directory.stamp(path));
                paths.iter().map(stamp).collect()
            }
            #[cfg(feature = "s3")]
            Self::Store(store) => store.wait(store.stamps(paths)).unwrap_or_else(|error| {
                let unknown = |_| Err(error.kind().into());
                paths.iter().map(unknown).collect()
            }),
        }
    }

    /// Opens a file, or a range of it, and tells the state that it is in.
    ///
    /// # Errors
    /// When there is none, or it cannot be read; [`io::ErrorKind::UnexpectedEof`] when it has no such range.
    pub fn reader(
        &self,
        path: &FilePath,
        range: Option<&Range<u64>>,
    ) -> io::Result<(Reader, Stamp)> {
        match self {
            Self::Directory(directory) => {
                let (mut file, stamp) = directory.file(path)?;
                let range = within(range, stamp)?;
                file.seek(SeekFrom::Start(range.start))?;
                Ok((Reader::File(file.take(range.end - range.start)), stamp))
            }
            #[cfg(feature = "s3")]
            Self::Store(store) => {
                let (download, stamp) = store.wait(store.download(path, range))??;
                Ok((Reader::Download(download), stamp))
            }
        }
    }

    /// Reads a whole file of at most `max` bytes.
    ///
    /// # Errors
    /// When it cannot be read, or is longer ([`io::ErrorKind::FileTooLarge`]).
    pub fn read(&self, path: &FilePath, max: u64) -> io::Result<(Vec<u8>, Stamp)> {
        match self {
            Self::Directory(directory) => directory.read(path, max),
            #[cfg(feature = "s3")]
            Self::Store(store) => store.wait(store.read(path, max))?,
        }
    }

    /// Lists a folder in the order of names; what is hidden or has no UTF-8 name is left out.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list(&self, folder: &FilePath) -> io::Result<Vec<Entry>> {
        match self {
            Self::Directory(directory) => directory.list(folder),
            #[cfg(feature = "s3")]
            Self::Store(store) => store.wait(store.list(folder))?,
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            #[cfg(feature = "s3")]
            Self::Download(download) => download.read(buffer),
        }
    }
}
