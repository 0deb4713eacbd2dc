//! Golden bytes of the messages, and what the decoder does with them.

use shoal_wire::DecodeError;
use shoal_wire::id::{InfoHash, PeerId, PieceIndex};
use shoal_wire::peer::{Block, Decoder, Frame, Handshake, Limits, Message, Read};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const BLOCK: Block = Block {
    piece: PieceIndex(0x0102_0304),
    begin: 0x4000,
    length: 0x4000,
};

fn hello() -> Handshake {
    Handshake {
        info_hash: InfoHash([1; 20]),
        peer_id: PeerId([2; 20]),
        fast: true,
        extended: true,
    }
}

/// A decoder behind the handshake.
fn decoder() -> Decoder {
    let mut decoder = Decoder::new(Limits::default());
    let bytes = hello().encode();
    let read = decoder.read(&mut &bytes[..]);
    assert_eq!(read, Ok(Some(Read::Frame(Frame::Handshake(hello())))));
    decoder
}

/// Everything that a decoder behind the handshake makes of `bytes`.
fn read_all(mut bytes: &[u8]) -> Result<Vec<Read<'_>>, DecodeError> {
    let mut decoder = decoder();
    let mut found = Vec::new();
    while let Some(read) = decoder.read(&mut bytes)? {
        found.push(read);
    }
    assert!(bytes.is_empty());
    Ok(found)
}

fn golden() -> Vec<(Message, &'static [u8])> {
    vec![
        (Message::KeepAlive, &[0, 0, 0, 0]),
        (Message::Choke, &[0, 0, 0, 1, 0]),
        (Message::Unchoke, &[0, 0, 0, 1, 1]),
        (Message::Interested, &[0, 0, 0, 1, 2]),
        (Message::NotInterested, &[0, 0, 0, 1, 3]),
        (
            Message::Have(PieceIndex(0x0102_0304)),
            &[0, 0, 0, 5, 4, 1, 2, 3, 4],
        ),
        (
            Message::Bitfield(vec![0xff, 0x80]),
            &[0, 0, 0, 3, 5, 0xff, 0x80],
        ),
        (
            Message::Request(BLOCK),
            &[0, 0, 0, 13, 6, 1, 2, 3, 4, 0, 0, 0x40, 0, 0, 0, 0x40, 0],
        ),
        (
            Message::Cancel(BLOCK),
            &[0, 0, 0, 13, 8, 1, 2, 3, 4, 0, 0, 0x40, 0, 0, 0, 0x40, 0],
        ),
        (Message::Port(6881), &[0, 0, 0, 3, 9, 0x1a, 0xe1]),
        (
            Message::Suggest(PieceIndex(7)),
            &[0, 0, 0, 5, 13, 0, 0, 0, 7],
        ),
        (Message::HaveAll, &[0, 0, 0, 1, 14]),
        (Message::HaveNone, &[0, 0, 0, 1, 15]),
        (
            Message::Reject(BLOCK),
            &[0, 0, 0, 13, 16, 1, 2, 3, 4, 0, 0, 0x40, 0, 0, 0, 0x40, 0],
        ),
        (
            Message::AllowedFast(PieceIndex(7)),
            &[0, 0, 0, 5, 17, 0, 0, 0, 7],
        ),
        (
            Message::Extended {
                id: 3,
                payload: b"de".to_vec(),
            },
            &[0, 0, 0, 4, 20, 3, b'd', b'e'],
        ),
    ]
}

#[test]
fn messages_have_the_bytes_of_the_specifications() {
    for (message, bytes) in golden() {
        assert_eq!(message.encode(), bytes, "{message:?}");
        let frame = Frame::Message(message);
        assert_eq!(frame.encode(), bytes);
        assert_eq!(frame.payload_len(), 0);
        assert_eq!(read_all(bytes), Ok(vec![Read::Frame(frame)]));
    }
}

#[test]
fn piece_header_counts_the_bytes_behind_it() {
    let block = Block { length: 3, ..BLOCK };
    let frame = Frame::Message(Message::Piece(block));
    let header = [0, 0, 0, 12, 7, 1, 2, 3, 4, 0, 0, 0x40, 0];
    assert_eq!(frame.encode(), header);
    assert_eq!(frame.payload_len(), 3);
}

