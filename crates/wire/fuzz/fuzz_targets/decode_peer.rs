//! A connection is read alike in one portion and byte by byte; extension messages come back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shoal_wire::DecodeError;
use shoal_wire::id::{InfoHash, PeerId};
use shoal_wire::peer::shoal::{self, Extension};
use shoal_wire::peer::{Decoder, ExtendedHandshake, Frame, Handshake, Limits, Message, Read};

fuzz_target!(|bytes: &[u8]| {
    let hello = Handshake {
        info_hash: InfoHash([0; 20]),
        peer_id: PeerId([0; 20]),
        fast: true,
        extended: true,
    };
    let stream = [&hello.encode()[..], bytes].concat();
    let whole = read(&stream, stream.len());
    assert_eq!(whole, read(&stream, 1));
    for frame in whole.0 {
        if let Frame::Message(Message::Extended { id, payload }) = frame {
            read_extended(id, &payload);
        }
    }
});

/// The frames of a stream that comes in portions of `size`, and how it ended.
fn read(stream: &[u8], size: usize) -> (Vec<Frame>, Option<DecodeError>) {
    let mut decoder = Decoder::new(Limits::default());
    let mut frames = Vec::new();
    for mut portion in stream.chunks(size) {
        loop {
            match decoder.read(&mut portion) {
                Ok(Some(Read::Frame(frame))) => frames.push(frame),
                Ok(Some(Read::PieceData { .. })) => {}
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

fn read_extended(id: u8, payload: &[u8]) {
    if id == 0 {
        if let Ok(handshake) = ExtendedHandshake::decode(payload) {
            assert_eq!(
                ExtendedHandshake::decode(&handshake.encode()),
                Ok(handshake)
            );
        }
    } else if let Ok(message) = Extension::decode(payload, &shoal::Limits::default()) {
        assert_eq!(message.encode(), payload);
    }
}
