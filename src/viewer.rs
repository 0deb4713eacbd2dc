//! One viewer: the engine, and the adapters that do what it asks.
//!
//! Decides nothing. Each event becomes inputs of the engine; after each input its outputs are
//! drained and carried out; what they bring at once waits its turn in `todo`.

use core::cell::Cell;
use core::mem;
use std::collections::VecDeque;

use js_sys::Uint8Array;
use shoal_engine::{
    Engine, Event, HttpFault, HttpId, Input, LinkFault, LinkId, Output, Pace, Reason, Rule, State,
    Stats, Time, Wish,
};
use shoal_wire::id::{SegmentId, TrackId};
use shoal_wire::peer::{Block, Frame, Message};

use crate::catalogue::{Address, Catalogue};
use crate::clock::Clock;
use crate::config::Options;
use crate::early_segments::EarlySegments;
use crate::events::Outbox;
use crate::host_event::{HostEvent, Sender};
use crate::http::{Get, Http};
use crate::peer_connections::PeerConnections;
use crate::rtc::Setup;
use crate::store::Store;
use crate::trace::Trace;
use crate::tracker::Tracker;
use crate::verify::{Job, Verifier};

/// The engine and its adapters. Dropped, everything ends.
#[derive(Debug)]
pub(crate) struct Viewer {
    engine: Engine,
    catalogue: Option<Catalogue>,
    clock: Clock,
    http: Http,
    connections: PeerConnections,
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
            connections: PeerConnections::new(sender.clone(), Setup::default()),
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

    fn dispatch(&mut self, event: HostEvent) {
        match event {
            HostEvent::Channel { link, channel } => self.connections.attach(link, channel),
            HostEvent::ChannelData { link, data } => self.read(link, &data),
            HostEvent::HttpData {
                id,
                segment,
                offset,
                data,
            } => {
                let Some(catalogue) = self.catalogue.as_ref().filter(|_| self.http.holds(id))
                else {
                    return;
                };
                let begin = offset % catalogue.piece_length();
                let piece = catalogue.piece_at(segment, offset);
                let block = Block {
                    piece,
                    begin,
                    length: data.length(),
                };
                self.feed(Input::HttpBlock { id, block }, &Aside::BlockArray(&data));
            }
            HostEvent::Index(catalogue) => {
                let info = catalogue.info();
                self.catalogue = Some(*catalogue);
                self.instruct();
                self.feed(Input::Index(info), &Aside::Nothing);
            }
            HostEvent::Input(mut input) => {
                if let Input::Rule(Rule::Hidden(hidden)) = input {
                    self.connections.setup().relay = hidden;
                }
                if let Input::LinkDrained { link, buffered } = &mut input {
                    // More may have been sent since it was reported.
                    *buffered = self.connections.buffered(*link);
                }
                if self.forget(&input) {
                    self.feed(input, &Aside::Nothing);
                }
            }
            HostEvent::Offered {
                segment,
                data,
                pace,
            } => {
                if !self.offer(segment, &data, pace) && self.may_take(segment) {
                    // The page may empty its buffer at any time.
                    self.early.put(segment, data.slice(0, data.length()));
                }
            }
            HostEvent::Part { track, part, bytes } => {
                self.http.end_part(track, part);
                let catalogue = self.catalogue.as_mut().zip(bytes);
                let input = match catalogue.and_then(|(it, bytes)| it.learn(track, part, &bytes)) {
                    Some((first, lengths)) => {
                        self.todo.push_back(HostEvent::Stashed);
                        Input::Part {
                            track,
                            part,
                            first,
                            lengths,
                        }
                    }
                    None => Input::PartFailed { track, part },
                };
                self.feed(input, &Aside::Nothing);
            }
            HostEvent::Renewed(bytes) => {
                let catalogue = self.catalogue.as_mut().zip(bytes);
                if catalogue.is_some_and(|(catalogue, bytes)| catalogue.renew(&bytes)) {
                    self.instruct();
                }
                self.feed(Input::Renewed, &Aside::Nothing);
            }
            HostEvent::Stashed => {
                for (segment, data) in self.early.take() {
                    if !self.offer(segment, &data, Pace::default()) && self.may_take(segment) {
                        self.early.put(segment, data);
                    }
                }
            }
            HostEvent::Turn => {}
        }
    }

