//! The server: listens, hands connections to the routes, and stops in good order.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    pin::pin,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

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
use ipnet::IpNet;
use shoal_wire::index::{IceServer, P2p};
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    client::Proxies,
    ice::{self, Turn},
    index::{Composer, Library, Settings},
    privacy::{Allowance, Facts, Operator, Party},
    root::Root,
    routes::{self, Site},
    stun::{self, StunAt, StunCounts, StunLimits},
    tracker::{SocketConfig, Tracker, swarm::SwarmConfig},
    viewers::{self, Viewers},
};

/// How long what is under way may take when the server stops; then it is cut off.
const GRACE: Duration = Duration::from_secs(4);

/// How long a client may take to send a request's head, and to be idle between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a request's head.
const MAX_HEAD: usize = 64 * 1024;

/// Introductions of one connection.
const CONNECTION: Allowance = Allowance {
    burst: 60,
    per_hour: 240,
};

/// Introductions of one address.
const ADDRESS: Allowance = Allowance {
    burst: 300,
    per_hour: 600,
};

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// The directory to serve.
    pub dir: PathBuf,
    /// Where to listen. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Who runs the site, for the page on privacy.
    pub operator: Operator,
    /// Whether viewers may share, and whether they are asked. Default: ask.
    pub p2p: P2p,
    /// Viewers that there must be before any of them shares. Default 0.
    pub min_viewers: u32,
    /// STUN servers of others that the indexes name. Default none: nobody else learns who watches.
    pub ice: Vec<IceServer>,
    /// Relays that the indexes name. Default none.
    pub turn: Option<Turn>,
    /// Networks of reverse proxies, which tell the client's address in `X-Forwarded-For`. Default none:
    /// whoever connects is the client.
    pub trusted_proxies: Vec<IpNet>,
    /// HTTP connections at a time. Default 8,192; a browser opens up to six. Beyond it clients wait until
    /// one ends. The tracker's sockets have a bound of their own.
    pub max_connections: usize,
    /// Where STUN is answered. Default: with HTTP, except on loopback.
    pub stun: StunAt,
    /// How much STUN is answered.
    pub stun_limits: StunLimits,
    /// The bounds of the tracker's swarms.
    pub swarms: SwarmConfig,
    /// The bounds of the tracker's sockets.
    pub sockets: SocketConfig,
}

impl ServeConfig {
    /// Serves a directory with all settings at their defaults.
    #[must_use]
    pub fn new(dir: PathBuf, listen: SocketAddr) -> Self {
        Self {
            dir,
            listen,
            operator: Operator::default(),
            p2p: P2p::Ask,
            min_viewers: 0,
            ice: Vec::new(),
            turn: None,
            trusted_proxies: Vec::new(),
            max_connections: 8_192,
            stun: StunAt::default(),
            stun_limits: StunLimits::default(),
            swarms: SwarmConfig::default(),
            sockets: SocketConfig::default(),
        }
    }
}

impl ServeConfig {
    /// What viewers are told about these settings. `stun` tells whether the server answers STUN.
    #[must_use]
    pub fn facts(&self, stun: bool) -> Facts {
        let named = self.ice.iter().flat_map(|server| &server.urls);
        let own = stun.then_some("stun:");
        let relays = self.turn.iter().flat_map(|turn| &turn.urls);
        Facts {
            operator: self.operator.clone(),
            sharing: self.p2p,
            min_viewers: self.min_viewers,
            tracker: Party::Own,
            peers_per_announce: u32::try_from(self.swarms.max_offers).unwrap_or(u32::MAX),
            interval: self.swarms.interval,
            per_connection: CONNECTION,
            per_address: ADDRESS,
            tokens: false,
            stun: Party::of(named.map(String::as_str).chain(own)),
            turn: Party::of(relays.map(String::as_str)),
        }
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The directory cannot be read.
    #[error("{} cannot be served ({source}): give a folder that holds the video's files", dir.display())]
    Dir {
        /// As it was given.
        dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The address is taken, not this machine's, or not allowed.
    #[error("cannot listen on {listen} ({source}): choose another address or port with --listen")]
    Listen {
        /// As it was given.
        listen: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The address for STUN is taken, not this machine's, or not allowed.
    #[error(
        "cannot answer STUN on UDP {at} ({source}): choose another address or port with --stun, or --stun off"
    )]
    Stun {
        /// Where it was to be.
        at: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local: SocketAddr,
    site: Site,
    proxies: Arc<Proxies>,
    max_connections: usize,
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
            max_connections,
            stun,
            stun_limits,
            swarms,
            sockets,
        } = config;
        let root = Root::open(&dir).map_err(|source| ServeError::Dir { dir, source })?;
        let listener = TcpListener::bind(listen).await;
        let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (local, listener) = bound.map_err(|source| ServeError::Listen { listen, source })?;
        let stun = match stun::address(stun, local) {
            None => None,
            Some(at) => {
                let bound = UdpSocket::bind(at).await;
                let bound = bound.and_then(|socket| Ok((socket.local_addr()?, socket)));
                Some(bound.map_err(|source| ServeError::Stun { at, source })?)
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
        let composer = Composer {
            p2p,
            min_viewers,
            turn,
        };
        let tracker = Arc::new(Tracker::new(swarms, sockets, seed()));
        let library = Library::new(root.clone(), settings, composer, Arc::clone(&tracker));
        Ok(Self {
            listener,
            local,
            site: Site {
                root,
                library: Arc::new(library),
                tracker,
                p2p,
                facts: Arc::new(facts),
                viewers: Arc::new(Mutex::new(Viewers::new(std::time::Instant::now()))),
            },
            proxies: Arc::new(Proxies::new(trusted_proxies)),
            max_connections,
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
            max_connections,
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
        let router = routes::router(site);
        let accepted = accept(
            &listener,
            &proxies,
            &router,
            &connections,
            &stopping,
            max_connections,
        );
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

/// Accepts connections for ever.
async fn accept(
    listener: &TcpListener,
    proxies: &Arc<Proxies>,
    router: &Router,
    connections: &TaskTracker,
    stopping: &CancellationToken,
    max: usize,
) {
    let free = Arc::new(Semaphore::new(max));
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
        let proxies = Arc::clone(proxies);
        connections.spawn(async move {
            if let Err(error) = connection(stream, address.ip(), proxies, router, stopping).await {
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
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        done = connection.as_mut() => return done,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// Differs with every start; who meets whom is no secret.
fn seed() -> u64 {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or_default()
        ^ u64::from(std::process::id()).rotate_left(32)
}
