//! What the answers of a server are made from.
//!
//! A handler that needs one part of it takes that part as its state.

use std::sync::{Arc, Mutex};

use axum::extract::FromRef;

use crate::{
    index::VideoIndexes, metrics::Figures, policy::Policies, privacy::Facts, root::Root,
    shared::Shared, stun::StunCounts, tracker::Tracker, viewers::Viewers,
};

/// Everything that an answer may need.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) root: Root,
    pub(crate) indexes: Arc<VideoIndexes>,
    pub(crate) tracker: Arc<Tracker>,
    pub(crate) policies: Arc<Policies>,
    pub(crate) viewers: Arc<Mutex<Viewers>>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) stun_counts: Arc<StunCounts>,
    /// Other nodes, if there are any.
    pub(crate) shared: Option<Arc<Shared>>,
}

impl FromRef<Site> for Arc<Facts> {
    fn from_ref(site: &Site) -> Self {
        Self::clone(&site.facts)
    }
}

impl FromRef<Site> for Arc<Figures> {
    fn from_ref(site: &Site) -> Self {
        Self::clone(&site.figures)
    }
}

impl FromRef<Site> for Arc<Policies> {
    fn from_ref(site: &Site) -> Self {
        Self::clone(&site.policies)
    }
}

impl FromRef<Site> for Arc<Tracker> {
    fn from_ref(site: &Site) -> Self {
        Self::clone(&site.tracker)
    }
}

impl FromRef<Site> for Arc<VideoIndexes> {
    fn from_ref(site: &Site) -> Self {
        Self::clone(&site.indexes)
    }
}
