//! The origin: what is asked of it over HTTP, how fast it is, and when it fails.

use core::ops::Range;
use core::time::Duration;

use shoal_wire::id::SegmentId;
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

    /// The pieces still to come.
    pub(crate) fn rest(&self) -> Range<u32> {
        self.next..self.end
    }
}

/// What is known of the origin.
#[derive(Debug)]
pub(crate) struct Origin {
    speed: BusyMeter,
    /// Until the first piece of an answer is there.
    answers: Delay,
    next: u64,
    /// Failures in a row, and when the last one was.
    failures: u32,
    failed_at: Option<Time>,
    rests_until: Time,
    /// Failures by segment, of those that are wanted.
    failed: Table<SegmentId, u32>,
}

impl Origin {
    pub(crate) fn new() -> Self {
        Self {
            speed: BusyMeter::new(Duration::from_secs(4)),
            answers: Delay::default(),
            next: 0,
            failures: 0,
            failed_at: None,
            rests_until: Time::default(),
            failed: Table::default(),
        }
    }

    /// Bytes per second while something is under way, once measured.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.speed.rate()
    }

    /// How long so many bytes take from the first one on, with a third in hand.
    pub(crate) fn transfer(&self, bytes: u64, config: &Config) -> Duration {
        let rate = self.rate().unwrap_or(config.assumed_rate as f64);
        Duration::from_secs_f64((bytes as f64 * 4.0 / 3.0 / rate.max(1.0)).min(60.0))
    }

    /// Time to keep in hand for an answer to begin, by what has been measured. An origin that has
    /// failed of late may have to be asked twice.
    pub(crate) fn margin(&self, now: Time, config: &Config) -> Duration {
        let flaky = self.failed_at.is_some_and(|at| at + FLAKY > now);
        match self.answers.bound() {
            Some(answer) if !flaky => (answer * 2).clamp(config.min_margin, config.margin),
            _ => config.margin,
        }
    }

    /// The player's own loader has got a segment from it.
    pub(crate) fn observe(&mut self, bytes: u32, pace: Pace) {
        if let Some(span) = pace.whole.checked_sub(pace.first_byte)
            && !pace.whole.is_zero()
        {
            self.speed.add_past(span, u64::from(bytes));
            self.answers.add(pace.first_byte);
        }
    }

    /// It is not resting after a failure.
    pub(crate) fn is_up(&self, now: Time) -> bool {
        self.rests_until <= now
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
    /// Asks for the pieces of a segment that are missing, not under way over HTTP, and `due`.
    pub(crate) fn fetch_missing(&mut self, id: SegmentId, due: impl Fn(&Piece, u32, u32) -> bool) {
        if !self.origin.is_up(self.now) {
            self.plan.next = Some(match self.plan.next {
                Some(next) => next.min(self.origin.rests_until),
                None => self.origin.rests_until,
            });
            return;
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
            self.start_fetch(id, first..end, offset, last + rest - offset);
        }
    }

    /// A request under way will bring this piece.
    pub(crate) fn is_covered(&self, id: SegmentId, piece: u32) -> bool {
        self.fetches
            .values()
            .any(|fetch| fetch.segment == id && fetch.rest().contains(&piece))
    }

    fn start_fetch(&mut self, segment: SegmentId, pieces: Range<u32>, offset: u32, length: u32) {
        self.origin.next += 1;
        let id = HttpId(self.origin.next);
        let fetch = Fetch {
            segment,
            end: pieces.end,
            next: pieces.start,
            asked: Some(self.now),
            last_heard: self.now,
            silence: self.config.http_silence,
        };
        self.fetches.insert(id, fetch);
        self.busy.start(self.now);
        self.origin.speed.start(self.now);
        self.stats.origin_requests += 1;
        self.out.push_back(Output::HttpGet {
            id,
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
        if let Some(asked) = fetch.asked.take() {
            self.origin.answers.add(self.now.since(asked));
        }
        let name = fetch.segment;
        self.stats.origin_bytes += u64::from(length);
        self.origin_rate.add(self.now, u64::from(length));
        self.origin.speed.add(self.now, u64::from(length));
        self.busy.add(self.now, u64::from(length));
        let blocks = segment.blocks(number);
        let Some(piece) = segment.piece_mut(number) else {
            return;
        };
        match piece.take_all(blocks, Source::Origin, length) {
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
            self.origin.failures = 0;
            return;
        }
        self.problem(match fault {
            Some(HttpFault::Status(_)) => "origin-status",
            Some(HttpFault::Length) | None => "origin-length",
            Some(HttpFault::Network) => "origin-network",
        });
        self.origin_failed(fetch.segment);
    }

    /// Ends a request that is not wanted any more.
    pub(crate) fn abort_fetch(&mut self, id: HttpId) {
        if self.forget_fetch(id).is_some() {
            self.out.push_back(Output::HttpAbort(id));
        }
    }

    /// Gives up requests that have fallen silent.
    pub(crate) fn run_fetches(&mut self) {
        let now = self.now;
        let silent = self
            .fetches
            .iter()
            .filter(|(_, fetch)| fetch.silent_at() <= now);
        for id in silent.map(|(id, _)| id).collect::<Vec<_>>() {
            let segment = self.fetches.get(id).map(|fetch| fetch.segment);
            self.abort_fetch(id);
            self.plan.stale = true;
            self.problem("origin-silent");
            if let Some(segment) = segment {
                self.origin_failed(segment);
            }
        }
    }

    /// The origin failed on a segment: it rests a while, longer each time. A segment that peers
    /// can bring is not counted against it.
    pub(crate) fn origin_failed(&mut self, segment: SegmentId) {
        let wait = self.config.http_retry * (1 << self.origin.failures.min(4));
        self.origin.failures = self.origin.failures.saturating_add(1);
        self.origin.failed_at = Some(self.now);
        self.origin.rests_until = self.now + wait.mul_f64(self.chance.around_one(0.2));
        let carried = self.store.get(segment).is_some_and(|held| {
            held.span().all(|piece| {
                held.piece(piece).is_some_and(Piece::is_settled)
                    || self
                        .links
                        .values()
                        .any(|link| link.is_ready() && link.has(piece))
            })
        });
        if !carried {
            self.origin.blame(segment, self.config.max_failed);
        }
    }

    fn forget_fetch(&mut self, id: HttpId) -> Option<Fetch> {
        let fetch = self.fetches.remove(id)?;
        self.busy.stop(self.now);
        self.origin.speed.stop(self.now);
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
