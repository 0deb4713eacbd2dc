//! What each target does with its bytes. Apart from the targets, so that `cargo test` runs the corpus through the
//! same without a nightly compiler.

use shoal_server::tracker::frame::{FrameError, Reader, Received};
use shoal_wire::DecodeError;
use shoal_wire::id::{InfoHash, PeerId};
use shoal_wire::index::{Index, MAX_INDEX_BYTES, Part};
use shoal_wire::peer::shoal::{self, Extension};
use shoal_wire::peer::{self, Decoder, ExtendedHandshake, Frame, Handshake, Message, Read};
use shoal_wire::sdp::disclosed;
use shoal_wire::tracker::{Announce, Answer, ClientMessage, Limits, Offer, Sdp, TrackerMessage};

/// A target's name and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// Every target, by the name of its folder in `corpus/`.
pub const TARGETS: [Target; 5] = [
    ("decode_index", decode_index),
    ("decode_peer", decode_peer),
    ("decode_tracker", decode_tracker),
    ("disclosed_sdp", disclosed_sdp),
    ("read_frames", read_frames),
];

/// An index or a part that is read is written and read again as the same.
pub fn decode_index(bytes: &[u8]) {
    if let Ok(index) = Index::parse(bytes) {
        let json = index.to_json();
        // Defaults are filled in, so that what is written may be too long.
        if json.len() <= MAX_INDEX_BYTES {
            assert_eq!(Index::parse(json.as_bytes()), Ok(index));
        }
    }
    if let Ok(part) = Part::decode(bytes) {
        assert_eq!(part.encode(), bytes);
    }
}

/// A connection is read alike in one portion and byte by byte; extension messages come back.
pub fn decode_peer(bytes: &[u8]) {
    let hello = Handshake {
        info_hash: InfoHash([0; 20]),
        peer_id: PeerId([0; 20]),
        fast: true,
        extended: true,
    };
    let stream = [&hello.encode()[..], bytes].concat();
    let whole = connection(&stream, stream.len());
    assert_eq!(whole, connection(&stream, 1));
    for frame in whole.0 {
        if let Frame::Message(Message::Extended { id, payload }) = frame {
            extended(id, &payload);
        }
    }
}

/// The frames of a stream that comes in portions of `size`, and how it ended.
fn connection(stream: &[u8], size: usize) -> (Vec<Frame>, Option<DecodeError>) {
    let mut decoder = Decoder::new(peer::Limits::default());
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

fn extended(id: u8, payload: &[u8]) {
    if id == 0 {
        if let Ok(handshake) = ExtendedHandshake::decode(payload) {
            let again = ExtendedHandshake::decode(&handshake.encode());
            assert_eq!(again, Ok(handshake));
        }
    } else if let Ok(message) = Extension::decode(payload, &shoal::Limits::default()) {
        assert_eq!(message.encode(), payload);
    }
}

/// A tracker message that is read is written and read again as the same; what a tracker reads in one pass is what
/// the codec reads, and what it passes on says the same.
pub fn decode_tracker(bytes: &[u8]) {
    let Ok(json) = str::from_utf8(bytes) else {
        return;
    };
    // What is written may be longer than what was read: defaults are filled in.
    let limits = Limits {
        max_message: usize::MAX,
        ..Limits::default()
    };
    let read = ClientMessage::decode(json, &Limits::default());
    let scanned = ClientMessage::scan(json, &Limits::default());
    match (&read, scanned) {
        (Ok(read), Ok(scanned)) => are_alike(read, scanned),
        (read, scanned) => assert_eq!(read.as_ref().err(), scanned.err().as_ref()),
    }
    if let Ok(message) = read {
        let again = ClientMessage::decode(&message.encode(), &limits);
        assert_eq!(again, Ok(message));
    }
    if let Ok(message) = TrackerMessage::decode(json, &Limits::default()) {
        let again = TrackerMessage::decode(&message.encode(), &limits);
        assert_eq!(again, Ok(message));
    }
}

fn are_alike(read: &ClientMessage, scanned: ClientMessage<Sdp<'_>>) {
    match (read, scanned) {
        (ClientMessage::Announce(read), ClientMessage::Announce(scanned)) => {
            let Announce {
                info_hash,
                peer_id,
                ref offers,
                ..
            } = *read;
            assert_eq!(offers.len(), scanned.offers.len());
            for (read, raw) in offers.iter().zip(scanned.offers) {
                let Offer { offer_id, sdp } = read.clone();
                let passed = TrackerMessage::Offer {
                    info_hash: scanned.info_hash,
                    peer_id: scanned.peer_id,
                    offer_id: raw.offer_id,
                    sdp: raw.sdp,
                };
                let written = TrackerMessage::Offer {
                    info_hash,
                    peer_id,
                    offer_id,
                    sdp,
                };
                says(&passed, written);
            }
        }
        (ClientMessage::Answer(read), ClientMessage::Answer(scanned)) => {
            let Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
                ..
            } = read.clone();
            let passed = TrackerMessage::Answer {
                info_hash: scanned.info_hash,
                peer_id: scanned.peer_id,
                offer_id: scanned.offer_id,
                sdp: scanned.sdp,
            };
            let written = TrackerMessage::Answer {
                info_hash,
                peer_id,
                offer_id,
                sdp,
            };
            says(&passed, written);
        }
        (
            ClientMessage::Scrape { info_hashes },
            ClientMessage::Scrape {
                info_hashes: scanned,
            },
        ) => {
            assert_eq!(*info_hashes, scanned);
        }
        (read, scanned) => panic!("{read:?} is not {scanned:?}"),
    }
}

