//! The parts of the download, and what the rest of the engine asks of them.

use core::ops::Range;

use shoal_wire::id::{SegmentId, TrackId};
use shoal_wire::peer::Ranges;

use super::asked::Asked;
use super::fetches::Fetches;
use super::store::Store;
use super::timeline::{Length, Timeline};
use super::wants::Wants;
use crate::audit::Account;
use crate::ctx::Ctx;
use crate::input::{IndexInfo, LinkId, NeedId, Playhead, TimelineSegment};
use crate::output::{Declined, Output};
use crate::small_map::SmallMap;
use crate::time::Time;

/// What is wanted, what is held, and who brings it.
#[derive(Debug)]
pub(crate) struct Download {
    /// Since when we share; nothing while we do not.
    pub(super) sharing: Option<Time>,
    pub(super) timeline: Option<Timeline>,
    pub(super) playhead: Option<(Playhead, Time)>,
    pub(super) needs: SmallMap<NeedId, SegmentId>,
    pub(super) wants: Wants,
    pub(super) store: Store,
    pub(super) fetches: Fetches,
    pub(super) asked: Asked,
    /// Peers that may have room for more requests.
    pub(super) can_request: Vec<LinkId>,
}

impl Download {
    pub(crate) fn new() -> Self {
        Self {
            sharing: None,
            timeline: None,
            playhead: None,
            needs: SmallMap::default(),
            wants: Wants::default(),
            store: Store::default(),
            fetches: Fetches::new(),
            asked: Asked::default(),
            can_request: Vec::new(),
        }
    }

    /// Something has happened that may change what is wanted, or who is to bring it.
    pub(crate) const fn changed(&mut self) {
        self.wants.stale = true;
    }

    /// Sharing begins.
    pub(crate) fn join(&mut self, now: Time) {
        self.sharing = Some(now);
        self.changed();
    }

    /// The index is here. Returns whether it is the first one.
    pub(crate) fn index_came(&mut self, info: IndexInfo) -> bool {
        let first = self.timeline.is_none();
        if first {
            self.timeline = Some(Timeline::new(info));
        }
        first
    }

    /// Whether the index is here.
    pub(crate) const fn is_known(&self) -> bool {
        self.timeline.is_some()
    }

    /// The index names so many mirrors.
    pub(crate) fn mirrors(&mut self, count: usize) {
        self.fetches.servers.mirror(count);
    }

    /// The playlist of a track as it stands now.
    pub(crate) fn playlist(
        &mut self,
        ctx: &Ctx,
        track: TrackId,
        mut segments: Vec<TimelineSegment>,
    ) {
        segments.truncate(ctx.config.max_timeline);
        if let Some(timeline) = &mut self.timeline {
            timeline.set(track, segments, ctx.config.parts_behind);
        }
        self.changed();
    }

    /// Where the player is.
    pub(crate) fn playhead(&mut self, ctx: &Ctx, mut playhead: Playhead) {
        playhead.active.truncate(ctx.config.max_active_tracks);
        self.playhead = Some((playhead, ctx.now));
        self.changed();
    }

    /// The player wants a segment.
    pub(crate) fn need(&mut self, ctx: &mut Ctx, id: NeedId, segment: SegmentId) {
        let timeline = self.timeline.as_ref();
        let known = timeline.is_some_and(|it| it.segment(segment).is_some());
        if self.sharing.is_none() {
            self.decline(ctx, id, Declined::Off);
        } else if !known || self.needs.len() >= ctx.config.max_needs {
            self.decline(ctx, id, Declined::Unindexed);
        } else {
            self.needs.insert(id, segment);
            self.changed();
        }
    }

    /// The player no longer wants what it asked for.
    pub(crate) fn cancel_need(&mut self, id: NeedId) {
        self.needs.remove(id);
        self.changed();
    }

    /// A part of the index has come. Returns the last of its segments where a live video has grown.
    pub(crate) fn part_came(
        &mut self,
        now: Time,
        (track, part): (TrackId, u64),
        first: u64,
        lengths: &[u32],
    ) -> Option<u64> {
        self.changed();
        let timeline = self.timeline.as_mut()?;
        timeline.add_part(track, part, first, lengths, now);
        let count = lengths.len() as u64;
        (timeline.info.live && count > 0).then(|| first.saturating_add(count - 1))
    }

