//! The page's loaders, as one machine without a clock, a socket or a thread.

use std::collections::VecDeque;

use shoal_engine::{HttpId, Input, LinkId, Stats, Time};
use shoal_wire::id::{InfoHash, TrackId};
use shoal_wire::tracker::TrackerMessage;

use super::env::{Env, Output};
use super::loader::Loader;
use super::packet::Packet;
use super::playlist::Playlist;
use super::settings::HybridConfig;
use super::swarm::{Swarm, info_hash};

/// A viewer's p2p-media-loader. What it is told leaves outputs behind, to be done in their order.
#[derive(Debug)]
pub(crate) struct Client {
    env: Env,
    /// The track that the second loader loads; all others are renditions.
    audio: Option<TrackId>,
    /// Of the renditions, and of the audio track: there from their first request on.
    loaders: [Option<Loader>; 2],
    socket: Socket,
}

/// The one socket to the tracker, which all swarms share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Socket {
    Closed,
    Connecting,
    Open,
}

impl Client {
    pub(crate) fn new(config: HybridConfig, live: bool, audio: Option<TrackId>, seed: u64) -> Self {
        Self {
            env: Env::new(config, live, seed),
            audio,
            loaders: [None, None],
            socket: Socket::Closed,
        }
    }

    /// Something has happened that would happen to an engine as well.
    pub(crate) fn handle(&mut self, now: Time, input: Input) {
        self.env.now = now;
        let env = &mut self.env;
        match input {
            Input::Cancel(need) => self.each(|loader, _| loader.cancel(need)),
            Input::HttpDone(id) => self.each(|loader, env| loader.fetched(id, true, env)),
            Input::HttpFailed { id, .. } => {
                self.each(|loader, env| loader.fetched(id, false, env));
            }
            Input::LinkDescribed { link, sdp } => {
                if let Some((swarm, env)) = self.swarm(link) {
                    swarm.described(link, sdp, env);
                }
            }
            Input::LinkDrained { link, buffered } => {
                if let Some((swarm, env)) = self.swarm(link)
                    && let Some(peer) = swarm.peers.get_mut(&link)
                {
                    peer.drained(env, buffered);
                }
            }
            Input::LinkFailed { link, .. } => self.each(|loader, env| loader.lose(link, env)),
            Input::LinkOpen(link) => self.each(|loader, env| loader.opened(link, env)),
            Input::Need { id, segment } => {
                let nth = usize::from(Some(segment.track) == self.audio);
                let loader = self.loaders[nth].get_or_insert_with(|| Loader::new(segment, env));
                loader.load(id, segment, env);
            }
            Input::Playhead(playhead) => {
                env.store.moved(playhead.position);
                self.each(|loader, env| loader.moved(playhead.position, env));
            }
            Input::Tick => self.tick(),
            Input::Timeline { track, segments } => {
                env.playlists.insert(track, Playlist::new(segments));
                self.each(|loader, _| loader.listed(track));
            }
            Input::TrackerClosed => {
                self.socket = Socket::Closed;
                self.each_swarm(|swarm, env| swarm.abandoned(env));
            }
            Input::TrackerMessage(Some(message)) => self.tracker(message),
            Input::TrackerOpened => {
                self.socket = Socket::Open;
                self.each_swarm(|swarm, env| swarm.greet(env));
            }
            _ => {}
        }
        self.rest();
    }

    /// A message of a peer has come.
    pub(crate) fn hear(&mut self, now: Time, link: LinkId, packet: Packet) {
        self.env.now = now;
        let loaders = self.loaders.iter_mut().flatten();
        for loader in loaders {
            if loader.swarm_of(link).is_some() {
                loader.hear(link, packet, &mut self.env);
                break;
            }
        }
        self.rest();
    }

    /// Bytes of a response have come; of how many when it is of a whole segment.
    pub(crate) fn progress(&mut self, now: Time, id: HttpId, bytes: u32, total: Option<u32>) {
        self.env.now = now;
        self.each(|loader, env| loader.progress(id, bytes, total, env));
    }

