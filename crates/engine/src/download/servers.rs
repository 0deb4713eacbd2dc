//! The origin and its mirrors: how fast each is, which to ask, and when it failed.

use core::time::Duration;

use shoal_wire::id::SegmentId;
use shoal_wire::index::MAX_MIRRORS;

use crate::config::Config;
use crate::ctx::Ctx;
use crate::input::Pace;
use crate::meter::{BusyMeter, Delay};
use crate::small_map::SmallMap;
use crate::time::Time;

/// The origin and its mirrors: where the same files are.
#[derive(Debug)]
pub(super) struct Servers {
    origin: Server,
    /// In the index's order.
    mirrors: Vec<Server>,
    /// Failures by segment, of those that are wanted.
    failed: SmallMap<SegmentId, u32>,
}

/// What is known of the origin, or of one mirror.
#[derive(Debug)]
struct Server {
    speed: BusyMeter,
    /// Until the first piece of an answer is there.
    answers: Delay,
    /// When it last sent something.
    heard: Option<Time>,
    /// Failures in a row, and when the last one was.
    failures: u32,
    failed_at: Option<Time>,
    rests_until: Time,
}

/// Busy time after which a server's old rate counts half.
const SPEED_HALF_LIFE: Duration = Duration::from_secs(4);

impl Server {
    fn new() -> Self {
        Self {
            speed: BusyMeter::new(SPEED_HALF_LIFE),
            answers: Delay::default(),
            heard: None,
            failures: 0,
            failed_at: None,
            rests_until: Time::default(),
        }
    }

    /// Time to keep in hand for an answer to begin, by what has been measured. Who has failed of late
    /// may have to be asked twice.
    fn margin(&self, now: Time, config: &Config) -> Duration {
        let flaky = self.failed_at.is_some_and(|at| at + config.flaky > now);
        match self.answers.bound() {
            Some(answer) if !flaky => (answer * 2).clamp(config.min_margin, config.margin),
            _ => config.margin,
        }
    }

    /// How long so many bytes take from the first one on, with a third in hand.
    fn transfer(&self, bytes: u64, config: &Config) -> Duration {
        let rate = self.speed.rate().unwrap_or(config.assumed_rate as f64);
        Duration::from_secs_f64((bytes as f64 * 4.0 / 3.0 / rate.max(1.0)).min(60.0))
    }

    /// Whether a mirror may be relied on: measured of late, and without a failure since.
    fn is_proven(&self, now: Time, config: &Config) -> bool {
        self.failures == 0 && self.heard.is_some_and(|at| at + config.mirror_memory > now)
    }
}

impl Servers {
    pub(super) fn new() -> Self {
        Self {
            origin: Server::new(),
            mirrors: Vec::new(),
            failed: SmallMap::default(),
        }
    }

    /// The index names so many mirrors.
    pub(super) fn mirror(&mut self, count: usize) {
        let count = count.min(MAX_MIRRORS);
        self.mirrors.resize_with(count, Server::new);
    }

    /// Bytes per second of the fastest while something is under way, once measured. A mirror that rests
    /// promises nothing.
    pub(super) fn rate(&self, now: Time) -> Option<f64> {
        let some = |&(at, server): &(usize, &Server)| at == 0 || server.rests_until <= now;
        let servers = self.all().filter(some);
        let rates = servers.filter_map(|(_, server)| server.speed.rate());
        rates.reduce(f64::max)
    }

    /// Time to keep in hand for so many bytes: until an answer begins, and for the rest of it.
    pub(super) fn reserve(&self, now: Time, bytes: u64, config: &Config) -> (Duration, Duration) {
        let server = self.get(self.choose(now, bytes, false, config).unwrap_or(0));
        (server.margin(now, config), server.transfer(bytes, config))
    }

    /// The player's own loader has got a segment from the origin.
    pub(super) fn observe(&mut self, bytes: u32, pace: Pace) {
        if let Some(span) = pace.whole.checked_sub(pace.first_byte)
            && !pace.whole.is_zero()
        {
            self.origin.speed.add_past(span, u64::from(bytes));
            self.origin.answers.add(pace.first_byte);
        }
    }

    /// When somebody can be asked: not all rest after a failure.
    pub(super) fn up_at(&self) -> Time {
        let mirrors = self.mirrors.iter().map(|server| server.rests_until);
        mirrors.fold(self.origin.rests_until, Time::min)
    }

