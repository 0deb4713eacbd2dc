//! What the indexes of a server are made with.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{built::Settings, cache::Cache, hash_pool::HashPool};
use crate::{root::Root, tracker::Tracker};

/// Everything that an index is made with.
#[derive(Debug)]
pub(super) struct IndexContext {
    pub(super) root: Root,
    pub(super) settings: Settings,
    pub(super) tracker: Arc<Tracker>,
    /// Videos on demand that may be read at a time.
    pub(super) readers: Arc<Semaphore>,
    /// Threads that hash them.
    pub(super) pool: HashPool,
    /// Digests that outlive a restart, if any do.
    pub(super) cache: Option<Cache>,
}