    /// P2P is switched off: it forgets everything but what it has counted.
    pub(crate) fn stop(&mut self) {
        self.loaders = [None, None];
        self.socket = Socket::Closed;
        self.env.forget();
    }

    /// Takes out what it wants done.
    pub(crate) fn outputs(&mut self) -> VecDeque<Output> {
        core::mem::take(&mut self.env.outputs)
    }

    /// When it wants to be told that time has come.
    pub(crate) fn deadline(&self) -> Option<Time> {
        let loaders = self.loaders.iter().flatten();
        loaders.filter_map(Loader::deadline).min()
    }

    pub(crate) fn stats(&self) -> Stats {
        let swarms = self.loaders.iter().flatten();
        let peers = swarms.map(|loader| loader.peers() as u32).sum();
        Stats {
            stored_bytes: self.env.store.bytes(),
            peers,
            ..self.env.stats
        }
    }

    fn tick(&mut self) {
        let mut announces = false;
        self.each(|loader, env| announces |= loader.tick(env));
        self.env.joined |= announces;
    }

    fn tracker(&mut self, message: TrackerMessage) {
        match message {
            TrackerMessage::Announced {
                info_hash,
                interval,
                ..
            } => {
                if let Some((swarm, env)) = self.swarm_named(info_hash) {
                    swarm.announced(interval, env);
                }
            }
            TrackerMessage::Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => {
                if let Some((swarm, env)) = self.swarm_named(info_hash) {
                    swarm.answer(peer_id, offer_id, sdp, env);
                }
            }
            TrackerMessage::Offer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            } => {
                if let Some((swarm, env)) = self.swarm_named(info_hash) {
                    swarm.offer(peer_id, offer_id, sdp, env);
                }
            }
            _ => {}
        }
    }

    /// What browsers do when a task is over: passes that are due, then what peers are told of
    /// them, once.
    fn rest(&mut self) {
        while self.loaders.iter().flatten().any(|loader| loader.due) {
            self.each(|loader, env| {
                if loader.due {
                    loader.pass(env);
                }
            });
        }
        let changed = core::mem::take(&mut self.env.changed);
        self.each(|loader, env| {
            for track in &changed {
                if let Some(swarm) = loader.swarms.get_mut(track) {
                    swarm.tells = true;
                }
            }
            loader.tell(env);
        });
        if core::mem::take(&mut self.env.joined) {
            match self.socket {
                Socket::Closed => {
                    self.socket = Socket::Connecting;
                    self.env.outputs.push_back(Output::TrackerConnect);
                }
                Socket::Connecting => {}
                Socket::Open => self.each_swarm(|swarm, env| swarm.greet(env)),
            }
        }
    }

    fn each(&mut self, mut act: impl FnMut(&mut Loader, &mut Env)) {
        for loader in self.loaders.iter_mut().flatten() {
            act(loader, &mut self.env);
        }
    }

    fn each_swarm(&mut self, mut act: impl FnMut(&mut Swarm, &mut Env)) {
        self.each(|loader, env| loader.swarms.values_mut().for_each(|swarm| act(swarm, env)));
    }

    fn swarm(&mut self, link: LinkId) -> Option<(&mut Swarm, &mut Env)> {
        let mut loaders = self.loaders.iter_mut().flatten();
        let (_, swarm) = loaders.find_map(|loader| loader.swarm_of(link))?;
        Some((swarm, &mut self.env))
    }

    fn swarm_named(&mut self, hash: InfoHash) -> Option<(&mut Swarm, &mut Env)> {
        let loaders = self.loaders.iter_mut().flatten();
        let mut swarms = loaders.flat_map(|loader| loader.swarms.iter_mut());
        let (_, swarm) = swarms.find(|&(&track, _)| info_hash(track) == hash)?;
        Some((swarm, &mut self.env))
    }
}
