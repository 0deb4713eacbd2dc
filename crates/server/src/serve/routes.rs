//! Which path is answered by what, and what every answer has in common.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header},
    middleware::{Next, from_fn, from_fn_with_state, map_response},
    response::Response,
    routing::get,
};
use tower_http::cors::{Any, CorsLayer};

use super::{upgrade::upgrade, videos, viewer_count};
use crate::{
    compress, metrics, origin, path::FilePath, privacy, reply::not_found, site::Site, web,
};

/// Seconds for which a browser need not ask again whether it may (browsers cap it at two hours).
const PREFLIGHT_MAX_AGE: std::time::Duration = std::time::Duration::from_secs(7200);

/// All routes.
pub(crate) fn router(site: Site) -> Router {
    Router::new()
        .route("/healthz", get(metrics::health::serve))
        .route("/privacy", get(privacy::serve))
        .route("/shoal", get(web::demo))
        .route("/shoal/", get(web::demo))
        .route("/shoal/videos.json", get(videos::list))
        .route("/shoal/privacy", get(privacy::serve))
        .route("/shoal/embed", get(web::embed))
        .route("/shoal/{*path}", get(web::serve))
        .route("/tracker/{swarm}", get(upgrade))
        .route("/viewers/{swarm}", get(viewer_count::serve))
        .fallback(file)
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

/// Answers every request that no other route takes: with a file, or at the top, where no page is, with the demo.
async fn file(State(site): State<Site>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    match origin::serve(&site, &method, &uri, &headers).await {
        Some(response) => response,
        None if FilePath::from_url(uri.path()) == Some(FilePath::root()) => web::demo().await,
        None => not_found(),
    }
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
