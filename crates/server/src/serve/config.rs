//! Settings of a server, with their defaults.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZero,
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use shoal_wire::index::{IceServer, P2p};

use super::{http::HttpConfig, tls::TlsConfig};
use crate::{
    admin::AdminConfig,
    ice::Turn,
    privacy::Operator,
    root::StoreConfig,
    shared::RedisConfig,
    stun::{StunAt, StunLimits},
    tracker::{Access, SocketConfig, swarm::SwarmConfig},
};

/// Draining: how the server goes when it is asked to (SIGTERM), so that its viewers come back elsewhere, not all
/// at once. A client that loses its tracker waits for seconds to minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainConfig {
    /// Time for which `/healthz` says that it stops before the first connection is ended. Default 0. Behind a
    /// balancer: as long as that takes to notice.
    pub notice: Duration,
    /// Over how long the tracker's connections are ended. Default 10 s. Longer spreads the viewers'
    /// return, and delays a restart; nobody new is let in meanwhile. Without connections it takes no time.
    pub over: Duration,
}

impl Default for DrainConfig {
    fn default() -> Self {
        Self {
            notice: Duration::ZERO,
            over: Duration::from_secs(10),
        }
    }
}

/// Settings of how indexes are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexConfig {
    /// Threads that hash at a time. Default `None`: half of the cores, and four where videos come from
    /// a store and threads wait for it. They stand back behind serving in any case; fewer make new videos
    /// wait longer.
    pub threads: Option<NonZero<usize>>,
    /// The folder in which digests are kept, so that a restart reads no file again. Default none.
    pub cache: Option<PathBuf>,
}

/// Settings of a server.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// The directory to serve.
    pub dir: PathBuf,
    /// Access to the store, where `dir` is `s3://…`.
    pub store: StoreConfig,
    /// Other servers that have a copy of the directory, by the URL of its top, with a slash at the end.
    /// Segments may come from there. Default none, at most 7.
    pub mirrors: Vec<String>,
    /// Settings of how indexes are made.
    pub index: IndexConfig,
    /// Address to listen at. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The operator, for the page on privacy.
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
    /// Ways in which the operator reaches the running server. Default not at all.
    pub admin: AdminConfig,
    /// Address at which to serve figures for Prometheus (`/metrics`) and `/healthz`, apart from the videos. Default
    /// nowhere.
    pub metrics: Option<SocketAddr>,
    /// Settings of how the server goes when it is asked to.
    pub drain: DrainConfig,
    /// The certificate. Default none: HTTP without encryption, for a proxy that adds it.
    pub tls: Option<TlsConfig>,
    /// The bounds of HTTP.
    pub http: HttpConfig,
    /// Address at which STUN is answered. Default: with HTTP, except on loopback.
    pub stun: StunAt,
    /// The host at which viewers reach STUN. Default none: that of the index's own address.
    pub stun_host: Option<String>,
    /// Bounds of STUN.
    pub stun_limits: StunLimits,
    /// The bounds of the tracker's swarms.
    pub swarms: SwarmConfig,
    /// The bounds of the tracker's sockets.
    pub sockets: SocketConfig,
    /// Rules on who may use the tracker, and for what.
    pub access: Access,
    /// Redis, through which nodes share that serve the site together. Default nothing.
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
}
