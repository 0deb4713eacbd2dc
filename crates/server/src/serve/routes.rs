//! Which path is answered by what, and what every answer has in common.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{Next, from_fn, from_fn_with_state, map_response},
    response::Response,
    routing::get,
};
use serde::Serialize;
use tower_http::cors::{Any, CorsLayer};

use super::upgrade::upgrade;
use crate::{
    compress,
    index::Library,
    metrics::{self, Figures},
    origin,
    path::FilePath,
    policy::Policies,
    privacy::{self, Facts},
    root::Root,
    shared::Shared,
    stun::StunCounts,
    tracker::Tracker,
    viewers::{self, Viewers},
    web,
};

/// Seconds for which a browser need not ask again whether it may (browsers cap it at two hours).
const PREFLIGHT_MAX_AGE: std::time::Duration = std::time::Duration::from_secs(7200);

/// Names of playlists that say nothing about the video: its folder's name does.
const COMMON_NAMES: [&str; 5] = ["index", "main", "master", "playlist", "stream"];

/// Everything that an answer may need.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) root: Root,
    pub(crate) library: Arc<Library>,
    pub(crate) tracker: Arc<Tracker>,
    pub(crate) policies: Arc<Policies>,
    pub(crate) viewers: Arc<Mutex<Viewers>>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) stun_counts: Arc<StunCounts>,
    /// What other nodes tell, if there are any.
    pub(crate) shared: Option<Arc<Shared>>,
}

/// All routes.
pub(crate) fn router(site: Site) -> Router {
    Router::new()
        .route("/healthz", get(metrics::health))
        .route("/privacy", get(privacy::serve))
        .route("/shoal", get(web::demo))
        .route("/shoal/", get(web::demo))
        .route("/shoal/videos.json", get(videos))
        .route("/shoal/privacy", get(privacy::serve))
        .route("/shoal/embed", get(web::embed))
        .route("/shoal/{*path}", get(web::serve))
        .route("/tracker/{swarm}", get(upgrade))
        .route("/viewers/{swarm}", get(viewers::serve))
        .fallback(origin::serve)
        .layer(cors())
        .layer(map_response(common_headers))
        .layer(from_fn(log))
        .layer(compress::layer())
        .layer(map_response(compress::weaken))
        .layer(from_fn_with_state(site.clone(), metrics::count))
        .with_state(site)
}

/// Players on any page may load everything: nothing here depends on who asks.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        // The wildcard covers all but `Authorization` (Fetch, "CORS-preflight fetch"); `Range` is
        // named for browsers from before the wildcard.
        .allow_headers([
            HeaderName::from_static("*"),
            header::AUTHORIZATION,
            header::RANGE,
        ])
        .expose_headers([
            header::ACCEPT_RANGES,
            header::CONTENT_LENGTH,
            header::CONTENT_RANGE,
            header::DATE,
            header::ETAG,
            header::LAST_MODIFIED,
        ])
        .max_age(PREFLIGHT_MAX_AGE)
        // The answers are the same for every origin.
        .vary([])
}

async fn common_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    // For pages that are cross-origin isolated.
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "cross-origin",
    );
    // Lets a page elsewhere see how many bytes a request took.
    set(HeaderName::from_static("timing-allow-origin"), "*");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// Logs a request without telling who made it; the query is left out, it may hold a secret.
async fn log(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    tracing::debug!(%method, path, status = response.status().as_u16(), "request");
    response
}

#[derive(Serialize)]
struct VideoEntry {
    name: String,
    src: String,
}

/// Answers `/shoal/videos.json`: what the demo page offers.
async fn videos(State(site): State<Site>) -> Response {
    use axum::response::IntoResponse;
    let entry = |path: FilePath| VideoEntry {
        name: name(&path),
        src: path.to_url(),
    };
    let entries: Vec<_> = site.library.list().await.into_iter().map(entry).collect();
    ([(header::CACHE_CONTROL, "no-cache")], Json(entries)).into_response()
}

fn name(path: &FilePath) -> String {
    let stem = path
        .name()
        .rsplit_once('.')
        .map_or(path.name(), |(stem, _)| stem);
    let folder = path.parent();
    if COMMON_NAMES.contains(&stem) && !folder.name().is_empty() {
        folder.name().to_owned()
    } else {
        stem.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_is_named_by_what_says_most() {
        let named = |path| name(&FilePath::from_url(path).unwrap());
        assert_eq!(named("/film.m3u8"), "film");
        assert_eq!(named("/films/one/master.m3u8"), "one");
        assert_eq!(named("/master.m3u8"), "master");
    }
}
