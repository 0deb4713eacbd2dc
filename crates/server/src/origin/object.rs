//! Objects of a store.

use std::io;

use super::{
    cache_control::cache_control,
    conditional::Validators,
    file,
    found::{FOLDER_PAGE, Found},
    media_type,
    resource::{Content, Resource},
};
use crate::{
    path::FilePath,
    root::store::{Object, Store, is_small},
};

/// Looks for an object, or for a folder's page.
pub(super) async fn look(store: &Store, path: &FilePath, slash: bool) -> io::Result<Found> {
    if !slash {
        if let Some(resource) = resource(store, path).await? {
            return Ok(Found::Resource(Box::new(resource)));
        }
        return match page(store, path).await? {
            Some(_) => Ok(Found::Elsewhere(format!("{}/", path.to_url()))),
            None => Err(io::ErrorKind::NotFound.into()),
        };
    }
    match page(store, path).await? {
        Some(page) => Ok(Found::Resource(Box::new(page))),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

async fn page(store: &Store, folder: &FilePath) -> io::Result<Option<Resource>> {
    match folder.join(FOLDER_PAGE) {
        Some(page) => resource(store, &page).await,
        None => Ok(None),
    }
}

async fn resource(store: &Store, path: &FilePath) -> io::Result<Option<Resource>> {
    let small = if is_small(path) {
        match store.small(path).await {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => None,
            found => Some(found?),
        }
    } else {
        None
    };
    let (object, content) = match small {
        Some(None) => return Ok(None),
        Some(Some((object, bytes))) => (object, Content::Bytes(bytes)),
        None => {
            let Some(object) = store.object(path).await? else {
                return Ok(None);
            };
            let content = Content::Object(store.clone(), path.clone(), object.clone());
            (object, content)
        }
    };
    Ok(Some(Resource {
        content,
        media_type: media_type::of(path.name()),
        cache_control: cache_control(path, object.stamp),
        validators: validators(&object),
    }))
}

/// The store tells one state from another.
fn validators(object: &Object) -> Validators {
    let own = file::validators(object.stamp);
    Validators {
        etag: object.etag.as_deref().map_or(own.etag, str::to_owned),
        ..own
    }
}
