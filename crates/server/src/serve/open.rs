//! Opens what a configuration names: the videos, the certificate, the digests that are kept.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    thread,
};

use super::{
    config::{IndexConfig, ServeConfig},
    error::ServeError,
    tls::Tls,
};
#[cfg(feature = "s3")]
use crate::root::store::Store;
use crate::{
    index::{Cache, HashPool},
    root::{Root, SCHEME},
    shared,
};

impl IndexConfig {
    /// Returns the threads that hash.
    pub(super) fn pool(&self, root: &Root) -> HashPool {
        let half = thread::available_parallelism().map_or(1, |cores| cores.get() / 2);
        let usual = if root.is_remote() { half.max(4) } else { half };
        HashPool::new(self.threads.map_or(usual, NonZero::get))
    }

    /// Opens the cache of a directory's digests, if there is to be one.
    pub(super) fn cache(&self, directory: &Path) -> Result<Option<Cache>, ServeError> {
        let open = |folder: &PathBuf| {
            Cache::shared(folder, directory).map_err(|cause| ServeError::Cache {
                folder: folder.clone(),
                cause,
            })
        };
        self.cache.as_ref().map(open).transpose()
    }
}

impl ServeConfig {
    /// Whether what it names on this machine is there and good; no port is opened.
    ///
    /// # Errors
    /// When something is not.
    pub async fn check(&self) -> Result<(), ServeError> {
        self.root().await?;
        let tls = self.tls.clone().map(Tls::new).transpose();
        tls.map_err(|cause| ServeError::Tls { cause })?;
        Ok(())
    }

    /// Opens the directory or store with the videos.
    pub(super) async fn root(&self) -> Result<Root, ServeError> {
        match self.dir.to_str().filter(|dir| dir.starts_with(SCHEME)) {
            #[cfg(feature = "s3")]
            Some(url) => {
                let store = Store::open(url, &self.store).await;
                store.map(Root::Store).map_err(|cause| ServeError::Store {
                    url: url.into(),
                    cause,
                })
            }
            #[cfg(not(feature = "s3"))]
            Some(_) => Err(ServeError::NoStore),
            None => Root::open(&self.dir).map_err(|cause| ServeError::Dir {
                dir: self.dir.clone(),
                cause,
            }),
        }
    }

    /// Returns what is not as it should be, although the server would start.
    pub async fn problems(&self) -> Vec<String> {
        match &self.redis {
            None => Vec::new(),
            Some(redis) => shared::problem(redis).await.into_iter().collect(),
        }
    }
}
