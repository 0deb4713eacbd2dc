//! The sections of the configuration file.

use std::{net::SocketAddr, num::NonZero, path::PathBuf, time::Duration};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use shoal_wire::index::P2p;

use super::{
    common::{mirrors, secret},
    error::ConfigError,
};
use crate::{
    admin::{AdminConfig, Token},
    checked::{Checked, Host, MirrorUrl, StunUrl, Text, TurnUrl, Within},
    ice::{self, TurnAccess},
    privacy::Operator,
    root::StoreConfig,
    serve::{DrainConfig, HttpConfig, IndexConfig, ServeConfig, TlsConfig},
    stun::{StunAt, StunLimits},
};

/// Seconds of anything that may take up to an hour.
pub(super) type Seconds = Within<1, 3_600>;

/// The operator, and what it decides about sharing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SiteSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    p2p: Checked<P2p>,
    min_viewers: Within<0, 1_000_000>,
}

impl SiteSection {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let Operator { name, contact } = config.operator.clone();
        Self {
            name,
            contact,
            p2p: Checked(config.p2p),
            min_viewers: Within::near(config.min_viewers),
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) {
        config.operator = Operator {
            name: self.name,
            contact: self.contact,
        };
        config.p2p = self.p2p.0;
        config.min_viewers = self.min_viewers.small();
    }
}

impl Default for SiteSection {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

/// Place of the videos.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OriginSection {
    mirrors: Vec<Checked<MirrorUrl>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    allow_http: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key_file: Option<PathBuf>,
    look: Seconds,
    scan: Seconds,
}

impl OriginSection {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let StoreConfig {
            allow_http,
            look,
            scan,
            ..
        } = config.store;
        Self {
            mirrors: Vec::new(),
            endpoint: None,
            region: None,
            allow_http,
            access_key: None,
            secret_key_file: None,
            look: Within::near(look.as_secs()),
            scan: Within::near(scan.as_secs()),
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) -> Result<(), ConfigError> {
        let key = match (self.access_key, self.secret_key_file) {
            (None, None) => None,
            (Some(name), Some(file)) => Some((name, secret(&file)?)),
            _ => return Err(ConfigError::StoreKey),
        };
        config.store = StoreConfig {
            endpoint: self.endpoint,
            region: self.region,
            allow_http: self.allow_http,
            key,
            look: Duration::from_secs(self.look.get()),
            scan: Duration::from_secs(self.scan.get()),
        };
        let urls = self.mirrors.into_iter().map(|url| url.0.0).collect();
        config.mirrors = mirrors(urls)?;
        Ok(())
    }
}

impl Default for OriginSection {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

/// Making of indexes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct IndexSection {
    threads: Within<0, 1_024>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<PathBuf>,
}

impl IndexSection {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let IndexConfig { threads, cache } = config.index.clone();
        Self {
            threads: Within::near(threads.map_or(0, NonZero::get)),
            cache,
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) {
        config.index = IndexConfig {
            threads: NonZero::new(self.threads.size()),
            cache: self.cache,
        };
    }
}

impl Default for IndexSection {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

/// HTTP connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HttpSection {
    trusted_proxies: Vec<Checked<IpNet>>,
    max_connections: Within<1, 1_000_000>,
    max_connections_per_address: Within<1, 1_000_000>,
    max_streams: Within<1, 1_000>,
    head_timeout: Seconds,
    stall_timeout: Seconds,
    max_head: Within<8_192, 1_048_576>,
}

impl HttpSection {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let HttpConfig {
            max_connections,
            max_connections_per_address,
            max_streams,
            head_timeout,
            stall_timeout,
            max_head,
        } = config.http;
        Self {
            trusted_proxies: config
                .trusted_proxies
                .iter()
                .copied()
                .map(Checked)
                .collect(),
            max_connections: Within::near(max_connections),
            max_connections_per_address: Within::near(max_connections_per_address),
            max_streams: Within::near(max_streams),
            head_timeout: Within::near(head_timeout.as_secs()),
            stall_timeout: Within::near(stall_timeout.as_secs()),
            max_head: Within::near(max_head),
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) {
        config.trusted_proxies = self.trusted_proxies.into_iter().map(|it| it.0).collect();
        config.http = HttpConfig {
            max_connections: self.max_connections.size(),
            max_connections_per_address: self.max_connections_per_address.size(),
            max_streams: self.max_streams.small(),
            head_timeout: Duration::from_secs(self.head_timeout.get()),
            stall_timeout: Duration::from_secs(self.stall_timeout.get()),
            max_head: self.max_head.size(),
        };
    }
}

