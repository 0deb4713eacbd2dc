//! The flight recorder: what it keeps, what it must not keep, and that it can be lived again.

mod common;

use std::time::Duration;

use common::{PIECE, SEGMENT, STRIDE, SWARM, Viewer, first_piece, gets, replayed, segment};
use shoal_engine::{
    ActiveTrack, Config, Ending, Entry, HttpFault, HttpId, IndexInfo, Input, LinkFault, LinkId,
    NeedId, Output, Pace, Playhead, RecordError, Recorder, Recording, Rule, Time, TimelineSegment,
    TrackInfo, Verdict, Wish,
};
use shoal_wire::id::{OfferId, PeerId, PieceIndex, TrackId};
use shoal_wire::peer::shoal::Extension;
use shoal_wire::peer::{Block, ExtendedHandshake, Frame, Handshake, Message, Ranges};
use shoal_wire::tracker::{OffBy, TrackerMessage};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const BUDGET: usize = 1 << 20;
const LINK: LinkId = LinkId(300);
const TRACK: TrackId = TrackId(3);

fn block() -> Block {
    Block {
        piece: PieceIndex(70_000),
        begin: 16_384,
        length: 16_384,
    }
}

fn frame(message: Message) -> Input {
    Input::LinkFrame {
        link: LINK,
        frame: Frame::Message(message),
    }
}

/// One input of each kind, with each kind of what is in it, and nothing that has to be left out.
fn harmless() -> Vec<Input> {
    let piece = PieceIndex(u32::MAX);
    let span = Duration::new(7, 123_456_789);
    let mut inputs = vec![
        Input::Cancel(NeedId(u64::MAX)),
        Input::HttpBlock {
            id: HttpId(1),
            block: block(),
        },
        Input::HttpDone(HttpId(128)),
        Input::Index(IndexInfo {
            swarm: SWARM,
            live: true,
            piece_length: PIECE,
            stride: STRIDE,
            trackers: 2,
            tracks: vec![
                TrackInfo { part_segments: 16 },
                TrackInfo { part_segments: 1 },
            ],
        }),
        Input::LinkDescribed {
            link: LINK,
            sdp: "-".repeat(2_048),
        },
        Input::LinkDrained {
            link: LINK,
            buffered: 65_536,
        },
        Input::LinkOpen(LINK),
        Input::Mirrors(3),
        Input::Need {
            id: NeedId(5),
            segment: segment(9),
        },
        Input::Offered {
            segment: segment(9),
            length: SEGMENT,
            pace: Pace {
                first_byte: Duration::from_millis(20),
                whole: Duration::from_millis(90),
            },
        },
        Input::Part {
            track: TRACK,
            part: 4,
            first: 64,
            lengths: vec![SEGMENT, 0, u32::MAX],
        },
        Input::PartFailed {
            track: TRACK,
            part: 4,
        },
        Input::Playhead(Playhead {
            position: span,
            rate: 1.25,
            active: vec![ActiveTrack {
                track: TRACK,
                buffered: span * 2,
            }],
        }),
        Input::Tick,
        Input::Timeline {
            track: TRACK,
            segments: vec![TimelineSegment {
                seq: 1 << 40,
                start: Duration::MAX,
                duration: span,
            }],
        },
        Input::TrackerClosed,
        Input::TrackerOpened,
    ];
    let faults = [
        HttpFault::Network,
        HttpFault::Length,
        HttpFault::Status(503),
    ];
    inputs.extend(faults.map(|fault| Input::HttpFailed {
        id: HttpId(3),
        fault,
    }));
    let faults = [
        LinkFault::Closed,
        LinkFault::Refused,
        LinkFault::Malformed,
        LinkFault::Routeless,
    ];
    inputs.extend(faults.map(|fault| Input::LinkFailed { link: LINK, fault }));
    inputs.extend(
        [Verdict::Invalid, Verdict::Unknown, Verdict::Valid]
            .map(|verdict| Input::Verified { piece, verdict }),
    );
    inputs.extend([
        Input::Frugal(true),
        Input::Renewed,
        Input::Token(None),
        Input::Limits {
            upload_rate: 1 << 53,
            upload_total: 0,
        },
        Input::Viewers {
            viewers: Some(7),
            again: Duration::from_secs(30),
        },
        Input::Viewers {
            viewers: None,
            again: Duration::ZERO,
        },
    ]);
    let rules = [
        Rule::AskFirst(true),
        Rule::Capable(true),
        Rule::Hidden(true),
        Rule::Least(u32::MAX),
        Rule::MeteredToo(true),
        Rule::Relay(false),
        Rule::Metered(false),
        Rule::Page(Some(Wish::Ask)),
        Rule::Site(Some(Wish::Off)),
        Rule::Video(Some(Wish::On)),
        Rule::Viewer(None),
        Rule::Viewer(Some(true)),
    ];
    inputs.extend(rules.map(Input::Rule));
    let (peer_id, offer_id) = (PeerId([0xc3; 20]), OfferId([0x22; 20]));
    let sdp = "-".repeat(512);
    let said = [
        TrackerMessage::Announced {
            info_hash: SWARM,
            interval: 120,
            complete: 1,
            incomplete: 1_000,
            min_interval: Some(20),
        },
        TrackerMessage::Answer {
            info_hash: SWARM,
            peer_id,
            offer_id,
            sdp: sdp.clone(),
        },
        TrackerMessage::Failure {
            reason: String::new(),
            info_hash: Some(SWARM),
            off: Some(OffBy::Video),
        },
        TrackerMessage::Offer {
            info_hash: SWARM,
            peer_id,
            offer_id,
            sdp,
        },
        TrackerMessage::Scraped { files: Vec::new() },
        TrackerMessage::Warning {
            message: String::new(),
            info_hash: None,
        },
    ];
    inputs.extend(said.map(|message| Input::TrackerMessage(Some(message))));
    inputs.push(Input::LinkFrame {
        link: LINK,
        frame: Frame::Handshake(Handshake {
            info_hash: SWARM,
            peer_id,
            fast: true,
            extended: false,
        }),
    });
    let hello = ExtendedHandshake {
        m: [("shoal".to_owned(), 7)].into(),
        ..ExtendedHandshake::default()
    };
    let have = Extension::Have([5..9, 700..70_000].into_iter().collect::<Ranges>());
    let messages = [
        Message::AllowedFast(piece),
        Message::Bitfield(Vec::new()),
        Message::Cancel(block()),
        Message::Choke,
        Message::Extended {
            id: 0,
            payload: hello.encode(),
        },
        Message::Extended {
            id: 1,
            payload: have.encode(),
        },
        Message::Have(piece),
        Message::HaveAll,
        Message::HaveNone,
        Message::Interested,
        Message::KeepAlive,
        Message::NotInterested,
        Message::Piece(block()),
        Message::Port(6_881),
        Message::Reject(block()),
        Message::Request(block()),
        Message::Suggest(piece),
        Message::Unchoke,
    ];
    inputs.extend(messages.map(frame));
    inputs
}

