//! A model of hls.js: what it loads and when, where the playhead is, and what the viewer suffers.
//!
//! It knows nothing of peers. What it asks for is in `Order`s, in the order given; its host
//! answers by calling `loaded`, `failed` and `listed`.

use std::collections::BTreeSet;

use core::ops::Range;
use core::time::Duration;

use shoal_engine::{ActiveTrack, Playhead, Time};
use shoal_wire::id::{SegmentId, TrackId};

use crate::video::Video;

/// Something that the player asks of its host.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// Forget this load.
    Abort(u64),
    /// Load a segment. The number is never used twice.
    Load(u64, SegmentId),
    /// Load the playlist of a track.
    Playlist(TrackId),
    /// This is where the playhead is.
    Report(Playhead),
}

/// Figures of what the viewer saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Watched {
    /// From arrival to the first frame.
    pub(crate) startup: Option<Duration>,
    pub(crate) stalls: u32,
    pub(crate) stalled: Duration,
    /// Waiting after seeks.
    pub(crate) sought: Duration,
    pub(crate) played: Duration,
    /// Live media jumped over because the playlist lists it no more.
    pub(crate) skipped: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Starting(Time),
    Playing,
    Stalled(Time),
    Seeking(Time),
    Ended,
}

/// A track being loaded.
#[derive(Debug)]
struct Lane {
    track: TrackId,
    /// Sequence numbers that can be played, of any rendition.
    buffered: BTreeSet<u64>,
    loading: Option<(u64, u64)>,
    /// The playlist as it was last read; `None` until it was read for this track.
    listed: Option<Range<u64>>,
    /// When it was last asked for, and when it is to be read again.
    asked: Time,
    refresh: Option<Time>,
    failures: u32,
    retry: Option<Time>,
}

#[derive(Debug)]
pub(crate) struct Player {
    video: Video,
    habits: Habits,
    lanes: Vec<Lane>,
    phase: Phase,
    /// As of `clock`.
    position: Duration,
    clock: Time,
    report: Time,
    loads: u64,
    pub(crate) orders: Vec<Order>,
    /// Something has happened since the host looked at the orders and at `next_wake`.
    pub(crate) touched: bool,
    pub(crate) watched: Watched,
}

/// Settings of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Habits {
    /// hls.js `maxBufferLength`.
    pub(crate) buffer: Duration,
    /// Time between two reports of the playhead to the page.
    pub(crate) report: Duration,
    /// hls.js `liveSyncDuration`, in place of the scenario's.
    pub(crate) sync: Option<Duration>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            buffer: Duration::from_secs(30),
            report: Duration::from_secs(1),
            sync: None,
        }
    }
}

/// hls.js `fragLoadPolicy.errorRetry.maxRetryDelayMs`, its default.
const MAX_RETRY: Duration = Duration::from_secs(8);

impl Player {
    pub(crate) fn new(now: Time, video: &Video, rendition: TrackId, habits: Habits) -> Self {
        let audio = video.audio.then(|| TrackId(video.tracks() - 1));
        let lanes = [Some(rendition), audio]
            .into_iter()
            .flatten()
            .map(|track| Lane::new(track, now))
            .collect();
        let mut player = Self {
            video: Video {
                sync: habits.sync.unwrap_or(video.sync),
                ..video.clone()
            },
            habits,
            lanes,
            phase: Phase::Starting(now),
            position: Duration::ZERO,
            clock: now,
            report: now,
            loads: 0,
            orders: Vec::new(),
            touched: true,
            watched: Watched::default(),
        };
        let tracks: Vec<TrackId> = player.lanes.iter().map(|lane| lane.track).collect();
        player
            .orders
            .extend(tracks.into_iter().map(Order::Playlist));
        player
    }

    /// A playlist has come.
    pub(crate) fn listed(&mut self, now: Time, track: TrackId, listed: Range<u64>) {
        self.advance(now);
        let segment = self.video.segment;
        let mut edge = None;
        for lane in self.lanes.iter_mut().filter(|lane| lane.track == track) {
            if self.video.live {
                let changed = lane.listed.as_ref() != Some(&listed);
                // hls.js counts from the request, and waits half as long when nothing was new.
                let wait = if changed { segment } else { segment / 2 };
                lane.refresh = Some((lane.asked + wait).max(now));
                edge = Some(listed.clone());
            }
            lane.listed = Some(listed.clone());
        }
        if let Some(edge) = edge {
            self.follow(&edge);
        }
        self.settle(now);
    }