impl Default for HttpSection {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

/// The certificate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    cert: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
}

impl TlsSection {
    pub(super) fn read(self) -> Result<Option<TlsConfig>, ConfigError> {
        match (self.cert, self.key) {
            (None, None) => Ok(None),
            (Some(cert), Some(key)) => Ok(Some(TlsConfig { cert, key })),
            _ => Err(ConfigError::Tls),
        }
    }
}

/// STUN, by which browsers learn their address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StunSection {
    at: Checked<StunAt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Checked<Host>>,
    others: Vec<Checked<StunUrl>>,
    per_address: Within<1, 65_535>,
    per_second: Within<1, 10_000_000>,
}

impl StunSection {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let StunLimits {
            per_address,
            per_second,
        } = config.stun_limits;
        Self {
            at: Checked(config.stun),
            host: None,
            others: Vec::new(),
            per_address: Within::near(per_address),
            per_second: Within::near(per_second),
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) {
        config.stun = self.at.0;
        config.stun_host = self.host.map(|host| host.0.0);
        config.ice = self
            .others
            .into_iter()
            .map(|url| ice::stun(url.0.0))
            .collect();
        config.stun_limits = StunLimits {
            per_address: u16::try_from(self.per_address.get()).unwrap_or(u16::MAX),
            per_second: self.per_second.small(),
        };
    }
}

impl Default for StunSection {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

/// Relays for viewers that hide their address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TurnSection {
    urls: Vec<Checked<TurnUrl>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_file: Option<PathBuf>,
}

impl TurnSection {
    pub(super) fn read(self) -> Result<Option<ice::Turn>, ConfigError> {
        let urls: Vec<_> = self.urls.into_iter().map(|url| url.0.0).collect();
        if urls.is_empty() {
            return Ok(None);
        }
        let access = match (self.secret_file, self.user, self.password_file) {
            (Some(file), None, None) => TurnAccess::Secret(secret(&file)?.into_bytes()),
            (None, Some(user), Some(file)) => TurnAccess::Password {
                user,
                password: secret(&file)?,
            },
            _ => return Err(ConfigError::TurnAccess),
        };
        Ok(Some(ice::Turn { urls, access }))
    }
}

/// Draining, before the server ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DrainSection {
    notice: Within<0, 3_600>,
    over: Within<0, 3_600>,
}

impl DrainSection {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let DrainConfig { notice, over } = config.drain;
        Self {
            notice: Within::near(notice.as_secs()),
            over: Within::near(over.as_secs()),
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) {
        config.drain = DrainConfig {
            notice: Duration::from_secs(self.notice.get()),
            over: Duration::from_secs(self.over.get()),
        };
    }
}

impl Default for DrainSection {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

/// Figures for Prometheus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MetricsSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<Checked<SocketAddr>>,
}

impl MetricsSection {
    pub(super) fn apply(self, config: &mut ServeConfig) {
        config.metrics = self.listen.map(|at| at.0);
    }
}

/// Ways in which the operator reaches the running server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AdminSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    socket: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<PathBuf>,
}

impl AdminSection {
    pub(super) fn read(self) -> Result<AdminConfig, ConfigError> {
        let token = |path: PathBuf| {
            let token = Token::new(&secret(&path)?);
            token.ok_or(ConfigError::ShortToken { path })
        };
        Ok(AdminConfig {
            socket: self.socket,
            token: self.token_file.map(token).transpose()?,
        })
    }
}

impl Text for StunAt {
    fn read(text: &str) -> Result<Self, &'static str> {
        match text {
            "off" => Ok(Self::Off),
            "with-http" => Ok(Self::WithHttp),
            text => SocketAddr::read(text).map(Self::Address).map_err(
                |_| "give an address and a port, such as 0.0.0.0:3478, or with-http, or off",
            ),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Off => "off".into(),
            Self::WithHttp => "with-http".into(),
        }
    }
}
