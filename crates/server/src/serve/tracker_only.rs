//! A tracker alone, without videos: `shoal track`.

use std::{
    future::{Future, pending},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::State,
    http::{Uri, request::Parts},
    response::Response,
    routing::get,
};
use ipnet::IpNet;
use shoal_wire::id::InfoHash;
use tokio::{net::TcpListener, time::timeout};

use super::{DrainConfig, HttpConfig, HttpListener, seed};
use crate::{
    client::{ClientAddress, Proxies},
    metrics::{self, Figures},
    reply::not_found,
    tracker::{Access, SocketConfig, Tracker, TrackerEvent, swarm::SwarmConfig, ws},
};

/// Time that what is under way may take when the tracker stops; then it is cut off.
const GRACE: Duration = Duration::from_secs(4);

/// Settings of a tracker alone.
#[derive(Clone, Debug)]
pub struct TrackConfig {
    /// Address to listen at. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Networks of reverse proxies, which tell the client's address in `X-Forwarded-For`. Default none:
    /// whoever connects is the client.
    pub trusted_proxies: Vec<IpNet>,
    /// The bounds of connections that are not yet the tracker's sockets.
    pub http: HttpConfig,
    /// Rules on who may use it, and for what.
    pub access: Access,
    /// The bounds of the swarms.
    pub swarms: SwarmConfig,
    /// The bounds of the sockets.
    pub sockets: SocketConfig,
    /// Settings of how it goes when it is asked to.
    pub drain: DrainConfig,
}

impl TrackConfig {
    /// All settings at their defaults.
    #[must_use]
    pub fn new(listen: SocketAddr, access: Access) -> Self {
        Self {
            listen,
            trusted_proxies: Vec::new(),
            http: HttpConfig::default(),
            access,
            swarms: SwarmConfig::default(),
            sockets: SocketConfig::default(),
            drain: DrainConfig::default(),
        }
    }
}

/// A tracker that listens.
#[derive(Debug)]
pub struct TrackerServer {
    listener: TcpListener,
    local: SocketAddr,
    tracker: Arc<Tracker>,
    proxies: Arc<Proxies>,
    http: HttpConfig,
    drain: DrainConfig,
}

impl TrackerServer {
    /// Opens the port.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn bind(config: TrackConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let tracker = Tracker::new(config.swarms, config.sockets, config.access, seed());
        Ok(Self {
            local: listener.local_addr()?,
            listener,
            tracker: Arc::new(tracker),
            proxies: Arc::new(Proxies::new(config.trusted_proxies)),
            http: config.http,
            drain: config.drain,
        })
    }

    /// Returns the address at which it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The tracker, for its switch and its figures.
    #[must_use]
    pub fn tracker(&self) -> Arc<Tracker> {
        Arc::clone(&self.tracker)
    }

    /// Serves until `stop` is ready, then says goodbye to every socket.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        self.run_until(pending(), stop).await;
    }

    /// Serves until `drain` is ready: then `/healthz` says so, and after a while the sockets are let go one
    /// after another. When none is left, or when `stop` is ready, it stops.
    pub async fn run_until(self, drain: impl Future<Output = ()>, stop: impl Future<Output = ()>) {
        let tracker = Arc::clone(&self.tracker);
        let figures = Arc::<Figures>::default();
        let health = get(metrics::health::serve_alone).with_state(Arc::clone(&figures));
        let router = Router::new()
            .route("/healthz", health)
            .fallback(upgrade)
            .with_state(self.tracker);
        let http = HttpListener::new(self.http, self.proxies, router);
        let http = Arc::new(http);
        let drained = async {
            drain.await;
            self.drain.carry_out(&figures, &tracker).await;
        };
        tokio::select! {
            () = http.accept(&self.listener) => {}
            () = drained => {}
            () = stop => {}
        }
        drop(self.listener);
        http.stopping.cancel();
        http.connections.close();
        let ended = async { tokio::join!(tracker.close(), http.connections.wait()) };
        if timeout(GRACE, ended).await.is_err() {
            tracing::info!("connections that did not end in time are cut off");
        }
        tracing::info!(tracker = %tracker.counts(), "stopped");
    }
}

/// Any path will do: clients keep one socket for each address of a tracker, so whoever wants a socket for
/// each swarm gives each a path of its own. One that ends in a swarm's name is for that swarm.
async fn upgrade(
    State(tracker): State<Arc<Tracker>>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    uri: Uri,
    parts: Parts,
) -> Response {
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    let home = InfoHash::from_hex(last).ok();
    if home.is_some_and(|swarm| !tracker.has(swarm)) {
        tracker.counts().add(TrackerEvent::Refused);
        return not_found();
    }
    ws::upgrade(tracker, home, address, parts).await
}
