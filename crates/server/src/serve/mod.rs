//! The server: listens, hands connections to the routes, and stops in good order.

mod config;
mod error;
mod http;

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    net::{TcpListener, UdpSocket},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use self::http::accept;
pub use self::{config::ServeConfig, error::ServeError, http::HttpConfig};
use crate::{
    admin::{self, Token},
    client::Proxies,
    ice,
    index::{Composer, Library, Settings},
    policy::Policies,
    root::Root,
    routes::{self, Site},
    stun::{self, StunCounts, StunLimits},
    tracker::{Secret, Tracker},
    viewers::{self, Viewers},
};

/// How long what is under way may take when the server stops; then it is cut off.
const GRACE: Duration = Duration::from_secs(4);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local: SocketAddr,
    site: Site,
    proxies: Arc<Proxies>,
    admin_socket: Option<admin::Socket>,
    admin_token: Option<Token>,
    http: HttpConfig,
    stun: Option<(SocketAddr, UdpSocket)>,
    stun_limits: StunLimits,
    stun_counts: Arc<StunCounts>,
}

impl Server {
    /// Opens the directory and the port.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub async fn bind(config: ServeConfig) -> Result<Self, ServeError> {
        let stun_here = stun::address(config.stun, config.listen);
        let facts = config.facts(stun_here.is_some());
        let ServeConfig {
            dir,
            listen,
            operator: _,
            p2p,
            min_viewers,
            mut ice,
            turn,
            trusted_proxies,
            admin,
            http,
            stun,
            stun_limits,
            swarms,
            sockets,
            access,
        } = config;
        let root = Root::open(&dir).map_err(|cause| ServeError::Dir { dir, cause })?;
        let listener = TcpListener::bind(listen).await;
        let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (local, listener) = bound.map_err(|cause| ServeError::Listen { listen, cause })?;
        let stun = match stun::address(stun, local) {
            None => None,
            Some(at) => {
                let bound = UdpSocket::bind(at).await;
                let bound = bound.and_then(|socket| Ok((socket.local_addr()?, socket)));
                Some(bound.map_err(|cause| ServeError::Stun { at, cause })?)
            }
        };
        let admin_socket = match admin.socket {
            None => None,
            Some(path) => {
                let bound = admin::Socket::bind(path);
                Some(bound.map_err(|(path, cause)| ServeError::Socket { path, cause })?)
            }
        };
        if let Some((at, _)) = &stun {
            ice.insert(0, ice::stun(format!("stun::{}", at.port())));
        }
        let settings = Settings {
            p2p,
            trackers: None,
            ice,
        };
        let policies = Arc::new(Policies::new(p2p, min_viewers));
        let composer = Composer { turn };
        let tracker = Arc::new(Tracker::new(swarms, sockets, access, seed()));
        let library = Library::new(
            root.clone(),
            settings,
            Arc::clone(&policies),
            composer,
            Arc::clone(&tracker),
        );
        Ok(Self {
            listener,
            local,
            site: Site {
                root,
                library: Arc::new(library),
                tracker,
                policies,
                facts: Arc::new(facts),
                viewers: Arc::new(Mutex::new(Viewers::new(std::time::Instant::now()))),
            },
            proxies: Arc::new(Proxies::new(trusted_proxies)),
            admin_socket,
            admin_token: admin.token,
            http,
            stun,
            stun_limits,
            stun_counts: Arc::default(),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Where STUN is answered, if it is.
    #[must_use]
    pub fn stun_addr(&self) -> Option<SocketAddr> {
        self.stun.as_ref().map(|(at, _)| *at)
    }

    /// What has come in over STUN.
    #[must_use]
    pub fn stun_counts(&self) -> Arc<StunCounts> {
        Arc::clone(&self.stun_counts)
    }

    /// The tracker, for its figures.
    #[must_use]
    pub fn tracker(&self) -> Arc<Tracker> {
        Arc::clone(&self.site.tracker)
    }

    /// Serves until `stop` is ready, then ends what is under way within five seconds.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self {
            listener,
            site,
            proxies,
            admin_socket,
            admin_token,
            http,
            stun,
            stun_limits,
            stun_counts,
            ..
        } = self;
        let (tracker, library) = (Arc::clone(&site.tracker), Arc::clone(&site.library));
        let stopping = CancellationToken::new();
        let watch = tokio::spawn({
            let stopping = stopping.clone();
            async move { library.watch(stopping).await }
        });
        tokio::spawn({
            let (viewers, stopping) = (Arc::clone(&site.viewers), stopping.clone());
            async move { stopping.run_until_cancelled(viewers::forget(viewers)).await }
        });
        if let Some((_, socket)) = stun {
            let stopping = stopping.clone();
            tokio::spawn(async move {
                let serving = stun::serve(socket, stun_limits, &stun_counts);
                stopping.run_until_cancelled(serving).await
            });
        }
        let connections = TaskTracker::new();
        if let Some(socket) = admin_socket {
            let (routes, stopping) = (admin::routes(site.clone()), stopping.clone());
            tokio::spawn(async move { stopping.run_until_cancelled(socket.serve(routes)).await });
        }
        let admin = admin_token.map(|token| admin::guarded(site.clone(), token));
        let router = routes::router(site).merge(admin.unwrap_or_default());
        let accepted = accept(&listener, &proxies, &router, &connections, &stopping, http);
        tokio::select! {
            () = accepted => {}
            () = stop => {}
        }
        drop(listener);
        stopping.cancel();
        connections.close();
        let ended = async { tokio::join!(tracker.close(), connections.wait()) };
        if timeout(GRACE, ended).await.is_err() {
            tracing::info!("connections that did not end in time are cut off");
        }
        let _cancelled = timeout(GRACE / 4, watch).await;
        tracing::info!(tracker = %tracker.counts(), "stopped");
    }
}

/// Decides who meets whom: nobody outside should know it.
pub(crate) fn seed() -> u64 {
    Secret::random().number()
}
