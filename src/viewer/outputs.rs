//! The engine's outputs, carried out.

use shoal_engine::{Declined, Event, HttpFault, HttpId, Input, LinkId, Output, State};
use shoal_wire::id::{SegmentId, TrackId};
use shoal_wire::peer::{Frame, Message};

use super::{Aside, Viewer};
use crate::catalogue::{Address, Catalogue};
use crate::clock::Clock;
use crate::host_event::HostEvent;
use crate::http::Get;
use crate::tracker::Tracker;
use crate::verify::Job;

impl Viewer {
    /// The one way into the engine: an input, then its outputs to the last.
    pub(super) fn feed(&mut self, input: Input, aside: &Aside<'_>) {
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
                None => self.outbox.decline(id, Declined::Origin),
            },
            Output::Event(event) => {
                match event {
                    Event::State(State::Off(_)) => self.early.clear(),
                    Event::State(_) => self.todo.push_back(HostEvent::OfferEarly),
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
            Output::LinkAccept { link, sdp } => self.peers.accept(link, sdp),
            Output::LinkClose { link, .. } => self.peers.close(link),
            Output::LinkConnect { link, sdp } => self.peers.connect(link, sdp),
            Output::LinkOffer(link) => self.peers.offer(link),
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
            self.peers.send(link, frame, None);
            return;
        };
        // A header without its bytes would garble the stream; without both the peer asks again.
        if let Some(bytes) = self.store.lend(*block) {
            self.peers.send(link, frame, Some(&bytes));
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
