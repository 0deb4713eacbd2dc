//! The section of Redis.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::{common::secret, error::ConfigError};
use crate::{
    checked::{Checked, Text, Within},
    shared::{RedisConfig, RedisUrl},
};

/// Redis, for nodes that serve the site together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RedisSection {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Checked<RedisUrl>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_file: Option<PathBuf>,
    prefix: Checked<Prefix>,
    interval_ms: Within<20, 500>,
    timeout_ms: Within<50, 60_000>,
    regroup: Within<0, 3_600>,
}

/// Beginning of all keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prefix(String);

impl RedisSection {
    fn of(config: RedisConfig) -> Self {
        let RedisConfig {
            url: _,
            prefix,
            interval,
            timeout,
            regroup,
        } = config;
        Self {
            url: None,
            password_file: None,
            prefix: Checked(Prefix(prefix)),
            interval_ms: Within::near(interval.as_millis()),
            timeout_ms: Within::near(timeout.as_millis()),
            regroup: Within::near(regroup.as_secs()),
        }
    }

    pub(super) fn read(self) -> Result<Option<RedisConfig>, ConfigError> {
        let Some(Checked(mut url)) = self.url else {
            return Ok(None);
        };
        if let Some(file) = self.password_file {
            let password = secret(&file)?;
            url = url
                .with_password(&password)
                .map_err(ConfigError::RedisPassword)?;
        }
        Ok(Some(RedisConfig {
            url,
            prefix: self.prefix.0.0,
            interval: Duration::from_millis(self.interval_ms.get()),
            timeout: Duration::from_millis(self.timeout_ms.get()),
            regroup: Duration::from_secs(self.regroup.get()),
        }))
    }
}

impl Default for RedisSection {
    fn default() -> Self {
        Self::of(RedisConfig::default())
    }
}

impl Text for RedisUrl {
    fn read(text: &str) -> Result<Self, &'static str> {
        Self::read(text)
    }

    fn write(&self) -> String {
        self.as_str().into()
    }
}

impl Text for Prefix {
    fn read(text: &str) -> Result<Self, &'static str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.');
        (text.len() <= 64 && text.chars().all(plain))
            .then(|| Self(text.into()))
            .ok_or("give up to 64 letters, digits, colons, dots and hyphens, such as shoal:")
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}
