//! A loader's decisions: which segments to load, from where, and which loads to give up.

use rand::seq::SliceRandom;
use shoal_wire::id::SegmentId;

use super::env::{Env, Output};
use super::loader::{Loader, Wanted};
use super::playlist::{Item, Windows};
use super::request::{Source, Status};
use super::settings::FORGIVES;
use crate::rng::Rng;

/// Free space, in percent, at which HTTP prefetches no more.
const SCARCE: f64 = 10.0;

impl Loader {
    /// Looks at everything once.
    pub(super) fn pass(&mut self, env: &mut Env) {
        self.due = false;
        self.passed = Some(env.now);
        let queue = self.missing(env);
        self.sort_out(&queue, env);
        self.load_at_once(env);
        for item in &queue {
            self.consider(item, &queue, env);
        }
    }

    /// Uses HTTP by lot for what no peer has or fetches: so a swarm gets its first copies.
    pub(super) fn draw_lots(&mut self, env: &mut Env) {
        let peers = self.peers();
        let free = env.store.free_percent(env.config.store_bytes);
        let slots = env.config.http_slots;
        if peers == 0 || free <= SCARCE || self.requests.http_count() >= slots {
            return;
        }
        let retries = env.config.http_retries;
        let untouched = |seq| {
            let load = self.requests.get(self.segment(seq));
            load.is_none_or(|load| {
                !matches!(load.status, Status::Loading | Status::Done)
                    && load.http_failures() < retries
            })
        };
        let orphans: Vec<u64> = self
            .queue(env)
            .into_iter()
            .filter(|item| item.standing.http && !item.standing.p2p)
            .map(|item| item.seq)
            .filter(|&seq| !env.store.has(self.segment(seq)) && untouched(seq))
            .collect();
        for nth in lots(orphans.len(), slots, peers + 1, env) {
            if self.requests.http_count() >= slots {
                break;
            }
            self.get_by_http(self.segment(orphans[nth]), env);
        }
    }

    /// Peers of the swarm that is watched.
    pub(super) fn peers(&self) -> usize {
        let swarm = self.swarms.get(&self.last.track);
        swarm.map_or(0, |swarm| swarm.peers.len())
    }

    /// Segments in a window, from the one that the player asked for last.
    fn queue(&self, env: &Env) -> Vec<Item> {
        let track = self.last.track;
        let (Some(playlist), Some(swarm)) = (env.playlists.get(&track), self.swarms.get(&track))
        else {
            return Vec::new();
        };
        let free = env.store.free_percent(env.config.store_bytes);
        let windows = Windows::new(&env.config, free);
        let offered = |seq| swarm.offered().contains(seq);
        playlist.queue(self.last.seq, self.position, windows, offered)
    }

    /// Those that are not loaded.
    fn missing(&self, env: &Env) -> Vec<Item> {
        let mut queue = self.queue(env);
        queue.retain(|item| {
            let segment = self.segment(item.seq);
            let load = self.requests.get(segment);
            !env.store.has(segment) && load.is_none_or(|load| load.status != Status::Done)
        });
        queue
    }

    /// Stores and delivers what is done, and gives up what is in no window.
    fn sort_out(&mut self, queue: &[Item], env: &mut Env) {
        for segment in self.requests.segments() {
            let wanted = self.wanted.filter(|wanted| wanted.segment == segment);
            let queued = segment.track == self.last.track
                && queue
                    .binary_search_by_key(&segment.seq, |item| item.seq)
                    .is_ok();
            let Some(load) = self.requests.get(segment) else {
                continue;
            };
            match load.status {
                Status::Loading if !queued && wanted.is_none() => {
                    self.abort(segment, env);
                    self.forget(segment, env);
                }
                Status::Loading => {}
                Status::Done => {
                    self.tell_later(load.by_http());
                    self.finish(segment, wanted, env);
                }
                Status::Failed => {
                    let hopeless = load.http_failures() >= env.config.http_retries;
                    self.tell_later(load.by_http() && !load.seen);
                    if let Some(wanted) = wanted.filter(|_| hopeless) {
                        self.wanted = None;
                        env.outputs.push_back(Output::Fail(wanted.need));
                    }
                    if wanted.is_none() && !env.lists(segment) {
                        self.forget(segment, env);
                    }
                }
                Status::Aborted => self.forget(segment, env),
            }
            if let Some(load) = self.requests.get_mut(segment) {
                load.seen = true;
                if load.failed_before(env.now - FORGIVES) {
                    load.forgive();
                }
            }
        }
    }

    /// After a jump the player's own request does not wait for its turn.
    fn load_at_once(&mut self, env: &mut Env) {
        let Some(Wanted { segment, .. }) = self.wanted.filter(|wanted| wanted.at_once) else {
            return;
        };
        if self
            .requests
            .get(segment)
            .is_some_and(|load| load.loading())
        {
            return;
        }
        if self.may_get(segment, env) && self.requests.http_count() < env.config.http_slots {
            self.get_by_http(segment, env);
        } else if self.requests.p2p_count() < env.config.p2p_slots {
            self.ask_peer(segment, env);
        }
    }