fn recorded(inputs: &[Input]) -> Vec<u8> {
    let mut recorder = Recorder::new(&Config::default(), 42, BUDGET);
    for (seconds, input) in (1..).zip(inputs) {
        recorder.input(Time::from_secs(seconds), input);
        recorder.output(&Output::Wait(None));
    }
    recorder.bytes()
}

/// All that a recording holds, to its end or to the first error.
fn read(recording: &[u8]) -> Result<(Vec<(Time, Input)>, Ending), RecordError> {
    let mut recording = Recording::open(recording)?;
    let mut inputs = Vec::new();
    loop {
        match recording.next_entry()? {
            Entry::End { ending, .. } => return Ok((inputs, ending)),
            Entry::Input { input, now, .. } => inputs.push((now, input)),
        }
    }
}

/// A viewer that has met a peer, got segments from it and from the origin, and has left.
fn lived() -> Viewer {
    let mut viewer = Viewer::sharing();
    viewer.index_part();
    viewer.play(0.0, 16.0);
    let (peer, _) = viewer.meet(200);
    let had = viewer.hear_have(peer, first_piece(4), first_piece(4) + 3);
    let (_, asked) = viewer.need(4);
    viewer.feed(peer, [had, asked].concat());
    let (_, asked) = viewer.need(5);
    let asked = [asked, viewer.pass(Duration::from_secs(30))].concat();
    for (id, segment, ..) in gets(&asked) {
        viewer.send_over_http(id, segment.seq);
    }
    viewer.tell(Input::Rule(Rule::Viewer(Some(false))));
    viewer
}