fn says(passed: &TrackerMessage<Sdp<'_>>, written: TrackerMessage) {
    let limits = Limits {
        max_message: usize::MAX,
        ..Limits::default()
    };
    let mut out = Vec::new();
    passed.append(&mut out);
    let json = str::from_utf8(&out).expect("JSON");
    assert_eq!(TrackerMessage::decode(json, &limits), Ok(written));
}

/// Of a session description only candidates and no other address are left, whatever it was; and looking again
/// takes nothing more away. The first byte tells whether only relays may be left.
pub fn disclosed_sdp(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let relay_only = first % 2 == 1;
    let Ok(sdp) = str::from_utf8(rest) else {
        return;
    };
    if let Some(seen) = disclosed(sdp, relay_only) {
        assert_eq!(disclosed(&seen, relay_only).as_deref(), Some(&*seen));
    }
}

/// A socket is read alike in one portion and in small ones, and no more is kept than has come. The first byte is
/// the size of the portions, the second the largest message.
pub fn read_frames(bytes: &[u8]) {
    let Some(([size, limit], stream)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let limit = usize::from(*limit) * 8;
    let whole = frames(stream, stream.len().max(1), limit);
    assert_eq!(whole, frames(stream, usize::from(*size).max(1), limit));
}

/// What a socket says that comes in portions of `size`, and how it ended.
fn frames(
    stream: &[u8],
    size: usize,
    limit: usize,
) -> (Vec<Received<'static>>, Option<FrameError>) {
    let mut reader = Reader::new(limit);
    let mut heard = Vec::new();
    let mut came = 0;
    for portion in stream.to_vec().chunks_mut(size) {
        came += portion.len();
        let mut rest = portion;
        loop {
            match reader.read(&mut rest) {
                Ok(Some(received)) => heard.push(owned(received)),
                Ok(None) => break,
                Err(error) => return (heard, Some(error)),
            }
        }
        assert!(reader.kept() <= 2 * came + 64);
    }
    (heard, None)
}

fn owned(received: Received<'_>) -> Received<'static> {
    match received {
        Received::Binary(bytes) => Received::Binary(bytes.into_owned().into()),
        Received::Close(code) => Received::Close(code),
        Received::Ping(payload) => Received::Ping(payload.into_owned().into()),
        Received::Pong => Received::Pong,
        Received::Text(text) => Received::Text(text.into_owned().into()),
    }
}
