//! One engine and a hand that feeds it: the vocabulary of the tests beside.
#![allow(
    dead_code,
    reason = "each test file uses its own part of the vocabulary"
)]

use std::time::Duration;

use shoal_engine::{
    ActiveTrack, Config, Ending, Engine, Entry, Event, HttpId, IndexInfo, Input, LinkId, NeedId,
    Output, OutputHash, Playhead, Recorder, Recording, Rule, State, Time, TimelineSegment,
    TrackInfo, Verdict, Wish,
};
use shoal_wire::id::{InfoHash, OfferId, PeerId, SegmentId, TrackId};
use shoal_wire::peer::shoal::{self, Extension};
use shoal_wire::peer::{Block, ExtendedHandshake, Frame, Handshake, Message, Ranges};
use shoal_wire::tracker::{ClientMessage, Limits, TrackerMessage};

pub(crate) const SWARM: InfoHash = InfoHash([7; 20]);
pub(crate) const PIECE: u32 = 65_536;
/// Three pieces, the last of them short.
pub(crate) const SEGMENT: u32 = 2 * PIECE + 20_000;
pub(crate) const STRIDE: u32 = 256;

pub(crate) struct Viewer {
    pub(crate) engine: Engine,
    pub(crate) now: Time,
    pub(crate) wait: Option<Time>,
    pub(crate) events: Vec<Event>,
    pub(crate) recorder: Recorder,
    needs: u64,
}

pub(crate) const fn segment(seq: u64) -> SegmentId {
    SegmentId {
        track: TrackId(0),
        seq,
    }
}

pub(crate) const fn first_piece(seq: u64) -> u32 {
    seq as u32 * STRIDE
}

impl Viewer {
    /// A viewer of a video of ten 4 s segments; the index and the playlist are there.
    pub(crate) fn new(config: Config) -> Self {
        let recorder = Recorder::new(&config, 42, 1 << 24);
        let engine = Engine::new(config, 42);
        let now = Time::from_secs(1);
        let mut viewer = Self {
            engine,
            now,
            wait: None,
            events: Vec::new(),
            recorder,
            needs: 0,
        };
        viewer.tell(Input::Index(IndexInfo {
            swarm: SWARM,
            live: false,
            piece_length: PIECE,
            stride: STRIDE,
            trackers: 1,
            tracks: vec![TrackInfo { part_segments: 16 }],
        }));
        let segments = (0..10).map(|seq| TimelineSegment {
            seq,
            start: Duration::from_secs(4 * seq),
            duration: Duration::from_secs(4),
        });
        viewer.tell(Input::Timeline {
            track: TrackId(0),
            segments: segments.collect(),
        });
        viewer.play(0.0, 0.0);
        viewer
    }

    /// The same, allowed to share, its tracker open and the first announce sent.
    pub(crate) fn sharing() -> Self {
        Self::sharing_by(Config::default())
    }

    pub(crate) fn sharing_by(config: Config) -> Self {
        let mut viewer = Self::new(config);
        let joined = viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
        assert!(joined.contains(&Output::TrackerConnect(0)), "{joined:?}");
        let opened = viewer.tell(Input::TrackerOpened);
        for link in opened.iter().filter_map(offered) {
            viewer.tell(Input::LinkDescribed {
                link,
                sdp: format!("offer {}", link.0),
            });
        }
        viewer
    }

    pub(crate) fn tell(&mut self, input: Input) -> Vec<Output> {
        self.recorder.input(self.now, &input);
        self.engine.handle_input(self.now, input);
        let mut outputs = Vec::new();
        loop {
            let output = self.engine.poll_output();
            self.recorder.output(&output);
            match output {
                Output::Wait(until) => {
                    self.wait = until;
                    assert_eq!(self.engine.audit(), Ok(()), "the books");
                    return outputs;
                }
                Output::Event(event) => self.events.push(event),
                output => outputs.push(output),
            }
        }
    }

    /// Lets time pass, waking the engine whenever it asks.
    pub(crate) fn pass(&mut self, span: Duration) -> Vec<Output> {
        let end = self.now + span;
        let mut outputs = Vec::new();
        while let Some(at) = self.wait.filter(|&at| at <= end) {
            self.now = self.now.max(at);
            let before = self.wait;
            outputs.extend(self.tell(Input::Tick));
            assert!(
                self.wait != before || self.wait > Some(self.now),
                "it would spin"
            );
        }
        self.now = end;
        outputs
    }

