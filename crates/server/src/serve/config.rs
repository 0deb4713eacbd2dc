//! How a server is set up.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZero,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use ipnet::IpNet;
use shoal_wire::index::{IceServer, P2p};
use tokio::time::sleep;

use super::{
    error::ServeError,
    http::HttpConfig,
    tls::{Tls, TlsConfig},
};
#[cfg(feature = "s3")]
use crate::root::store::Store;
use crate::{
    admin::AdminConfig,
    ice::Turn,
    index::{Cache, HashPool},
    metrics::Figures,
    privacy::{Allowance, Facts, Operator, Party},
    root::{Root, SCHEME, StoreConfig},
    shared::{self, RedisConfig},
    stun::{self, StunAt, StunLimits},
    tracker::{Access, SocketConfig, Tracker, limits::Bucket, swarm::SwarmConfig},
};

/// How the server goes when it is asked to (SIGTERM), so that its viewers come back elsewhere, and not all
/// at once. A client that loses its tracker waits for seconds to minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainConfig {
    /// How long `/healthz` says that it stops before the first connection is ended. Default 0. Behind a
    /// balancer: as long as that takes to notice.
    pub notice: Duration,
    /// Over how long the tracker's connections are ended. Default 10 s. Longer spreads the viewers'
    /// return, and delays a restart; nobody new is let in meanwhile. Without connections it takes no time.
    pub over: Duration,
}

impl DrainConfig {
    /// Says that it stops, waits until that has been noticed, and lets the tracker's sockets go.
    pub(crate) async fn carry_out(self, figures: &Figures, tracker: &Tracker) {
        tracing::info!("no new viewers from now on");
        figures.drain();
        sleep(self.notice).await;
        tracker.drain(self.over).await;
    }
}

impl Default for DrainConfig {
    fn default() -> Self {
        Self {
            notice: Duration::ZERO,
            over: Duration::from_secs(10),
        }
    }
}

/// How a server makes its indexes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexConfig {
    /// How many threads hash at a time. Default `None`: half of the cores, and four where videos come from
    /// a store and threads wait for it. They stand back behind serving in any case; fewer make new videos
    /// wait longer.
    pub threads: Option<NonZero<usize>>,
    /// The folder in which digests are kept, so that a restart reads no file again. Default none.
    pub cache: Option<PathBuf>,
}

impl IndexConfig {
    /// Who hashes.
    pub(super) fn pool(&self, root: &Root) -> HashPool {
        let half = thread::available_parallelism().map_or(1, |cores| cores.get() / 2);
        let usual = if root.is_remote() { half.max(4) } else { half };
        HashPool::new(self.threads.map_or(usual, NonZero::get))
    }

    /// Where digests of a directory's segments are kept.
    pub(super) fn cache(&self, directory: &Path) -> Result<Option<Cache>, ServeError> {
        let open = |folder: &PathBuf| {
            Cache::shared(folder, directory).map_err(|cause| ServeError::Cache {
                folder: folder.clone(),
                cause,
            })
        };
        self.cache.as_ref().map(open).transpose()
    }
}

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// The directory to serve.
    pub dir: PathBuf,
    /// How the store is reached, where `dir` is `s3://…`.
    pub store: StoreConfig,
    /// Other servers that have a copy of the directory, by the URL of its top, with a slash at the end.
    /// Segments may come from there. Default none, at most 7.
    pub mirrors: Vec<String>,
    /// How indexes are made.
    pub index: IndexConfig,
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
    /// How the operator reaches the running server. Default not at all.
    pub admin: AdminConfig,
    /// Where to serve figures for Prometheus (`/metrics`) and `/healthz`, apart from the videos. Default
    /// nowhere.
    pub metrics: Option<SocketAddr>,
    /// How the server goes when it is asked to.
    pub drain: DrainConfig,
    /// The certificate. Default none: HTTP without encryption, for a proxy that adds it.
    pub tls: Option<TlsConfig>,
    /// The bounds of HTTP.
    pub http: HttpConfig,
    /// Where STUN is answered. Default: with HTTP, except on loopback.
    pub stun: StunAt,
    /// The host at which viewers reach STUN. Default none: that of the index's own address.
    pub stun_host: Option<String>,
    /// How much STUN is answered.
    pub stun_limits: StunLimits,
    /// The bounds of the tracker's swarms.
    pub swarms: SwarmConfig,
    /// The bounds of the tracker's sockets.
    pub sockets: SocketConfig,
    /// Who may use the tracker, and for what.
    pub access: Access,
    /// What nodes that serve the site together share through Redis. Default nothing.
    pub redis: Option<RedisConfig>,
}

/// Serves no directory yet, on port 8080 of this machine alone.
impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::new(),
            store: StoreConfig::default(),
            mirrors: Vec::new(),
            index: IndexConfig::default(),
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            operator: Operator::default(),
            p2p: P2p::Ask,
            min_viewers: 0,
            ice: Vec::new(),
            turn: None,
            trusted_proxies: Vec::new(),
            admin: AdminConfig::default(),
            metrics: None,
            drain: DrainConfig::default(),
            tls: None,
            http: HttpConfig::default(),
            stun: StunAt::default(),
            stun_host: None,
            stun_limits: StunLimits::default(),
            swarms: SwarmConfig::default(),
            sockets: SocketConfig::default(),
            access: Access::default(),
            redis: None,
        }
    }
}

impl ServeConfig {
    /// Serves a directory with all other settings at their defaults.
    #[must_use]
    pub fn new(dir: PathBuf, listen: SocketAddr) -> Self {
        Self {
            dir,
            listen,
            ..Self::default()
        }
    }

    /// Whether what it names on this machine is there and good; no port is opened.
    ///
    /// # Errors
    /// When something is not.
    pub async fn check(&self) -> Result<(), ServeError> {
        self.root().await?;
        let tls = self.tls.clone().map(Tls::new).transpose();
        tls.map_err(|cause| ServeError::Tls { cause })?;
        Ok(())
    }

    /// Where the videos are.
    pub(super) async fn root(&self) -> Result<Root, ServeError> {
        match self.dir.to_str().filter(|dir| dir.starts_with(SCHEME)) {
            #[cfg(feature = "s3")]
            Some(url) => {
                let store = Store::open(url, &self.store).await;
                store.map(Root::Store).map_err(|cause| ServeError::Store {
                    url: url.into(),
                    cause,
                })
            }
            #[cfg(not(feature = "s3"))]
            Some(_) => Err(ServeError::NoStore),
            None => Root::open(&self.dir).map_err(|cause| ServeError::Dir {
                dir: self.dir.clone(),
                cause,
            }),
        }
    }

    /// What is not as it should be, although the server would start.
    pub async fn problems(&self) -> Vec<String> {
        match &self.redis {
            None => Vec::new(),
            Some(redis) => shared::problem(redis).await.into_iter().collect(),
        }
    }

    /// What viewers are told about these settings, where the server listens as they say.
    #[must_use]
    pub fn facts_as_configured(&self) -> Facts {
        self.facts(stun::address(self.stun, self.listen).is_some())
    }

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
            per_connection: allowance(self.swarms.introductions.socket),
            per_address: allowance(self.swarms.introductions.address),
            tokens: self.access.require_token,
            nodes: self.redis.is_some(),
            stun: Party::of(named.map(String::as_str).chain(own)),
            turn: Party::of(relays.map(String::as_str)),
            mirrors: Party::of(self.mirrors.iter().map(String::as_str)),
        }
    }
}

fn allowance(bucket: Bucket) -> Allowance {
    let Bucket { burst, per_hour } = bucket;
    Allowance { burst, per_hour }
}
