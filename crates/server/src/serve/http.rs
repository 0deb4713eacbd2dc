//! HTTP connections: accepted, bounded, and handed to the routes.

use std::{net::IpAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{client::Proxies, metrics::Figures};

/// The bounds of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Connections at a time. Default 8,192; a browser opens up to six. Beyond it clients wait until one
    /// ends. The tracker's sockets have a bound of their own.
    pub max_connections: usize,
    /// How long a client may take to send a request's head, and to be idle between two requests. Default
    /// 30 s. Shorter frees the places of slow and idle clients sooner, longer saves others a reconnect.
    pub head_timeout: Duration,
    /// Bytes of a request's head. Default 64 KiB. Cookies of other programs on the same host are in it.
    pub max_head: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            max_connections: 8_192,
            head_timeout: Duration::from_secs(30),
            max_head: 64 * 1024,
        }
    }
}

/// Accepts connections for ever.
pub(crate) async fn accept(
    listener: &TcpListener,
    proxies: &Arc<Proxies>,
    router: &Router,
    connections: &TaskTracker,
    stopping: &CancellationToken,
    config: HttpConfig,
    figures: Option<&Arc<Figures>>,
) {
    let free = Arc::new(Semaphore::new(config.max_connections));
    loop {
        let Ok(place) = Arc::clone(&free).acquire_owned().await else {
            return;
        };
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of file descriptors, most likely: trying again at once would only spin.
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Without it a small message waits for the receiver's delayed acknowledgement: up to 40 ms.
        let _best_effort = stream.set_nodelay(true);
        let (router, stopping) = (router.clone(), stopping.clone());
        let (proxies, figures) = (Arc::clone(proxies), figures.cloned());
        connections.spawn(async move {
            let _counted = figures.as_ref().map(|figures| figures.connection());
            if let Err(error) =
                connection(stream, address.ip(), config, proxies, router, stopping).await
            {
                tracing::debug!(%error, "connection ended");
            }
            drop(place);
        });
    }
}

/// Serves a connection; after `stopping` only to the end of the request that is under way.
async fn connection(
    stream: TcpStream,
    address: IpAddr,
    config: HttpConfig,
    proxies: Arc<Proxies>,
    router: Router,
    stopping: CancellationToken,
) -> hyper::Result<()> {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let client = proxies.client(address, request.headers());
        request.extensions_mut().insert(client);
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(config.head_timeout)
        .max_buf_size(config.max_head)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        done = connection.as_mut() => return done,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}
