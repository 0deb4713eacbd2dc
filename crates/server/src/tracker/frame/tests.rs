//! Our reader and writer beside tungstenite's.

use std::io::{self, Cursor, Read, Write};

use proptest::{prelude::*, sample::Index};
use tokio_tungstenite::tungstenite::{
    Error, Message, WebSocket,
    protocol::{
        Role, WebSocketConfig,
        frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use super::*;

const LIMIT: usize = 70_000;

/// What has been heard, owned.
#[derive(Clone, Debug, PartialEq)]
enum Heard {
    Binary(Vec<u8>),
    Close(Option<u16>),
    Ping(Vec<u8>),
    Pong,
    Text(String),
}

impl From<Received<'_>> for Heard {
    fn from(received: Received<'_>) -> Self {
        match received {
            Received::Binary(bytes) => Self::Binary(bytes.into()),
            Received::Close(code) => Self::Close(code),
            Received::Ping(payload) => Self::Ping(payload.into()),
            Received::Pong => Self::Pong,
            Received::Text(text) => Self::Text(text.into()),
        }
    }
}

/// Everything in a stream that comes in these portions, and how it ended.
fn read(stream: &[u8], cuts: &[Index], limit: usize) -> (Vec<Heard>, Option<FrameError>) {
    let mut stream = stream.to_vec();
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.sort_unstable();
    let mut reader = Reader::new(limit);
    let mut heard = Vec::new();
    let (mut rest, mut done) = (&mut stream[..], 0);
    for cut in cuts.into_iter().chain([usize::MAX]) {
        let mut portion = take(&mut rest, cut - done);
        done = cut;
        loop {
            match reader.read(&mut portion) {
                Ok(Some(received)) => heard.push(received.into()),
                Ok(None) => break,
                Err(error) => return (heard, Some(error)),
            }
        }
        assert!(portion.is_empty());
    }
    (heard, None)
}

/// Returns what tungstenite's server reads from a stream. `None` when it just ends.
fn known(stream: &[u8]) -> (Vec<Heard>, Option<Error>) {
    struct Stream<'a>(Cursor<&'a [u8]>);
    impl Read for Stream<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl Write for Stream<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIMIT))
        .max_frame_size(Some(LIMIT));
    let stream = Stream(Cursor::new(stream));
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, Some(config));
    let mut heard = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => heard.push(Heard::Text(text.to_string())),
            Ok(Message::Binary(bytes)) => heard.push(Heard::Binary(bytes.to_vec())),
            Ok(Message::Ping(payload)) => heard.push(Heard::Ping(payload.to_vec())),
            Ok(Message::Pong(_)) => heard.push(Heard::Pong),
            Ok(Message::Close(frame)) => {
                heard.push(Heard::Close(frame.map(|frame| frame.code.into())));
                return (heard, None);
            }
            Ok(Message::Frame(_)) => panic!("a raw frame"),
            Err(Error::Protocol(
                tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => return (heard, None),
            Err(error) => return (heard, Some(error)),
        }
    }
}

/// One message of a client, cut into frames, with control frames between.
#[derive(Clone, Debug)]
struct Said {
    message: Vec<u8>,
    is_text: bool,
    cuts: Vec<Index>,
    between: Vec<Option<Vec<u8>>>,
}

fn said() -> impl Strategy<Value = Said> {
    let length = prop_oneof![4 => 0..300_usize, 1 => 65_000..LIMIT];
    let message = prop_oneof![
        (any::<String>(), length.clone()).prop_map(|(text, length)| {
            let text = if text.is_empty() { "é".into() } else { text };
            let mut text = text.repeat(length / text.len() + 1);
            while text.len() > length {
                text.pop();
            }
            (text.into_bytes(), true)
        }),
        (any::<u8>(), length).prop_map(|(byte, length)| (vec![byte; length], false)),
    ];
    let control = prop::option::of(prop::collection::vec(any::<u8>(), 0..126));
    (
        message,
        prop::collection::vec(any::<Index>(), 0..4),
        prop::collection::vec(control, 5),
    )
        .prop_map(|((message, is_text), cuts, between)| Said {
            message,
            is_text,
            cuts,
            between,
        })
}

