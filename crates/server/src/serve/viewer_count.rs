//! How many watch a video, for those who wait on HTTP until enough do.

use std::{sync::PoisonError, time::Instant};

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    http::header,
    response::{IntoResponse, Response},
};
use shoal_wire::{id::InfoHash, index::ViewerCount};

use crate::{client::ClientAddress, reply::not_found, site::Site};

/// Seconds after which one should ask again.
const INTERVAL: u32 = 30;

/// The query of whoever is in the swarm already.
const MEMBER: &str = "member";

/// Answers `/viewers/<swarm>`.
pub(super) async fn serve(
    State(site): State<Site>,
    Path(swarm): Path<String>,
    RawQuery(query): RawQuery,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
) -> Response {
    let swarm = InfoHash::from_hex(&swarm).ok();
    let Some((swarm, members)) = swarm.and_then(|it| Some((it, site.tracker.viewers(it)?))) else {
        return not_found();
    };
    let is_member = query.is_some_and(|query| query.split('&').any(|word| word == MEMBER));
    let waiting = {
        let now = Instant::now();
        let mut viewers = site.viewers.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_member {
            viewers.wait(now, swarm, address);
        }
        viewers.count(now, swarm)
    };
    let elsewhere = site.shared.map_or(0, |shared| shared.viewers(swarm));
    let count = ViewerCount {
        viewers: members.saturating_add(waiting).saturating_add(elsewhere),
        interval: INTERVAL,
    };
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_TYPE, "application/json"),
    ];
    (headers, count.to_json()).into_response()
}
