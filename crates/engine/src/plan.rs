//! What is wanted, by when, and who brings it.
//!
//! A segment's deadline is the moment at which the player stalls without it, by its real buffer.
//! Until shortly before, peers are preferred and a few elected viewers ask the origin early; in
//! danger the origin is asked at once, whatever else is under way.

use core::time::Duration;

use shoal_wire::id::SegmentId;

use crate::chance::lot;
use crate::engine::Engine;
use crate::input::NeedId;
use crate::output::{Declined, Output};
use crate::store::Segment;
use crate::table::{Table, sort_by};
use crate::time::Time;
use crate::timeline::Length;

/// A segment that should come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) segment: SegmentId,
    /// When the player stalls without it.
    pub(crate) deadline: Time,
    /// From here on the origin is asked for all of it that is missing.
    pub(crate) danger: Time,
    /// The player has asked for it.
    pub(crate) needed: bool,
}

/// What should come, in the order of its deadlines.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) wants: Vec<Want>,
    /// Since when each of them has been wanted.
    since: Table<SegmentId, Time>,
    /// Something has happened that may change the plan.
    pub(crate) stale: bool,
    /// When the plan has to be looked at again.
    pub(crate) next: Option<Time>,
    /// Left to the player's own loader, of those that are wanted.
    left: Table<SegmentId, ()>,
}

impl Plan {
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn wants(&self, segment: SegmentId) -> bool {
        self.wants.iter().any(|want| want.segment == segment)
    }
}

/// Slack under which even what peers are sending right now is asked of the origin too.
const LAST_MOMENT: Duration = Duration::from_millis(1200);

/// How long a new peer is given to tell what it has, before the origin is asked for what it may
/// have.
const INTRODUCTION: Duration = Duration::from_millis(1500);

/// Media that may be missing between what is buffered and the next segment, which is not in it:
/// rounding of timestamps, no more.
const ROUNDING: Duration = Duration::from_millis(250);

impl Engine {
    /// Looks at everything that is wanted and asks the origin where it is its turn.
    pub(crate) fn run_plan(&mut self) {
        if !self.plan.stale && self.plan.next.is_none_or(|next| next > self.now) {
            return;
        }
        self.plan.stale = false;
        self.plan.next = None;
        self.find_wants();
        // The list stays in place meanwhile: what is on it is not forgotten to make room.
        let mut wants = self.plan.wants.clone();
        wants.retain_mut(|want| self.make_room(want));
        let urgent = |want: &Want| want.needed && want.danger <= self.now;
        if let Some(last) = wants.iter().rposition(urgent) {
            // All that the line carries is for what is in danger; the rest comes later.
            wants.truncate(last + 1);
            wants.retain(urgent);
        }
        self.plan.wants = wants;
        self.drop_unwanted();
        for at in 0..self.plan.wants.len() {
            if let Some(&want) = self.plan.wants.get(at) {
                self.source(&want);
            }
        }
        self.read_ahead();
        self.hungry = self.ready_ids();
    }

    /// Fetches the parts of the index that will be wanted next, so that peers can carry the
    /// viewer on when the origin fails.
    fn read_ahead(&mut self) {
        let (Some(timeline), Some((playhead, _))) = (&mut self.timeline, &self.playhead) else {
            return;
        };
        let from = playhead.position + self.config.horizon;
        for active in &playhead.active {
            let mut next = timeline.between(active.track, from, from + self.config.horizon);
            let last = next.by_ref().last();
            drop(next);
            let Some(last) = last else { continue };
            let id = SegmentId {
                track: active.track,
                seq: last.seq,
            };
            if let Length::Ask(part) = timeline.length(id, self.now) {
                self.out.push_back(Output::FetchPart {
                    track: active.track,
                    part,
                });
            }
        }
    }