/// Returns what a client of tungstenite writes, and what is in it.
fn write(all: &[Said]) -> (Vec<u8>, Vec<Heard>) {
    let mut client = WebSocket::from_raw_socket(Cursor::new(Vec::new()), Role::Client, None);
    let mut meant = Vec::new();
    for said in all {
        let mut cuts: Vec<_> = said
            .cuts
            .iter()
            .map(|cut| cut.index(said.message.len() + 1))
            .collect();
        cuts.sort_unstable();
        cuts.push(said.message.len());
        let mut from = 0;
        for (nth, (&to, control)) in cuts.iter().zip(&said.between).enumerate() {
            let kind = match (nth, said.is_text) {
                (0, true) => Data::Text,
                (0, false) => Data::Binary,
                _ => Data::Continue,
            };
            let is_last = nth + 1 == cuts.len();
            let payload = said.message[from..to].to_vec();
            let frame = Frame::message(payload, OpCode::Data(kind), is_last);
            client.send(Message::Frame(frame)).unwrap();
            if is_last {
                let message = said.message.clone();
                meant.push(match said.is_text {
                    true => Heard::Text(String::from_utf8(message).unwrap()),
                    false => Heard::Binary(message),
                });
            }
            if let Some(payload) = control {
                let (message, heard) = match payload.first() {
                    Some(first) if first % 2 == 0 => {
                        (Message::Pong(payload.clone().into()), Heard::Pong)
                    }
                    _ => (
                        Message::Ping(payload.clone().into()),
                        Heard::Ping(payload.clone()),
                    ),
                };
                client.send(message).unwrap();
                meant.push(heard);
            }
            from = to;
        }
    }
    (client.get_ref().get_ref().clone(), meant)
}

