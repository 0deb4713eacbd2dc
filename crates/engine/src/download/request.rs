//! Blocks from peers: whom to ask for what next, and what comes of it.

use shoal_wire::peer::Block;

use super::asked::{Came, Supplier};
use super::piece::{Source, Taken};
use super::state::Download;
use super::wants::Want;
use crate::ctx::Ctx;
use crate::gossip::{Gossip, Neighbour};
use crate::input::LinkId;
use crate::output::Output;
use crate::rng::election_hash;
use crate::small_map::sort_by;
use crate::time::Time;

/// Blocks that one peer is given before the next gets its share.
const SHARE: usize = 4;

/// Bytes per second above which a measured rate is one.
const SLOWEST: f64 = 1.0;

impl Download {
    /// Gives the peers that have room something to do, a few blocks each in turn.
    ///
    /// Who is least far ahead of us in the video comes first: the fewest others can be served by it,
    /// so that the uplinks of those at the front are left to whoever has nobody else. Of equals the
    /// quickest comes first.
    pub(crate) fn request(&mut self, ctx: &mut Ctx, gossip: &Gossip) {
        if self.can_request.is_empty() {
            return;
        }
        let mut asked = core::mem::take(&mut self.can_request)
            .into_iter()
            .filter_map(|id| {
                let supplier = self.asked.get(id)?;
                let front = gossip.get(id).map_or(u32::MAX, Neighbour::front);
                (supplier.room(&ctx.config, ctx.now) > 0)
                    .then(|| (id, supplier.speed().unwrap_or(0.0), front))
            })
            .collect::<Vec<_>>();
        sort_by(&mut asked, |a, b| {
            let quicker = b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
            a.2.cmp(&b.2).then(quicker).is_lt()
        });
        asked.dedup_by_key(|(id, ..)| *id);
        while !asked.is_empty() {
            asked.retain(|&(id, speed, _)| self.request_some(ctx, gossip, id, speed));
        }
    }

    /// Moves blocks of a segment that will soon be in danger away from peers that would bring them
    /// too late, if somebody quicker has them.
    pub(super) fn rescue(&mut self, ctx: &mut Ctx, gossip: &Gossip, want: &Want) {
        let Some(segment) = self.store.get(want.segment) else {
            return;
        };
        let span = segment.span();
        let slack = want.danger.since(ctx.now).as_secs_f64();
        for id in self.asked.names() {
            let Some(supplier) = self.asked.get(id) else {
                continue;
            };
            let (speed, mut owed) = (supplier.speed().unwrap_or(0.0), 0_u64);
            let mut late = Vec::new();
            for (block, since) in supplier.asked() {
                owed += u64::from(block.length);
                let waited = ctx.now.since(since).as_secs_f64();
                let left = owed as f64 / speed.max(SLOWEST) - waited;
                let overdue = speed > SLOWEST && left.max(waited / 4.0) > slack;
                let quicker = || self.is_quicker(ctx, gossip, id, speed, block);
                if overdue && span.contains(&block.piece.0) && quicker() {
                    late.push(block);
                }
            }
            if !late.is_empty() {
                self.cancel(ctx, id, true, &|block| late.contains(block));
            }
        }
    }

    /// A block has come from a peer. What was cancelled while it was on its way is of use all the
    /// same, if nobody else has brought it.
    pub(crate) fn block_came(&mut self, ctx: &mut Ctx, id: LinkId, block: Block) {
        let came = self.asked.done(ctx, id, block);
        self.can_request(id);
        let used = came != Came::Unasked && self.take_block(ctx, id, block);
        if !used {
            ctx.traffic.waste(u64::from(block.length));
        } else if came == Came::Cancelled || self.asked.is_doubled() {
            self.cancel_everywhere(ctx, &|asked| *asked == block);
        }
    }

    /// Asks one peer for its share. Returns whether it could take more.
    fn request_some(&mut self, ctx: &mut Ctx, gossip: &Gossip, id: LinkId, speed: f64) -> bool {
        let Some(supplier) = self.asked.get(id) else {
            return false;
        };
        let room = supplier.room(&ctx.config, ctx.now);
        let share = room.min(SHARE);
        for _ in 0..share {
            let Some(block) = self.next_block(ctx, gossip, id, speed) else {
                return false;
            };
            self.ask(ctx, id, block);
        }
        room > share
    }