    /// A segment has come.
    pub(crate) fn loaded(&mut self, now: Time, number: u64) {
        self.advance(now);
        for lane in &mut self.lanes {
            if let Some((loading, seq)) = lane.loading
                && loading == number
            {
                lane.loading = None;
                lane.failures = 0;
                lane.buffered.insert(seq);
            }
        }
        self.report = now;
        self.settle(now);
    }

    /// A segment could not be had; it is tried again later.
    pub(crate) fn failed(&mut self, now: Time, number: u64) {
        self.advance(now);
        for lane in &mut self.lanes {
            if lane.loading.is_some_and(|(loading, _)| loading == number) {
                lane.loading = None;
                let delay = Duration::from_secs(1 << lane.failures.min(3)).min(MAX_RETRY);
                lane.failures += 1;
                lane.retry = Some(now + delay);
            }
        }
        self.settle(now);
    }

    /// The viewer goes elsewhere.
    pub(crate) fn seek(&mut self, now: Time, to: Duration) {
        self.advance(now);
        if self.phase == Phase::Ended || matches!(self.phase, Phase::Starting(_)) {
            return;
        }
        self.leave_phase(now);
        self.position = self.reachable(to);
        self.phase = Phase::Seeking(now);
        let wanted = self.video.seq_at(self.position);
        for lane in &mut self.lanes {
            // hls.js aborts a load that the new position does not need.
            if let Some((number, seq)) = lane.loading
                && seq != wanted
            {
                lane.loading = None;
                self.orders.push(Order::Abort(number));
            }
        }
        self.report = now;
        self.settle(now);
    }

    /// The viewer, or the bit rate control, wants another rendition from the next segment on.
    pub(crate) fn switch(&mut self, now: Time, track: TrackId) {
        self.advance(now);
        let lane = &mut self.lanes[0];
        if lane.track == track || self.phase == Phase::Ended {
            return;
        }
        lane.track = track;
        lane.listed = None;
        lane.asked = now;
        lane.refresh = None;
        if let Some((number, _)) = lane.loading.take() {
            self.orders.push(Order::Abort(number));
        }
        self.orders.push(Order::Playlist(track));
        self.report = now;
        self.settle(now);
    }

    /// Time has come.
    pub(crate) fn wake(&mut self, now: Time) {
        self.advance(now);
        for nth in 0..self.lanes.len() {
            let lane = &mut self.lanes[nth];
            if lane.refresh.is_some_and(|at| at <= now) {
                lane.refresh = None;
                lane.asked = now;
                self.orders.push(Order::Playlist(lane.track));
            }
            if lane.retry.is_some_and(|at| at <= now) {
                lane.retry = None;
            }
        }
        self.settle(now);
    }

    /// When `wake` is to be called next.
    pub(crate) fn next_wake(&self) -> Option<Time> {
        let lanes = self.lanes.iter();
        let timers = lanes.flat_map(|lane| [lane.refresh, lane.retry]).flatten();
        let playing = (self.phase == Phase::Playing).then(|| {
            let run_out = self.clock + self.playable().saturating_sub(self.position);
            let full = |lane: &Lane| {
                let over = self
                    .buffered(lane)
                    .checked_sub(self.position + self.habits.buffer)?;
                (lane.loading.is_none()).then(|| self.clock + over + Duration::from_micros(1))
            };
            let room = self.lanes.iter().filter_map(full).min();
            room.map_or(run_out, |room| room.min(run_out))
        });
        let report = (self.phase != Phase::Ended).then_some(self.report);
        timers.chain(playing).chain(report).min()
    }

    /// The page is closed.
    pub(crate) fn stop(&mut self, now: Time) {
        self.advance(now);
        if !matches!(self.phase, Phase::Starting(_)) {
            self.leave_phase(now);
        }
        self.phase = Phase::Ended;
    }

    /// Media ahead of the playhead, once something has been shown.
    pub(crate) fn ahead(&self) -> Option<Duration> {
        let begun = !matches!(self.phase, Phase::Starting(_));
        begun.then(|| self.playable().saturating_sub(self.position))
    }

    pub(crate) fn ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// The page's report of the playhead to the engine.
    pub(crate) fn playhead(&self) -> Playhead {
        let active = |lane: &Lane| ActiveTrack {
            track: lane.track,
            buffered: self.buffered(lane),
        };
        let rate = if self.phase == Phase::Ended { 0.0 } else { 1.0 };
        Playhead {
            position: self.position,
            rate,
            active: self.lanes.iter().map(active).collect(),
        }
    }

    /// Tracks whose playlist is known, with what it lists.
    pub(crate) fn timelines(&self) -> Vec<(TrackId, Range<u64>)> {
        let known = |lane: &Lane| lane.listed.clone().map(|listed| (lane.track, listed));
        self.lanes.iter().filter_map(known).collect()
    }

