//! The origin: what is asked of it over HTTP, how fast it is, and when it fails.

use core::ops::Range;
use core::time::Duration;

use shoal_wire::id::SegmentId;
use shoal_wire::index::MAX_MIRRORS;
use shoal_wire::peer::shoal::Extension;
use shoal_wire::peer::{Block, Ranges};

use crate::config::Config;
use crate::engine::Engine;
use crate::input::{HttpFault, HttpId, Pace};
use crate::meter::{BusyMeter, Delay};
use crate::output::Output;
use crate::piece::{Piece, Source, Taken};
use crate::table::Table;
use crate::time::Time;

/// One request under way: whole pieces of one segment, in order.
#[derive(Debug)]
pub(crate) struct Fetch {
    pub(crate) segment: SegmentId,
    /// Of whom: 0 is the origin itself, then its mirrors.
    server: usize,
    end: u32,
    /// The next piece expected.
    next: u32,
    /// When it was asked; nothing once it has begun to answer.
    asked: Option<Time>,
    last_heard: Time,
    silence: Duration,
}

impl Fetch {
    pub(crate) fn silent_at(&self) -> Time {
        self.last_heard + self.silence
    }

    /// Who was asked: 0 is the origin, then come its mirrors.
    pub(crate) const fn server(&self) -> usize {
        self.server
    }

    /// The pieces still to come.
    pub(crate) fn rest(&self) -> Range<u32> {
        self.next..self.end
    }
}