    /// Lists the segments that the player has asked for or will ask for next.
    fn find_wants(&mut self) {
        let Some(timeline) = &self.timeline else {
            return;
        };
        let mut wants = Table::<SegmentId, (Time, bool)>::default();
        if let Some((playhead, at)) = &self.playhead {
            let reach = playhead.position + self.config.horizon;
            for active in &playhead.active {
                if active.buffered < playhead.position + self.config.margin {
                    // The line is for what the player waits for, whoever fetches it.
                    continue;
                }
                let from = active.buffered + ROUNDING;
                for segment in timeline.between(active.track, from, reach) {
                    let id = SegmentId {
                        track: active.track,
                        seq: segment.seq,
                    };
                    if self.plan.left.has(id) {
                        continue;
                    }
                    let lead = segment.start.saturating_sub(playhead.position);
                    wants.insert(id, (reach_at(*at, lead, playhead.rate, self.now), false));
                }
            }
        }
        for &id in self.needs.values() {
            let lead = self.playhead.as_ref().and_then(|(playhead, at)| {
                let start = timeline.segment(id)?.start;
                let lead = start.saturating_sub(playhead.position);
                Some(reach_at(*at, lead, playhead.rate, self.now))
            });
            wants.insert(id, (lead.unwrap_or(self.now), true));
        }
        let near = |id: SegmentId, (): &()| {
            let start = timeline.segment(id).map(|segment| segment.start);
            let position = self
                .playhead
                .as_ref()
                .map(|(playhead, _)| playhead.position);
            start >= position
        };
        self.plan.left.retain(near);
        let mut wants = wants
            .iter()
            .map(|(segment, &(deadline, needed))| Want {
                segment,
                deadline,
                danger: deadline,
                needed,
            })
            .collect::<Vec<_>>();
        sort_by(&mut wants, |a, b| {
            (a.deadline, a.segment) < (b.deadline, b.segment)
        });
        self.plan
            .since
            .retain(|id, _| wants.iter().any(|want| want.segment == id));
        for want in &wants {
            if !self.plan.since.has(want.segment) {
                self.plan.since.insert(want.segment, self.now);
            }
        }
        self.plan.wants = wants;
    }

    /// Stops fetching what nobody wants any more.
    fn drop_unwanted(&mut self) {
        let idle = |engine: &Self, id| !engine.plan.wants(id);
        for (id, segment) in self
            .fetches
            .iter()
            .map(|(id, f)| (id, f.segment))
            .collect::<Vec<_>>()
        {
            if idle(self, segment) {
                self.abort_fetch(id);
            }
        }
        for id in self.ready_ids() {
            let Some(link) = self.links.get(id) else {
                continue;
            };
            let stray = link.asked.keys().filter(|block| {
                self.store
                    .at(block.piece)
                    .is_none_or(|segment| !self.plan.wants(segment))
            });
            let stray = stray.collect::<Vec<_>>();
            self.take_back(id, true, |block| stray.contains(block));
        }
    }

    /// Sees to it that a wanted segment has its place in the store, and fills in when it is in
    /// danger. Says whether there is anything to fetch.
    fn make_room(&mut self, want: &mut Want) -> bool {
        let id = want.segment;
        if self.store.get(id).is_none() {
            let Some(timeline) = &mut self.timeline else {
                return false;
            };
            match timeline.length(id, self.now) {
                Length::Known(length) => {
                    if !self.reserve(id, length, want.needed) {
                        self.decline_all(id, Declined::Unindexed);
                        return false;
                    }
                }
                Length::Ask(part) => {
                    self.out.push_back(Output::FetchPart {
                        track: id.track,
                        part,
                    });
                    return self.await_part(want);
                }
                Length::Later(at) => {
                    if let Some(at) = at {
                        self.look_again(at);
                    }
                    return self.await_part(want);
                }
                Length::Never => {
                    self.decline_all(id, Declined::Unindexed);
                    return false;
                }
            }
        }
        if self.origin.disowns(id, self.config.max_origin_failures) {
            self.decline_all(id, Declined::Origin);
            return false;
        }
        let Some(segment) = self.store.get(id) else {
            return false;
        };
        if segment.is_complete() {
            self.deliver(id);
            return false;
        }
        let missing = segment.missing_bytes() as f64;
        let rate = self
            .origin
            .rate()
            .unwrap_or(self.config.assumed_rate as f64);
        let transfer = Duration::from_secs_f64((missing / rate.max(1.0)).min(60.0));
        want.danger = want.deadline - (self.config.margin + transfer);
        true
    }

    /// A segment without its part of the index can wait only while the buffer lasts.
    fn await_part(&mut self, want: &Want) -> bool {
        let last = want.deadline - self.config.margin;
        if !want.needed {
        } else if last <= self.now {
            self.decline_all(want.segment, Declined::Unindexed);
        } else {
            self.look_again(last);
        }
        false
    }

    pub(crate) fn decline_all(&mut self, segment: SegmentId, reason: Declined) {
        let ids = self.needs.iter().filter(|&(_, &need)| need == segment);
        for id in ids.map(|(id, _)| id).collect::<Vec<NeedId>>() {
            self.plan.left.insert(segment, ());
            self.decline(id, reason);
        }
    }

