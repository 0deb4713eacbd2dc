//! What several sections of the file and the command line have in common.

use std::{fs, path::Path};

use shoal_wire::index::MAX_MIRRORS;

use super::error::ConfigError;

/// As many mirrors as an index may name.
///
/// # Errors
/// When there are more.
pub fn mirrors(urls: Vec<String>) -> Result<Vec<String>, ConfigError> {
    if urls.len() > MAX_MIRRORS {
        return Err(ConfigError::Mirrors(urls.len()));
    }
    Ok(urls)
}

/// A file's only line.
///
/// # Errors
/// When it cannot be read, or is empty.
pub fn secret(path: &Path) -> Result<String, ConfigError> {
    let text = fs::read_to_string(path).map_err(|cause| ConfigError::Read {
        path: path.into(),
        cause,
    })?;
    match text.trim() {
        "" => Err(ConfigError::Empty { path: path.into() }),
        line => Ok(line.to_owned()),
    }
}
