//! Pieces from the origin and its mirrors: what is asked of them, and what comes of it.

use core::ops::Range;

use shoal_wire::id::SegmentId;
use shoal_wire::peer::{Block, Ranges};

use super::piece::{Piece, Source, Taken};
use super::state::Download;
use super::store::Segment;
use crate::ctx::Ctx;
use crate::gossip::Gossip;
use crate::input::{HttpFault, HttpId};
use crate::output::Output;
use crate::timers::Timer;

impl Download {
    /// Asks for the pieces of a segment that are missing, not under way over HTTP, and `due`. `explore`:
    /// there is time to find out about a mirror.
    pub(super) fn fetch_missing(
        &mut self,
        ctx: &mut Ctx,
        gossip: &Gossip,
        id: SegmentId,
        explore: bool,
        due: &dyn Fn(&Piece, u32, u32) -> bool,
    ) {
        let up_at = self.fetches.servers.up_at();
        if up_at > ctx.now {
            return ctx.timers.bring_forward(Timer::Plan, up_at);
        }
        while self.fetches.len() < ctx.config.max_http
            && let Some(segment) = self.store.get(id)
            && let Some(pieces) = self.first_open(id, segment, due)
        {
            let (offset, length) = segment.extent(&pieces);
            let (servers, bytes) = (&self.fetches.servers, u64::from(length));
            let Some(server) = servers.choose(ctx.now, bytes, explore, &ctx.config) else {
                return;
            };
            let http = self.fetches.begin(ctx, server, id, pieces.clone());
            ctx.push(Output::HttpGet {
                id: http,
                server,
                segment: id,
                offset,
                length,
            });
            // What peers have not sent yet of these pieces they need not send.
            for piece in pieces.clone() {
                self.cancel_piece(ctx, piece);
            }
            gossip.tell_fetching(ctx, pieces);
        }
    }

    /// At the last moment what a mirror is sending is asked of the origin, if that is quicker.
    pub(super) fn leave_slow_mirrors(&mut self, ctx: &mut Ctx, gossip: &Gossip, id: SegmentId) {
        let Some(segment) = self.store.get(id) else {
            return;
        };
        let missing = segment.missing_bytes();
        let servers = &self.fetches.servers;
        if servers.choose(ctx.now, missing, false, &ctx.config) == Some(0) {
            let slow = |server, segment| segment == id && server > 0;
            self.abort_fetches(ctx, gossip, &slow);
        }
    }

    /// A piece has come from a server.
    pub(crate) fn http_block(&mut self, ctx: &mut Ctx, id: HttpId, block: Block) {
        let Some(fetch) = self.fetches.get(id) else {
            return;
        };
        let (segment, from, number) = (fetch.segment, fetch.server, block.piece.0);
        let expected = fetch.rest().next() == Some(number);
        let place = self.store.get(segment).map(|it| it.place(number));
        if !expected || place.is_none_or(|(_, length)| (block.begin, block.length) != (0, length)) {
            return;
        }
        self.fetches.came(ctx, id, u64::from(block.length));
        match self.store.take_piece(segment, number, Source::Http(from)) {
            Some(Taken::Surplus) => ctx.traffic.waste(u64::from(block.length)),
            Some(Taken::Completed | Taken::Kept) => {
                ctx.push(Output::Keep(block));
                self.check(ctx, segment, number);
                self.cancel_piece(ctx, number);
            }
            None => {}
        }
    }

    /// A request has ended, well or not.
    pub(crate) fn http_ended(
        &mut self,
        ctx: &mut Ctx,
        gossip: &Gossip,
        id: HttpId,
        fault: Option<HttpFault>,
    ) {
        let Some((server, segment, rest)) = self.end_fetch(ctx, gossip, id) else {
            return;
        };
        self.changed();
        if fault.is_none() && rest.is_empty() {
            return self.fetches.servers.succeeded(server);
        }
        ctx.problem(match fault {
            _ if server > 0 => "mirror-failed",
            Some(HttpFault::Status(_)) => "origin-status",
            Some(HttpFault::Length) | None => "origin-length",
            Some(HttpFault::Network) => "origin-network",
        });
        self.server_failed(ctx, gossip, server, segment);
    }