    /// Returns who will bring so many bytes first. With time to `explore`, a mirror of which nothing is
    /// known is found out about; what is urgent is left to those that have been measured.
    pub(super) fn choose(
        &self,
        now: Time,
        bytes: u64,
        explore: bool,
        config: &Config,
    ) -> Option<usize> {
        let mut best = None;
        for (at, server) in self.all() {
            if server.rests_until > now {
                continue;
            }
            let takes = if at == 0 || server.is_proven(now, config) {
                server.answers.bound().unwrap_or_default() + server.transfer(bytes, config)
            } else if explore {
                Duration::ZERO
            } else {
                Duration::MAX
            };
            if best.is_none_or(|(_, least)| takes < least) {
                best = Some((at, takes));
            }
        }
        best.map(|(at, _)| at)
    }

    /// A request to a server begins. Returns the silence after which it is to be given up.
    pub(super) fn begin(&mut self, ctx: &Ctx, at: usize) -> Duration {
        let server = self.get_mut(at);
        server.speed.start(ctx.now);
        match at {
            0 => ctx.config.http_silence,
            // There is somebody else to ask.
            _ => server.margin(ctx.now, &ctx.config),
        }
    }

    /// A request to a server has ended, however it did.
    pub(super) fn end(&mut self, now: Time, at: usize) {
        self.get_mut(at).speed.stop(now);
    }

    /// A server has sent bytes; the first ones come with the moment at which they were `asked` for.
    pub(super) fn sent(&mut self, now: Time, at: usize, bytes: u64, asked: Option<Time>) {
        let server = self.get_mut(at);
        if let Some(asked) = asked {
            server.answers.add(now.since(asked));
        }
        server.heard = Some(now);
        server.speed.add(now, bytes);
    }

    /// A server has done all that it was asked for.
    pub(super) fn succeeded(&mut self, at: usize) {
        self.get_mut(at).failures = 0;
    }

    /// A server failed: it rests a while, longer each time; a mirror that goes on failing, for as long
    /// as one that lies.
    pub(super) fn failed(&mut self, ctx: &mut Ctx, at: usize) {
        let around = ctx.rng.around_one(0.2);
        let server = self.get_mut(at);
        let wait = ctx.config.http_retry * (1 << server.failures.min(4));
        server.failures = server.failures.saturating_add(1);
        server.failed_at = Some(ctx.now);
        server.rests_until = ctx.now
            + if at > 0 && server.failures >= ctx.config.max_origin_failures {
                ctx.config.ban
            } else {
                wait.mul_f64(around)
            };
    }

    /// A mirror has sent what is not in the index: it is left alone for as long as a peer would be.
    pub(super) fn ban(&mut self, ctx: &Ctx, at: usize) {
        self.get_mut(at).rests_until = ctx.now + ctx.config.ban;
    }

    /// Counts a failure on a segment that nobody else can bring either.
    pub(super) fn blame(&mut self, segment: SegmentId, most: usize) {
        if self.failed.len() >= most.max(1) {
            let first = self.failed.keys().next();
            first.and_then(|first| self.failed.remove(first));
        }
        let failures = self.failed.get(segment).copied().unwrap_or(0);
        self.failed.insert(segment, failures.saturating_add(1));
    }

    /// Whether so many have failed on a segment that the player's own loader should take over.
    pub(super) fn disown(&self, segment: SegmentId, most: u32) -> bool {
        self.failed
            .get(segment)
            .is_some_and(|&failures| failures >= most)
    }

    /// A segment is whole: what went wrong on the way is over.
    pub(super) fn forgive(&mut self, segment: SegmentId) {
        self.failed.remove(segment);
    }

    /// Returns how many requests each counts as running, in order.
    pub(super) fn running(&self) -> impl Iterator<Item = usize> {
        self.all()
            .map(|(_, server)| server.speed.running() as usize)
    }

    fn all(&self) -> impl Iterator<Item = (usize, &Server)> {
        core::iter::once(&self.origin)
            .chain(&self.mirrors)
            .enumerate()
    }

    fn get(&self, at: usize) -> &Server {
        let mirror = at.checked_sub(1).and_then(|at| self.mirrors.get(at));
        mirror.unwrap_or(&self.origin)
    }

    fn get_mut(&mut self, at: usize) -> &mut Server {
        let mirror = at.checked_sub(1).and_then(|at| self.mirrors.get_mut(at));
        mirror.unwrap_or(&mut self.origin)
    }
}
