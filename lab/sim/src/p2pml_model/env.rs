//! The things that all parts of a client share.

use std::collections::{BTreeMap, VecDeque};

use core::ops::Range;
use core::time::Duration;

use rand::{RngExt, SeedableRng};
use shoal_engine::{HttpId, LinkId, NeedId, Stats, Time};
use shoal_wire::id::{SegmentId, TrackId};

use super::packet::Packet;
use super::playlist::Playlist;
use super::request::Held;
use super::settings::HybridConfig;
use super::store::{Keeping, Store};
use crate::rng::Rng;

/// Something that a client wants done.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// Stop a request.
    HttpAbort(HttpId),
    /// Get a segment from a byte on.
    HttpGet {
        id: HttpId,
        segment: SegmentId,
        offset: u32,
    },
    /// Answer an offer.
    LinkAccept { link: LinkId, sdp: String },
    /// Close a connection.
    LinkClose(LinkId),
    /// Take the answer to an offer.
    LinkConnect { link: LinkId, sdp: String },
    /// Make an offer.
    LinkOffer(LinkId),
    /// Send a message.
    Send { link: LinkId, packet: Packet },
    /// Hand a segment to the player; where its bytes came from.
    Deliver { need: NeedId, held: Held },
    /// Tell the player that its segment cannot be had.
    Fail(NeedId),
    /// Connect to the tracker.
    TrackerConnect,
    /// Send the tracker a message.
    TrackerSend(String),
}

/// The clock, the random numbers, the store and the way out.
#[derive(Debug)]
pub(super) struct Env {
    pub(super) now: Time,
    pub(super) config: HybridConfig,
    /// The playlist grows.
    pub(super) live: bool,
    pub(super) playlists: BTreeMap<TrackId, Playlist>,
    pub(super) store: Store,
    pub(super) rng: Rng,
    pub(super) outputs: VecDeque<Output>,
    pub(super) stats: Stats,
    /// Tracks of which something was stored or has gone, which peers are to be told.
    pub(super) changed: Vec<TrackId>,
    /// A swarm has something to say to the tracker.
    pub(super) joined: bool,
    links: u64,
    gets: u64,
}

impl Env {
    pub(super) fn new(config: HybridConfig, live: bool, seed: u64) -> Self {
        Self {
            now: Time(0),
            config,
            live,
            playlists: BTreeMap::new(),
            store: Store::default(),
            rng: Rng::seed_from_u64(seed),
            outputs: VecDeque::new(),
            stats: Stats::default(),
            changed: Vec::new(),
            joined: false,
            links: 0,
            gets: 0,
        }
    }

    /// Forgets what was stored and listed. Links and requests are never named twice.
    pub(super) fn forget(&mut self) {
        self.playlists.clear();
        self.store = Store::default();
        self.outputs.clear();
    }

    pub(super) fn link(&mut self) -> LinkId {
        self.links += 1;
        LinkId(self.links)
    }

    pub(super) fn get(&mut self) -> HttpId {
        self.gets += 1;
        HttpId(self.gets)
    }

    /// Evenly between 0 and 1.
    pub(super) fn lot(&mut self) -> f64 {
        self.rng.random_range(0.0..1.0)
    }

    pub(super) fn lists(&self, segment: SegmentId) -> bool {
        let playlist = self.playlists.get(&segment.track);
        playlist.is_some_and(|playlist| playlist.lists(segment.seq))
    }

    /// Keeps a segment, and makes room for it first.
    pub(super) fn keep(&mut self, segment: SegmentId, held: Held) {
        let time = self.time(segment).unwrap_or_default();
        let keeping = if self.live {
            Keeping::Recent(self.config.high_demand)
        } else {
            Keeping::UpTo(self.config.store_bytes)
        };
        for (gone, stored) in self.store.keep(segment, held, time, keeping) {
            self.changed.push(gone.track);
            if !stored.used {
                self.waste(stored.held);
            }
        }
        self.changed.push(segment.track);
    }

    /// When a listed segment plays.
    pub(super) fn time(&self, segment: SegmentId) -> Option<Range<Duration>> {
        self.playlists.get(&segment.track)?.time(segment.seq)
    }

    /// Bytes that were loaded for nothing.
    pub(super) fn waste(&mut self, held: Held) {
        self.stats.wasted_bytes += u64::from(held.all());
    }
}
