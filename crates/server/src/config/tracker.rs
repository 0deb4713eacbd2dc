//! The section of the tracker.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use shoal_wire::{id::InfoHash, tracker::Limits};

use super::{common::secret, error::ConfigError, sections::Seconds};
use crate::{
    checked::{Checked, Text, Within},
    serve::ServeConfig,
    tracker::{
        Access, Prefixes, Secret, SocketConfig,
        limits::{self, Bucket},
        swarm::SwarmConfig,
    },
};

/// The tracker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TrackerSection {
    allow: Vec<Checked<InfoHash>>,
    origins: Vec<Checked<PageOrigin>>,
    require_token: bool,
    token_life: Within<10, 86_400>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_secret_file: Option<PathBuf>,
    interval: Within<10, 3_600>,
    max_interval: Within<10, 86_400>,
    max_offers: Within<1, 100>,
    max_peers_per_socket: Within<1, 1_000>,
    max_sockets_per_address: Within<1, 1_000_000>,
    max_unanswered: Within<1, 1_000>,
    max_sockets: Within<1, 10_000_000>,
    max_queue: Within<1, 10_000>,
    max_queue_bytes: Within<4_096, 1_073_741_824>,
    max_queued_bytes: Within<4_096, 1_099_511_627_776>,
    ping: Seconds,
    idle: Seconds,
    join_within: Seconds,
    v4_prefix: Within<0, 32>,
    v6_prefix: Within<0, 128>,
    max_message: Within<4_096, 1_048_576>,
    max_sdp: Within<1_024, 1_048_576>,
    max_scrape: Within<0, 100>,
    max_token: Within<16, 1_024>,
    introductions: Both,
    announces: Both,
    messages: Amount,
}

/// Numbers at once, and an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Amount {
    burst: Within<1, 10_000_000>,
    per_hour: Within<1, 10_000_000>,
}

/// For one connection, and for one network address.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    per_socket: Amount,
    per_address: Amount,
}

/// The origin of a page, as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageOrigin(String);

impl TrackerSection {
    pub(super) fn of(config: &ServeConfig) -> Self {
        let SwarmConfig {
            interval,
            max_interval,
            max_offers,
            max_peers_per_socket,
            max_sockets_per_address,
            max_unanswered,
            // Of a tracker alone, which may be open to any swarm.
            max_open_swarms: _,
            introductions,
            announces,
            messages,
        } = config.swarms;
        let SocketConfig {
            max_sockets,
            max_queue,
            max_queue_bytes,
            max_queued_bytes,
            ping,
            idle,
            join_within,
            prefixes,
            limits,
        } = config.sockets;
        let Access {
            require_token,
            token_life,
            ..
        } = config.access;
        Self {
            allow: config.access.allow.iter().copied().map(Checked).collect(),
            origins: Vec::new(),
            require_token,
            token_life: Within::near(token_life.as_secs()),
            token_secret_file: None,
            interval: Within::near(interval),
            max_interval: Within::near(max_interval),
            max_offers: Within::near(max_offers),
            max_peers_per_socket: Within::near(max_peers_per_socket),
            max_sockets_per_address: Within::near(max_sockets_per_address),
            max_unanswered: Within::near(max_unanswered),
            max_sockets: Within::near(max_sockets),
            max_queue: Within::near(max_queue),
            max_queue_bytes: Within::near(max_queue_bytes),
            max_queued_bytes: Within::near(max_queued_bytes),
            ping: Within::near(ping.as_secs()),
            idle: Within::near(idle.as_secs()),
            join_within: Within::near(join_within.as_secs()),
            v4_prefix: Within::near(prefixes.v4),
            v6_prefix: Within::near(prefixes.v6),
            max_message: Within::near(limits.max_message),
            max_sdp: Within::near(limits.max_sdp),
            max_scrape: Within::near(limits.max_scrape),
            max_token: Within::near(limits.max_token),
            introductions: Both {
                per_socket: introductions.socket.into(),
                per_address: introductions.address.into(),
            },
            announces: Both {
                per_socket: announces.socket.into(),
                per_address: announces.address.into(),
            },
            messages: messages.into(),
        }
    }

    pub(super) fn apply(self, config: &mut ServeConfig) -> Result<(), ConfigError> {
        if self.max_interval.get() < self.interval.get() {
            return Err(ConfigError::Interval);
        }
        let seconds = |number: Seconds| Duration::from_secs(number.get());
        config.swarms = SwarmConfig {
            interval: self.interval.small(),
            max_interval: self.max_interval.small(),
            max_offers: self.max_offers.size(),
            max_peers_per_socket: self.max_peers_per_socket.size(),
            max_sockets_per_address: self.max_sockets_per_address.size(),
            max_unanswered: self.max_unanswered.size(),
            introductions: limits::Introductions {
                socket: self.introductions.per_socket.into(),
                address: self.introductions.per_address.into(),
            },
            announces: limits::Announces {
                socket: self.announces.per_socket.into(),
                address: self.announces.per_address.into(),
            },
            messages: self.messages.into(),
            ..config.swarms
        };
        config.sockets = SocketConfig {
            max_sockets: self.max_sockets.size(),
            max_queue: self.max_queue.size(),
            max_queue_bytes: self.max_queue_bytes.size(),
            max_queued_bytes: self.max_queued_bytes.size(),
            ping: seconds(self.ping),
            idle: seconds(self.idle),
            join_within: seconds(self.join_within),
            prefixes: Prefixes {
                v4: u8::try_from(self.v4_prefix.get()).unwrap_or(32),
                v6: u8::try_from(self.v6_prefix.get()).unwrap_or(128),
            },
            limits: Limits {
                max_message: self.max_message.size(),
                max_sdp: self.max_sdp.size(),
                max_offers: self.max_offers.size(),
                max_scrape: self.max_scrape.size(),
                max_token: self.max_token.size(),
            },
        };
        let shared = |path: PathBuf| Ok(Secret::shared(secret(&path)?.into_bytes()));
        config.access = Access {
            allow: self.allow.into_iter().map(|swarm| swarm.0).collect(),
            origins: self.origins.into_iter().map(|origin| origin.0.0).collect(),
            require_token: self.require_token,
            token_life: Duration::from_secs(self.token_life.get()),
            token_secret: self.token_secret_file.map(shared).transpose()?,
            ..Access::default()
        };
        Ok(())
    }
}

impl Default for TrackerSection {
    fn default() -> Self {
        Self::of(&ServeConfig::default())
    }
}

impl From<Bucket> for Amount {
    fn from(Bucket { burst, per_hour }: Bucket) -> Self {
        Self {
            burst: Within::near(burst),
            per_hour: Within::near(per_hour),
        }
    }
}

impl From<Amount> for Bucket {
    fn from(Amount { burst, per_hour }: Amount) -> Self {
        Self {
            burst: burst.small(),
            per_hour: per_hour.small(),
        }
    }
}

impl Text for InfoHash {
    fn read(text: &str) -> Result<Self, &'static str> {
        Self::from_hex(text).map_err(|_| "a swarm's name has 40 hexadecimal digits")
    }

    fn write(&self) -> String {
        self.to_hex()
    }
}

impl Text for PageOrigin {
    fn read(text: &str) -> Result<Self, &'static str> {
        let rest = text
            .strip_prefix("https://")
            .or(text.strip_prefix("http://"));
        rest.filter(|host| !host.is_empty() && !host.contains('/'))
            .map(|_| Self(text.into()))
            .ok_or("give the origin of a page, without a path, such as https://video.example")
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}