    /// Tells the engine and the adapters what the operator says in the index.
    fn instruct(&mut self) {
        let Some(catalogue) = &self.catalogue else {
            return;
        };
        let (mirrors, token, rules) = (catalogue.mirrors(), catalogue.token(), catalogue.rules());
        self.connections.setup().ice = catalogue.ice();
        self.feed(Input::Mirrors(mirrors), &Aside::Nothing);
        self.feed(Input::Token(token), &Aside::Nothing);
        for rule in rules {
            self.feed(Input::Rule(rule), &Aside::Nothing);
        }
    }

    /// Offers the engine a whole segment. Says whether it is kept.
    fn offer(&mut self, segment: SegmentId, data: &Uint8Array, pace: Pace) -> bool {
        let length = data.length();
        let taken = &Cell::new(false);
        self.feed(
            Input::Offered {
                segment,
                length,
                pace,
            },
            &Aside::Segment { data, taken },
        );
        taken.get()
    }

    /// Whether a segment that the engine did not take may be taken when it is offered again:
    /// after joining, or with the part of the index that describes it.
    fn may_take(&self, segment: SegmentId) -> bool {
        let described = |it: &Catalogue| it.describes(segment);
        match self.engine.state() {
            State::Off(_) => false,
            // It has joined; why it does not take what is described will not change.
            State::On | State::Waiting(Reason::Tracker) => {
                !self.catalogue.as_ref().is_some_and(described)
            }
            State::Asking | State::Waiting(_) => true,
        }
    }

    /// Lets go of what an input says is over. `false` when the engine has let go of it before:
    /// then the input comes too late.
    fn forget(&mut self, input: &Input) -> bool {
        match *input {
            Input::HttpDone(id) | Input::HttpFailed { id, .. } => {
                let held = self.http.holds(id);
                self.http.end(id);
                held
            }
            Input::LinkFailed { link, .. } => {
                let held = self.connections.holds(link);
                self.connections.close(link);
                held
            }
            Input::LinkDescribed { link, .. }
            | Input::LinkDrained { link, .. }
            | Input::LinkOpen(link) => self.connections.holds(link),
            Input::Tick => {
                self.clock.rang();
                true
            }
            Input::TrackerClosed => {
                self.tracker = None;
                true
            }
            _ => true,
        }
    }

    /// Reads the frames of a channel message, until its end or the link's.
    fn read(&mut self, link: LinkId, data: &Uint8Array) {
        let bytes = data.to_vec();
        let mut rest = bytes.as_slice();
        while let Some(inflow) = self.connections.inflow(link) {
            match inflow.read(&mut rest) {
                Ok(None) => return,
                Ok(Some((frame, block))) => {
                    self.feed(Input::LinkFrame { link, frame }, &Aside::Block(&block));
                }
                Err(_) => {
                    self.connections.close(link);
                    let fault = LinkFault::Malformed;
                    self.feed(Input::LinkFailed { link, fault }, &Aside::Nothing);
                }
            }
        }
    }

    /// The one way into the engine: an input, then its outputs to the last.
    fn feed(&mut self, input: Input, aside: &Aside<'_>) {
        let now = Clock::now();
        self.trace.input(now, &input);
        self.engine.handle_input(now, input);
        loop {
            let output = self.engine.poll_output();
            self.trace.output(&output);
            match output {
                Output::Wait(until) => {
                    self.wait = until;
                    return;
                }
                output => self.carry_out(output, aside),
            }
        }
    }