#[test]
fn block_is_passed_through_before_its_frame() {
    let block = Block { length: 3, ..BLOCK };
    let frame = Frame::Message(Message::Piece(block));
    let mut decoder = decoder();
    let first = [&frame.encode()[..], b"ab"].concat();
    let (mut first, mut second) = (&first[..], &b"c\0\0\0\0"[..]);

    let read = decoder.read(&mut first);
    assert_eq!(
        read,
        Ok(Some(Read::PieceData {
            block,
            offset: 0,
            data: b"ab"
        }))
    );
    assert_eq!(decoder.read(&mut first), Ok(None));
    let read = decoder.read(&mut second);
    assert_eq!(
        read,
        Ok(Some(Read::PieceData {
            block,
            offset: 2,
            data: b"c"
        }))
    );
    assert_eq!(decoder.read(&mut second), Ok(Some(Read::Frame(frame))));
    let keep_alive = Read::Frame(Frame::Message(Message::KeepAlive));
    assert_eq!(decoder.read(&mut second), Ok(Some(keep_alive)));
    assert_eq!(decoder.read(&mut second), Ok(None));
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn stream_that_does_not_begin_with_a_handshake_is_refused_at_once() {
    for bytes in [&b"GET"[..], b"\x13BitTorrent protocoL"] {
        let mut decoder = Decoder::new(Limits::default());
        let mut input = bytes;
        assert_eq!(decoder.read(&mut input), Err(DecodeError::NotBitTorrent));
    }
}

#[test]
fn unknown_message_is_passed_over() {
    let bytes = [&[0, 0, 1, 1, 99][..], &[7; 256], &[0, 0, 0, 1, 0]].concat();
    let choke = Read::Frame(Frame::Message(Message::Choke));
    assert_eq!(read_all(&bytes), Ok(vec![choke]));
}

#[test]
fn lengths_beyond_all_limits_are_refused_before_anything_is_kept() {
    // Four bytes are enough: what follows is not waited for.
    let mut decoder = decoder();
    let mut input = &[0xff, 0xff, 0xff, 0xff][..];
    let error = DecodeError::MessageTooLong {
        length: u32::MAX,
        limit: 128 * 1024 + 9,
    };
    assert_eq!(decoder.read(&mut input), Err(error));
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn lengths_beyond_the_limit_of_their_kind_are_refused_by_name() {
    let kib = 1024;
    for (id, limit) in [
        (5, 64 * kib + 1),
        (7, 128 * kib + 9),
        (20, 64 * kib + 2),
        (99, 64 * kib + 1),
    ] {
        let length = limit + 1;
        let bytes = [&u32::to_be_bytes(length)[..], &[id]].concat();
        let error = DecodeError::MessageTooLong { length, limit };
        assert_eq!(read_all(&bytes), Err(error), "{id}");
        let bytes = [&u32::to_be_bytes(limit)[..], &[id]].concat();
        assert_eq!(read_all(&bytes), Ok(vec![]), "{id}");
    }
}

#[test]
fn lengths_that_a_kind_cannot_have_are_refused_by_name() {
    for (id, length) in [
        (0, 2),
        (1, 2),
        (2, 2),
        (3, 2),
        (4, 4),
        (4, 6),
        (6, 12),
        (6, 14),
        (7, 8),
        (8, 12),
        (9, 2),
        (13, 4),
        (14, 2),
        (15, 2),
        (16, 14),
        (17, 6),
        (20, 1),
    ] {
        let error = DecodeError::MessageLength { id, length };
        let bytes = [&u32::to_be_bytes(length)[..], &[id]].concat();
        assert_eq!(read_all(&bytes), Err(error));
    }
}

#[test]
fn absurd_blocks_are_refused_by_name() {
    let limit = 128 * 1024;
    for (begin, length, error) in [
        (0, 0, DecodeError::BlockEmpty),
        (
            0,
            limit + 1,
            DecodeError::BlockTooLong {
                length: limit + 1,
                limit,
            },
        ),
        (u32::MAX, 1, DecodeError::BlockOverflow),
    ] {
        let block = Block {
            piece: PieceIndex(0),
            begin,
            length,
        };
        for message in [
            Message::Cancel(block),
            Message::Reject(block),
            Message::Request(block),
        ] {
            assert_eq!(read_all(&message.encode()), Err(error));
        }
        if length <= limit {
            assert_eq!(read_all(&Message::Piece(block).encode()), Err(error));
        }
    }
}

#[test]
fn error_is_final() {
    let mut decoder = decoder();
    let error = DecodeError::MessageLength { id: 0, length: 2 };
    assert_eq!(decoder.read(&mut &[0, 0, 0, 2, 0][..]), Err(error));
    assert_eq!(decoder.read(&mut &[0, 0, 0, 0][..]), Err(error));
}
