//! What is wanted, by when, and who brings it.
//!
//! A segment's deadline is the moment at which the player stalls without it, by its real buffer.
//! Until shortly before, peers are preferred and a few elected viewers ask the origin early; in
//! danger the origin is asked at once, whatever else is under way.

use core::time::Duration;

use shoal_wire::id::SegmentId;
use shoal_wire::peer::Ranges;

use super::state::Download;
use super::timeline::Length;
use super::wants::Want;
use crate::ctx::Ctx;
use crate::gossip::{Gossip, Neighbour};
use crate::output::{Declined, Output};
use crate::small_map::{SmallMap, sort_by};
use crate::time::Time;
use crate::timers::Timer;

/// Media that may be missing between what is buffered and the next segment, which is not in it:
/// rounding of timestamps, no more.
const ROUNDING: Duration = Duration::from_millis(250);

impl Download {
    /// Looks at everything that is wanted and asks the origin where it is its turn. `swarm_size`: viewers
    /// in the whole swarm, 0 while nobody has counted them.
    pub(crate) fn run_plan(&mut self, ctx: &mut Ctx, gossip: &mut Gossip, swarm_size: u32) {
        if !self.wants.stale && !ctx.timers.is_due(Timer::Plan, ctx.now) {
            return;
        }
        self.wants.stale = false;
        ctx.timers.set(Timer::Plan, None);
        self.find_wants(ctx, gossip);
        // The list stays in place meanwhile: what is on it is not forgotten to make room.
        let mut wants = self.wants.list.clone();
        wants.retain_mut(|want| self.make_room(ctx, gossip, want));
        let urgent = |want: &Want| want.is_urgent(ctx.now);
        if let Some(last) = wants.iter().rposition(urgent) {
            // All that the line carries is for what is in danger; the rest comes later.
            wants.truncate(last + 1);
            wants.retain(urgent);
        }
        self.wants.list = wants;
        self.drop_unwanted(ctx, gossip);
        self.count_copies(ctx, gossip);
        for at in 0..self.wants.list.len() {
            if let Some(&want) = self.wants.list.get(at) {
                self.source(ctx, gossip, &want, swarm_size);
            }
        }
        self.read_ahead(ctx);
        self.can_request = self.asked.names();
    }

    /// Counts who has what of the segments in no hurry: the rarest pieces are asked for first.
    fn count_copies(&mut self, ctx: &Ctx, gossip: &Gossip) {
        for want in &self.wants.list {
            if want.danger.since(ctx.now) > ctx.config.calm
                && let Some(segment) = self.store.get_mut(want.segment)
            {
                segment.count_copies(gossip.neighbours().map(Neighbour::named));
            }
        }
    }

    /// Fetches the parts of the index that will be wanted next, so that peers can carry the
    /// viewer on when the origin fails.
    fn read_ahead(&mut self, ctx: &mut Ctx) {
        let (Some(timeline), Some((playhead, _))) = (&mut self.timeline, &self.playhead) else {
            return;
        };
        let from = playhead.position + ctx.config.horizon;
        for active in &playhead.active {
            let mut next = timeline.between(active.track, from, from + ctx.config.horizon);
            let last = next.by_ref().last();
            drop(next);
            let Some(last) = last else { continue };
            let (track, seq) = (active.track, last.seq);
            if let Length::Ask(part) = timeline.length(SegmentId { track, seq }, ctx.now) {
                ctx.push(Output::FetchPart { track, part });
            }
        }
    }

