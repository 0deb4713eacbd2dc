//! Pieces that have come whole: having them checked, giving segments to the player, and finding out who
//! sent what is corrupt.

use shoal_wire::id::{PieceIndex, SegmentId};

use super::piece::{Piece, Source};
use super::state::Download;
use crate::ctx::Ctx;
use crate::gossip::Gossip;
use crate::input::{LinkId, NeedId, Verdict};
use crate::output::{Declined, Delivery, Output};

/// A peer that sent a corrupt piece, or one of those who may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Culprit {
    pub(crate) link: LinkId,
    pub(crate) strikes: u32,
}

impl Download {
    /// All bytes of a piece are there: has them checked.
    pub(super) fn check(&self, ctx: &mut Ctx, id: SegmentId, piece: u32) {
        if let Some(segment) = self.store.get(id) {
            let (offset, length) = segment.place(piece);
            ctx.push(Output::Verify {
                piece: PieceIndex(piece),
                segment: id,
                offset,
                length,
            });
        }
    }

    /// A piece has been checked. Returns who is to be struck for it.
    #[must_use]
    pub(crate) fn verified(
        &mut self,
        ctx: &mut Ctx,
        gossip: &mut Gossip,
        piece: PieceIndex,
        verdict: Verdict,
    ) -> Vec<Culprit> {
        let Some(id) = self.store.at(piece) else {
            return Vec::new();
        };
        let state = self.store.get_mut(id).and_then(|it| it.piece_mut(piece.0));
        let Some(state) = state.filter(|state| matches!(state, Piece::Checking(_))) else {
            return Vec::new();
        };
        if verdict != Verdict::Valid {
            let sources = state.refuse();
            return self.refuse(ctx, gossip, id, &sources, verdict);
        }
        let complete = self.store.accept(ctx.now, id, piece.0);
        if self.sharing.is_some() {
            gossip.gain(ctx, piece.0);
        }
        if complete {
            self.fetches.servers.forgive(id);
            self.deliver(ctx, id);
        }
        Vec::new()
    }

    /// Gives a complete segment to whoever of the player waits for it.
    pub(super) fn deliver(&mut self, ctx: &mut Ctx, id: SegmentId) {
        let waiting = self.needs.iter().filter(|&(_, &need)| need == id);
        let waiting = waiting.map(|(need, _)| need).collect::<Vec<NeedId>>();
        if waiting.is_empty() {
            return;
        }
        let line = ctx.traffic.line_rate().unwrap_or(0.0);
        let servers = self.fetches.servers.rate(ctx.now).unwrap_or(0.0);
        let Some(segment) = self.store.get_mut(id) else {
            return;
        };
        let (from_peers, from_origin) = segment.play(ctx.now);
        let delivery = Delivery {
            from_peers,
            from_origin,
            rate: line.max(servers),
        };
        for need in waiting {
            self.needs.remove(need);
            ctx.push(Output::Deliver {
                id: need,
                segment: id,
                delivery,
            });
        }
        self.changed();
    }

    /// Finds out who sent a corrupt piece, and sees to it that it comes from elsewhere.
    fn refuse(
        &mut self,
        ctx: &mut Ctx,
        gossip: &Gossip,
        id: SegmentId,
        sources: &[(Source, u32)],
        verdict: Verdict,
    ) -> Vec<Culprit> {
        for &(source, bytes) in sources {
            if source != Source::Player {
                ctx.traffic.waste(u64::from(bytes));
            }
        }
        self.changed();
        if verdict == Verdict::Unknown {
            self.decline_all(ctx, id, Declined::Unindexed);
            return Vec::new();
        }
        ctx.traffic.stats.rotten_pieces += 1;
        let peers = sources.iter().filter_map(|&(source, _)| match source {
            Source::Peer(link) => Some(link),
            Source::Http(_) | Source::Player => None,
        });
        let peers = peers.collect::<Vec<_>>();
        if peers.is_empty() {
            if let Some(&(Source::Http(server), _)) = sources.first() {
                self.server_lied(ctx, gossip, server, id);
            }
            return Vec::new();
        }
        ctx.problem("peer-rotten-piece");
        // One sender alone is surely guilty; of several any one may be.
        let strikes = match peers.len() {
            1 => ctx.config.max_strikes,
            _ => 1,
        };
        let culprits = peers.into_iter().map(|link| Culprit { link, strikes });
        culprits.collect()
    }
}
