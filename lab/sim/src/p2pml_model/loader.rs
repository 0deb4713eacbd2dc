//! The loader of one kind of track: what happens to it. What it decides is in
//! `pass`, what it says to peers in `talk`.

use std::collections::BTreeMap;

use core::time::Duration;

use shoal_engine::{HttpId, NeedId, Time};
use shoal_wire::id::{SegmentId, TrackId};

use super::env::{Env, Output};
use super::request::{Requests, Source, Status};
use super::swarm::Swarm;

/// Loads the renditions, or the audio tracks.
#[derive(Debug)]
pub(super) struct Loader {
    /// The segment that the player asked for last: the queue starts there.
    pub(super) last: SegmentId,
    pub(super) position: Duration,
    /// The segment that the player waits for.
    pub(super) wanted: Option<Wanted>,
    pub(super) requests: Requests,
    pub(super) swarms: BTreeMap<TrackId, Swarm>,
    /// The next pass is due; when the last was.
    pub(super) due: bool,
    pub(super) passed: Option<Time>,
    /// When HTTP is next used by lot.
    pub(super) lottery: Time,
}

/// A segment that the player waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) need: NeedId,
    pub(super) segment: SegmentId,
    /// The playhead has jumped since it was asked for.
    pub(super) at_once: bool,
}

/// Least time between two passes that the playhead alone brings about.
const PASS: Duration = Duration::from_secs(1);
/// Least time until HTTP is used by lot again, and the most that each peer adds to it.
const LOTTERY: Duration = Duration::from_secs(1);

impl Loader {
    /// The player asks for its first segment.
    pub(super) fn new(segment: SegmentId, env: &mut Env) -> Self {
        let mut loader = Self {
            last: segment,
            position: env.time(segment).unwrap_or_default().start,
            wanted: None,
            requests: Requests::default(),
            swarms: BTreeMap::new(),
            due: false,
            passed: None,
            lottery: env.now,
        };
        loader.join(segment.track, env);
        loader.set_lottery(env);
        loader
    }

    /// The player asks for a segment.
    pub(super) fn load(&mut self, need: NeedId, segment: SegmentId, env: &mut Env) {
        if segment.track != self.last.track {
            self.switch(segment.track, env);
        }
        self.last = segment;
        self.due = true;
        if let Some(stored) = env.store.get(segment) {
            stored.used = true;
            let held = stored.held;
            return env.outputs.push_back(Output::Deliver { need, held });
        }
        self.wanted = Some(Wanted {
            need,
            segment,
            at_once: false,
        });
        if let Some(request) = self.requests.get_mut(segment)
            && request.status == Status::Failed
        {
            request.forgive();
        }
    }

    /// The player asks no more.
    pub(super) fn cancel(&mut self, need: NeedId) {
        if self.wanted.is_some_and(|wanted| wanted.need == need) {
            self.wanted = None;
            self.due = true;
        }
    }

    /// The playhead has moved.
    pub(super) fn moved(&mut self, position: Duration, env: &Env) {
        if position == self.position {
            return;
        }
        let playlist = env.playlists.get(&self.last.track);
        let half = playlist.map_or(Duration::ZERO, |playlist| playlist.mean() / 2);
        let jumped = position.abs_diff(self.position) > half;
        self.position = position;
        if let Some(wanted) = &mut self.wanted {
            wanted.at_once |= jumped;
        }
        let rested = self.passed.is_none_or(|at| env.now.since(at) > PASS);
        self.due |= jumped || rested;
    }

    /// A playlist has changed.
    pub(super) fn listed(&mut self, track: TrackId) {
        self.due |= track == self.last.track;
    }

    /// Bytes of a response.
    pub(super) fn progress(&mut self, id: HttpId, bytes: u32, total: Option<u32>, env: &mut Env) {
        if let Some((_, request)) = self.requests.of(Source::Http(id)) {
            request.add(env.now, bytes);
            request.total = request.total.or(total);
            env.stats.origin_bytes += u64::from(bytes);
        }
    }

    /// A response is over.
    pub(super) fn fetched(&mut self, id: HttpId, well: bool, env: &Env) {
        let Some((_, request)) = self.requests.of(Source::Http(id)) else {
            return;
        };
        if well {
            request.set(Status::Done);
        } else {
            request.fail(env.now);
        }
        self.due = true;
    }

    /// Time has come. Whether a swarm is to be announced to the tracker.
    pub(super) fn tick(&mut self, env: &mut Env) -> bool {
        let now = env.now;
        for segment in self.requests.silent(now) {
            self.give_up(segment, env);
        }
        if self.lottery <= now {
            self.draw_lots(env);
            self.set_lottery(env);
        }
        let left = |swarm: &Swarm| swarm.leaves.is_some_and(|at| at <= now);
        for swarm in self.swarms.values_mut().filter(|swarm| left(swarm)) {
            swarm.close(env);
        }
        self.swarms.retain(|_, swarm| !left(swarm));
        let mut announces = false;
        for swarm in self.swarms.values_mut() {
            announces |= swarm.tick(env);
        }
        announces
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        let swarms = self.swarms.values().filter_map(Swarm::deadline);
        let requests = self.requests.deadline();
        swarms.chain(requests).chain([self.lottery]).min()
    }

    /// A source has been silent for too long.
    fn give_up(&mut self, segment: SegmentId, env: &mut Env) {
        let Some(source) = self.requests.get(segment).map(|load| load.source) else {
            return;
        };
        self.dismiss(source, true, env);
        if let Some(load) = self.requests.get_mut(segment) {
            load.fail(env.now);
        }
        self.due = true;
    }

    /// The player wants another rendition. The swarm of the old one is kept for a while if we
    /// have something to give there.
    fn switch(&mut self, track: TrackId, env: &mut Env) {
        let old = self.last.track;
        let keeps = env.store.of(old).next().is_some();
        if let Some(swarm) = self.swarms.get_mut(&old) {
            swarm.leaves = Some(env.now + env.config.keeps_swarm);
            if !keeps {
                swarm.close(env);
                self.swarms.remove(&old);
            }
        }
        self.join(track, env);
    }

    fn join(&mut self, track: TrackId, env: &mut Env) {
        let swarm = self
            .swarms
            .entry(track)
            .or_insert_with(|| Swarm::new(track, env));
        swarm.leaves = None;
        env.joined = true;
    }

    fn set_lottery(&mut self, env: &mut Env) {
        let peers = self.peers() as u32;
        self.lottery = env.now + LOTTERY + (LOTTERY * peers).mul_f64(env.lot());
    }
}
