//! Asking a peer for a block, and taking that back: what is asked of peers and what is marked in the
//! store change together.

use shoal_wire::peer::{Block, Message};

use super::state::Download;
use crate::ctx::Ctx;
use crate::gossip::Gossip;
use crate::input::LinkId;

impl Download {
    /// A peer is gone: what it owed is asked elsewhere.
    pub(crate) fn part(&mut self, ctx: &mut Ctx, id: LinkId) {
        self.cancel(ctx, id, false, &|_| true);
        self.asked.part(id);
        self.can_request.retain(|&other| other != id);
        self.changed();
    }

    /// A peer serves us from now on, or no longer.
    pub(crate) fn choke(&mut self, ctx: &mut Ctx, id: LinkId, chokes_us: bool) {
        if self.asked.choke(id, chokes_us) {
            self.cancel(ctx, id, false, &|_| true);
        }
        if !chokes_us {
            self.can_request(id);
        }
    }

    /// A peer will not send a block. One that speaks our extension says by `lost` what it no longer
    /// has, so it is only busy; another may have no more of it than we know.
    pub(crate) fn refused(&mut self, ctx: &mut Ctx, gossip: &mut Gossip, id: LinkId, block: Block) {
        let jitter = ctx.rng.around_one(0.3);
        if !self.asked.get(id).is_some_and(|it| it.is_asked(block)) {
            return;
        }
        if gossip.get(id).is_some_and(|it| it.speaks_ours()) {
            self.asked.leave_alone(ctx, id, jitter);
        } else {
            gossip.lacks(id, block.piece.0);
        }
        self.cancel(ctx, id, false, &|asked| *asked == block);
    }

    /// A peer owes us blocks and sends none: they are asked elsewhere. Returns whether it did so before,
    /// without having sent anything meanwhile.
    #[must_use]
    pub(crate) fn give_up_on(&mut self, ctx: &mut Ctx, id: LinkId) -> bool {
        self.cancel(ctx, id, true, &|_| true);
        self.all_can_request();
        self.asked.snub(ctx.now, id)
    }

    /// Asks a peer for a block.
    pub(super) fn ask(&mut self, ctx: &mut Ctx, id: LinkId, block: Block) {
        if let Some(again) = self.store.mark(block) {
            self.asked.add(ctx, id, block, again);
            ctx.send(id, Message::Request(block));
        }
    }

    /// Takes back some of what is asked of a peer; with `tell`, tells it.
    pub(super) fn cancel(
        &mut self,
        ctx: &mut Ctx,
        id: LinkId,
        tell: bool,
        these: &dyn Fn(&Block) -> bool,
    ) {
        let blocks = self.asked.cancel(ctx, id, these);
        if blocks.is_empty() {
            return;
        }
        for block in blocks {
            // A second peer may have been asked: the block is still on its way.
            if !self.asked.is_doubled() || self.asked.count(block) == 0 {
                self.store.unmark(block);
            }
            if tell {
                ctx.send(id, Message::Cancel(block));
            }
        }
        self.all_can_request();
    }

    /// Takes back some of what is asked of all peers, and tells them.
    pub(super) fn cancel_everywhere(&mut self, ctx: &mut Ctx, these: &dyn Fn(&Block) -> bool) {
        for id in self.asked.names() {
            self.cancel(ctx, id, true, these);
        }
    }

    /// A piece has come another way, or is not wanted any more: its blocks need not be sent.
    pub(super) fn cancel_piece(&mut self, ctx: &mut Ctx, piece: u32) {
        self.cancel_everywhere(ctx, &|block| block.piece.0 == piece);
    }
}
