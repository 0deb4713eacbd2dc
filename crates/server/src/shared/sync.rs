//! A node's rounds: it tells and asks, again and again, and notices when Redis goes and comes back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use fastrand::Rng;
use redis::{RedisError, RedisResult};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Shared, away,
    config::RedisConfig,
    link::{Ground, Link},
    persists,
    swarm_counts::{self, Released, SwarmCount, SwarmCounts},
};
use crate::{
    index::VideoIndexes,
    tracker::{Secret, Tracker},
    viewers::Viewers,
};

/// Time between two times that nodes say that they are there and what swarms they have.
const GATHER: Duration = Duration::from_secs(2);

/// Time after which the connected addresses are told of again.
const REMIND: Duration = Duration::from_secs(300);

/// Addresses of one call: Redis does nothing else for that long, some two milliseconds.
const AT_ONCE: usize = 256;

/// Calls of one round. What does not fit waits for the next one.
const CALLS: usize = 16;

/// The longest time between two tries to reach Redis. The first is the interval of the rounds.
const LONGEST: Duration = Duration::from_secs(2);

/// Over how long a swarm is let go.
const LET_GO: Duration = Duration::from_secs(10);

/// A node among others.
#[derive(Debug)]
pub(crate) struct RedisSync {
    config: RedisConfig,
    shared: Arc<Shared>,
    tracker: Arc<Tracker>,
    indexes: Arc<VideoIndexes>,
    viewers: Arc<Mutex<Viewers>>,
    link: Option<Link>,
    /// The version of the switch that was last heard.
    version: String,
    gathered: Option<Instant>,
    reminded: Instant,
    released: Released,
    begun: Instant,
    /// The operator knows that it is away.
    told_away: bool,
    told_persistence: bool,
}

impl RedisSync {
    pub(crate) fn new(
        config: RedisConfig,
        tracker: Arc<Tracker>,
        indexes: Arc<VideoIndexes>,
        viewers: Arc<Mutex<Viewers>>,
    ) -> Self {
        let now = Instant::now();
        Self {
            shared: Arc::new(Shared::new(&config)),
            config,
            tracker,
            indexes,
            viewers,
            link: None,
            version: String::new(),
            gathered: None,
            reminded: now,
            released: Released::default(),
            begun: now,
            told_away: false,
            told_persistence: false,
        }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Learns what holds before the first viewer comes, if Redis is there.
    pub(crate) async fn join(&mut self) {
        self.round().await;
    }

    /// Goes on until `stop`, and says goodbye.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut rng = Rng::with_seed(Secret::random().number());
        let mut wait = self.config.interval;
        loop {
            let pause = match self.link {
                Some(_) => self.config.interval,
                // Not all nodes at the same moment.
                None => wait.mul_f64(0.5 + rng.f64()),
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.shared.hurry.notified() => {}
                () = stop.cancelled() => break,
            }
            self.round().await;
            wait = match self.link {
                Some(_) => self.config.interval,
                None => (wait * 2).min(LONGEST),
            };
        }
        if let Some(link) = &mut self.link {
            let _heard = timeout(self.config.timeout, link.leave()).await;
        }
    }