    pub(crate) fn play(&mut self, position: f64, buffered: f64) -> Vec<Output> {
        self.tell(Input::Playhead(Playhead {
            position: Duration::from_secs_f64(position),
            rate: 1.0,
            active: vec![ActiveTrack {
                track: TrackId(0),
                buffered: Duration::from_secs_f64(buffered),
            }],
        }))
    }

    /// The first part of the index comes.
    pub(crate) fn index_part(&mut self) -> Vec<Output> {
        let lengths = vec![SEGMENT; 10];
        self.tell(Input::Part {
            track: TrackId(0),
            part: 0,
            first: 0,
            lengths,
        })
    }

    pub(crate) fn need(&mut self, seq: u64) -> (NeedId, Vec<Output>) {
        self.needs += 1;
        let id = NeedId(self.needs);
        (
            id,
            self.tell(Input::Need {
                id,
                segment: segment(seq),
            }),
        )
    }

    /// A peer that speaks our extension connects by the tracker.
    pub(crate) fn meet(&mut self, name: u8) -> (LinkId, Vec<Output>) {
        let peer = PeerId([name; 20]);
        let offer: TrackerMessage = TrackerMessage::Offer {
            info_hash: SWARM,
            peer_id: peer,
            offer_id: OfferId([name; 20]),
            sdp: "their offer".into(),
        };
        let outputs = self.tell(Input::TrackerMessage(offer.encode()));
        let accept = |output: &Output| match output {
            Output::LinkAccept { link, .. } => Some(*link),
            _ => None,
        };
        let link = outputs
            .iter()
            .find_map(accept)
            .expect("the offer is accepted");
        self.tell(Input::LinkDescribed {
            link,
            sdp: "our answer".into(),
        });
        self.tell(Input::LinkOpen(link));
        let hello = Handshake {
            info_hash: SWARM,
            peer_id: peer,
            fast: true,
            extended: true,
        };
        let mut outputs = self.tell(Input::LinkFrame {
            link,
            frame: Frame::Handshake(hello),
        });
        let m = [(shoal::NAME.to_owned(), 9)].into();
        let hello = ExtendedHandshake {
            m,
            client: None,
            reqq: None,
            metadata_size: None,
        };
        outputs.extend(self.hear(
            link,
            Message::Extended {
                id: 0,
                payload: hello.encode(),
            },
        ));
        outputs.extend(self.hear(link, Message::HaveNone));
        outputs.extend(self.hear(link, Message::Interested));
        outputs.extend(self.hear(link, Message::Unchoke));
        (link, outputs)
    }

    pub(crate) fn hear(&mut self, link: LinkId, message: Message) -> Vec<Output> {
        self.tell(Input::LinkFrame {
            link,
            frame: Frame::Message(message),
        })
    }

    /// The peer says something by our extension.
    pub(crate) fn hear_of(&mut self, link: LinkId, extension: &Extension) -> Vec<Output> {
        let payload = extension.encode();
        self.hear(
            link,
            Message::Extended {
                id: shoal::ID,
                payload,
            },
        )
    }

    /// The peer says that it has these pieces.
    pub(crate) fn hear_have(&mut self, link: LinkId, start: u32, end: u32) -> Vec<Output> {
        self.hear_of(link, &Extension::Have(ranges(start, end)))
    }

    /// The peer sends all that it is asked for until nothing more is asked of it.
    pub(crate) fn feed(&mut self, link: LinkId, outputs: Vec<Output>) -> Vec<Output> {
        let mut asked = requests(&outputs, link);
        let mut all = outputs;
        while let Some(block) = asked.pop() {
            let outputs = self.hear(link, Message::Piece(block));
            let outputs = self.verify(outputs, Verdict::Valid);
            asked.extend(requests(&outputs, link));
            all.extend(outputs);
        }
        all
    }

