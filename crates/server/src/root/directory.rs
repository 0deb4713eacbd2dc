//! The served directory, opened once.
//!
//! Invariant: no file outside it is ever opened, whatever a path or a symbolic link says. `cap-std`
//! keeps it: each name is resolved below the open directory, and a link that leads out is an error.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::{ambient_authority, fs::Dir};

use super::entry::{Entry, Stamp};
use crate::path::FilePath;

/// The served directory.
#[derive(Clone, Debug)]
pub struct Directory {
    dir: Arc<Dir>,
    path: PathBuf,
}

impl Directory {
    /// Opens the directory.
    ///
    /// # Errors
    /// When it does not exist, is not a directory or may not be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        dir.entries()?;
        Ok(Self {
            dir: Arc::new(dir),
            path: path.to_owned(),
        })
    }

    /// Returns where the directory is, as the operator named it: for messages only.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// When there is none: a folder, a device or a pipe counts as [`io::ErrorKind::NotFound`].
    pub fn file(&self, path: &FilePath) -> io::Result<(File, Stamp)> {
        // Asked before opening: to open a pipe would wait for its writer.
        if !self.dir.metadata(name(path))?.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = self.dir.open(name(path))?.into_std();
        let metadata = file.metadata()?;
        Ok((
            file,
            Stamp {
                modified: metadata.modified()?,
                len: metadata.len(),
                tag: 0,
            },
        ))
    }

    /// The state of a regular file, `None` if there is none.
    #[must_use]
    pub fn stamp(&self, path: &FilePath) -> Option<Stamp> {
        let metadata = self
            .dir
            .metadata(name(path))
            .ok()
            .filter(|metadata| metadata.is_file())?;
        Some(Stamp {
            modified: metadata.modified().ok()?.into_std(),
            len: metadata.len(),
            tag: 0,
        })
    }

    /// Whether it is a folder.
    #[must_use]
    pub fn is_folder(&self, path: &FilePath) -> bool {
        self.dir
            .metadata(name(path))
            .is_ok_and(|metadata| metadata.is_dir())
    }

    /// Reads a whole file of at most `max` bytes.
    ///
    /// # Errors
    /// When it cannot be read, or is longer ([`io::ErrorKind::FileTooLarge`]).
    pub fn read(&self, path: &FilePath, max: u64) -> io::Result<(Vec<u8>, Stamp)> {
        let (file, stamp) = self.file(path)?;
        if stamp.len > max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut bytes = Vec::new();
        file.take(max).read_to_end(&mut bytes)?;
        Ok((bytes, stamp))
    }

    /// Lists a folder in the order of names; what is hidden or has no UTF-8 name is left out.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list(&self, folder: &FilePath) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        for entry in self.dir.read_dir(name(folder))? {
            let entry = entry?;
            let Some(path) = entry
                .file_name()
                .to_str()
                .and_then(|name| folder.join(name))
            else {
                continue;
            };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                found.push(Entry::Folder(path));
            } else if kind.is_file() || (kind.is_symlink() && self.stamp(&path).is_some()) {
                found.push(Entry::File(path, None));
            }
        }
        found.sort_by(|a, b| entry_path(a).cmp(entry_path(b)));
        Ok(found)
    }

    /// The directory itself, for whoever writes into it.
    #[must_use]
    pub fn dir(&self) -> &Dir {
        &self.dir
    }
}

/// The root itself has no name; `.` stands for it.
fn name(path: &FilePath) -> &str {
    if path.as_str().is_empty() {
        "."
    } else {
        path.as_str()
    }
}

fn entry_path(entry: &Entry) -> &FilePath {
    match entry {
        Entry::File(path, _) | Entry::Folder(path) => path,
    }
}