#[test]
fn what_was_recorded_reads_back_as_it_was() {
    let inputs = harmless();
    let (read, ending) = read(&recorded(&inputs)).expect("a recording");
    let expected = (1..).map(Time::from_secs).zip(inputs);
    assert_eq!(read, expected.collect::<Vec<_>>());
    assert_eq!(ending, Ending::Running);
}

#[test]
fn the_head_says_what_engine_it_was() {
    let config = Config {
        store_bytes: 5 << 20,
        pipeline: Duration::from_micros(1_234_567),
        early_fetchers: 3.75,
        ..Config::default()
    };
    let bytes = Recorder::new(&config, u64::MAX - 1, BUDGET).bytes();
    let recording = Recording::open(&bytes).expect("a recording");
    assert_eq!(recording.config, config);
    assert_eq!(recording.seed, u64::MAX - 1);
    assert_eq!(recording.version, env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_replay_gives_the_same_outputs() {
    let viewer = lived();
    let (_, ending, engine) = replayed(&viewer.recorder.bytes());
    assert_eq!(ending, Ending::Running);
    let stats = engine.stats(viewer.now);
    assert_eq!(stats, viewer.engine.stats(viewer.now));
    assert!(stats.peer_bytes > 0 && stats.origin_bytes > 0, "{stats:?}");
}

#[test]
#[should_panic(expected = "before input")]
fn another_engine_is_found_out() {
    let mut bytes = lived().recorder.bytes();
    let seed = bytes
        .windows(8)
        .position(|bytes| bytes == 42_u64.to_le_bytes());
    bytes[seed.expect("the seed")] += 1;
    replayed(&bytes);
}

#[test]
fn no_address_and_no_text_of_a_stranger_is_kept() {
    const SECRETS: [&[u8]; 9] = [
        b"203.0.113.77",
        b"2001:db8::77",
        &[203, 0, 113, 77],
        b"candidate",
        b"a=",
        b"v=0",
        b"ice-ufrag",
        b"secret",
        b"Leaky",
    ];
    let sdp = "v=0\r\na=ice-ufrag:secret\r\na=candidate:1 1 udp 1 203.0.113.77 5000 typ host\r\n\
               a=candidate:2 1 udp 1 2001:db8::77 5000 typ host\r\n";
    let (peer_id, offer_id) = (PeerId([1; 20]), OfferId([2; 20]));
    let (info_hash, sdp) = (SWARM, sdp.to_owned());
    let mut inputs = vec![Input::LinkDescribed {
        link: LINK,
        sdp: sdp.clone(),
    }];
    let messages: [TrackerMessage; 4] = [
        TrackerMessage::Offer {
            info_hash,
            peer_id,
            offer_id,
            sdp: sdp.clone(),
        },
        TrackerMessage::Answer {
            info_hash,
            peer_id,
            offer_id,
            sdp,
        },
        TrackerMessage::Failure {
            reason: "203.0.113.77 is secret".into(),
            info_hash: None,
            off: None,
        },
        TrackerMessage::Warning {
            message: "203.0.113.77 is secret".into(),
            info_hash: None,
        },
    ];
    let messages = messages.map(|message| Input::TrackerMessage(Some(message)));
    inputs.extend(messages);
    let extended = |id, payload: &[u8]| {
        frame(Message::Extended {
            id,
            payload: payload.to_vec(),
        })
    };
    inputs.extend([
        extended(
            0,
            b"d1:md6:secreti4e5:shoali3ee1:v5:Leaky6:yourip4:\xcb\x00\x71\x4de",
        ),
        extended(0, b"d6:yourip4:\xcb\x00\x71\x4d"),
        extended(4, b"d5:added6:\xcb\x00\x71\x4d\x13\x88e"),
        extended(1, b"\x09\xcb\x00\x71\x4d"),
        frame(Message::Bitfield(vec![203, 0, 113, 77])),
    ]);
    let bytes = recorded(&inputs);
    for secret in SECRETS {
        let kept = bytes.windows(secret.len()).any(|bytes| bytes == secret);
        assert!(!kept, "{} is kept", String::from_utf8_lossy(secret));
    }
    let (read, _) = read(&bytes).expect("a recording");
    assert_eq!(read.len(), inputs.len());
}

#[test]
fn what_is_made_harmless_has_the_same_effect() {
    let mut viewer = Viewer::sharing();
    viewer.meet(1);
    let (link, _) = viewer.meet(2);
    let hello = b"d1:md6:secreti4e5:shoali0ee1:v5:Leaky6:yourip4:\xcb\x00\x71\x4de";
    for (id, payload) in [(0, hello.as_slice()), (9, b"whatever"), (1, b"malformed")] {
        viewer.hear(
            link,
            Message::Extended {
                id,
                payload: payload.to_vec(),
            },
        );
    }
    viewer.tell(Input::TrackerMessage(None));
    viewer.pass(Duration::from_secs(200));
    replayed(&viewer.recorder.bytes());
}

#[test]
fn a_recorder_that_is_full_keeps_the_beginning() {
    let mut recorder = Recorder::new(&Config::default(), 42, 2_000);
    let mut viewer = Viewer::sharing();
    std::mem::swap(&mut viewer.recorder, &mut recorder);
    for _ in 0..1_000 {
        viewer.play(0.0, 0.0);
    }
    let bytes = viewer.recorder.bytes();
    assert!(bytes.len() <= 2_000 + 11, "{} bytes", bytes.len());
    let (inputs, ending) = read(&bytes).expect("a recording");
    assert_eq!(ending, Ending::Full);
    assert!((10..1_000).contains(&inputs.len()));
}

#[test]
fn a_full_recording_is_replayed_to_where_it_ends() {
    let whole = lived().recorder.bytes();
    let (all, ..) = replayed(&whole);
    let mut source = Recording::open(&whole).expect("a recording");
    let mut recorder = Recorder::new(&source.config, source.seed, whole.len() - 500);
    let mut engine = shoal_engine::Engine::new(source.config.clone(), source.seed);
    while let Ok(Entry::Input { input, now, .. }) = source.next_entry() {
        recorder.input(now, &input);
        engine.handle_input(now, input);
        loop {
            let output = engine.poll_output();
            recorder.output(&output);
            if let Output::Wait(_) = output {
                break;
            }
        }
    }
    let (some, ending, _) = replayed(&recorder.bytes());
    assert_eq!(ending, Ending::Full);
    assert!(0 < some && some < all);
}

#[test]
fn an_input_that_was_never_done_with_is_the_last() {
    let mut viewer = lived();
    viewer.recorder.input(viewer.now, &Input::Tick);
    let (inputs, ending) = read(&viewer.recorder.bytes()).expect("a recording");
    assert_eq!(ending, Ending::Broken);
    assert_eq!(inputs.last().map(|(_, input)| input), Some(&Input::Tick));
}

#[test]
fn bytes_that_are_no_recording_are_refused() {
    let bytes = recorded(&harmless());
    assert_eq!(read(b"GIF89a"), Err(RecordError::NotRecording));
    let mut later = bytes.clone();
    later[5] += 1;
    assert_eq!(read(&later), Err(RecordError::Format(later[5])));
    for length in 5..bytes.len() {
        let cut = read(&bytes[..length]);
        assert_eq!(cut, Err(RecordError::Truncated), "{length} bytes");
    }
    let longer = [bytes, vec![0]].concat();
    assert_eq!(read(&longer), Err(RecordError::Trailing));
}

#[test]
fn a_configuration_that_cannot_be_is_named() {
    let bytes = Recorder::new(&Config::default(), 42, BUDGET).bytes();
    let name = b"maxHttp";
    let at = bytes.windows(name.len()).position(|bytes| bytes == name);
    let at = at.expect("the bound");
    for (place, byte, named) in [(0, b'x', "xaxHttp"), (name.len() + 7, 0xff, "maxHttp")] {
        let mut bytes = bytes.clone();
        bytes[at + place] = byte;
        assert_eq!(read(&bytes), Err(RecordError::Setting(named.into())));
    }
}

#[test]
fn a_count_without_its_items_takes_no_room() {
    let head = Recorder::new(&Config::default(), 42, BUDGET).bytes();
    let head = &head[..head.len() - 11];
    // A timeline of 2^31 segments: a count that 32 bits hold.
    let claim = [0, 18, 0, 0x80, 0x80, 0x80, 0x80, 8];
    assert_eq!(read(&[head, &claim].concat()), Err(RecordError::Truncated));
}

#[test]
fn any_byte_may_be_another() {
    let bytes = recorded(&harmless());
    for at in 0..bytes.len() {
        for flip in [1, 2, 0x10, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            // Read or refused, but never a panic.
            let _ = read(&bytes);
        }
    }
}