    /// Gives up requests that have fallen silent.
    pub(crate) fn run_fetches(&mut self, ctx: &mut Ctx, gossip: &Gossip) {
        if !ctx.timers.is_due(Timer::Fetch, ctx.now) {
            return;
        }
        for id in self.fetches.silent(ctx.now) {
            let Some((server, segment, _)) = self.abort_fetch(ctx, gossip, id) else {
                continue;
            };
            self.changed();
            ctx.problem(match server {
                0 => "origin-silent",
                _ => "mirror-failed",
            });
            self.server_failed(ctx, gossip, server, segment);
        }
    }

    /// Ends those requests that are not wanted any more, by server and segment.
    pub(super) fn abort_fetches(
        &mut self,
        ctx: &mut Ctx,
        gossip: &Gossip,
        unwanted: &dyn Fn(usize, SegmentId) -> bool,
    ) {
        let unwanted = |fetch: &super::fetches::Fetch| unwanted(fetch.server, fetch.segment);
        for id in self.fetches.which(&unwanted) {
            self.abort_fetch(ctx, gossip, id);
        }
    }

    /// A server has sent what is not in the index.
    pub(super) fn server_lied(
        &mut self,
        ctx: &mut Ctx,
        gossip: &Gossip,
        server: usize,
        segment: SegmentId,
    ) {
        if server == 0 {
            ctx.problem("origin-rotten-piece");
            return self.server_failed(ctx, gossip, server, segment);
        }
        ctx.problem("mirror-rotten-piece");
        self.fetches.servers.ban(ctx, server);
        self.abort_fetches(ctx, gossip, &|at, _| at == server);
    }

    /// A server failed on a segment. One that peers or another server can bring is not counted as failed.
    fn server_failed(&mut self, ctx: &mut Ctx, gossip: &Gossip, server: usize, segment: SegmentId) {
        self.fetches.servers.failed(ctx, server);
        let elsewhere = self.fetches.servers.up_at() <= ctx.now;
        let carried = self.store.get(segment).is_some_and(|held| {
            held.span().all(|piece| {
                held.piece(piece).is_some_and(Piece::is_settled)
                    || gossip.neighbours().any(|peer| peer.has(piece))
            })
        });
        if !carried && !elsewhere {
            let most = ctx.config.max_failed;
            self.fetches.servers.blame(segment, most);
        }
    }

    /// The first pieces in a row that nothing under way will bring, and that are `due`.
    fn first_open(
        &self,
        id: SegmentId,
        segment: &Segment,
        due: &dyn Fn(&Piece, u32, u32) -> bool,
    ) -> Option<Range<u32>> {
        let open = |piece: u32| {
            segment.piece(piece).is_some_and(|state| {
                !state.is_settled()
                    && !self.fetches.cover(id, piece)
                    && due(state, segment.blocks(piece), piece)
            })
        };
        let first = segment.span().find(|&piece| open(piece))?;
        let end = (first..segment.span().end).find(|&piece| !open(piece));
        Some(first..end.unwrap_or(segment.span().end))
    }

    /// Ends a request that is not wanted any more.
    pub(super) fn abort_fetch(
        &mut self,
        ctx: &mut Ctx,
        gossip: &Gossip,
        id: HttpId,
    ) -> Option<(usize, SegmentId, Range<u32>)> {
        let ended = self.end_fetch(ctx, gossip, id)?;
        ctx.push(Output::HttpAbort(id));
        Some(ended)
    }

    /// Ends a request, and tells peers of what it has not brought. Returns its server, its segment and the
    /// pieces that did not come.
    fn end_fetch(
        &mut self,
        ctx: &mut Ctx,
        gossip: &Gossip,
        id: HttpId,
    ) -> Option<(usize, SegmentId, Range<u32>)> {
        let fetch = self.fetches.end(ctx, id)?;
        let rest = core::iter::once(fetch.rest()).collect::<Ranges>();
        gossip.tell_not_fetching(ctx, &rest.without(self.store.have()));
        Some((fetch.server, fetch.segment, fetch.rest()))
    }
}
