//! One viewer: the engine, and the adapters that do what it asks.
//!
//! Decides nothing. Each event becomes inputs of the engine; after each input its outputs are
//! drained and carried out; what they bring at once waits its turn in `todo`.

mod dispatch;
mod outputs;

use core::cell::Cell;
use core::mem;
use std::collections::VecDeque;

use js_sys::Uint8Array;
use shoal_engine::{Engine, Input, Rule, State, Stats, Time, Wish};
use shoal_wire::id::TrackId;

use crate::catalogue::{Address, Catalogue};
use crate::clock::Clock;
use crate::config::Options;
use crate::early_segments::EarlySegments;
use crate::events::Outbox;
use crate::host_event::{HostEvent, Sender};
use crate::http::Http;
use crate::peer_connections::PeerConnections;
use crate::rtc::Setup;
use crate::store::Store;
use crate::trace::Trace;
use crate::tracker::Tracker;
use crate::verify::Verifier;

/// The engine and its adapters. Dropped, everything ends.
#[derive(Debug)]
pub(crate) struct Viewer {
    engine: Engine,
    catalogue: Option<Catalogue>,
    clock: Clock,
    http: Http,
    peers: PeerConnections,
    sender: Sender,
    outbox: Outbox,
    early: EarlySegments,
    store: Store,
    todo: VecDeque<HostEvent>,
    trace: Trace,
    tracker: Option<Tracker>,
    verifier: Verifier,
    /// The last `Output::Wait`.
    wait: Option<Time>,
}

/// The bytes that belong to an input, held aside until the engine says whether to keep them.
enum Aside<'a> {
    Block(&'a [u8]),
    BlockArray(&'a Uint8Array),
    Nothing,
    Segment {
        data: &'a Uint8Array,
        taken: &'a Cell<bool>,
    },
}

impl Viewer {
    pub(crate) fn new(options: Options, seed: u64, trace: Trace, sender: &Sender) -> Self {
        Self {
            engine: Engine::new(options.engine, seed),
            catalogue: None,
            clock: Clock::new(sender.clone()),
            http: Http::new(sender.clone()),
            peers: PeerConnections::new(sender.clone(), Setup::default()),
            sender: sender.clone(),
            outbox: Outbox::default(),
            early: EarlySegments::default(),
            store: Store::default(),
            todo: VecDeque::new(),
            trace,
            tracker: None,
            verifier: Verifier::default(),
            wait: None,
        }
    }

    pub(crate) const fn catalogue(&self) -> Option<&Catalogue> {
        self.catalogue.as_ref()
    }

    pub(crate) fn stats(&self) -> (Stats, State) {
        (self.engine.stats(Clock::now()), self.engine.state())
    }

    /// Replaces what is known of a track's playlist.
    pub(crate) fn list(&mut self, track: TrackId, segments: Vec<(u64, Address)>) {
        if let Some(catalogue) = &mut self.catalogue {
            catalogue.list(track, segments);
        }
    }

    /// Deals with an event and all that it brings at once.
    pub(crate) fn take_in(&mut self, event: HostEvent) {
        self.dispatch(event);
        while let Some(event) = self.todo.pop_front() {
            self.dispatch(event);
        }
    }

    /// Looks at pieces until all are done, or the turn that began at `start` has had enough.
    pub(crate) fn verify(&mut self, start: Time) {
        while !self.verifier.is_idle() {
            if Verifier::is_tired(start, Clock::now()) && self.clock.take_turn().is_ok() {
                return;
            }
            let Some(catalogue) = &self.catalogue else {
                return;
            };
            if let Some((piece, verdict)) = self.verifier.next(&self.store, catalogue) {
                self.take_in(Input::Verified { piece, verdict }.into());
            }
        }
    }

    /// Sets the alarm, and gives the events that wait for the page.
    pub(crate) fn rest(&mut self) -> Outbox {
        self.clock.arm(self.wait);
        mem::take(&mut self.outbox)
    }

    /// Takes leave: the tracker and the peers hear of it, the page hears nothing.
    pub(crate) fn leave(mut self) -> (Stats, State) {
        self.feed(Input::Rule(Rule::Page(Some(Wish::Off))), &Aside::Nothing);
        self.stats()
    }
}
