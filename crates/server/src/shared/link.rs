//! One connection to Redis, and what is said over it.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, Script,
    aio::MultiplexedConnection,
};
use shoal_wire::index::P2p;

use super::{
    config::RedisConfig,
    switch_log::{Change, ChangeStamp},
};
use crate::{
    checked::Text,
    path::FilePath,
    tracker::{
        Secret,
        limits::{AddressId, Merged, Spent},
    },
};

/// Time for which others believe that a node is there that says nothing.
const NODE_LIFE: Duration = Duration::from_secs(10);

/// Time for which a record of an address with sockets is kept. They are told anew every five minutes.
const RECORD_LIFE: Duration = Duration::from_secs(900);

/// The site's own place in the switch. A video's begins with a slash.
const SITE: &str = "*";

/// In the switch, a counter of its changes.
const VERSION: &str = "#";

/// Value that gives a target back to the configuration.
const CONFIGURED: &str = "configured";

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    connection: MultiplexedConnection,
    prefix: String,
    /// Name by which others know this connection's node. Drawn anew for each, so that what was told over another is
    /// forgotten.
    node: String,
    scripts: Scripts,
}

#[derive(Debug)]
struct Scripts {
    settle: Script,
    spend: Script,
    gather: Script,
}

/// State that a node brings to the common ground.
#[derive(Debug)]
pub(super) struct Ground {
    /// The version of the switch that it knows.
    pub(super) version: String,
    pub(super) key: Secret,
    pub(super) key_left: Duration,
    /// The secret of join tokens, if it needs one in common.
    pub(super) secret: Option<Secret>,
    pub(super) changes: Vec<Change>,
}

/// State that is common to all nodes.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) version: String,
    /// The whole switch, if it has another version.
    pub(super) switch: Option<Vec<Change>>,
    pub(super) key: Secret,
    pub(super) key_left: Duration,
    pub(super) secret: Option<Secret>,
}

/// Answer of the script `settle`.
type Settled = (String, Vec<(String, String)>, Vec<u8>, i64, Option<Vec<u8>>);

impl Link {
    pub(super) async fn open(config: &RedisConfig) -> RedisResult<Self> {
        let client = Client::open(config.url.info()?)?;
        let timeouts = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(config.timeout))
            .set_response_timeout(Some(config.timeout));
        let connection = client.get_multiplexed_async_connection_with_config(&timeouts);
        Ok(Self {
            connection: connection.await?,
            prefix: config.prefix.clone(),
            node: format!("{:016x}", Secret::random().number()),
            scripts: Scripts {
                settle: Script::new(include_str!("settle.lua")),
                spend: Script::new(include_str!("spend.lua")),
                gather: Script::new(include_str!("gather.lua")),
            },
        })
    }

    /// Whether it is there.
    pub(super) async fn ping(&mut self) -> RedisResult<()> {
        redis::cmd("PING").query_async(&mut self.connection).await
    }

    /// Returns what it keeps on disk, in words, if it does and tells.
    pub(super) async fn persistence(&mut self) -> Option<&'static str> {
        let mut get = redis::cmd("CONFIG");
        get.arg("GET").arg("save").arg("appendonly");
        // It may be forbidden to ask.
        let told: Vec<(String, String)> = get.query_async(&mut self.connection).await.ok()?;
        let is = |name: &str, value: &dyn Fn(&str) -> bool| {
            told.iter().any(|(key, told)| key == name && value(told))
        };
        if is("appendonly", &|value| value != "no") {
            return Some("appendonly");
        }
        is("save", &|value| !value.is_empty()).then_some("save")
    }

    /// Brings what this node has to the common ground, and takes what is there.
    pub(super) async fn settle(&mut self, ground: &Ground) -> RedisResult<Common> {
        let mut call = self.scripts.settle.prepare_invoke();
        for name in ["switch", "key", "secret"] {
            call.key(format!("{}{name}", self.prefix));
        }
        let secret = ground.secret.as_ref().map_or(&[][..], Secret::bytes);
        call.arg(&ground.version)
            .arg(ground.key.bytes())
            .arg(ground.key_left.as_millis().max(1).to_string())
            .arg(secret);
        for Change { target, p2p, stamp } in &ground.changes {
            call.arg(write_target(target.as_ref()))
                .arg(stamp.at.to_string())
                .arg(format!("{:016x}", stamp.node))
                .arg(p2p.map_or_else(|| CONFIGURED.into(), |p2p| p2p.write()));
        }
        let settled: Settled = call.invoke_async(&mut self.connection).await?;
        let (version, switch, key, left, secret) = settled;
        let changes = switch
            .iter()
            .filter_map(|(target, held)| read(target, held));
        Ok(Common {
            switch: (version != ground.version).then(|| changes.collect()),
            version,
            key: read_secret(key)?,
            key_left: u64::try_from(left).map_or(ground.key_left, Duration::from_millis),
            secret: secret.map(read_secret).transpose()?,
        })
    }

    /// Tells what addresses have taken here, and hears what they have taken at all nodes.
    pub(super) async fn spend(
        &mut self,
        periods: (u64, u64),
        spent: &[Spent],
    ) -> RedisResult<Vec<Merged>> {
        let mut call = self.scripts.spend.prepare_invoke();
        call.key(format!("{}nodes", self.prefix))
            .arg(&self.node)
            .arg(RECORD_LIFE.as_millis().to_string())
            .arg(periods.0)
            .arg(periods.1);
        for spent in spent {
            call.key(format!("{}a:{:016x}", self.prefix, spent.address.0))
                .arg(spent.sockets)
                .arg(spent.introductions.taken)
                .arg(spent.introductions.owed)
                .arg(spent.announces.taken)
                .arg(spent.announces.owed);
        }
        let all: Vec<(u32, u64, u64)> = call.invoke_async(&mut self.connection).await?;
        let merged = |(spent, (elsewhere, introductions, announces)): (&Spent, _)| Merged {
            address: AddressId(spent.address.0),
            elsewhere,
            introductions,
            announces,
        };
        Ok(spent.iter().zip(all).map(merged).collect())
    }

    /// Says that this node is there and what swarms it has, and hears the same of the others, and how many
    /// milliseconds ago they have said so.
    pub(super) async fn gather(&mut self, counts: Vec<u8>) -> RedisResult<Vec<(u64, Vec<u8>)>> {
        let mut call = self.scripts.gather.prepare_invoke();
        call.key(format!("{}nodes", self.prefix))
            .key(format!("{}crowds", self.prefix))
            .arg(&self.node)
            .arg(NODE_LIFE.as_millis().to_string())
            .arg(counts);
        call.invoke_async(&mut self.connection).await
    }

    /// Says that this node goes.
    pub(super) async fn leave(&mut self) -> RedisResult<()> {
        let mut pipe = redis::pipe();
        for name in ["nodes", "crowds"] {
            pipe.hdel(format!("{}{name}", self.prefix), &self.node)
                .ignore();
        }
        pipe.query_async(&mut self.connection).await
    }
}

