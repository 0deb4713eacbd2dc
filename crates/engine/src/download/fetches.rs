//! HTTP requests under way.
//!
//! Invariant: a request is counted as running by its server's meter and by the line's exactly while it
//! is listed here. [`Fetches::begin`] is the only way in, [`Fetches::end`] the only way out.

use core::ops::Range;
use core::time::Duration;

use shoal_wire::id::SegmentId;

use super::servers::Servers;
use crate::ctx::Ctx;
use crate::input::HttpId;
use crate::small_map::SmallMap;
use crate::time::Time;
use crate::timers::Timer;

/// One request under way: whole pieces of one segment, in order.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) segment: SegmentId,
    /// Whom it was made to: 0 is the origin itself, then its mirrors.
    pub(super) server: usize,
    end: u32,
    /// The next piece expected.
    next: u32,
    /// When it was made; nothing once it is being answered.
    asked: Option<Time>,
    last_heard: Time,
    /// Silence after which it is given up.
    silence: Duration,
}

impl Fetch {
    /// Returns the pieces still to come.
    pub(super) fn rest(&self) -> Range<u32> {
        self.next..self.end
    }

    fn silent_at(&self) -> Time {
        self.last_heard + self.silence
    }
}

/// The requests under way, and those whom they are made to.
#[derive(Debug)]
pub(super) struct Fetches {
    pub(super) servers: Servers,
    live: SmallMap<HttpId, Fetch>,
    last: u64,
}

impl Fetches {
    pub(super) fn new() -> Self {
        Self {
            servers: Servers::new(),
            live: SmallMap::default(),
            last: 0,
        }
    }

    /// Returns how many requests are under way.
    pub(super) const fn len(&self) -> usize {
        self.live.len()
    }

    /// Returns a request under way.
    pub(super) fn get(&self, id: HttpId) -> Option<&Fetch> {
        self.live.get(id)
    }

    /// Returns the names of some requests.
    pub(super) fn which(&self, these: &dyn Fn(&Fetch) -> bool) -> Vec<HttpId> {
        let live = self.live.iter().filter(|(_, fetch)| these(fetch));
        live.map(|(id, _)| id).collect()
    }

    /// Returns the names of requests that have been silent for too long.
    pub(super) fn silent(&self, now: Time) -> Vec<HttpId> {
        self.which(&|fetch| fetch.silent_at() <= now)
    }

    /// Returns all pieces that are still to come.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Range<u32>> {
        self.live.values().map(Fetch::rest)
    }

    /// Whether a request will bring this piece.
    pub(super) fn cover(&self, segment: SegmentId, piece: u32) -> bool {
        self.live
            .values()
            .any(|fetch| fetch.segment == segment && fetch.rest().contains(&piece))
    }

    /// Notes that pieces of a segment are asked of a server. Returns the request's name.
    pub(super) fn begin(
        &mut self,
        ctx: &mut Ctx,
        server: usize,
        segment: SegmentId,
        pieces: Range<u32>,
    ) -> HttpId {
        self.last += 1;
        let id = HttpId(self.last);
        let fetch = Fetch {
            segment,
            server,
            end: pieces.end,
            next: pieces.start,
            asked: Some(ctx.now),
            last_heard: ctx.now,
            silence: self.servers.begin(ctx, server),
        };
        self.live.insert(id, fetch);
        ctx.traffic.begin(ctx.now);
        ctx.traffic.stats.origin_requests += 1;
        self.arm(ctx);
        id
    }

    /// Notes that the next piece of a request has come whole.
    pub(super) fn came(&mut self, ctx: &mut Ctx, id: HttpId, bytes: u64) {
        let Some(fetch) = self.live.get_mut(id) else {
            return;
        };
        fetch.next += 1;
        fetch.last_heard = ctx.now;
        let asked = fetch.asked.take();
        self.servers.sent(ctx.now, fetch.server, bytes, asked);
        ctx.traffic.received_from_server(ctx.now, bytes);
        self.arm(ctx);
    }

    /// Ends a request, whatever the reason. Returns what it was.
    pub(super) fn end(&mut self, ctx: &mut Ctx, id: HttpId) -> Option<Fetch> {
        let fetch = self.live.remove(id)?;
        ctx.traffic.end(ctx.now);
        self.servers.end(ctx.now, fetch.server);
        self.arm(ctx);
        Some(fetch)
    }

    fn arm(&self, ctx: &mut Ctx) {
        let silent = self.live.values().map(Fetch::silent_at).min();
        ctx.timers.set(Timer::Fetch, silent);
    }
}
