//! What nodes that serve one site have in common, through Redis: what the operator has switched, what
//! addresses have used up, the keys behind tokens and behind the numbers of addresses, and how many watch.
//!
//! No viewer ever waits for Redis. A node decides at once by what it knows; what it has to tell, and what
//! others have told, goes over in rounds, a few a second. Without Redis it goes on by what it knew last.
//! Addresses are never sent, only the numbers that stand for them.

mod config;
mod link;
mod swarm_counts;
mod switch_log;
mod sync;

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use shoal_wire::{id::InfoHash, index::P2p};
use tokio::{sync::Notify, time::timeout};

pub use self::config::{RedisConfig, RedisUrl};
pub(crate) use self::sync::RedisSync;
use self::{
    link::Link,
    switch_log::{SwitchLog, Target},
};
use crate::tracker::Secret;

/// Knowledge that this node has of the others.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Something is to be told at once.
    hurry: Notify,
    /// A round has ended.
    told: Notify,
    /// Time for which an operator waits for the others.
    patience: Duration,
    done: AtomicU64,
    failed: AtomicU64,
}

#[derive(Debug)]
struct State {
    log: SwitchLog,
    connected: bool,
    /// Other nodes that are there.
    others: usize,
    /// Viewers of each swarm at other nodes.
    elsewhere: HashMap<InfoHash, u32>,
}

/// State of the connection to the other nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Together {
    /// Whether Redis answers.
    pub(crate) connected: bool,
    /// Other nodes that are there.
    pub(crate) others: usize,
    /// Whether all that was switched here is known to all.
    pub(crate) told: bool,
}

impl Shared {
    fn new(config: &RedisConfig) -> Self {
        Self {
            state: Mutex::new(State {
                log: SwitchLog::new(Secret::random().number()),
                connected: false,
                others: 0,
                elsewhere: HashMap::new(),
            }),
            hurry: Notify::new(),
            told: Notify::new(),
            // For what is under way, and for the change.
            patience: config.timeout * 2,
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// The operator has switched something here: the others are told at once. It returns when they are, or when
    /// they cannot be.
    pub(crate) async fn switch(&self, target: Target, p2p: Option<P2p>) {
        self.state().log.switch(now(), target, p2p);
        let told = async {
            loop {
                let round = self.told.notified();
                self.hurry.notify_one();
                let Together {
                    connected, told, ..
                } = self.together();
                if told || !connected {
                    return;
                }
                round.await;
            }
        };
        let _in_time = timeout(self.patience, told).await;
    }

    pub(crate) fn together(&self) -> Together {
        let state = self.state();
        Together {
            connected: state.connected,
            others: state.others,
            told: state.connected && !state.log.is_ahead(),
        }
    }

    /// Viewers of a swarm at other nodes.
    pub(crate) fn viewers(&self, swarm: InfoHash) -> u32 {
        self.state().elsewhere.get(&swarm).copied().unwrap_or(0)
    }

    /// Rounds that went well, and that did not.
    pub(crate) fn rounds(&self) -> [u64; 2] {
        [&self.done, &self.failed].map(|count| count.load(Ordering::Relaxed))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns why Redis will not do as it is, in a sentence; `None` if it will.
pub(crate) async fn problem(config: &RedisConfig) -> Option<String> {
    let asked = async {
        let mut link = Link::open(config).await?;
        link.ping().await?;
        Ok(link.persistence().await)
    };
    match asked.await {
        Ok(None) => None,
        Ok(Some(setting)) => Some(persists(setting)),
        Err(error) => Some(away(&error)),
    }
}

fn away(error: &redis::RedisError) -> String {
    format!("Redis cannot be used ({error}): without it this node serves on its own limits")
}

fn persists(setting: impl fmt::Display) -> String {
    format!(
        "Redis writes to disk (its setting `{setting}`): set `save \"\"` and `appendonly no`, so that what \
         stands for addresses stays in memory"
    )
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}
