//! Whether the server is well, for a balancer.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::figures::Figures;
use crate::site::Site;

/// Answers `/healthz`: a balancer sends no more viewers once the server is about to stop.
pub(crate) async fn serve(State(site): State<Site>) -> Response {
    let together = site.shared.as_ref().map(|shared| shared.together());
    // Without Redis it serves on its own limits: no reason to send viewers away.
    let word = match together {
        Some(together) if !together.connected => "ok, but Redis is away\n",
        _ => "ok\n",
    };
    health(&site.figures, word)
}

/// Answers `/healthz` where there is a tracker alone.
pub(crate) async fn serve_alone(State(figures): State<Arc<Figures>>) -> Response {
    health(&figures, "ok\n")
}

/// Answers in a word: that the server stops, or else how it is.
fn health(figures: &Figures, well: &'static str) -> Response {
    let answer = if figures.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        (StatusCode::OK, well)
    };
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}
