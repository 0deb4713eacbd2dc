//! Talks to a running server, as `shoal p2p` does.

use std::{io, path::PathBuf};

use axum::{
    body::Body,
    http::{Method, Request, Response, StatusCode, Uri, header},
};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};

use super::{Status, Switch};

/// Bytes of an answer.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// Address of a running server.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// At its Unix socket.
    Socket(PathBuf),
    /// At `http://host:port`, with its token. Over a network, behind TLS only: the token is sent as it is.
    Http {
        /// The address.
        url: Uri,
        /// The token.
        token: String,
    },
}

/// Reason why a server could not be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens there.
    #[error("the server cannot be reached ({0}): does it run, and is its admin access configured?")]
    Unreachable(io::Error),
    /// The connection broke, or what came was not HTTP.
    #[error("the server did not answer properly ({0})")]
    Broken(String),
    /// The server has refused.
    #[error("{told}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// Its sentence.
        told: String,
    },
}

/// Asks who may share, or changes it.
///
/// # Errors
/// When the server cannot be reached, or refuses.
pub async fn p2p(server: &Endpoint, switch: Option<&Switch>) -> Result<Status, ClientError> {
    let mut request = Request::builder()
        .uri("/admin/p2p")
        .header(header::HOST, "shoal");
    if let Endpoint::Http { token, .. } = server {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let broken = |error: &dyn std::error::Error| ClientError::Broken(error.to_string());
    let body = match switch {
        None => Body::empty(),
        Some(switch) => {
            request = request
                .method(Method::PUT)
                .header(header::CONTENT_TYPE, "application/json");
            Body::from(serde_json::to_vec(switch).map_err(|error| broken(&error))?)
        }
    };
    let request = request.body(body).map_err(|error| broken(&error))?;
    let response = match server {
        Endpoint::Socket(path) => {
            let stream = UnixStream::connect(path).await;
            send(stream.map_err(ClientError::Unreachable)?, request).await
        }
        Endpoint::Http { url, .. } => {
            let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
            let stream = TcpStream::connect((host, url.port_u16().unwrap_or(80))).await;
            send(stream.map_err(ClientError::Unreachable)?, request).await
        }
    };
    let response = response.map_err(|error| broken(&error))?;
    let status = response.status();
    let body = axum::body::to_bytes(Body::new(response.into_body()), MAX_ANSWER).await;
    let body = body.map_err(|error| broken(&error))?;
    if status != StatusCode::OK {
        let told = String::from_utf8_lossy(&body).trim().to_owned();
        return Err(ClientError::Refused { status, told });
    }
    serde_json::from_slice(&body).map_err(|error| broken(&error))
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> hyper::Result<Response<Incoming>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    sender.send_request(request).await
}