    /// Lists the segments that the player has asked for or will ask for next.
    fn find_wants(&mut self, ctx: &mut Ctx, gossip: &mut Gossip) {
        let Some(timeline) = &self.timeline else {
            return;
        };
        let mut wants = SmallMap::<SegmentId, (Time, bool)>::default();
        if let Some((playhead, at)) = &self.playhead {
            let reach = playhead.position + ctx.config.horizon;
            for active in &playhead.active {
                if active.buffered < playhead.position + ctx.config.margin {
                    // The line is for what the player waits for, whoever fetches it.
                    continue;
                }
                let from = active.buffered + ROUNDING;
                for segment in timeline.between(active.track, from, reach) {
                    let (track, seq) = (active.track, segment.seq);
                    let id = SegmentId { track, seq };
                    if self.wants.left.has(id) {
                        continue;
                    }
                    let lead = segment.start.saturating_sub(playhead.position);
                    let deadline = reach_at(*at, lead, playhead.rate, ctx.now);
                    wants.insert(id, (deadline, false));
                }
            }
        }
        for &id in self.needs.values() {
            let deadline = self.playhead.as_ref().and_then(|(playhead, at)| {
                let start = timeline.segment(id)?.start;
                let lead = start.saturating_sub(playhead.position);
                Some(reach_at(*at, lead, playhead.rate, ctx.now))
            });
            wants.insert(id, (deadline.unwrap_or(ctx.now), true));
        }
        let position = self.playhead.as_ref().map(|(it, _)| it.position);
        self.wants.left.retain(|id, ()| {
            let start = timeline.segment(id).map(|segment| segment.start);
            start >= position
        });
        let mut list = wants
            .iter()
            .map(|(segment, &(deadline, needed))| Want {
                segment,
                deadline,
                danger: deadline,
                last_moment: deadline,
                needed,
            })
            .collect::<Vec<_>>();
        sort_by(&mut list, |a, b| {
            (a.deadline, a.segment) < (b.deadline, b.segment)
        });
        self.wants.since.retain(|id, _| wants.has(id));
        for want in &list {
            if !self.wants.since.has(want.segment) {
                self.wants.since.insert(want.segment, ctx.now);
            }
        }
        self.wants.list = list;
        gossip.move_window(ctx, self.window_ahead(ctx));
    }

    /// The pieces that we want to hear about: those of the segments that the player waits for and will
    /// come to within twice the horizon. Live, also those that are about to appear: who learns of one first
    /// can then say so to the others before they learn of it themselves.
    fn window_ahead(&self, ctx: &Ctx) -> Ranges {
        let (Some(timeline), Some((playhead, _))) = (&self.timeline, &self.playhead) else {
            return Ranges::new();
        };
        let reach = playhead.position + ctx.config.horizon * 2;
        let ahead = playhead.active.iter().flat_map(|active| {
            let segments = timeline.between(active.track, active.buffered + ROUNDING, reach);
            segments.map(|segment| SegmentId {
                track: active.track,
                seq: segment.seq,
            })
        });
        let needed = self.needs.values().copied();
        let coming = playhead.active.iter().flat_map(|active| {
            let track = active.track;
            let next = timeline.next_seq(track);
            let live = timeline.info.live;
            let count = if live { ctx.config.live_ahead } else { 0 };
            next.into_iter()
                .flat_map(move |next| next..next.saturating_add(count))
                .map(move |seq| SegmentId { track, seq })
        });
        ahead
            .chain(needed)
            .chain(coming)
            .map(|id| timeline.slots(id))
            .collect()
    }

    /// Stops fetching what nobody wants any more.
    fn drop_unwanted(&mut self, ctx: &mut Ctx, gossip: &Gossip) {
        let wants = &self.wants;
        let stray = |fetch: &super::fetches::Fetch| !wants.has(fetch.segment);
        for id in self.fetches.which(&stray) {
            self.abort_fetch(ctx, gossip, id);
        }
        for id in self.asked.names() {
            let Some(supplier) = self.asked.get(id) else {
                continue;
            };
            let stray = supplier.asked().map(|(block, _)| block).filter(|block| {
                let segment = self.store.at(block.piece);
                segment.is_none_or(|segment| !self.wants.has(segment))
            });
            let stray = stray.collect::<Vec<_>>();
            self.cancel(ctx, id, true, &|block| stray.contains(block));
        }
    }

