//! Messages between a loader and its peers.

use std::rc::Rc;

use rand::RngExt;
use shoal_engine::LinkId;
use shoal_wire::id::{SegmentId, TrackId};

use super::env::{Env, Output};
use super::loader::Loader;
use super::packet::{Announcement, Packet};
use super::peer::Download;
use super::request::{Source, Status};
use super::swarm::Swarm;

/// Request numbers are drawn below this.
const REQUEST_NUMBERS: u32 = 1000;

impl Loader {
    /// A connection has opened: the peer is told what we have.
    pub(super) fn opened(&mut self, link: LinkId, env: &mut Env) {
        let Some((track, swarm)) = self.swarm_of(link) else {
            return;
        };
        if !swarm.opened(link, env) {
            return;
        }
        let all = self.announcement(track, env);
        if let Some((_, swarm)) = self.swarm_of(link)
            && let Some(peer) = swarm.peers.get_mut(&link)
        {
            peer.send(env, Packet::Announce(all));
        }
    }

    /// A connection is gone, open or not.
    pub(super) fn lose(&mut self, link: LinkId, env: &mut Env) {
        if let Some((_, request)) = self.requests.of(Source::Peer(link)) {
            request.fail(env.now);
            self.due = true;
        }
        if let Some((_, swarm)) = self.swarm_of(link) {
            swarm.lose(link, env);
        }
    }

    /// A peer says something.
    pub(super) fn hear(&mut self, link: LinkId, packet: Packet, env: &mut Env) {
        let current = self.last.track;
        let mut swarms = self.swarms.iter_mut();
        let Some((&track, swarm)) = swarms.find(|(_, swarm)| swarm.owns(link)) else {
            return;
        };
        let Some(peer) = swarm.peers.get_mut(&link) else {
            return;
        };
        let segment = |seq| SegmentId { track, seq };
        match packet {
            Packet::Announce(has) => {
                swarm.learn(link, has);
                self.due |= track == current;
            }
            Packet::Cancel { request, .. } => peer.hush(Some(request)),
            Packet::Request { seq, request, from } => {
                peer.hush(None);
                match env.store.get(segment(seq)) {
                    Some(stored) => {
                        stored.used = true;
                        let bytes = stored.held.all().saturating_sub(from);
                        peer.serve(env, seq, request, bytes);
                    }
                    None => peer.send(env, Packet::Absent { seq, request }),
                }
            }
            Packet::Data {
                seq,
                request,
                bytes,
            } => {
                if let Some(open) = peer.asked(request)
                    && let Some(load) = self.requests.get_mut(segment(seq))
                {
                    open.begun = true;
                    load.heard(env.now);
                    let total = load.held.all() + bytes;
                    load.total.get_or_insert(total);
                }
            }
            Packet::Media(bytes) => {
                env.stats.peer_bytes += u64::from(bytes);
                if let Some(open) = peer.download.filter(|open| open.begun)
                    && let Some(load) = self.requests.get_mut(segment(open.seq))
                {
                    load.add(env.now, bytes);
                    peer.meter.add(env.now, bytes);
                } else {
                    // The rest of what was cancelled.
                    env.stats.wasted_bytes += u64::from(bytes);
                }
            }
            Packet::Completed { seq, request } => {
                if peer.asked(request).is_some_and(|open| open.begun) {
                    peer.download = None;
                    peer.silences = 0;
                    peer.meter.stop(env.now);
                    if let Some(load) = self.requests.get_mut(segment(seq)) {
                        load.set(Status::Done);
                    }
                    self.due = true;
                }
            }
            Packet::Absent { seq, request } => {
                if peer.asked(request).is_some() {
                    peer.download = None;
                    peer.meter.clear();
                    let mut has = Announcement::clone(&peer.has);
                    has.loaded.remove(seq);
                    swarm.learn(link, Rc::new(has));
                    if let Some(load) = self.requests.get_mut(segment(seq)) {
                        load.fail(env.now);
                    }
                    self.due = true;
                }
            }
        }
    }

    /// Tells peers what we have, where it has changed.
    pub(super) fn tell(&mut self, env: &mut Env) {
        let telling = self.swarms.iter().filter(|(_, swarm)| swarm.tells);
        for track in telling.map(|(&track, _)| track).collect::<Vec<_>>() {
            let all = self.announcement(track, env);
            if let Some(swarm) = self.swarms.get_mut(&track) {
                swarm.tell(env, &all);
            }
        }
    }

    /// The swarm that has its hands on a connection.
    pub(super) fn swarm_of(&mut self, link: LinkId) -> Option<(TrackId, &mut Swarm)> {
        let found = self.swarms.iter_mut().find(|(_, swarm)| swarm.owns(link));
        found.map(|(&track, swarm)| (track, swarm))
    }

    /// Asks a peer for a segment, if one has it and is asked for nothing else.
    pub(super) fn ask_peer(&mut self, segment: SegmentId, env: &mut Env) {
        let Some(swarm) = self.swarms.get_mut(&segment.track) else {
            return;
        };
        let Some(link) = swarm.choose(segment.seq, env) else {
            return;
        };
        let Some(peer) = swarm.peers.get_mut(&link) else {
            return;
        };
        let patience = env.config.p2p_silence;
        let load = self
            .requests
            .start(segment, Source::Peer(link), env.now, patience);
        if load.complete() {
            load.set(Status::Done);
            self.due = true;
            return;
        }
        let request = env.rng.random_range(0..REQUEST_NUMBERS);
        peer.download = Some(Download {
            seq: segment.seq,
            request,
            begun: false,
        });
        peer.meter.start(env.now);
        let (seq, from) = (segment.seq, load.held.all());
        peer.send(env, Packet::Request { seq, request, from });
    }

    /// Tells a source that it is needed no more; a peer also that it was too slow.
    pub(super) fn dismiss(&mut self, source: Source, silent: bool, env: &mut Env) {
        let link = match source {
            Source::Http(id) => return env.outputs.push_back(Output::HttpAbort(id)),
            Source::Peer(link) => link,
        };
        let Some((_, swarm)) = self.swarm_of(link) else {
            return;
        };
        let Some(peer) = swarm.peers.get_mut(&link) else {
            return;
        };
        if let Some(Download { seq, request, .. }) = peer.download.take() {
            peer.send(env, Packet::Cancel { seq, request });
        }
        peer.meter.stop(env.now);
        if silent {
            peer.meter.clear();
            peer.silences += 1;
            if peer.silences >= env.config.p2p_retries {
                swarm.lose(link, env);
            }
        }
    }

    /// Segments that we have of a track.
    fn announcement(&self, track: TrackId, env: &Env) -> Rc<Announcement> {
        let asked = self.requests.iter().filter(|&(segment, load)| {
            segment.track == track && load.by_http() && env.lists(segment)
        });
        Rc::new(Announcement {
            loaded: env.store.of(track).collect(),
            fetching: asked.map(|(segment, _)| segment.seq).collect(),
        })
    }
}
