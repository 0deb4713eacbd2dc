//! Inputs in any order, with anything in them: no panic, no loop, the bounds hold, nobody is
//! contacted unless the rules allow it, and a recording of it can be lived again.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{SEGMENT, SWARM, Viewer, first_piece, replayed, segment};
use shoal_engine::{
    ActiveTrack, Config, HttpFault, HttpId, Input, LinkFault, LinkId, NeedId, Output, Pace,
    Playhead, Reason, Rule, State, Time, TimelineSegment, Verdict, Wish,
};
use shoal_wire::id::{OfferId, PeerId, PieceIndex, TrackId};
use shoal_wire::peer::shoal::Extension;
use shoal_wire::peer::{Block, Frame, Handshake, Message, Ranges};
use shoal_wire::tracker::TrackerMessage;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A small generator of its own, so that a failing seed fails again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % sides
    }

    /// Mostly sensible, sometimes absurd.
    fn number(&mut self, sensible: u64) -> u64 {
        if self.roll(20) == 0 {
            u64::MAX - self.roll(3)
        } else {
            self.roll(sensible)
        }
    }

    fn span(&mut self) -> Duration {
        Duration::from_millis(self.number(60_000).min(u64::from(u32::MAX)))
    }

    fn piece(&mut self) -> u32 {
        if self.roll(20) == 0 {
            u32::MAX - self.roll(2) as u32
        } else {
            first_piece(self.roll(10)) + self.roll(4) as u32
        }
    }

    fn block(&mut self) -> Block {
        let begin = self.roll(5) as u32 * 16_384;
        let lengths = [16_384, 65_536, 0, 1, u32::MAX, 20_000, 3_616];
        let length = lengths[self.roll(lengths.len() as u64) as usize];
        Block {
            piece: PieceIndex(self.piece()),
            begin,
            length,
        }
    }

    fn ranges(&mut self) -> Ranges {
        let mut ranges = Ranges::new();
        for _ in 0..self.roll(4) {
            let start = self.piece();
            ranges.insert(start, start.saturating_add(self.roll(600) as u32));
        }
        ranges
    }

    fn message(&mut self) -> Message {
        let piece = PieceIndex(self.piece());
        match self.roll(20) {
            0 => Message::AllowedFast(piece),
            1 => Message::Bitfield(vec![255; self.roll(9) as usize]),
            2 => Message::Cancel(self.block()),
            3 => Message::Choke,
            4 => Message::Extended {
                id: 1,
                payload: vec![self.roll(256) as u8; 3],
            },
            5 => Message::Extended {
                id: 1,
                payload: Extension::Lost(self.ranges()).encode(),
            },
            6 => Message::Extended {
                id: 1,
                payload: Extension::Fetching(self.ranges()).encode(),
            },
            7 => {
                let grew = Extension::Grew {
                    track: TrackId(0),
                    seq: self.number(20),
                };
                Message::Extended {
                    id: 1,
                    payload: grew.encode(),
                }
            }
            8 => Message::Have(piece),
            9 => Message::HaveAll,
            10 => Message::Interested,
            11 => Message::NotInterested,
            12 => Message::Piece(self.block()),
            13 => Message::Reject(self.block()),
            14 => Message::Request(self.block()),
            15 => Message::Unchoke,
            16 => Message::Extended {
                id: 0,
                payload: b"d1:md5:shoali3eee".to_vec(),
            },
            17 => Message::Extended {
                id: 1,
                payload: Extension::Wants(self.ranges()).encode(),
            },
            _ => Message::Extended {
                id: 1,
                payload: Extension::Have(self.ranges()).encode(),
            },
        }
    }

    fn tracker_message(&mut self) -> Option<TrackerMessage> {
        let peer_id = PeerId([self.roll(12) as u8; 20]);
        let offer_id = OfferId([self.roll(30) as u8; 20]);
        Some(match self.roll(6) {
            0 => TrackerMessage::Announced {
                info_hash: SWARM,
                interval: self.number(200).min(u64::from(u32::MAX)) as u32,
                complete: self.roll(3) as u32,
                incomplete: self.number(1_000).min(u64::from(u32::MAX)) as u32,
                min_interval: None,
            },
            1 => TrackerMessage::Answer {
                info_hash: SWARM,
                peer_id,
                offer_id,
                sdp: "a".into(),
            },
            2 => TrackerMessage::Failure {
                reason: "no".into(),
                info_hash: Some(SWARM),
                off: None,
            },
            3 => return None,
            _ => TrackerMessage::Offer {
                info_hash: SWARM,
                peer_id,
                offer_id,
                sdp: "o".into(),
            },
        })
    }

    fn input(&mut self, links: &[LinkId], gets: &[HttpId]) -> Input {
        let pick = |dice: &mut Self, len: usize| dice.roll(len.max(1) as u64) as usize;
        let at = pick(self, links.len());
        let link = links.get(at).copied().unwrap_or(LinkId(self.roll(50)));
        let at = pick(self, gets.len());
        let id = gets.get(at).copied().unwrap_or(HttpId(self.roll(50)));
        match self.roll(30) {
            0 => Input::Cancel(NeedId(self.roll(40))),
            1 => Input::HttpDone(id),
            2 => Input::HttpFailed {
                id,
                fault: HttpFault::Status(500),
            },
            3 => Input::LinkFailed {
                link,
                fault: LinkFault::Closed,
            },
            4 => Input::Need {
                id: NeedId(self.roll(1_000)),
                segment: segment(self.number(12)),
            },
            5 => Input::Offered {
                segment: segment(self.roll(10)),
                length: SEGMENT,
                pace: Pace {
                    first_byte: self.span(),
                    whole: self.span(),
                },
            },
            6 => {
                let lengths = (0..self.roll(20)).map(|_| self.number(200_000).min(1 << 31) as u32);
                let lengths = lengths.collect();
                let (part, first) = (self.number(2), self.number(20));
                Input::Part {
                    track: TrackId(self.roll(3) as u16),
                    part,
                    first,
                    lengths,
                }
            }
            7 => Input::PartFailed {
                track: TrackId(self.roll(3) as u16),
                part: self.number(2),
            },
            8 | 9 => {
                let position = self.span();
                let buffered = position + self.span();
                let active = vec![
                    ActiveTrack {
                        track: TrackId(0),
                        buffered
                    };
                    self.roll(7) as usize
                ];
                let rates = [0.0, 1.0, 2.0, f64::NAN, -1.0, f64::INFINITY];
                let rate = rates[self.roll(6) as usize];
                Input::Playhead(Playhead {
                    position,
                    rate,
                    active,
                })
            }
            10 => {
                let wish =
                    [None, Some(Wish::On), Some(Wish::Ask), Some(Wish::Off)][self.roll(4) as usize];
                let answer = [None, Some(true), Some(false)][self.roll(3) as usize];
                let rules = [
                    Rule::AskFirst(self.roll(4) == 0),
                    Rule::Capable(self.roll(4) > 0),
                    Rule::Hidden(self.roll(3) == 0),
                    Rule::Least(self.roll(4) as u32),
                    Rule::Metered(self.roll(4) == 0),
                    Rule::MeteredToo(self.roll(2) == 0),
                    Rule::Page(wish),
                    Rule::Relay(self.roll(2) == 0),
                    Rule::Site(wish),
                    Rule::Video(wish),
                    Rule::Viewer(answer),
                ];
                Input::Rule(rules[self.roll(rules.len() as u64) as usize])
            }
            11 => {
                let segments = (0..self.roll(12)).map(|_| TimelineSegment {
                    seq: self.number(12),
                    start: self.span(),
                    duration: self.span(),
                });
                let segments = segments.collect();
                Input::Timeline {
                    track: TrackId(self.roll(2) as u16),
                    segments,
                }
            }
            12 => Input::TrackerClosed,
            13 | 14 => Input::TrackerMessage(self.tracker_message()),
            15 => Input::TrackerOpened,
            16 => Input::LinkDescribed {
                link,
                sdp: "sdp".into(),
            },
            17 => Input::LinkOpen(link),
            18 => Input::LinkDrained { link, buffered: 0 },
            19 => {
                let peer_id = PeerId([self.roll(12) as u8; 20]);
                let hello = Handshake {
                    info_hash: SWARM,
                    peer_id,
                    fast: true,
                    extended: true,
                };
                Input::LinkFrame {
                    link,
                    frame: Frame::Handshake(hello),
                }
            }
            20 | 21 => Input::HttpBlock {
                id,
                block: self.block(),
            },
            22 => Input::Verified {
                piece: PieceIndex(self.piece()),
                verdict: [Verdict::Valid, Verdict::Invalid, Verdict::Unknown]
                    [self.roll(3) as usize],
            },
            23 => Input::Tick,
            24 => Input::Viewers {
                viewers: [None, Some(0), Some(2), Some(u32::MAX)][self.roll(4) as usize],
                again: self.span(),
            },
            25 => Input::Limits {
                upload_rate: self.number(1 << 20),
                upload_total: self.number(1 << 20),
            },
            26 => [
                Input::Frugal(self.roll(2) == 0),
                Input::Renewed,
                Input::Token(Some("token".into())),
                Input::Mirrors(self.roll(9) as usize),
            ][self.roll(4) as usize]
                .clone(),
            27 => Input::LinkFailed {
                link,
                fault: LinkFault::Routeless,
            },
            _ => Input::LinkFrame {
                link,
                frame: Frame::Message(self.message()),
            },
        }
    }
}