    fn consider(&mut self, item: &Item, queue: &[Item], env: &mut Env) {
        let segment = self.segment(item.seq);
        let load = self.requests.get(segment);
        let (loading, by_http, done) = load.map_or((false, false, false), |load| {
            let done = load.status == Status::Done;
            (load.loading(), load.by_http(), done)
        });
        if done {
            return;
        }
        if !item.standing.high_demand {
            let fits = self.requests.p2p_count() < env.config.p2p_slots;
            if item.standing.p2p && !loading && fits {
                self.ask_peer(segment, env);
            }
            return;
        }
        let may_get = self.may_get(segment, env);
        if loading {
            if may_get && !by_http && self.http_slot(item.seq, queue, env) {
                self.abort(segment, env);
                self.get_by_http(segment, env);
            }
        } else if may_get && self.http_slot(item.seq, queue, env) {
            self.get_by_http(segment, env);
        } else if self.somebody_has(segment) && self.p2p_slot(item.seq, queue, env) {
            self.ask_peer(segment, env);
        }
    }

    /// Whether HTTP has not failed too often for this segment.
    fn may_get(&self, segment: SegmentId, env: &Env) -> bool {
        let load = self.requests.get(segment);
        load.is_none_or(|load| load.http_failures() < env.config.http_retries)
    }

    fn somebody_has(&self, segment: SegmentId) -> bool {
        let swarm = self.swarms.get(&segment.track);
        swarm.is_some_and(|swarm| swarm.has_loaded(segment.seq))
    }

    /// A free slot for HTTP, if need be taken from the furthest load behind `seq`.
    fn http_slot(&mut self, seq: u64, queue: &[Item], env: &mut Env) -> bool {
        self.requests.http_count() < env.config.http_slots || self.abort_last(seq, queue, true, env)
    }

    /// A free slot for P2P, if need be taken from the furthest load behind `seq`.
    fn p2p_slot(&mut self, seq: u64, queue: &[Item], env: &mut Env) -> bool {
        self.requests.p2p_count() < env.config.p2p_slots || self.abort_last(seq, queue, false, env)
    }

    fn abort_last(&mut self, seq: u64, queue: &[Item], http: bool, env: &mut Env) -> bool {
        let behind = queue.iter().rev().take_while(|item| item.seq > seq);
        let last = behind.map(|item| self.segment(item.seq)).find(|&segment| {
            let load = self.requests.get(segment);
            load.is_some_and(|load| load.loading() && load.by_http() == http)
        });
        if let Some(segment) = last {
            self.abort(segment, env);
        }
        last.is_some()
    }

    /// Stops a load. Its bytes stay until the next pass, for another source to go on from.
    fn abort(&mut self, segment: SegmentId, env: &mut Env) {
        if let Some(load) = self.requests.get_mut(segment) {
            load.set(Status::Aborted);
            let source = load.source;
            self.dismiss(source, false, env);
        }
    }

    fn forget(&mut self, segment: SegmentId, env: &mut Env) {
        if let Some(load) = self.requests.remove(segment) {
            env.waste(load.held);
        }
    }

    fn finish(&mut self, segment: SegmentId, wanted: Option<Wanted>, env: &mut Env) {
        let Some(load) = self.requests.remove(segment) else {
            return;
        };
        env.keep(segment, load.held);
        if let Some(Wanted { need, .. }) = wanted {
            self.wanted = None;
            if let Some(stored) = env.store.get(segment) {
                stored.used = true;
            }
            let held = load.held;
            env.outputs.push_back(Output::Deliver { need, held });
        }
    }

    fn get_by_http(&mut self, segment: SegmentId, env: &mut Env) {
        let id = env.get();
        let patience = env.config.http_silence;
        let load = self
            .requests
            .start(segment, Source::Http(id), env.now, patience);
        if load.complete() {
            load.set(Status::Done);
            self.due = true;
        } else {
            let offset = load.held.all();
            env.stats.origin_requests += 1;
            env.outputs.push_back(Output::HttpGet {
                id,
                segment,
                offset,
            });
        }
        self.tell_later(true);
    }

    fn tell_later(&mut self, tells: bool) {
        if let Some(swarm) = self.swarms.get_mut(&self.last.track) {
            swarm.tells |= tells;
        }
    }

    fn segment(&self, seq: u64) -> SegmentId {
        let track = self.last.track;
        SegmentId { track, seq }
    }
}

/// Which of `count` segments, in order of play, a viewer gets when `viewers` draw lots for them: in
/// the mean each segment is drawn once.
fn lots(count: usize, slots: usize, viewers: usize, env: &mut Env) -> Vec<usize> {
    let count = count.min(slots * viewers);
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle::<Rng>(&mut env.rng);
    let mut drawn = Vec::new();
    let mut rng = count as f64 / viewers as f64;
    for nth in order {
        if rng <= 0.0 {
            break;
        }
        if rng >= 1.0 || env.lot() <= rng {
            drawn.push(nth);
        }
        rng -= 1.0;
    }
    drawn
}