    /// Tells and asks. When it fails, Redis is taken for gone.
    async fn round(&mut self) {
        let done = match self.link.take() {
            Some(mut link) => self.talk(&mut link).await.map(|()| link),
            None => self.meet().await,
        };
        match done {
            Ok(link) => {
                self.link = Some(link);
                self.shared.done.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => self.lose(&error),
        }
        self.shared.told.notify_waiters();
    }

    /// Connects, and tells all that the others may have lost.
    async fn meet(&mut self) -> RedisResult<Link> {
        let mut link = Link::open(&self.config).await?;
        self.version = String::new();
        self.gathered = None;
        self.tracker.share_limits(true);
        self.talk(&mut link).await?;
        if let Some(setting) = link.persistence().await
            && !self.told_persistence
        {
            self.told_persistence = true;
            tracing::warn!("{}", persists(setting));
        }
        let mut state = self.shared.state();
        state.connected = true;
        let others = state.others;
        drop(state);
        if self.told_away {
            tracing::info!(others, "Redis is back");
        } else {
            tracing::info!(others, "limits and switch are shared through Redis");
        }
        self.told_away = false;
        Ok(link)
    }

    fn lose(&mut self, error: &RedisError) {
        self.shared.failed.fetch_add(1, Ordering::Relaxed);
        if !self.told_away {
            tracing::warn!("{}", away(error));
        }
        self.told_away = true;
        self.tracker.share_limits(false);
        let mut state = self.shared.state();
        state.connected = false;
        state.others = 0;
        state.elsewhere.clear();
    }

    async fn talk(&mut self, link: &mut Link) -> RedisResult<()> {
        self.settle(link).await?;
        if self.gathered.is_none_or(|at| at.elapsed() >= GATHER) {
            self.gather(link).await?;
            self.gathered = Some(Instant::now());
        }
        if self.reminded.elapsed() >= REMIND {
            self.tracker.resend_limits();
            self.reminded = Instant::now();
        }
        self.spend(link).await
    }

    /// The switch and the keys.
    async fn settle(&mut self, link: &mut Link) -> RedisResult<()> {
        let (key, key_left) = self.tracker.address_key();
        let ground = Ground {
            version: self.version.clone(),
            key,
            key_left,
            secret: self.tracker.token_secret(),
            changes: self.shared.state().log.unsent(),
        };
        let common = link.settle(&ground).await?;
        if common.key != ground.key {
            self.tracker.adopt_address_key(common.key, common.key_left);
        }
        if let Some(secret) = common.secret {
            self.tracker.adopt_token_secret(secret);
        }
        let news = {
            let log = &mut self.shared.state().log;
            log.acknowledge(&ground.changes);
            common.switch.map(|switch| log.merge(switch))
        };
        self.version = common.version;
        if let Some(news) = news.filter(|news| !news.is_empty()) {
            tracing::info!(changes = news.len(), "switched at another node");
            self.indexes.switch(news);
        }
        Ok(())
    }

    /// Learns which nodes are there, and with how many viewers.
    async fn gather(&mut self, link: &mut Link) -> RedisResult<()> {
        let own = self.counts();
        let others = link.gather(swarm_counts::encode(&own)).await?;
        let decode = |(ago, bytes): &(u64, Vec<u8>)| {
            let ago = Duration::from_millis(*ago);
            swarm_counts::decode(bytes, ago)
        };
        let others: Vec<_> = others.iter().map(decode).collect();
        {
            let mut state = self.shared.state();
            state.others = others.len();
            state.elsewhere = swarm_counts::sum(&others);
        }
        if self.config.regroup.is_zero() {
            return Ok(());
        }
        let now = self.begun.elapsed();
        let strays = self
            .released
            .strays(now, self.config.regroup, &own, &others);
        for swarm in strays {
            tracing::info!("a swarm has moved to another node: its viewers here are let go");
            let tracker = Arc::clone(&self.tracker);
            tokio::spawn(async move { tracker.let_go(swarm, LET_GO).await });
        }
        Ok(())
    }

    fn counts(&self) -> SwarmCounts {
        let mut counts = HashMap::new();
        for populated in self.tracker.populated() {
            let count = SwarmCount {
                viewers: populated.members,
                last: populated.last,
            };
            counts.insert(populated.swarm, count);
        }
        let mut viewers = self.viewers.lock().unwrap_or_else(PoisonError::into_inner);
        for (swarm, waiting) in viewers.counts(std::time::Instant::now()) {
            let none = SwarmCount {
                viewers: 0,
                last: None,
            };
            let count = counts.entry(swarm).or_insert(none);
            count.viewers = count.viewers.saturating_add(waiting);
        }
        counts
    }

    /// The limits of addresses.
    async fn spend(&self, link: &mut Link) -> RedisResult<()> {
        let periods = self.tracker.limit_periods();
        for _ in 0..CALLS {
            let spent = self.tracker.take_spent(AT_ONCE);
            if spent.is_empty() {
                break;
            }
            let merged = link.spend(periods, &spent).await?;
            self.tracker.merge_spent(merged);
        }
        Ok(())
    }
}