/// Who may be contacted in this state.
fn may_join(state: State) -> bool {
    matches!(state, State::On | State::Waiting(Reason::Tracker))
}

#[test]
fn nothing_that_happens_makes_it_panic_or_break_a_rule() {
    for seed in 0..60 {
        let config = Config {
            store_bytes: 1 << 20,
            max_links: 8,
            target_links: 6,
            ..Config::default()
        };
        let bounds = config.clone();
        let mut dice = Dice(seed);
        let mut viewer = Viewer::new(config);
        let (mut links, mut gets) = (BTreeSet::new(), BTreeSet::new());
        let mut tracker = false;
        for step in 0..3_000 {
            let known = links.iter().copied().collect::<Vec<_>>();
            let open = gets.iter().copied().collect::<Vec<_>>();
            let input = dice.input(&known, &open);
            viewer.now = Time(viewer.now.0 + dice.roll(300_000));
            match &input {
                Input::HttpDone(id) | Input::HttpFailed { id, .. } => {
                    gets.remove(id);
                }
                Input::TrackerClosed => tracker = false,
                _ => {}
            }
            let outputs = viewer.tell(input);
            assert!(
                outputs.len() < 5_000,
                "seed {seed} step {step}: {} outputs",
                outputs.len()
            );
            for output in outputs {
                match output {
                    Output::LinkOffer(link) | Output::LinkAccept { link, .. } => {
                        assert!(
                            links.insert(link),
                            "seed {seed} step {step}: {link:?} again"
                        );
                    }
                    Output::LinkClose { link, .. } => {
                        assert!(
                            links.remove(&link),
                            "seed {seed} step {step}: {link:?} is gone"
                        );
                    }
                    Output::LinkSend { link, .. } | Output::LinkConnect { link, .. } => {
                        assert!(
                            links.contains(&link),
                            "seed {seed} step {step}: {link:?} is gone"
                        );
                    }
                    Output::HttpGet {
                        id, offset, length, ..
                    } => {
                        assert!(gets.insert(id) && length > 0 && offset.is_multiple_of(65_536));
                    }
                    Output::HttpAbort(id) => assert!(gets.remove(&id), "seed {seed} step {step}"),
                    Output::TrackerConnect(_) => tracker = true,
                    Output::TrackerClose => tracker = false,
                    _ => {}
                }
            }
            let stats = viewer.engine.stats(viewer.now);
            assert!(
                stats.stored_bytes <= bounds.store_bytes,
                "seed {seed} step {step}"
            );
            assert!(
                links.len() <= bounds.max_links + bounds.offers,
                "seed {seed} step {step}"
            );
            assert!(gets.len() <= bounds.max_http, "seed {seed} step {step}");
            if !may_join(viewer.state()) {
                assert!(
                    links.is_empty() && !tracker,
                    "seed {seed} step {step}: contact kept up"
                );
            }
        }
        replayed(&viewer.recorder.bytes());
    }
}