fn write_target(target: Option<&FilePath>) -> String {
    target.map_or_else(|| SITE.into(), FilePath::to_url)
}

/// Returns what Redis holds for a place; what is not understood is left out.
fn read(target: &str, held: &str) -> Option<Change> {
    if target == VERSION {
        return None;
    }
    let target = match target {
        SITE => None,
        path => Some(FilePath::from_url(path)?),
    };
    let mut words = held.split(' ');
    let at = words.next()?.parse().ok()?;
    let node = u64::from_str_radix(words.next()?, 16).ok()?;
    let p2p = match words.next()? {
        CONFIGURED => None,
        p2p => Some(P2p::read(p2p).ok()?),
    };
    let stamp = ChangeStamp { at, node };
    Some(Change { target, p2p, stamp })
}

/// A key is refused that anybody could guess.
fn read_secret(bytes: Vec<u8>) -> RedisResult<Secret> {
    let error = || RedisError::from((ErrorKind::Parse, "there is a key that is too short"));
    (bytes.len() >= 16)
        .then(|| Secret::shared(bytes))
        .ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_of_the_switch_can_be_read() {
        let stamp = ChangeStamp { at: 12, node: 255 };
        let change = |path: Option<&str>, p2p| {
            let target = path.map(|path| FilePath::from_url(path).unwrap());
            Some(Change { target, p2p, stamp })
        };
        assert_eq!(
            read("*", "12 00000000000000ff off"),
            change(None, Some(P2p::Off))
        );
        assert_eq!(
            read("/a%20b/p.m3u8", "12 00000000000000ff configured"),
            change(Some("/a%20b/p.m3u8"), None)
        );
        let target = FilePath::from_url("/a%20b/p.m3u8").unwrap();
        assert_eq!(write_target(Some(&target)), "/a%20b/p.m3u8");
        for (target, held) in [
            ("#", "7"),
            ("*", ""),
            ("*", "12 ff"),
            ("*", "x ff off"),
            ("*", "12 ff perhaps"),
            ("../x", "12 ff off"),
        ] {
            assert_eq!(read(target, held), None, "{target} {held}");
        }
    }
}
