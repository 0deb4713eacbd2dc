//! The server: listens, hands connections to the routes, and stops in good order.

mod config;
mod drain;
mod error;
mod facts;
mod http;
mod open;
mod routes;
mod tls;
pub mod tracker_only;
mod upgrade;
mod videos;
mod viewer_count;

use std::{
    future::{Future, pending},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::Router;
use tokio::{
    net::{TcpListener, UdpSocket},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::http::HttpListener;
use self::tls::Tls;
pub use self::{
    config::{DrainConfig, IndexConfig, ServeConfig},
    error::ServeError,
    http::HttpConfig,
    tls::TlsConfig,
};
use crate::{
    admin::{self, Token},
    client::Proxies,
    ice,
    index::{Composer, Settings, VideoIndexes},
    metrics::{self, Figures},
    policy::Policies,
    shared::RedisSync,
    site::Site,
    stun::{self, StunCounts, StunLimits},
    tracker::{Secret, Tracker},
    viewers::{self, Viewers},
};

/// Time that what is under way may take when the server stops; then it is cut off.
const GRACE: Duration = Duration::from_secs(4);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local: SocketAddr,
    site: Site,
    proxies: Arc<Proxies>,
    http: HttpConfig,
    tls: Option<Arc<Tls>>,
    drain: DrainConfig,
    stun: Option<(SocketAddr, UdpSocket)>,
    stun_limits: StunLimits,
    admin_socket: Option<admin::AdminSocket>,
    admin_token: Option<Token>,
    metrics: Option<(SocketAddr, TcpListener)>,
    sync: Option<RedisSync>,
}

impl Server {
    /// Opens the directory and the ports.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub async fn bind(config: ServeConfig) -> Result<Self, ServeError> {
        let facts = config.facts_as_configured();
        let root = config.root().await?;
        let (pool, cache) = (config.index.pool(&root), config.index.cache(root.path())?);
        let tls = config.tls.map(Tls::new).transpose();
        let tls = tls
            .map_err(|cause| ServeError::Tls { cause })?
            .map(Arc::new);
        let (local, listener) = listen(config.listen).await?;
        let stun = match stun::address(config.stun, local) {
            None => None,
            Some(at) => {
                let bound = UdpSocket::bind(at).await;
                let bound = bound.and_then(|socket| Ok((socket.local_addr()?, socket)));
                Some(bound.map_err(|cause| ServeError::Stun { at, cause })?)
            }
        };
        let metrics = match config.metrics {
            None => None,
            Some(at) => Some(listen(at).await?),
        };
        let admin_socket = config
            .admin
            .socket
            .map(admin::AdminSocket::bind)
            .transpose();
        let admin_socket =
            admin_socket.map_err(|(path, cause)| ServeError::Socket { path, cause })?;
        let host = config.stun_host.unwrap_or_default();
        let own = stun.as_ref();
        let own = own.map(|(at, _)| format!("stun:{host}:{}", at.port()));
        let settings = Settings {
            p2p: config.p2p,
            trackers: None,
            ice: own.into_iter().map(ice::stun).chain(config.ice).collect(),
            mirrors: Vec::new(),
        };
        let policies = Arc::new(Policies::new(config.p2p, config.min_viewers));
        let composer = Composer {
            turn: config.turn,
            mirrors: config.mirrors,
        };
        let tracker = Tracker::new(config.swarms, config.sockets, config.access, seed());
        let tracker = Arc::new(tracker);
        let indexes = Arc::new(VideoIndexes::new(
            root.clone(),
            settings,
            (pool, cache),
            Arc::clone(&policies),
            composer,
            Arc::clone(&tracker),
        ));
        let viewers = Viewers::new(config.sockets.prefixes, Instant::now());
        let viewers = Arc::new(Mutex::new(viewers));
        let mut sync = config.redis.map(|redis| {
            let (tracker, indexes) = (Arc::clone(&tracker), Arc::clone(&indexes));
            RedisSync::new(redis, tracker, indexes, Arc::clone(&viewers))
        });
        if let Some(sync) = &mut sync {
            sync.join().await;
        }
        Ok(Self {
            listener,
            local,
            site: Site {
                root,
                indexes,
                tracker,
                policies,
                viewers,
                facts: Arc::new(facts),
                figures: Arc::new(Figures::default()),
                stun_counts: Arc::default(),
                shared: sync.as_ref().map(RedisSync::shared),
            },
            proxies: Arc::new(Proxies::new(config.trusted_proxies)),
            http: config.http,
            tls,
            drain: config.drain,
            stun,
            stun_limits: config.stun_limits,
            admin_socket,
            admin_token: config.admin.token,
            metrics,
            sync,
        })
    }

    /// Returns the address at which it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Whether it is reached by `https:`.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Returns the address at which STUN is answered, if it is.
    #[must_use]
    pub fn stun_addr(&self) -> Option<SocketAddr> {
        self.stun.as_ref().map(|(at, _)| *at)
    }

    /// Returns the address of `/metrics`, if there is one.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(at, _)| *at)
    }

    /// Returns the counts of what came in over STUN.
    #[must_use]
    pub fn stun_counts(&self) -> Arc<StunCounts> {
        Arc::clone(&self.site.stun_counts)
    }

    /// The tracker, for its figures.
    #[must_use]
    pub fn tracker(&self) -> Arc<Tracker> {
        Arc::clone(&self.site.tracker)
    }

    /// Serves until `stop` is ready, then ends what is under way within five seconds.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        self.run_until(pending(), stop).await;
    }

    /// Serves until `drain` is ready: then `/healthz` says so, and after a while the tracker's sockets are
    /// let go one after another. When none is left, or when `stop` is ready, it stops.
    pub async fn run_until(
        mut self,
        drain: impl Future<Output = ()>,
        stop: impl Future<Output = ()>,
    ) {
        let stopping = CancellationToken::new();
        let indexes = Arc::clone(&self.site.indexes);
        let watch = tokio::spawn({
            let stopping = stopping.clone();
            async move { indexes.watch(stopping).await }
        });
        let sync = self.sync.take();
        let sync = sync.map(|sync| tokio::spawn(sync.run(stopping.clone())));
        self.start_services(&stopping);
        let mut http = HttpListener::new(self.http, Arc::clone(&self.proxies), self.router());
        http.tls = self.tls.clone();
        http.figures = Some(Arc::clone(&self.site.figures));
        http.stopping = stopping.clone();
        let http = Arc::new(http);
        let Self {
            listener,
            site,
            drain: config,
            ..
        } = self;
        let serving = http.accept(&listener);
        let drained = async {
            drain.await;
            config.carry_out(&site.figures, &site.tracker).await;
        };
        tokio::select! {
            () = serving => {}
            () = drained => {}
            () = stop => {}
        }
        drop(listener);
        stopping.cancel();
        http.connections.close();
        let tracker = &site.tracker;
        let ended = async { tokio::join!(tracker.close(), http.connections.wait()) };
        if timeout(GRACE, ended).await.is_err() {
            tracing::info!("connections that did not end in time are cut off");
        }
        let _cancelled = timeout(GRACE / 4, watch).await;
        if let Some(sync) = sync {
            let _left = timeout(GRACE / 4, sync).await;
        }
        tracing::info!(tracker = %tracker.counts(), "stopped");
    }

    fn router(&mut self) -> Router {
        let site = &self.site;
        let admin = self.admin_token.take();
        let admin = admin.map(|token| admin::guarded(site.clone(), token));
        routes::router(site.clone()).merge(admin.unwrap_or_default())
    }

    /// Starts what is beside HTTP; it ends with `stopping`.
    fn start_services(&mut self, stopping: &CancellationToken) {
        let site = &self.site;
        spawn(stopping, viewers::forget(Arc::clone(&site.viewers)));
        if let Some((_, socket)) = self.stun.take() {
            let counts = Arc::clone(&site.stun_counts);
            spawn(stopping, stun::serve(socket, self.stun_limits, counts));
        }
        if let Some(socket) = self.admin_socket.take() {
            spawn(stopping, socket.serve(admin::routes(site.clone())));
        }
        if let Some((_, listener)) = self.metrics.take() {
            let routes = metrics::routes(site.clone());
            let http = HttpListener::new(self.http, Arc::default(), routes);
            let http = Arc::new(http);
            spawn(stopping, async move { http.accept(&listener).await });
        }
        if let Some(tls) = &self.tls {
            spawn(stopping, Arc::clone(tls).watch());
        }
    }
}

fn spawn(stopping: &CancellationToken, service: impl Future<Output = ()> + Send + 'static) {
    let stopping = stopping.clone();
    tokio::spawn(async move { stopping.run_until_cancelled(service).await });
}

async fn listen(at: SocketAddr) -> Result<(SocketAddr, TcpListener), ServeError> {
    let listener = TcpListener::bind(at).await;
    let bound: io::Result<_> = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
    bound.map_err(|cause| ServeError::Listen { listen: at, cause })
}

/// Decides who meets whom: nobody outside should know it.
pub(crate) fn seed() -> u64 {
    Secret::random().number()
}
