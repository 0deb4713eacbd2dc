//! The sections of the configuration file.

use std::{path::PathBuf, time::Duration};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use shoal_wire::index::P2p;

use super::{
    ConfigError, secret,
    values::{Checked, StunUrl, TurnUrl, Within},
};
use crate::{
    admin::{AdminConfig, Token},
    ice::{self, TurnAccess},
    privacy::Operator,
    serve::{HttpConfig, ServeConfig},
    stun::{StunAt, StunLimits},
    tracker::{SocketConfig, swarm::SwarmConfig},
};

/// Seconds of anything that may take up to an hour.
type Seconds = Within<1, 3_600>;

/// Who runs the site, and what it decides about sharing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Site {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    p2p: Checked<P2p>,
    min_viewers: Within<0, 1_000_000>,
}

impl Site {
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

impl Default for Site {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

/// HTTP connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Http {
    trusted_proxies: Vec<Checked<IpNet>>,
    max_connections: Within<1, 1_000_000>,
    head_timeout: Seconds,
    max_head: Within<8_192, 1_048_576>,
}

impl Http {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let HttpConfig {
            max_connections,
            head_timeout,
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
            head_timeout: Within::near(head_timeout.as_secs()),
            max_head: Within::near(max_head),
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) {
        config.trusted_proxies = self.trusted_proxies.into_iter().map(|it| it.0).collect();
        config.http = HttpConfig {
            max_connections: self.max_connections.size(),
            head_timeout: Duration::from_secs(self.head_timeout.get()),
            max_head: self.max_head.size(),
        };
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

/// How browsers learn their address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Stun {
    at: Checked<StunAt>,
    others: Vec<Checked<StunUrl>>,
    per_address: Within<1, 65_535>,
    per_second: Within<1, 10_000_000>,
}

impl Stun {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let StunLimits {
            per_address,
            per_second,
        } = config.stun_limits;
        Self {
            at: Checked(config.stun),
            others: Vec::new(),
            per_address: Within::near(per_address),
            per_second: Within::near(per_second),
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) {
        config.stun = self.at.0;
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

impl Default for Stun {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

/// Relays for viewers that hide their address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Turn {
    urls: Vec<Checked<TurnUrl>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_file: Option<PathBuf>,
}

impl Turn {
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

/// How the operator reaches the running server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Admin {
    #[serde(skip_serializing_if = "Option::is_none")]
    socket: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<PathBuf>,
}

impl Admin {
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

/// The tracker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tracker {
    interval: Within<10, 3_600>,
    max_offers: Within<1, 100>,
    max_peers_per_socket: Within<1, 1_000>,
    max_unanswered: Within<1, 1_000>,
    max_sockets: Within<1, 10_000_000>,
    max_queue: Within<1, 10_000>,
    ping: Seconds,
    idle: Seconds,
    read_buffer: Within<512, 1_048_576>,
    max_message: Within<4_096, 1_048_576>,
    max_sdp: Within<1_024, 1_048_576>,
    max_scrape: Within<0, 100>,
    max_token: Within<16, 1_024>,
}

impl Tracker {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let SwarmConfig {
            interval,
            max_offers,
            max_peers_per_socket,
            max_unanswered,
        } = config.swarms;
        let SocketConfig {
            max_sockets,
            max_queue,
            ping,
            idle,
            read_buffer,
            limits,
        } = config.sockets;
        Self {
            interval: Within::near(interval),
            max_offers: Within::near(max_offers),
            max_peers_per_socket: Within::near(max_peers_per_socket),
            max_unanswered: Within::near(max_unanswered),
            max_sockets: Within::near(max_sockets),
            max_queue: Within::near(max_queue),
            ping: Within::near(ping.as_secs()),
            idle: Within::near(idle.as_secs()),
            read_buffer: Within::near(read_buffer),
            max_message: Within::near(limits.max_message),
            max_sdp: Within::near(limits.max_sdp),
            max_scrape: Within::near(limits.max_scrape),
            max_token: Within::near(limits.max_token),
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) {
        config.swarms = SwarmConfig {
            interval: self.interval.small(),
            max_offers: self.max_offers.size(),
            max_peers_per_socket: self.max_peers_per_socket.size(),
            max_unanswered: self.max_unanswered.size(),
        };
        let sockets = &mut config.sockets;
        sockets.max_sockets = self.max_sockets.size();
        sockets.max_queue = self.max_queue.size();
        sockets.ping = Duration::from_secs(self.ping.get());
        sockets.idle = Duration::from_secs(self.idle.get());
        sockets.read_buffer = self.read_buffer.size();
        sockets.limits.max_message = self.max_message.size();
        sockets.limits.max_sdp = self.max_sdp.size();
        sockets.limits.max_offers = self.max_offers.size();
        sockets.limits.max_scrape = self.max_scrape.size();
        sockets.limits.max_token = self.max_token.size();
    }
}

impl Default for Tracker {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}
