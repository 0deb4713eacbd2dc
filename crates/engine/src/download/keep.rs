//! What is held: making room, forgetting, and taking what the player got past us.

use shoal_wire::id::{PieceIndex, SegmentId};

use super::piece::{Source, Taken};
use super::state::Download;
use super::store::Segment;
use super::timeline::Length;
use crate::ctx::Ctx;
use crate::gossip::Gossip;
use crate::input::Pace;
use crate::output::{Declined, Output};

impl Download {
    /// Ends everything that is under way, and leaves what the player waits for to its own loader. What is
    /// held stays. All peers are gone.
    pub(crate) fn leave(&mut self, ctx: &mut Ctx, gossip: &Gossip) {
        self.abort_fetches(ctx, gossip, &|_, _| true);
        for id in self.needs.names() {
            self.decline(ctx, id, Declined::Off);
        }
        self.can_request.clear();
        self.wants = Default::default();
        self.sharing = None;
    }

    /// Makes room for a segment, at the cost of what was used longest ago. What the player does not
    /// wait for (`needed`) never displaces what it will play. Returns whether there is room now.
    pub(super) fn reserve(
        &mut self,
        ctx: &mut Ctx,
        gossip: &mut Gossip,
        id: SegmentId,
        length: u32,
        needed: bool,
    ) -> bool {
        let Some(timeline) = &self.timeline else {
            return false;
        };
        let pieces = timeline.space.pieces(id, length);
        if pieces.is_empty() {
            return false;
        }
        let piece_length = timeline.info.piece_length;
        while self.store.bytes() + u64::from(length) > ctx.config.store_bytes {
            let asked = |id: SegmentId| self.needs.values().any(|&need| need == id);
            let wanted = |id: SegmentId| self.wants.has(id) || asked(id);
            let victim = self
                .store
                .oldest(|id| !wanted(id))
                .or_else(|| needed.then(|| self.store.oldest(|id| !asked(id))).flatten());
            match victim {
                Some(victim) => self.evict(ctx, gossip, victim),
                None => return false,
            }
        }
        // A live playlist that has gone round the piece space: the old holder of the numbers goes.
        if let Some(old) = self.store.at(PieceIndex(pieces.start)) {
            self.evict(ctx, gossip, old);
        }
        let block_length = ctx.config.block_length;
        let segment = Segment::new(pieces.start, length, piece_length, block_length, ctx.now);
        self.store.insert(id, segment);
        ctx.push(Output::Reserve {
            segment: id,
            length,
        });
        true
    }

    /// The player got a segment past us: it is kept to be shared, if nothing of it is held and it is
    /// what the index says.
    pub(crate) fn offered(
        &mut self,
        ctx: &mut Ctx,
        gossip: &mut Gossip,
        id: SegmentId,
        (length, pace): (u32, Pace),
    ) {
        self.fetches.servers.observe(length, pace);
        let held = self.store.get(id);
        if self.sharing.is_none() || held.is_some_and(Segment::is_begun) {
            return;
        }
        let timeline = self.timeline.as_mut();
        match timeline.map(|timeline| timeline.length(id, ctx.now)) {
            Some(Length::Known(known)) if known == length => {}
            Some(Length::Ask(part)) => {
                return ctx.push(Output::FetchPart {
                    track: id.track,
                    part,
                });
            }
            _ => return,
        }
        if self.store.get(id).is_none() && !self.reserve(ctx, gossip, id, length, false) {
            return;
        }
        ctx.push(Output::KeepOffered(id));
        let Some(segment) = self.store.get_mut(id) else {
            return;
        };
        segment.offered();
        for piece in segment.span() {
            let taken = self.store.take_piece(id, piece, Source::Player);
            if taken == Some(Taken::Completed) {
                self.cancel_piece(ctx, piece);
                self.check(ctx, id, piece);
            }
        }
    }

    /// Forgets a segment.
    fn evict(&mut self, ctx: &mut Ctx, gossip: &mut Gossip, id: SegmentId) {
        self.abort_fetches(ctx, gossip, &|_, segment| segment == id);
        let Some(span) = self.store.get(id).map(Segment::span) else {
            return;
        };
        for piece in span {
            self.cancel_piece(ctx, piece);
            if self.store.have().contains(piece) {
                gossip.lose(piece);
            }
        }
        let wasted = self.store.remove(id);
        ctx.traffic.waste(wasted);
        ctx.push(Output::Evict(id));
    }
}