    /// Moves the playhead to where it is `now`.
    fn advance(&mut self, now: Time) {
        self.touched = true;
        if self.phase == Phase::Playing {
            let end = self.playable();
            let elapsed = now.since(self.clock);
            let left = end.saturating_sub(self.position);
            let step = elapsed.min(left);
            self.position += step;
            self.watched.played += step;
            if elapsed >= left {
                if self.video.end() == Some(end) {
                    self.phase = Phase::Ended;
                    self.report = now;
                    self.orders.push(Order::Report(self.playhead()));
                } else {
                    self.phase = Phase::Stalled(self.clock + step);
                    self.watched.stalls += 1;
                }
            }
        }
        self.clock = now;
    }

    /// Plays if it can, reports when it should, loads what it may.
    fn settle(&mut self, now: Time) {
        if self.phase == Phase::Ended {
            return;
        }
        if self.phase != Phase::Playing && self.playable() > self.position {
            self.leave_phase(now);
            self.phase = Phase::Playing;
            self.report = now;
        }
        if self.report <= now {
            self.report = now + self.habits.report;
            self.orders.push(Order::Report(self.playhead()));
        }
        for nth in 0..self.lanes.len() {
            self.load(nth);
        }
    }

    /// Loads the next segment of a lane, one at a time.
    fn load(&mut self, nth: usize) {
        let lane = &self.lanes[nth];
        let Some(listed) = &lane.listed else { return };
        let end = self.buffered(lane);
        if lane.loading.is_some()
            || lane.retry.is_some()
            || end >= self.position + self.habits.buffer
        {
            return;
        }
        let seq = self.video.seq_at(end);
        if !listed.contains(&seq) {
            return;
        }
        let segment = SegmentId {
            track: lane.track,
            seq,
        };
        let number = self.loads;
        self.loads += 1;
        self.lanes[nth].loading = Some((number, seq));
        self.orders.push(Order::Load(number, segment));
    }

    /// Live: starts behind the edge, and jumps there when the playlist has left it behind.
    fn follow(&mut self, listed: &Range<u64>) {
        let here = self.video.seq_at(self.position);
        let fresh = self
            .lanes
            .iter()
            .all(|lane| lane.buffered.is_empty() && lane.loading.is_none())
            && matches!(self.phase, Phase::Starting(_));
        let waiting = !matches!(self.phase, Phase::Playing | Phase::Ended);
        if fresh || (waiting && here < listed.start) {
            let sync = self.video.sync_position(listed);
            if !fresh {
                self.watched.skipped += sync.saturating_sub(self.position);
            }
            self.position = sync;
            for lane in &mut self.lanes {
                if let Some((number, _)) = lane.loading.take() {
                    self.orders.push(Order::Abort(number));
                }
            }
        }
    }

    /// Position that a viewer gets to who wants to go to `to`: a live stream has only its window.
    fn reachable(&self, to: Duration) -> Duration {
        match &self.lanes[0].listed {
            Some(listed) if self.video.live => {
                let oldest = self.video.start(listed.start);
                let newest = self.video.sync_position(listed);
                let span = newest.saturating_sub(oldest).max(self.video.segment);
                oldest + Duration::from_micros((to.as_micros() % span.as_micros()) as u64)
            }
            _ => to,
        }
    }

    /// Counts what a phase cost.
    fn leave_phase(&mut self, now: Time) {
        match self.phase {
            Phase::Starting(since) => self.watched.startup = Some(now.since(since)),
            Phase::Stalled(since) => self.watched.stalled += now.since(since),
            Phase::Seeking(since) => self.watched.sought += now.since(since),
            Phase::Playing | Phase::Ended => {}
        }
    }

    /// End of what all lanes can play without a gap.
    fn playable(&self) -> Duration {
        let ends = self.lanes.iter().map(|lane| self.buffered(lane));
        ends.min().unwrap_or(self.position)
    }

    /// End of what a lane can play without a gap.
    fn buffered(&self, lane: &Lane) -> Duration {
        let mut seq = self.video.seq_at(self.position);
        while lane.buffered.contains(&seq) {
            seq += 1;
        }
        self.video.start(seq).max(self.position)
    }
}

impl Lane {
    fn new(track: TrackId, now: Time) -> Self {
        Self {
            track,
            buffered: BTreeSet::new(),
            loading: None,
            listed: None,
            asked: now,
            refresh: None,
            failures: 0,
            retry: None,
        }
    }
}
