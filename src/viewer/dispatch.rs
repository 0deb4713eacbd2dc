//! What happens, made into inputs of the engine.

use core::cell::Cell;

use js_sys::Uint8Array;
use shoal_engine::{Input, LinkFault, LinkId, Pace, Reason, Rule, State};
use shoal_wire::id::SegmentId;
use shoal_wire::peer::Block;

use super::{Aside, Viewer};
use crate::catalogue::Catalogue;
use crate::host_event::HostEvent;

impl Viewer {
    pub(super) fn dispatch(&mut self, event: HostEvent) {
        match event {
            HostEvent::Channel { link, channel } => self.peers.attach(link, channel),
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
                    self.peers.setup().relay = hidden;
                }
                if let Input::LinkDrained { link, buffered } = &mut input {
                    // More may have been sent since it was reported.
                    *buffered = self.peers.buffered(*link);
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
                        self.todo.push_back(HostEvent::OfferEarly);
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
            HostEvent::Renewed(index) => {
                let catalogue = self.catalogue.as_mut().zip(index);
                if catalogue.is_some_and(|(catalogue, index)| catalogue.renew(*index)) {
                    self.instruct();
                }
                self.feed(Input::Renewed, &Aside::Nothing);
            }
            HostEvent::OfferEarly => {
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
        self.peers.setup().ice = catalogue.ice();
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
                let held = self.peers.holds(link);
                self.peers.close(link);
                held
            }
            Input::LinkDescribed { link, .. }
            | Input::LinkDrained { link, .. }
            | Input::LinkOpen(link) => self.peers.holds(link),
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
        while let Some(inflow) = self.peers.inflow(link) {
            match inflow.read(&mut rest) {
                Ok(None) => return,
                Ok(Some((frame, block))) => {
                    self.feed(Input::LinkFrame { link, frame }, &Aside::Block(&block));
                }
                Err(_) => {
                    self.peers.close(link);
                    let fault = LinkFault::Malformed;
                    self.feed(Input::LinkFailed { link, fault }, &Aside::Nothing);
                }
            }
        }
    }
}