    /// A part of the index could not be had.
    pub(crate) fn part_failed(&mut self, now: Time, track: TrackId, part: u64) {
        if let Some(timeline) = &mut self.timeline {
            timeline.part_failed(track, part, now);
        }
        self.changed();
    }

    /// A peer says that a live track has grown: where our own playlist does not list it yet, its part of
    /// the index is fetched.
    pub(crate) fn track_grew(&mut self, ctx: &mut Ctx, track: TrackId, seq: u64) {
        let timeline = self.timeline.as_mut();
        if let Some(timeline) = timeline.filter(|it| it.grows(track, seq)) {
            let segment = SegmentId { track, seq };
            if let Length::Ask(part) = timeline.length(segment, ctx.now) {
                ctx.push(Output::FetchPart { track, part });
            }
        }
    }

    /// A peer is connected. `fast`: it speaks the fast extension (BEP 6).
    pub(crate) fn meet(&mut self, ctx: &Ctx, id: LinkId, fast: bool) {
        self.asked.meet(ctx, id, fast);
        self.changed();
    }

    /// A peer may have room for more requests, or more to give.
    pub(crate) fn can_request(&mut self, id: LinkId) {
        self.can_request.push(id);
    }

    /// Returns the pieces that are held and valid.
    pub(crate) const fn have(&self) -> &Ranges {
        self.store.have()
    }

    /// Returns the pieces that are on their way from a server.
    pub(crate) fn fetching(&self) -> impl Iterator<Item = Range<u32>> {
        self.fetches.pieces()
    }

    /// Returns what is held, to be served.
    pub(crate) const fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Bytes held, and those of them that were neither played nor passed on.
    pub(crate) fn held_bytes(&self) -> (u64, u64) {
        (self.store.bytes(), self.store.idle_bytes())
    }

    /// Whether a peer owes us blocks and has been silent for too long.
    pub(crate) fn is_silent(&self, ctx: &Ctx, id: LinkId) -> bool {
        self.asked.is_silent(ctx, id)
    }

    /// Notes where the time to leave a peer alone is over.
    pub(crate) fn wake_idle(&mut self, now: Time, id: LinkId) {
        if self.asked.is_idle(now, id) {
            self.can_request(id);
        }
    }

    /// Returns when a peer last sent a block, and how many bytes in all.
    pub(crate) fn use_of(&self, id: LinkId) -> (Time, u64) {
        self.asked.use_of(id)
    }

    /// When the next peer will have been silent for too long, or be asked again.
    pub(crate) fn next_due(&self, ctx: &Ctx) -> Option<Time> {
        self.asked.next_due(ctx)
    }

    /// Returns what is counted in two places.
    pub(crate) fn books(&self, ctx: &Ctx, accounts: &mut Vec<Account>) {
        let mut add = |what, booked, found| accounts.push(Account::new(what, booked, found));
        let (mut transfers, mut asked) = (self.fetches.len(), SmallMap::default());
        for (running, blocks) in self.asked.books() {
            transfers += usize::from(running);
            add("meters of a peer", running.into(), usize::from(blocks > 0));
        }
        add("transfers", ctx.traffic.running(), transfers);
        for (at, running) in self.fetches.servers.running().enumerate() {
            let live = self.fetches.which(&|fetch| fetch.server == at).len();
            add("fetches from a server", running, live);
        }
        for (block, _) in self.asked.iter().flat_map(|(_, it)| it.asked()) {
            asked.insert(block, ());
        }
        let marked = asked.keys().filter(|&block| self.store.is_marked(block));
        add("marks of asked blocks", marked.count(), asked.len());
        add("marked blocks", self.store.asked_blocks(), asked.len());
    }

    /// Leaves a need to the player's own loader.
    pub(super) fn decline(&mut self, ctx: &mut Ctx, id: NeedId, reason: Declined) {
        self.needs.remove(id);
        ctx.push(Output::Decline { id, reason });
    }

    /// Leaves a segment to the player's own loader, if it is waited for.
    pub(super) fn decline_all(&mut self, ctx: &mut Ctx, segment: SegmentId, reason: Declined) {
        let ids = self.needs.iter().filter(|&(_, &need)| need == segment);
        for id in ids.map(|(id, _)| id).collect::<Vec<_>>() {
            self.wants.left.insert(segment, ());
            self.decline(ctx, id, reason);
        }
    }

    /// Lets every peer be asked for more.
    pub(super) fn all_can_request(&mut self) {
        self.can_request.extend(self.asked.names());
    }
}
