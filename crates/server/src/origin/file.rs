//! Files of a directory.

use std::{io, time::SystemTime};

use super::{
    cache_control::cache_control,
    conditional::Validators,
    found::{FOLDER_PAGE, Found},
    media_type,
    resource::{Content, Resource},
};
use crate::{
    path::FilePath,
    root::{Directory, Stamp},
};

/// Looks for a file, or for a folder's page.
pub(super) fn look(directory: &Directory, path: &FilePath, slash: bool) -> io::Result<Found> {
    if !slash {
        let (file, stamp) = match directory.file(path) {
            Ok(found) => found,
            Err(_) if directory.is_folder(path) && page(directory, path).is_some() => {
                return Ok(Found::Elsewhere(format!("{}/", path.to_url())));
            }
            Err(error) => return Err(error),
        };
        return Ok(Found::Resource(Box::new(Resource {
            content: Content::File(file, stamp.len),
            media_type: media_type::of(path.name()),
            cache_control: cache_control(path, stamp),
            validators: validators(stamp),
        })));
    }
    match page(directory, path) {
        Some(page) => look(directory, &page, false),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

fn page(directory: &Directory, folder: &FilePath) -> Option<FilePath> {
    folder
        .join(FOLDER_PAGE)
        .filter(|page| directory.stamp(page).is_some())
}

/// Two states of a file differ in its time or its length.
pub(super) fn validators(stamp: Stamp) -> Validators {
    let modified = stamp
        .modified
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Validators {
        etag: format!("\"{:x}-{:x}\"", modified.as_nanos(), stamp.len),
        modified: Some(stamp.modified),
    }
}