    fn carry_out(&mut self, output: Output, aside: &Aside<'_>) {
        match output {
            Output::CountViewers { member } => {
                let catalogue = self.catalogue.as_ref();
                self.http.count(catalogue.and_then(|it| it.viewers(member)));
            }
            Output::Decline { id, reason } => self.outbox.decline(id, reason),
            Output::Deliver {
                id,
                segment,
                delivery,
            } => match self.store.copy(segment) {
                Some(data) => self.outbox.deliver(id, data, delivery),
                None => self.outbox.decline(id, shoal_engine::Declined::Origin),
            },
            Output::Event(event) => {
                match event {
                    Event::State(State::Off(_)) => self.early.clear(),
                    Event::State(_) => self.todo.push_back(HostEvent::Stashed),
                    _ => {}
                }
                self.outbox.event(event);
            }
            Output::Evict(segment) => self.store.evict(segment),
            Output::FetchPart { track, part } => self.fetch_part(track, part),
            Output::HttpAbort(id) => self.http.end(id),
            Output::HttpGet {
                id,
                server,
                segment,
                offset,
                length,
            } => {
                self.get(id, server, segment, offset, length);
            }
            Output::Keep(block) => {
                match aside {
                    Aside::Block(data) => self.store.write(block, data),
                    Aside::BlockArray(data) => self.store.write_array(block, data),
                    Aside::Nothing | Aside::Segment { .. } => false,
                };
            }
            Output::KeepOffered(segment) => {
                if let Aside::Segment { data, taken } = aside {
                    self.store.fill(segment, data);
                    taken.set(true);
                }
            }
            Output::LinkAccept { link, sdp } => self.connections.accept(link, sdp),
            Output::LinkClose { link, .. } => self.connections.close(link),
            Output::LinkConnect { link, sdp } => self.connections.connect(link, sdp),
            Output::LinkOffer(link) => self.connections.offer(link),
            Output::LinkSend { link, frame } => self.send(link, &frame),
            Output::RenewIndex => {
                let url = self.catalogue.as_ref().map(Catalogue::url);
                self.http.renew(url.unwrap_or_default());
            }
            Output::Reserve { segment, length } => {
                if let Some(catalogue) = &self.catalogue {
                    let pieces = catalogue.pieces(segment, length);
                    self.store
                        .reserve(segment, pieces, catalogue.piece_length(), length);
                }
            }
            Output::TrackerClose => self.tracker = None,
            Output::TrackerConnect(position) => self.connect_tracker(position),
            Output::TrackerSend(message) => {
                if let Some(tracker) = &self.tracker {
                    tracker.send(&message);
                }
            }
            Output::Verify {
                piece,
                segment,
                offset,
                length,
            } => {
                self.verifier.push(Job {
                    piece,
                    segment,
                    offset,
                    length,
                });
            }
            Output::Wait(_) => {}
        }
    }

    fn get(&mut self, id: HttpId, server: usize, segment: SegmentId, offset: u32, length: u32) {
        let located = |it: &Catalogue| it.locate(server, segment, offset, length);
        let catalogue = self.catalogue.as_ref();
        let address = catalogue.and_then(|it| Some((it, located(it)?)));
        let Some((catalogue, Address { url, range })) = address else {
            self.later(Input::HttpFailed {
                id,
                fault: HttpFault::Network,
            });
            return;
        };
        let piece_length = catalogue.piece_length();
        self.http.get(Get {
            id,
            segment,
            offset,
            length,
            piece_length,
            url,
            range,
        });
    }

    fn send(&mut self, link: LinkId, frame: &Frame) {
        let Frame::Message(Message::Piece(block)) = frame else {
            self.connections.send(link, frame, None);
            return;
        };
        // A header without its bytes would garble the stream; without both the peer asks again.
        if let Some(bytes) = self.store.lend(*block) {
            self.connections.send(link, frame, Some(&bytes));
        }
    }

    fn connect_tracker(&mut self, position: usize) {
        let url = self
            .catalogue
            .as_ref()
            .and_then(|catalogue| catalogue.tracker(position));
        self.tracker = url.and_then(|url| Tracker::connect(url, &self.sender).ok());
        if self.tracker.is_none() {
            self.later(Input::TrackerClosed);
        }
    }

    fn fetch_part(&mut self, track: TrackId, part: u64) {
        match self
            .catalogue
            .as_ref()
            .and_then(|catalogue| catalogue.part_url(track, part))
        {
            Some(url) => self.http.part(track, part, url),
            None => self.todo.push_back(HostEvent::Part {
                track,
                part,
                bytes: None,
            }),
        }
    }

    /// An input that is fed when the present outputs are done with.
    fn later(&mut self, input: Input) {
        self.todo.push_back(input.into());
    }
}
