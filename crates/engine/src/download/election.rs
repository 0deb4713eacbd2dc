//! When it is our turn to ask the origin for a segment that is not in danger.
//!
//! Those who want it and lack it are ordered by a hash that all of them can compute. In the whole swarm a
//! few are expected to go at once: as many as it takes for the segment to reach everybody in time,
//! doubling from peer to peer. The neighbours of everybody else step in one after another, well before
//! their own danger, if nothing has come until then: when the elected have left, lie, or are too far
//! away, or when the tracker has miscounted.

use core::ops::Range;

use super::state::Download;
use super::wants::Want;
use crate::ctx::Ctx;
use crate::gossip::Gossip;
use crate::meter::halved;
use crate::rng::election_hash;
use crate::time::Time;

impl Download {
    /// Returns when it is our turn, if it will be. `swarm_size`: viewers in the whole swarm, 0 while
    /// nobody has counted them.
    pub(super) fn origin_turn(
        &self,
        ctx: &Ctx,
        gossip: &Gossip,
        want: &Want,
        swarm_size: u32,
    ) -> Option<Time> {
        let now = ctx.now;
        let around = gossip.neighbours().count();
        let since = self.wants.since.get(want.segment).copied().unwrap_or(now);
        if around == 0 {
            // Only just after joining is there hope for somebody to come in time.
            let hoped = self.sharing? + ctx.config.join_grace;
            let alone = swarm_size == 1 || hoped <= now;
            let turn = if alone { now } else { hoped };
            return want.needed.then_some(turn);
        }
        let untold = gossip.neighbours().filter_map(|it| it.untold_since());
        let untold = untold.map(|since| since + ctx.config.introduction);
        if let Some(hoped) = untold.max().filter(|&hoped| hoped > now) {
            return Some(hoped);
        }
        let span = self.store.get(want.segment)?.span();
        let (rivals, before_us) = rivals(ctx, gossip, want, &span);
        let room = want.danger.since(since);
        let everyone = (around as f64 + 1.0).max(f64::from(swarm_size));
        let alike = everyone * f64::from(rivals + 1) / (around as f64 + 1.0);
        let elected = if alike <= f64::from(rivals) + 2.0 {
            before_us == 0
        } else {
            let doublings = room.div_duration_f64(ctx.config.doubling);
            election_hash(ctx.me, want.segment)
                < (ctx.config.early_fetchers / alike).max(halved(doublings))
        };
        let coming = gossip.neighbours().any(|it| it.brings(&span, now));
        if elected && !coming {
            return Some(since);
        }
        if room.is_zero() {
            // It will be fetched when the player asks for it, if nothing has come until then.
            return None;
        }
        let order = f64::from(before_us + 1) / f64::from(rivals + 1);
        Some(since + room.mul_f64(FIRST_STEP + STEPS * order))
    }
}

/// The share of the time until danger after which neighbours step in, and over which they do so one
/// after another.
const FIRST_STEP: f64 = 0.4;
const STEPS: f64 = 0.5;

/// How many neighbours want a segment and lack it, and how many of them come before us.
fn rivals(ctx: &Ctx, gossip: &Gossip, want: &Want, span: &Range<u32>) -> (u32, u32) {
    let mine = election_hash(ctx.me, want.segment);
    let (mut rivals, mut before_us) = (0, 0);
    for neighbour in gossip.neighbours().filter(|it| it.lacks(span)) {
        rivals += 1;
        before_us += u32::from(election_hash(neighbour.peer(), want.segment) < mine);
    }
    (rivals, before_us)
}
