//! What a store tells of an object.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use object_store::ObjectMeta;
use sha2::{Digest, Sha256};

use crate::root::entry::Stamp;

/// State of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its state.
    pub stamp: Stamp,
    /// The store's entity tag for it, with its quotes, if that is a strong one.
    pub etag: Option<Arc<str>>,
}

impl Object {
    pub(super) fn of(meta: &ObjectMeta) -> Self {
        let tag = meta.e_tag.as_deref().filter(|tag| !tag.starts_with("W/"));
        let tag = tag
            .map(|tag| tag.trim_matches('"'))
            .filter(|tag| !tag.is_empty());
        // Lists tell milliseconds, other answers seconds.
        let seconds = u64::try_from(meta.last_modified.timestamp()).unwrap_or_default();
        let digest = tag.map(Sha256::digest);
        let first = digest.as_ref().and_then(|digest| digest.first_chunk());
        Self {
            stamp: Stamp {
                modified: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
                len: meta.size,
                tag: first.map_or(0, |first| u64::from_be_bytes(*first)),
            },
            etag: tag.map(|tag| format!("\"{tag}\"").into()),
        }
    }
}
