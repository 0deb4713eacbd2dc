//! What the operator can do to a running server: see and change who may share.
//!
//! It is reached by a Unix socket, which the file system guards, or at `/admin` with a token. Without
//! either it is not there.

pub mod client;
mod token;

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
};

use axum::{
    Json, Router,
    extract::{Request, State, rejection::JsonRejection},
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use shoal_wire::index::P2p;
use tokio::net::UnixListener;

pub use token::Token;

use crate::{
    checked::{Checked, Text},
    metrics,
    path::FilePath,
    policy::Switched,
    site::Site,
};

/// Ways in which the operator reaches a running server.
#[derive(Clone, Debug, Default)]
pub struct AdminConfig {
    /// Path of a Unix socket to make. Who may open it may do everything: it is for its owner alone.
    pub socket: Option<PathBuf>,
    /// Opens `/admin` on the HTTP address to whoever has the token.
    pub token: Option<Token>,
}

/// The switch, as it is sent and received.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// The video's playlist, as in its URL; the site if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<String>,
    /// `on`, `ask`, `off`, or nothing: what the configuration says.
    pub p2p: Option<Setting>,
}

/// `on`, `ask` or `off`.
pub type Setting = Checked<P2p>;

/// Rules that hold at present.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Setting that holds for the site.
    pub site: Setting,
    /// Setting that it was switched to since the start, if it was.
    pub switched: Option<Setting>,
    /// Settings that single videos were switched to since the start.
    pub videos: BTreeMap<String, Setting>,
    /// Whether it holds at other nodes, too.
    #[serde(default)]
    pub nodes: Nodes,
}

/// Reach of what is switched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nodes {
    /// There are no other nodes.
    #[default]
    None,
    /// All nodes have it within a second.
    All,
    /// Only this node has it, until Redis is back.
    Apart,
}

/// The routes, for those who may use them.
pub(crate) fn routes(site: Site) -> Router {
    Router::new()
        .route("/admin/metrics", get(metrics::serve))
        .route("/admin/p2p", get(show).put(switch))
        .with_state(site)
}

/// The routes, for whoever has the token.
pub(crate) fn guarded(site: Site, token: Token) -> Router {
    routes(site).layer(from_fn_with_state(token, guard))
}

async fn guard(State(token): State<Token>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if given.is_some_and(|given| token.is(given)) {
        return next.run(request).await;
    }
    let mut refusal = (StatusCode::UNAUTHORIZED, "the token is not right\n").into_response();
    refusal
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    refusal
}

async fn show(State(site): State<Site>) -> Json<Status> {
    Json(status(&site))
}

async fn switch(
    State(site): State<Site>,
    switch: Result<Json<Switch>, JsonRejection>,
) -> Result<Json<Status>, (StatusCode, String)> {
    let Json(Switch { video, p2p }) =
        switch.map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))?;
    let video = match video {
        None => None,
        Some(name) => Some(site.indexes.playlist(&name).await.ok_or_else(|| {
            let told = format!("there is no playlist {name} on this server\n");
            (StatusCode::NOT_FOUND, told)
        })?),
    };
    let p2p = p2p.map(|p2p| p2p.0);
    tracing::info!(
        video = video.as_ref().map_or("all", FilePath::as_str),
        p2p = p2p.map_or_else(|| "as configured".into(), |p2p| p2p.write()),
        "switched by the operator"
    );
    site.indexes.switch([(video.clone(), p2p)]);
    if let Some(shared) = &site.shared {
        shared.switch(video, p2p).await;
    }
    Ok(Json(status(&site)))
}

fn status(site: &Site) -> Status {
    let Switched {
        site: switched,
        videos,
    } = site.policies.switched();
    let of_video = |(path, p2p): (FilePath, P2p)| (path.to_url(), Checked(p2p));
    Status {
        site: Checked(site.policies.site()),
        switched: switched.map(Checked),
        videos: videos.into_iter().map(of_video).collect(),
        nodes: match site.shared.as_ref().map(|shared| shared.together()) {
            None => Nodes::None,
            Some(together) if together.told => Nodes::All,
            Some(_) => Nodes::Apart,
        },
    }
}

/// The operator's socket. Its file goes with it.
#[derive(Debug)]
pub(crate) struct AdminSocket {
    listener: Option<UnixListener>,
    path: PathBuf,
}

impl AdminSocket {
    /// Makes the socket. One that a server has left behind is replaced; one that answers is not.
    pub(crate) fn bind(path: PathBuf) -> Result<Self, (PathBuf, io::Error)> {
        match listen(&path) {
            Ok(listener) => Ok(Self {
                listener: Some(listener),
                path,
            }),
            Err(error) => Err((path, error)),
        }
    }

    /// Answers for ever.
    pub(crate) async fn serve(mut self, routes: Router) {
        if let Some(listener) = self.listener.take() {
            // It ends only with its task.
            let _ended = axum::serve(listener, routes).await;
        }
    }
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    let refuses = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    let left_behind = UnixStream::connect(path).is_err_and(|error| refuses(&error));
    if left_behind {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // It may be gone already.
        let _removed = fs::remove_file(&self.path);
    }
}
