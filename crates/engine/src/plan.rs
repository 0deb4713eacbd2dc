//! What is wanted, by when, and who brings it.
//!
//! A segment's deadline is the moment at which the player stalls without it, by its real buffer.
//! Until shortly before, peers are preferred and a few elected viewers ask the origin early; in
//! danger the origin is asked at once, whatever else is under way.

use core::time::Duration;

use shoal_wire::id::SegmentId;
use shoal_wire::peer::Ranges;

use crate::chance::lot;
use crate::engine::Engine;
use crate::input::NeedId;
use crate::meter::halved;
use crate::output::{Declined, Output};
use crate::table::{Table, sort_by};
use crate::time::Time;
use crate::timeline::Length;

/// A segment that should come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) segment: SegmentId,
    /// When the player stalls without it.
    pub(crate) deadline: Time,
    /// From here on the origin is asked for what no peer is sending.
    pub(crate) danger: Time,
    /// From here on the origin is asked for all that is missing, whoever is sending it.
    pub(crate) last_moment: Time,
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

/// Segments of a live stream that are listened for before the playlist lists them.
const COMING: u64 = 3;

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
        self.count_copies();
        for at in 0..self.plan.wants.len() {
            if let Some(&want) = self.plan.wants.get(at) {
                self.source(&want);
            }
        }
        self.read_ahead();
        self.hungry = self.ready_ids();
    }

    /// Counts who has what of the segments in no hurry: the rarest pieces are asked for first.
    fn count_copies(&mut self) {
        for want in &self.plan.wants {
            if want.danger.since(self.now) > self.config.calm
                && let Some(segment) = self.store.get_mut(want.segment)
            {
                let ready = self.links.values().filter(|link| link.is_ready());
                segment.count_copies(ready.map(|link| &link.has));
            }
        }
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
        let window = self.window_ahead();
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
                last_moment: deadline,
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
        self.move_window(window);
    }

    /// The pieces that we want to hear about: those of the segments that the player waits for and will
    /// come to within twice the horizon. Live, also those that are about to appear: who learns of one first
    /// can then say so to the others before they learn of it themselves.
    fn window_ahead(&self) -> Ranges {
        let (Some(timeline), Some((playhead, _))) = (&self.timeline, &self.playhead) else {
            return Ranges::new();
        };
        let reach = playhead.position + self.config.horizon * 2;
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
            let count = if timeline.info.live { COMING } else { 0 };
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
    fn drop_unwanted(&mut self) {
        self.abort_fetches(|engine, fetch| !engine.plan.wants(fetch.segment));
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
        let missing = segment.missing_bytes();
        let (margin, transfer) = self.origin.reserve(self.now, missing, &self.config);
        want.last_moment = want.deadline - (margin + transfer);
        want.danger = want.last_moment - margin;
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

    pub(crate) fn look_again(&mut self, at: Time) {
        self.plan.next = Some(self.plan.next.map_or(at, |next| next.min(at)));
    }

    /// Asks the origin for what is missing of a segment if it is time, or notes when it will be.
    fn source(&mut self, want: &Want) {
        let now = self.now;
        if want.needed && now >= want.danger {
            let racing = now >= want.last_moment;
            if racing {
                self.leave_slow_mirrors(want.segment);
            } else {
                self.look_again(want.last_moment);
            }
            return self.fetch_missing(want.segment, false, |piece, blocks, _| {
                racing || !piece.all_asked(blocks)
            });
        }
        if want.needed {
            self.look_again(want.danger);
            let rescue = want.danger - self.config.min_margin;
            if rescue <= now {
                self.rescue(want);
            } else {
                self.look_again(rescue);
            }
        }
        match self.turn(want) {
            Some(turn) if turn <= now && self.fetches.len() < self.config.max_early_http => {
                let rare = self.rare_pieces(want.segment);
                self.fetch_missing(want.segment, true, |piece, blocks, number| {
                    !piece.all_asked(blocks) && rare.contains(number)
                });
            }
            Some(turn) if turn > now => self.look_again(turn),
            // When a request ends, the plan is looked at again.
            Some(_) | None => {}
        }
    }

    /// The pieces of a segment that no peer has or is fetching: the others are left to them.
    fn rare_pieces(&self, id: SegmentId) -> Ranges {
        let Some(segment) = self.store.get(id) else {
            return Ranges::new();
        };
        let span = segment.span();
        let mut rare = core::iter::once(span.clone()).collect::<Ranges>();
        for link in self.links.values().filter(|link| link.is_ready()) {
            if link.has_all {
                return Ranges::new();
            }
            let has = link.has.within(span.clone());
            for range in has.chain(link.believed(self.now)) {
                rare.remove(range.start, range.end);
            }
        }
        rare
    }

    /// When it is our turn to ask the origin for a segment that is not in danger.
    ///
    /// Those who want it and lack it draw lots. In the whole swarm a few are expected to go at once: as
    /// many as it takes for the segment to reach everybody in time, doubling from peer to peer. The
    /// neighbours of everybody else step in one after another, well before their own danger, if
    /// nothing has come until then: when the elected have left, lie, or are too far away, or when the
    /// tracker has miscounted.
    fn turn(&self, want: &Want) -> Option<Time> {
        let now = self.now;
        let ready = || self.links.values().filter(|link| link.is_ready());
        let around = ready().count();
        let since = self.plan.since.get(want.segment).copied().unwrap_or(now);
        if around == 0 {
            // Only just after joining is there hope for somebody to come in time.
            let hoped = self.joined? + self.config.join_grace;
            let alone = self.tracker.swarm == 1 || hoped <= now;
            let turn = if alone { now } else { hoped };
            return want.needed.then_some(turn);
        }
        let untold = ready().filter(|link| !link.told);
        let untold = untold.map(|link| link.since + self.config.introduction);
        if let Some(hoped) = untold.max().filter(|&hoped| hoped > now) {
            return Some(hoped);
        }
        let span = self.store.get(want.segment)?.span();
        let mine = lot(self.me, want.segment);
        let (mut rivals, mut before_us) = (0_u32, 0_u32);
        for link in ready().filter(|link| link.lacks(&span)) {
            if let Some(peer) = link.peer {
                rivals += 1;
                before_us += u32::from(lot(peer, want.segment) < mine);
            }
        }
        let room = want.danger.since(since);
        let everyone = (around as f64 + 1.0).max(f64::from(self.tracker.swarm));
        let alike = everyone * f64::from(rivals + 1) / (around as f64 + 1.0);
        let elected = if alike <= f64::from(rivals) + 2.0 {
            before_us == 0
        } else {
            let doublings = room.div_duration_f64(self.config.doubling);
            mine < (self.config.early_fetchers / alike).max(halved(doublings))
        };
        let coming = ready().any(|link| link.brings(&span, now));
        if elected && !coming {
            return Some(since);
        }
        if room.is_zero() {
            // It will be fetched when the player asks for it, if nothing has come until then.
            return None;
        }
        let order = f64::from(before_us + 1) / f64::from(rivals + 1);
        Some(since + room.mul_f64(0.4 + 0.5 * order))
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