    /// Sees to it that a wanted segment has its place in the store, and fills in when it is in
    /// danger. Returns whether there is anything to fetch.
    fn make_room(&mut self, ctx: &mut Ctx, gossip: &mut Gossip, want: &mut Want) -> bool {
        let id = want.segment;
        if self.store.get(id).is_none() {
            let Some(timeline) = &mut self.timeline else {
                return false;
            };
            match timeline.length(id, ctx.now) {
                Length::Known(length) => {
                    if !self.reserve(ctx, gossip, id, length, want.needed) {
                        self.decline_all(ctx, id, Declined::Unindexed);
                        return false;
                    }
                }
                Length::Ask(part) => {
                    let track = id.track;
                    ctx.push(Output::FetchPart { track, part });
                    self.await_part(ctx, want);
                    return false;
                }
                Length::Later(at) => {
                    if let Some(at) = at {
                        ctx.timers.bring_forward(Timer::Plan, at);
                    }
                    self.await_part(ctx, want);
                    return false;
                }
                Length::Never => {
                    self.decline_all(ctx, id, Declined::Unindexed);
                    return false;
                }
            }
        }
        let servers = &self.fetches.servers;
        if servers.disown(id, ctx.config.max_origin_failures) {
            self.decline_all(ctx, id, Declined::Origin);
            return false;
        }
        let Some(segment) = self.store.get(id) else {
            return false;
        };
        if segment.is_complete() {
            self.deliver(ctx, id);
            return false;
        }
        let missing = segment.missing_bytes();
        let (margin, transfer) = servers.reserve(ctx.now, missing, &ctx.config);
        want.last_moment = want.deadline - (margin + transfer);
        want.danger = want.last_moment - margin;
        true
    }

    /// A segment without its part of the index can wait only while the buffer lasts.
    fn await_part(&mut self, ctx: &mut Ctx, want: &Want) {
        if !want.needed {
            return;
        }
        let last = want.deadline - ctx.config.margin;
        if last <= ctx.now {
            self.decline_all(ctx, want.segment, Declined::Unindexed);
        } else {
            ctx.timers.bring_forward(Timer::Plan, last);
        }
    }

    /// Asks the origin for what is missing of a segment if it is time, or notes when it will be.
    fn source(&mut self, ctx: &mut Ctx, gossip: &Gossip, want: &Want, swarm_size: u32) {
        let (now, id) = (ctx.now, want.segment);
        if want.is_urgent(now) {
            let racing = now >= want.last_moment;
            if racing {
                self.leave_slow_mirrors(ctx, gossip, id);
            } else {
                ctx.timers.bring_forward(Timer::Plan, want.last_moment);
            }
            return self.fetch_missing(ctx, gossip, id, false, &|piece, blocks, _| {
                racing || !piece.all_asked(blocks)
            });
        }
        if want.needed {
            ctx.timers.bring_forward(Timer::Plan, want.danger);
            let rescue = want.danger - ctx.config.min_margin;
            if rescue <= now {
                self.rescue(ctx, gossip, want);
            } else {
                ctx.timers.bring_forward(Timer::Plan, rescue);
            }
        }
        match self.origin_turn(ctx, gossip, want, swarm_size) {
            Some(turn) if turn <= now && self.fetches.len() < ctx.config.max_early_http => {
                let rare = self.rare_pieces(now, gossip, id);
                self.fetch_missing(ctx, gossip, id, true, &|piece, blocks, number| {
                    !piece.all_asked(blocks) && rare.contains(number)
                });
            }
            Some(turn) if turn > now => ctx.timers.bring_forward(Timer::Plan, turn),
            // When a request ends, the plan is looked at again.
            Some(_) | None => {}
        }
    }

    /// The pieces of a segment that no peer has or is fetching: the others are left to them.
    fn rare_pieces(&self, now: Time, gossip: &Gossip, id: SegmentId) -> Ranges {
        let Some(segment) = self.store.get(id) else {
            return Ranges::new();
        };
        let span = segment.span();
        let mut rare = core::iter::once(span.clone()).collect::<Ranges>();
        for neighbour in gossip.neighbours() {
            if neighbour.has_everything() {
                return Ranges::new();
            }
            let has = neighbour.named().within(span.clone());
            for range in has.chain(neighbour.claimed(now)) {
                rare.remove(range.start, range.end);
            }
        }
        rare
    }
}

/// When the playhead gets `lead` further than it was at `at`.
fn reach_at(at: Time, lead: Duration, rate: f64, now: Time) -> Time {
    if rate > 0.01 {
        at + lead.div_f64(rate.min(16.0))
    } else {
        now + lead
    }
}