proptest! {
    #[test]
    fn what_a_client_says_is_heard_however_it_comes(
        all in prop::collection::vec(said(), 0..4),
        cuts in prop::collection::vec(any::<Index>(), 0..12),
    ) {
        let (stream, meant) = write(&all);
        prop_assert_eq!(read(&stream, &cuts, LIMIT), (meant, None));
    }

    #[test]
    fn byte_by_byte_is_as_good(all in prop::collection::vec(said(), 0..2)) {
        let (mut stream, meant) = write(&all);
        let mut reader = Reader::new(LIMIT);
        let mut heard = Vec::new();
        for byte in &mut stream {
            let mut portion = std::slice::from_mut(byte);
            heard.extend(reader.read(&mut portion).unwrap().map(Heard::from));
        }
        prop_assert_eq!(heard, meant);
        prop_assert_eq!(reader.kept(), 0);
    }

    /// Changed bytes are refused where tungstenite refuses them, except that it notices sooner that a text in
    /// fragments is none.
    #[test]
    fn changed_bytes_are_taken_alike(
        all in prop::collection::vec(said(), 1..3),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        head in any::<bool>(),
        cuts in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let (mut stream, _) = write(&all);
        for (at, byte) in changes {
            // Most of a stream is payload, where little can be wrong.
            let end = if head { stream.len().min(12) } else { stream.len() };
            let at = at.index(end);
            stream[at] = byte;
        }
        // Ours refuses a frame by its head, tungstenite when it is there: it gets all that it waits for, and then
        // something that nobody takes.
        stream.resize(stream.len() + LIMIT + 14, 0);
        let (heard, error) = read(&stream, &cuts, LIMIT);
        let (theirs, their_error) = known(&stream);
        let closed = |heard: &[Heard]| heard.iter().position(|it| matches!(it, Heard::Close(_)));
        if let Some(end) = closed(&heard).or(closed(&theirs)) {
            // What a close frame may say we check more strictly.
            prop_assert_eq!(&heard[..end.min(heard.len())], &theirs[..end]);
        } else if matches!(their_error, Some(Error::Utf8(_))) {
            prop_assert!(heard.starts_with(&theirs));
        } else {
            prop_assert_eq!(heard, theirs);
            prop_assert!(error.is_some() && their_error.is_some(), "{error:?} {their_error:?}");
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cuts in prop::collection::vec(any::<Index>(), 0..9),
    ) {
        let whole = read(&bytes, &[], 100);
        prop_assert_eq!(read(&bytes, &cuts, 100), whole);
    }

    #[test]
    fn what_we_say_is_heard(
        texts in prop::collection::vec((any::<String>(), prop::sample::select(vec![0, 125, 126, 65_535, 65_536])), 0..4),
        payload in prop::collection::vec(any::<u8>(), 0..126),
        reason in any::<String>(),
    ) {
        let mut out = Vec::new();
        let texts: Vec<_> = texts
            .into_iter()
            .map(|(text, length)| format!("{}{text}", "x".repeat(length)))
            .collect();
        for written in &texts {
            text(&mut out, |out| out.extend_from_slice(written.as_bytes()));
        }
        ping(&mut out);
        pong(&mut out, &payload);
        close(&mut out, 1008, &reason);
        let mut client = WebSocket::from_raw_socket(Cursor::new(out), Role::Client, None);
        for text in texts {
            prop_assert_eq!(client.read().unwrap(), Message::text(text));
        }
        prop_assert_eq!(client.read().unwrap(), Message::Ping(Default::default()));
        prop_assert_eq!(client.read().unwrap(), Message::Pong(payload.into()));
        let Message::Close(Some(frame)) = client.read().unwrap() else {
            panic!("a close frame");
        };
        prop_assert_eq!(u16::from(frame.code), 1008);
        prop_assert!(reason.starts_with(&*frame.reason));
        prop_assert!(frame.reason.len() == reason.len() || frame.reason.len() > 119);
    }
}

/// A masked frame whose mask is zero.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let mut frame = vec![first, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

#[test]
fn what_the_protocol_forbids_ends_it() {
    let fine = frame(0x81, b"fine");
    let long = |first, length: u64| {
        let mut frame = vec![first, 0xff];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        frame
    };
    for (stream, error) in [
        (vec![0x81, 4], FrameError::Protocol),
        (frame(0xc1, b"a reserved bit"), FrameError::Protocol),
        (frame(0x83, b"no such kind"), FrameError::Protocol),
        (frame(0x8b, b"no such kind"), FrameError::Protocol),
        (frame(0x09, b"a ping in fragments"), FrameError::Protocol),
        (vec![0x89, 0xfe, 0, 126, 0, 0, 0, 0], FrameError::Protocol),
        (frame(0x80, b"continues nothing"), FrameError::Protocol),
        (
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
            FrameError::Protocol,
        ),
        (frame(0x88, b"1"), FrameError::Protocol),
        (frame(0x88, &1005_u16.to_be_bytes()), FrameError::Protocol),
        (frame(0x88, &999_u16.to_be_bytes()), FrameError::Protocol),
        (frame(0x88, b"\x03\xe8\xff"), FrameError::Text),
        (frame(0x81, b"\xff"), FrameError::Text),
        (
            [frame(0x01, "é".as_bytes().split_at(1).0), frame(0x80, b"a")].concat(),
            FrameError::Text,
        ),
        (long(0x81, 101), FrameError::Oversized),
        (long(0x81, u64::MAX), FrameError::Oversized),
        (
            [frame(0x01, &[b'a'; 60]), frame(0x80, &[b'a'; 41])].concat(),
            FrameError::Oversized,
        ),
    ] {
        let stream = [fine.clone(), stream].concat();
        let (heard, found) = read(&stream, &[], 100);
        assert_eq!(heard, [Heard::Text("fine".into())], "{stream:?}");
        assert_eq!(found, Some(error), "{stream:?}");
    }
}

#[test]
fn a_mistake_is_noticed_before_the_payload_comes() {
    let mut reader = Reader::new(100);
    for byte in [0x82, 0xfe, 0, 101] {
        assert_eq!(reader.read(&mut &mut [byte][..]), Ok(None));
    }
    let mut mask = [0; 4];
    let noticed = mask
        .chunks_mut(1)
        .find_map(|mut byte| reader.read(&mut byte).err());
    assert_eq!(noticed, Some(FrameError::Oversized));
    assert!(reader.kept() < 20);
}

#[test]
fn no_more_is_kept_than_has_come() {
    let mut reader = Reader::new(1 << 30);
    let mut head = [0x82, 0xff, 0, 0, 0, 0, 0x20, 0, 0, 0, 1, 2, 3, 4];
    assert_eq!(reader.read(&mut &mut head[..]), Ok(None));
    assert!(reader.kept() < 64);
    let mut some = [7; 1_000];
    assert_eq!(reader.read(&mut &mut some[..]), Ok(None));
    assert!((1_014..4_096).contains(&reader.kept()));
}