    /// The most urgent block that a peer has and nobody has been asked for; among segments in no
    /// hurry, the one that the fewest have.
    fn next_block(&self, ctx: &Ctx, gossip: &Gossip, id: LinkId, speed: f64) -> Option<Block> {
        let (supplier, peer) = (self.asked.get(id)?, gossip.get(id)?);
        let owed = (supplier.owes() + u64::from(ctx.config.block_length)) as f64;
        let mut rarest: Option<(u16, Block)> = None;
        for want in &self.wants.list {
            let slack = want.deadline.since(ctx.now).as_secs_f64();
            if speed > SLOWEST && owed / speed > slack / 2.0 {
                // It would come late, or nearly: leave it to somebody quicker.
                continue;
            }
            let Some(segment) = self.store.get(want.segment) else {
                continue;
            };
            let rarest_first = want.danger.since(ctx.now) > ctx.config.calm;
            if let (Some((_, block)), false) = (&rarest, rarest_first) {
                return Some(*block);
            }
            let span = segment.span();
            let count = span.len() as u32;
            let first = first_piece(ctx, want, count);
            for n in 0..count {
                let piece = span.start + (n + first) % count;
                let Some(state) = segment.piece(piece) else {
                    continue;
                };
                if state.is_settled() || !peer.has(piece) {
                    continue;
                }
                let Some(number) = state.open_block(segment.blocks(piece)) else {
                    continue;
                };
                if self.fetches.cover(want.segment, piece) {
                    continue;
                }
                let block = segment.block(piece, number);
                if !rarest_first {
                    return Some(block);
                }
                let copies = segment.copies(piece);
                if rarest.is_none_or(|(fewest, _)| copies < fewest) {
                    rarest = Some((copies, block));
                }
            }
        }
        rarest
            .map(|(_, block)| block)
            .or_else(|| self.spare_block(ctx.now, supplier, peer))
    }

    /// The endgame: while no server answers, what is about to be missing is asked of a second peer as
    /// well.
    fn spare_block(&self, now: Time, supplier: &Supplier, peer: &Neighbour) -> Option<Block> {
        if self.fetches.servers.up_at() <= now {
            return None;
        }
        for want in self.wants.list.iter().filter(|want| want.is_urgent(now)) {
            let segment = self.store.get(want.segment)?;
            for piece in segment.span().filter(|&piece| peer.has(piece)) {
                for number in 0..segment.blocks(piece) {
                    let block = segment.block(piece, number);
                    let state = segment.piece(piece);
                    let missing = state.is_some_and(|piece| piece.lacks(number));
                    if missing && !supplier.is_asked(block) && self.asked.count(block) == 1 {
                        return Some(block);
                    }
                }
            }
        }
        None
    }

    /// Whether somebody else has this block and sends at least twice as fast.
    fn is_quicker(
        &self,
        ctx: &Ctx,
        gossip: &Gossip,
        than: LinkId,
        speed: f64,
        block: Block,
    ) -> bool {
        self.asked.iter().any(|(id, supplier)| {
            id != than
                && gossip.get(id).is_some_and(|it| it.has(block.piece.0))
                && supplier.room(&ctx.config, ctx.now) > 0
                && supplier.speed().unwrap_or(0.0) > speed * 2.0
        })
    }

    /// Puts a block in its place. Returns whether it was of use.
    fn take_block(&mut self, ctx: &mut Ctx, id: LinkId, block: Block) -> bool {
        let taken = self.store.take(block, Source::Peer(id));
        if matches!(taken, Some(Taken::Completed | Taken::Kept)) {
            ctx.push(Output::Keep(block));
        }
        if taken == Some(Taken::Completed)
            && let Some(segment) = self.store.at(block.piece)
        {
            self.check(ctx, segment, block.piece.0);
        }
        matches!(taken, Some(Taken::Completed | Taken::Kept))
    }
}

/// Viewers in no hurry begin a segment in different places, so that they have something to
/// give each other; in a hurry it comes in order.
fn first_piece(ctx: &Ctx, want: &Want, count: u32) -> u32 {
    if want.danger > ctx.now {
        (election_hash(ctx.me, want.segment) * f64::from(count)) as u32
    } else {
        0
    }
}
