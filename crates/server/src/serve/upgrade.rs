//! Where the tracker is found beside the videos.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    http::request::Parts,
    response::Response,
};
use shoal_wire::id::InfoHash;

use crate::{
    client::ClientAddress,
    reply::not_found,
    tracker::{Tracker, TrackerEvent, ws},
};

/// Answers `/tracker/<swarm>`.
pub(crate) async fn upgrade(
    State(tracker): State<Arc<Tracker>>,
    Path(swarm): Path<String>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    parts: Parts,
) -> Response {
    let swarm = InfoHash::from_hex(&swarm).ok();
    let Some(swarm) = swarm.filter(|swarm| tracker.has(*swarm)) else {
        tracker.counts().add(TrackerEvent::Refused);
        return not_found();
    };
    ws::upgrade(tracker, Some(swarm), address, parts).await
}
