//! How a node finds Redis.

use std::{fmt, time::Duration};

use redis::{ConnectionInfo, IntoConnectionInfo};

/// Settings of how a node finds Redis, and uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisConfig {
    /// Address of Redis.
    pub url: RedisUrl,
    /// Beginning of all keys. Default `shoal:`. Sites that use one Redis have one each.
    pub prefix: String,
    /// Time between two rounds. Default 250 ms. It is how long a switch takes to reach other nodes, and
    /// for how long an address can take at one node what it has used up at another. Shorter costs Redis
    /// more: one command at least for each node each time.
    pub interval: Duration,
    /// Time that a connection or an answer may take, until Redis is taken for gone. Default 1 s. Viewers never
    /// wait for it.
    pub timeout: Duration,
    /// A swarm whose newcomers reach another node, and none of them this one for so long, is let go, so that
    /// it comes together there. Default 30 s. Zero never does: for balancers that do not hash the path.
    pub regroup: Duration,
}

impl Default for RedisConfig {
    /// A Redis on this machine.
    fn default() -> Self {
        Self {
            url: RedisUrl("redis://127.0.0.1:6379".into()),
            prefix: "shoal:".into(),
            interval: Duration::from_millis(250),
            timeout: Duration::from_secs(1),
            regroup: Duration::from_secs(30),
        }
    }
}

/// The address of a Redis, with the name and the password that it wants.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(String);

impl RedisUrl {
    /// Reads `redis://host:port/0`, `rediss://host` (TLS) or `unix:///path`; a name and password may stand
    /// before the host.
    ///
    /// # Errors
    /// A sentence that says what to write.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let known = ["redis://", "rediss://", "unix:///"];
        let is_known = known.iter().any(|scheme| text.starts_with(scheme));
        let info = text.into_connection_info();
        let supported = info.is_ok_and(|info| info.addr().is_supported());
        (is_known && supported && !text.contains('#'))
            .then(|| Self(text.into()))
            .ok_or(
                "give the address of a Redis, such as redis://127.0.0.1:6379, \
                 rediss://redis.example or unix:///run/redis/redis.sock",
            )
    }

    /// The same Redis, with a password that does not stand in the URL.
    ///
    /// # Errors
    /// A sentence that says what to write.
    pub fn with_password(&self, password: &str) -> Result<Self, &'static str> {
        let mut url = redis::parse_redis_url(&self.0).ok_or("this is no URL")?;
        if url.scheme() == "unix" {
            url.query_pairs_mut().append_pair("pass", password);
        } else {
            url.set_password(Some(password))
                .map_err(|()| "a URL without a host has no password")?;
        }
        Ok(Self(url.into()))
    }

    /// As it is written, with its password.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what the client connects to.
    pub(super) fn info(&self) -> redis::RedisResult<ConnectionInfo> {
        let info = self.0.as_str().into_connection_info()?;
        // Otherwise each connection begins with a command that access lists may forbid.
        let plain = info.redis_settings().clone().set_skip_set_lib_name();
        Ok(info.set_redis_settings(plain))
    }
}

/// The password stays out of logs.
impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisUrl(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_checked_when_it_is_read() {
        for good in [
            "redis://127.0.0.1:6379",
            "redis://name:word@redis.example/3",
            "rediss://redis.example",
            "rediss://[2001:db8::1]:6380",
            "unix:///run/redis/redis.sock",
        ] {
            assert_eq!(RedisUrl::read(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "127.0.0.1:6379",
            "http://127.0.0.1",
            "redis://",
            "redis://0.0.0.0",
            "redis://h/notanumber",
            "rediss://h/#insecure",
            "unix://run/redis.sock",
        ] {
            assert!(RedisUrl::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_may_stand_apart_and_is_not_shown() {
        for (url, user) in [
            ("redis://h:1", None),
            ("rediss://node@h", Some("node")),
            ("unix:///run/r.sock", None),
        ] {
            let url = RedisUrl::read(url).unwrap().with_password("a/b@c#d&e");
            let url = url.unwrap();
            let info = url.info().unwrap();
            assert_eq!(info.redis_settings().password(), Some("a/b@c#d&e"));
            assert_eq!(info.redis_settings().username(), user);
            assert!(!format!("{url:?}").contains("a/b"));
        }
    }
}
