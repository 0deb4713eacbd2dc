//! What a search for a path of the served files comes to.

use std::io;

use super::resource::Resource;

/// The file that stands for its folder.
pub(super) const FOLDER_PAGE: &str = "index.html";

/// Result of a search.
pub(super) enum Found {
    /// Nothing is known: the store does not answer.
    Away(io::Error),
    /// Another path of this server.
    Elsewhere(String),
    /// An index that is still being made.
    Later,
    /// No such file.
    Nothing,
    /// A file, or what stands for one.
    Resource(Box<Resource>),
}