    /// Reports the digest of every piece to be checked.
    pub(crate) fn verify(&mut self, outputs: Vec<Output>, verdict: Verdict) -> Vec<Output> {
        let mut all = outputs;
        let pieces = all.iter().filter_map(|output| match output {
            Output::Verify { piece, .. } => Some(*piece),
            _ => None,
        });
        for piece in pieces.collect::<Vec<_>>() {
            all.extend(self.tell(Input::Verified { piece, verdict }));
        }
        all
    }

    /// The origin sends all of a request.
    pub(crate) fn send_over_http(&mut self, id: HttpId, seq: u64) -> Vec<Output> {
        let mut all = Vec::new();
        for n in 0..SEGMENT.div_ceil(PIECE) {
            let length = (SEGMENT - n * PIECE).min(PIECE);
            let piece = shoal_wire::id::PieceIndex(first_piece(seq) + n);
            self.now = Time(self.now.0 + 10_000);
            let block = Block {
                piece,
                begin: 0,
                length,
            };
            let outputs = self.tell(Input::HttpBlock { id, block });
            all.extend(self.verify(outputs, Verdict::Valid));
        }
        all.extend(self.tell(Input::HttpDone(id)));
        all
    }

    pub(crate) fn state(&self) -> State {
        self.engine.state()
    }
}

/// The set of the pieces from `start` up to but not including `end`.
pub(crate) fn ranges(start: u32, end: u32) -> Ranges {
    core::iter::once(start..end).collect()
}

/// What our extension says to a peer, in order.
pub(crate) fn said(outputs: &[Output], to: LinkId) -> Vec<Extension> {
    let extension = |message| match message {
        Message::Extended { id: 9, payload } => {
            Extension::decode(&payload, &shoal::Limits::default()).ok()
        }
        _ => None,
    };
    sent(outputs, to)
        .into_iter()
        .filter_map(extension)
        .collect()
}

/// Lives a recording again: how many inputs it has, how it ends, and the engine as it is then.
/// Every output must be what it was.
pub(crate) fn replayed(recording: &[u8]) -> (usize, Ending, Engine) {
    let mut recording = Recording::open(recording).expect("a recording");
    let mut engine = Engine::new(recording.config.clone(), recording.seed);
    let mut hash = OutputHash::default();
    for inputs in 0.. {
        match recording.next_entry().expect("an entry") {
            Entry::End {
                ending,
                hash: expected,
            } => {
                assert_eq!(hash.whole(), expected);
                return (inputs, ending, engine);
            }
            Entry::Input { check, input, now } => {
                assert_eq!(hash.check(), check, "before input {inputs}, {input:?}");
                engine.handle_input(now, input);
                loop {
                    let output = engine.poll_output();
                    hash.add(&output);
                    if let Output::Wait(_) = output {
                        break;
                    }
                }
            }
        }
    }
    unreachable!("a recording ends")
}

pub(crate) fn offered(output: &Output) -> Option<LinkId> {
    match output {
        Output::LinkOffer(link) => Some(*link),
        _ => None,
    }
}

pub(crate) fn gets(outputs: &[Output]) -> Vec<(HttpId, SegmentId, u32, u32)> {
    let get = |output: &Output| match output {
        &Output::HttpGet {
            id,
            segment,
            offset,
            length,
            ..
        } => Some((id, segment, offset, length)),
        _ => None,
    };
    outputs.iter().filter_map(get).collect()
}

pub(crate) fn requests(outputs: &[Output], to: LinkId) -> Vec<Block> {
    let block = |output: &Output| match output {
        Output::LinkSend {
            link,
            frame: Frame::Message(Message::Request(block)),
        } if *link == to => Some(*block),
        _ => None,
    };
    outputs.iter().filter_map(block).collect()
}

pub(crate) fn sent(outputs: &[Output], to: LinkId) -> Vec<Message> {
    let message = |output: &Output| match output {
        Output::LinkSend {
            link,
            frame: Frame::Message(message),
        } if *link == to => Some(message.clone()),
        _ => None,
    };
    outputs.iter().filter_map(message).collect()
}

pub(crate) fn tracker_messages(outputs: &[Output]) -> Vec<ClientMessage> {
    let message = |output: &Output| match output {
        Output::TrackerSend(text) => ClientMessage::decode(text, &Limits::default()).ok(),
        _ => None,
    };
    outputs.iter().filter_map(message).collect()
}