    fn look_again(&mut self, at: Time) {
        self.plan.next = Some(self.plan.next.map_or(at, |next| next.min(at)));
    }

    /// Asks the origin for what is missing of a segment if it is time, or notes when it will be.
    fn source(&mut self, want: &Want) {
        let now = self.now;
        let last_moment = want.danger + self.config.margin - LAST_MOMENT;
        if now >= want.danger && want.needed {
            let racing = now >= last_moment;
            if !racing {
                self.look_again(last_moment);
            }
            self.fetch_missing(want.segment, |piece, blocks, _| {
                racing || !piece.all_asked(blocks)
            });
            return;
        }
        if want.needed {
            self.look_again(want.danger);
        }
        match self.turn(want) {
            Some(turn) if turn <= now && self.fetches.len() < self.config.max_early_http => {
                // What peers have is left to them.
                let links = self
                    .links
                    .values()
                    .filter(|link| link.is_ready())
                    .collect::<Vec<_>>();
                let Some(segment) = self.store.get(want.segment) else {
                    return;
                };
                let rare = segment
                    .span()
                    .filter(|&piece| {
                        let span = piece..piece + 1;
                        !links.iter().any(|link| link.brings(&span, now))
                    })
                    .collect::<Vec<_>>();
                self.fetch_missing(want.segment, |piece, blocks, number| {
                    !piece.all_asked(blocks) && rare.contains(&number)
                });
            }
            Some(turn) if turn > now => self.look_again(turn),
            // When a request ends, the plan is looked at again.
            Some(_) | None => {}
        }
    }

    /// When it is our turn to ask the origin for a segment that is not in danger.
    ///
    /// Neighbours draw lots: the first goes at once, the others step in one after another, well
    /// before their own danger, if nothing has come until then. In a swarm that is larger than the
    /// neighbourhood a fixed number is expected to go at once in the whole of it.
    fn turn(&self, want: &Want) -> Option<Time> {
        let ready = self
            .links
            .values()
            .filter(|link| link.is_ready())
            .collect::<Vec<_>>();
        let since = self
            .plan
            .since
            .get(want.segment)
            .copied()
            .unwrap_or(self.now);
        if ready.is_empty() {
            // Only just after joining is there hope for somebody to come in time.
            let hoped = self.joined? + self.config.join_grace;
            let alone = self.tracker.swarm == 1 || hoped <= self.now;
            let turn = if alone { self.now } else { hoped };
            return want.needed.then_some(turn);
        }
        let untold = ready
            .iter()
            .filter(|link| !link.told)
            .map(|link| link.since + INTRODUCTION);
        if let Some(hoped) = untold.max().filter(|&hoped| hoped > self.now) {
            return Some(hoped);
        }
        let segment = self.store.get(want.segment)?;
        let mine = lot(self.me, want.segment);
        let previous = self.previous_span(want.segment, segment);
        let rivals = ready.iter().filter(|link| link.brings(&previous, self.now));
        let lots = rivals.filter_map(|link| Some(lot(link.peer?, want.segment)));
        let (mut count, mut lower) = (0_u32, 0_u32);
        for other in lots {
            count += 1;
            lower += u32::from(other < mine);
        }
        let coming = ready
            .iter()
            .any(|link| link.fetches(&segment.span(), self.now));
        let around = ready.len() as f64 + 1.0;
        let swarm = f64::from(self.tracker.swarm).max(around);
        let alike = swarm * f64::from(count + 1) / around;
        let elected = if alike <= f64::from(count) + 2.0 {
            lower == 0
        } else {
            mine < self.config.early_fetchers / alike
        };
        if elected && !coming {
            return Some(since);
        }
        let room = want.danger.since(since);
        if room.is_zero() {
            // It will be fetched when the player asks for it, if nothing has come until then.
            return None;
        }
        let order = f64::from(lower + 1) / f64::from(count + 1);
        Some(since + room.mul_f64(0.3 + 0.6 * order))
    }

    /// The pieces of the segment before: who has some of them is after this one too.
    fn previous_span(&self, id: SegmentId, segment: &Segment) -> core::ops::Range<u32> {
        let before = SegmentId {
            track: id.track,
            seq: id.seq.saturating_sub(1),
        };
        match &self.timeline {
            Some(timeline) if before != id => timeline.space.pieces(before, segment.length),
            _ => segment.span(),
        }
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