/// The origin and its mirrors: where the same files are.
#[derive(Debug)]
pub(crate) struct Origin {
    own: Server,
    /// In the index's order.
    mirrors: Vec<Server>,
    next: u64,
    /// Failures by segment, of those that are wanted.
    failed: Table<SegmentId, u32>,
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

impl Server {
    fn new() -> Self {
        Self {
            speed: BusyMeter::new(Duration::from_secs(4)),
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
        let flaky = self.failed_at.is_some_and(|at| at + FLAKY > now);
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

    /// It is a mirror that may be relied on: measured of late, and without a failure since.
    fn is_proven(&self, now: Time, config: &Config) -> bool {
        self.failures == 0 && self.heard.is_some_and(|at| at + config.mirror_memory > now)
    }
}

impl Origin {
    pub(crate) fn new() -> Self {
        Self {
            own: Server::new(),
            mirrors: Vec::new(),
            next: 0,
            failed: Table::default(),
        }
    }

    /// The index names so many mirrors.
    pub(crate) fn mirror(&mut self, count: usize) {
        let count = count.min(MAX_MIRRORS);
        self.mirrors.resize_with(count, Server::new);
    }

    /// Bytes per second of the fastest while something is under way, once measured. A mirror that rests
    /// promises nothing.
    pub(crate) fn rate(&self, now: Time) -> Option<f64> {
        let some = |&(at, server): &(usize, &Server)| at == 0 || server.rests_until <= now;
        let servers = self.servers().filter(some);
        let rates = servers.filter_map(|(_, server)| server.speed.rate());
        rates.reduce(f64::max)
    }

    /// Time to keep in hand for so many bytes: until an answer begins, and for the rest of it.
    pub(crate) fn reserve(&self, now: Time, bytes: u64, config: &Config) -> (Duration, Duration) {
        let server = self.server(self.choose(now, bytes, false, config).unwrap_or(0));
        (server.margin(now, config), server.transfer(bytes, config))
    }

    /// The player's own loader has got a segment from it.
    pub(crate) fn observe(&mut self, bytes: u32, pace: Pace) {
        if let Some(span) = pace.whole.checked_sub(pace.first_byte)
            && !pace.whole.is_zero()
        {
            self.own.speed.add_past(span, u64::from(bytes));
            self.own.answers.add(pace.first_byte);
        }
    }

    /// When somebody can be asked: not all rest after a failure.
    pub(crate) fn up_at(&self) -> Time {
        let mirrors = self.mirrors.iter().map(|server| server.rests_until);
        mirrors.fold(self.own.rests_until, Time::min)
    }

    /// It has failed on this segment so often that the player's own loader should take over.
    pub(crate) fn disowns(&self, segment: SegmentId, most: u32) -> bool {
        self.failed
            .get(segment)
            .is_some_and(|&failures| failures >= most)
    }

    /// A segment is whole: what went wrong on the way is over.
    pub(crate) fn forgive(&mut self, segment: SegmentId) {
        self.failed.remove(segment);
    }

    /// Who will bring so many bytes first. While there is time (`calm`), a mirror of which nothing is known
    /// is found out about; what is urgent is left to those that have been measured.
    fn choose(&self, now: Time, bytes: u64, calm: bool, config: &Config) -> Option<usize> {
        let mut best = None;
        for (at, server) in self.servers() {
            if server.rests_until > now {
                continue;
            }
            let takes = if at == 0 || server.is_proven(now, config) {
                server.answers.bound().unwrap_or_default() + server.transfer(bytes, config)
            } else if calm {
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

    /// The meters of the origin and of its mirrors.
    pub(crate) fn speeds(&self) -> impl Iterator<Item = &BusyMeter> {
        self.servers().map(|(_, server)| &server.speed)
    }

    fn servers(&self) -> impl Iterator<Item = (usize, &Server)> {
        core::iter::once(&self.own).chain(&self.mirrors).enumerate()
    }

    fn server(&self, at: usize) -> &Server {
        let mirror = at.checked_sub(1).and_then(|at| self.mirrors.get(at));
        mirror.unwrap_or(&self.own)
    }

    fn server_mut(&mut self, at: usize) -> &mut Server {
        let mirror = at.checked_sub(1).and_then(|at| self.mirrors.get_mut(at));
        mirror.unwrap_or(&mut self.own)
    }

    fn blame(&mut self, segment: SegmentId, most: usize) {
        if self.failed.len() >= most.max(1) {
            let first = self.failed.keys().next();
            first.and_then(|first| self.failed.remove(first));
        }
        let failures = self.failed.get(segment).copied().unwrap_or(0);
        self.failed.insert(segment, failures.saturating_add(1));
    }
}

/// How long a failure of the origin makes us careful.
const FLAKY: Duration = Duration::from_secs(60);

impl Engine {
    /// Asks for the pieces of a segment that are missing, not under way over HTTP, and `due`. `calm`: there
    /// is time to find out about a mirror.
    pub(crate) fn fetch_missing(
        &mut self,
        id: SegmentId,
        calm: bool,
        due: impl Fn(&Piece, u32, u32) -> bool,
    ) {
        let up_at = self.origin.up_at();
        if up_at > self.now {
            return self.look_again(up_at);
        }
        loop {
            let Some(segment) = self.store.get(id) else {
                return;
            };
            let open = |piece: u32| {
                segment.piece(piece).is_some_and(|state| {
                    !state.is_settled()
                        && !self.is_covered(id, piece)
                        && due(state, segment.blocks(piece), piece)
                })
            };
            let Some(first) = segment.span().find(|&piece| open(piece)) else {
                return;
            };
            if self.fetches.len() >= self.config.max_http {
                return;
            }
            let end = (first..segment.span().end).find(|&piece| !open(piece));
            let end = end.unwrap_or(segment.span().end);
            let (offset, _) = segment.place(first);
            let (last, rest) = segment.place(end - 1);
            let length = last + rest - offset;
            let bytes = u64::from(length);
            let server = self.origin.choose(self.now, bytes, calm, &self.config);
            let Some(server) = server else {
                return;
            };
            self.start_fetch(server, id, first..end, offset, length);
        }
    }

    /// At the last moment what a mirror is sending is asked of the origin, if that is quicker.
    pub(crate) fn leave_slow_mirrors(&mut self, id: SegmentId) {
        let Some(segment) = self.store.get(id) else {
            return;
        };
        let missing = segment.missing_bytes();
        if self.origin.choose(self.now, missing, false, &self.config) == Some(0) {
            self.abort_fetches(|_, fetch| fetch.segment == id && fetch.server > 0);
        }
    }

    /// A request under way will bring this piece.
    pub(crate) fn is_covered(&self, id: SegmentId, piece: u32) -> bool {
        self.fetches
            .values()
            .any(|fetch| fetch.segment == id && fetch.rest().contains(&piece))
    }

    fn start_fetch(
        &mut self,
        server: usize,
        segment: SegmentId,
        pieces: Range<u32>,
        offset: u32,
        length: u32,
    ) {
        self.origin.next += 1;
        let id = HttpId(self.origin.next);
        let asked = self.origin.server_mut(server);
        asked.speed.start(self.now);
        let fetch = Fetch {
            segment,
            server,
            end: pieces.end,
            next: pieces.start,
            asked: Some(self.now),
            last_heard: self.now,
            silence: match server {
                0 => self.config.http_silence,
                // There is somebody else to ask.
                _ => asked.margin(self.now, &self.config),
            },
        };
        self.fetches.insert(id, fetch);
        self.busy.start(self.now);
        self.stats.origin_requests += 1;
        self.out.push_back(Output::HttpGet {
            id,
            server,
            segment,
            offset,
            length,
        });
        // What peers have not sent yet of these pieces they need not send.
        for piece in pieces.clone() {
            self.recall(piece);
        }
        self.tell_fetching(pieces);
    }

    pub(crate) fn http_block(&mut self, id: HttpId, block: Block) {
        let Some(fetch) = self.fetches.get_mut(id) else {
            return;
        };
        let Some(segment) = self.store.get_mut(fetch.segment) else {
            return;
        };
        let number = block.piece.0;
        let (_, length) = segment.place(number);
        if number != fetch.next || number >= fetch.end || (block.begin, block.length) != (0, length)
        {
            return;
        }
        fetch.next = number + 1;
        fetch.last_heard = self.now;
        let from = fetch.server;
        let server = self.origin.server_mut(from);
        if let Some(asked) = fetch.asked.take() {
            server.answers.add(self.now.since(asked));
        }
        server.heard = Some(self.now);
        server.speed.add(self.now, u64::from(length));
        let name = fetch.segment;
        self.stats.origin_bytes += u64::from(length);
        self.origin_rate.add(self.now, u64::from(length));
        self.busy.add(self.now, u64::from(length));
        let blocks = segment.blocks(number);
        let Some(piece) = segment.piece_mut(number) else {
            return;
        };
        match piece.take_all(blocks, Source::Http(from), length) {
            Taken::Surplus => self.stats.wasted_bytes += u64::from(length),
            Taken::Completed | Taken::Kept => {
                self.out.push_back(Output::Keep(block));
                self.check(name, number);
                self.recall(number);
            }
        }
    }

    /// A request has ended, well or not.
    pub(crate) fn http_ended(&mut self, id: HttpId, fault: Option<HttpFault>) {
        let Some(fetch) = self.forget_fetch(id) else {
            return;
        };
        self.plan.stale = true;
        if fault.is_none() && fetch.rest().is_empty() {
            self.origin.server_mut(fetch.server).failures = 0;
            return;
        }
        self.problem(match fault {
            _ if fetch.server > 0 => "mirror-failed",
            Some(HttpFault::Status(_)) => "origin-status",
            Some(HttpFault::Length) | None => "origin-length",
            Some(HttpFault::Network) => "origin-network",
        });
        self.server_failed(fetch.server, fetch.segment);
    }

    /// Ends a request that is not wanted any more.
    pub(crate) fn abort_fetch(&mut self, id: HttpId) {
        if self.forget_fetch(id).is_some() {
            self.out.push_back(Output::HttpAbort(id));
        }
    }

    /// Ends those requests that are not wanted any more.
    pub(crate) fn abort_fetches(&mut self, unwanted: impl Fn(&Self, &Fetch) -> bool) {
        let fetches = self.fetches.iter();
        let unwanted = fetches.filter(|(_, fetch)| unwanted(self, fetch));
        for id in unwanted.map(|(id, _)| id).collect::<Vec<_>>() {
            self.abort_fetch(id);
        }
    }

    /// Gives up requests that have fallen silent.
    pub(crate) fn run_fetches(&mut self) {
        let now = self.now;
        let silent = self
            .fetches
            .iter()
            .filter(|(_, fetch)| fetch.silent_at() <= now);
        let silent = silent.map(|(id, fetch)| (id, fetch.server, fetch.segment));
        for (id, server, segment) in silent.collect::<Vec<_>>() {
            self.abort_fetch(id);
            self.plan.stale = true;
            self.problem(match server {
                0 => "origin-silent",
                _ => "mirror-failed",
            });
            self.server_failed(server, segment);
        }
    }

    /// A server has sent what is not in the index. A mirror is left alone for as long as a peer would be.
    pub(crate) fn server_lied(&mut self, at: usize, segment: SegmentId) {
        if at == 0 {
            self.problem("origin-rotten-piece");
            return self.server_failed(at, segment);
        }
        self.problem("mirror-rotten-piece");
        self.origin.server_mut(at).rests_until = self.now + self.config.ban;
        self.abort_fetches(|_, fetch| fetch.server == at);
    }

    /// A server failed on a segment: it rests a while, longer each time; a mirror that goes on failing, for
    /// as long as one that lies. A segment that peers or another server can bring is not counted as failed.
    fn server_failed(&mut self, at: usize, segment: SegmentId) {
        let around = self.chance.around_one(0.2);
        let server = self.origin.server_mut(at);
        let wait = self.config.http_retry * (1 << server.failures.min(4));
        server.failures = server.failures.saturating_add(1);
        server.failed_at = Some(self.now);
        server.rests_until = self.now
            + if at > 0 && server.failures >= self.config.max_origin_failures {
                self.config.ban
            } else {
                wait.mul_f64(around)
            };
        let elsewhere = self.origin.up_at() <= self.now;
        let carried = self.store.get(segment).is_some_and(|held| {
            held.span().all(|piece| {
                held.piece(piece).is_some_and(Piece::is_settled)
                    || self
                        .links
                        .values()
                        .any(|link| link.is_ready() && link.has(piece))
            })
        });
        if !carried && !elsewhere {
            self.origin.blame(segment, self.config.max_failed);
        }
    }

    fn forget_fetch(&mut self, id: HttpId) -> Option<Fetch> {
        let fetch = self.fetches.remove(id)?;
        self.busy.stop(self.now);
        self.origin.server_mut(fetch.server).speed.stop(self.now);
        let mut rest = Ranges::new();
        for piece in fetch.rest() {
            if !self.store.have.contains(piece) {
                rest.insert(piece, piece.saturating_add(1));
            }
        }
        self.tell_about(&rest, Extension::Lost);
        Some(fetch)
    }
}
