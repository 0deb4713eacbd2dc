//! Where the tracker is found beside the videos.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    http::request::Parts,
    response::Response,
};
use shoal_wire::id::InfoHash;

use super::routes::Site;
use crate::{
    client::Client,
    origin::not_found,
    tracker::{Event, ws},
};

/// Answers `/tracker/<swarm>`.
pub(crate) async fn upgrade(
    State(site): State<Site>,
    Path(swarm): Path<String>,
    Extension(Client(address)): Extension<Client>,
    parts: Parts,
) -> Response {
    let tracker = Arc::clone(&site.tracker);
    let swarm = InfoHash::from_hex(&swarm).ok();
    let Some(swarm) = swarm.filter(|swarm| tracker.has(*swarm)) else {
        tracker.counts().add(Event::Refused);
        return not_found();
    };
    ws::upgrade(tracker, Some(swarm), address, parts).await
}
