//! What the indexes of a server are made with.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{built::Settings, cache::Cache, hash_pool::HashPool};
use crate::{root::Root, tracker::Tracker};

/// What an index is made with.
#[derive(Debug)]
pub(super) struct IndexContext {
    pub(super) root: Root,
    pub(super) settings: Settings,
    pub(super) tracker: Arc<Tracker>,
    /// How many videos on demand are read at a time.
    pub(super) readers: Arc<Semaphore>,
    /// Who hashes them.
    pub(super) pool: HashPool,
    /// Where their digests are kept over a restart, if anywhere.
    pub(super) cache: Option<Cache>,
}
