//! What must hold for any input.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use shoal_wire::DecodeError;
use shoal_wire::id::{InfoHash, OfferId, PeerId, PieceIndex, SegmentId, TrackId};
use shoal_wire::index::{Index, Part, PartSegment, PieceSpace};
use shoal_wire::peer::shoal::{self, Extension};
use shoal_wire::peer::{
    Block, Decoder, ExtendedHandshake, Frame, Handshake, Limits, Message, Ranges, Read,
};
use shoal_wire::tracker::{self, Announce, AnnounceEvent, ClientMessage, Offer, TrackerMessage};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn handshake() -> impl Strategy<Value = Handshake> {
    any::<([u8; 20], [u8; 20], bool, bool)>().prop_map(|(hash, peer, fast, extended)| Handshake {
        info_hash: InfoHash(hash),
        peer_id: PeerId(peer),
        fast,
        extended,
    })
}

fn block() -> impl Strategy<Value = Block> {
    (any::<u32>(), 0..u32::MAX / 2, 1..=128 * 1024u32).prop_map(|(piece, begin, length)| Block {
        piece: PieceIndex(piece),
        begin,
        length,
    })
}

fn piece() -> impl Strategy<Value = PieceIndex> {
    any::<u32>().prop_map(PieceIndex)
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        piece().prop_map(Message::AllowedFast),
        vec(any::<u8>(), 0..300).prop_map(Message::Bitfield),
        block().prop_map(Message::Cancel),
        Just(Message::Choke),
        (any::<u8>(), vec(any::<u8>(), 0..300))
            .prop_map(|(id, payload)| Message::Extended { id, payload }),
        piece().prop_map(Message::Have),
        Just(Message::HaveAll),
        Just(Message::HaveNone),
        Just(Message::Interested),
        Just(Message::KeepAlive),
        Just(Message::NotInterested),
        (block(), 1..300u32).prop_map(|(block, length)| Message::Piece(Block { length, ..block })),
        any::<u16>().prop_map(Message::Port),
        block().prop_map(Message::Reject),
        block().prop_map(Message::Request),
        piece().prop_map(Message::Suggest),
        Just(Message::Unchoke),
    ]
}

/// A connection's frames, and its bytes with made-up media.
fn stream() -> impl Strategy<Value = (Vec<Frame>, Vec<u8>)> {
    (handshake(), vec(message(), 0..20)).prop_map(|(handshake, messages)| {
        let mut frames = vec![Frame::Handshake(handshake)];
        frames.extend(messages.into_iter().map(Frame::Message));
        let mut bytes = Vec::new();
        for frame in &frames {
            bytes.extend(frame.encode());
            bytes.extend((0..frame.payload_len()).map(|n| n as u8));
        }
        (frames, bytes)
    })
}

/// Feeds `bytes` in portions of these sizes, over and over. The media of each block is checked
/// against [`stream`]'s.
fn read_in_portions(bytes: &[u8], sizes: &[usize]) -> Result<Vec<Frame>, DecodeError> {
    let limits = Limits::default();
    let most = limits.max_bitfield.max(limits.max_extended) as usize + 2;
    let mut decoder = Decoder::new(limits);
    let mut frames = Vec::new();
    let mut seen = 0;
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        let (mut portion, behind) = rest.split_at(rest.len().min(*size));
        rest = behind;
        while let Some(read) = decoder.read(&mut portion)? {
            match read {
                Read::Frame(Frame::Message(Message::Piece(block))) => {
                    assert_eq!(seen, block.length);
                    seen = 0;
                    frames.push(Frame::Message(Message::Piece(block)));
                }
                Read::Frame(frame) => frames.push(frame),
                Read::PieceData { offset, data, .. } => {
                    assert_eq!(offset, seen);
                    assert!(!data.is_empty());
                    seen += data.len() as u32;
                }
            }
        }
        assert!(portion.is_empty());
        assert!(decoder.buffered() <= most);
        if rest.is_empty() {
            break;
        }
    }
    Ok(frames)
}

fn ranges() -> impl Strategy<Value = Ranges> {
    let range = (0..2000u32, 1..20u32).prop_map(|(start, length)| start..start + length);
    vec(range, 0..50).prop_map(|ranges| ranges.into_iter().collect())
}

fn extension() -> impl Strategy<Value = Extension> {
    prop_oneof![
        ranges().prop_map(Extension::Fetching),
        any::<(u16, u64)>().prop_map(|(track, seq)| Extension::Grew {
            track: TrackId(track),
            seq
        }),
        ranges().prop_map(Extension::Have),
        ranges().prop_map(Extension::Lost),
        ranges().prop_map(Extension::Wants),
    ]
}

fn announce() -> impl Strategy<Value = Announce> {
    let event = option::of(prop_oneof![
        Just(AnnounceEvent::Completed),
        Just(AnnounceEvent::Started),
        Just(AnnounceEvent::Stopped),
    ]);
    let offer = (any::<[u8; 20]>(), any::<String>()).prop_map(|(id, sdp)| Offer {
        offer_id: OfferId(id),
        sdp,
    });
    let numbers = any::<(u32, u64, u64, Option<u64>)>();
    let token = option::of(any::<String>());
    (
        any::<([u8; 20], [u8; 20])>(),
        event,
        numbers,
        vec(offer, 0..=10),
        token,
    )
        .prop_map(
            |((hash, peer), event, (numwant, uploaded, downloaded, left), offers, token)| {
                Announce {
                    info_hash: InfoHash(hash),
                    peer_id: PeerId(peer),
                    event,
                    numwant,
                    uploaded,
                    downloaded,
                    left,
                    offers,
                    token,
                }
            },
        )
}

fn part() -> impl Strategy<Value = Part> {
    let segment = (0..1u32 << 20).prop_map(|length| PartSegment {
        length,
        pieces: (0..PartSegment::piece_count(length))
            .map(|n| [n as u8; 32])
            .collect(),
    });
    (0..u64::MAX - 64, vec(segment, 1..=64)).prop_map(|(first, segments)| Part { first, segments })
}

proptest! {
    #[test]
    fn portions_make_no_difference(
        (frames, bytes) in stream(),
        sizes in vec(1..400usize, 1..8),
    ) {
        prop_assert_eq!(read_in_portions(&bytes, &sizes), Ok(frames));
    }

    #[test]
    fn changed_streams_are_read_or_refused_alike_in_any_portions(
        (_, mut bytes) in stream(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        sizes in vec(1..400usize, 1..8),
    ) {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let whole = read_in_portions(&bytes, &[usize::MAX]);
        prop_assert_eq!(read_in_portions(&bytes, &sizes), whole);
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        let hello = Handshake {
            info_hash: InfoHash([0; 20]),
            peer_id: PeerId([0; 20]),
            fast: true,
            extended: true,
        };
        let stream = [&hello.encode()[..], &bytes].concat();
        let _ = read_in_portions(&stream, &[7]);
        let _ = ExtendedHandshake::decode(&bytes);
        let _ = Extension::decode(&bytes, &shoal::Limits::default());
        let _ = Index::parse(&bytes);
        let _ = Part::decode(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = ClientMessage::decode(&text, &tracker::Limits::default());
        let _ = TrackerMessage::decode(&text, &tracker::Limits::default());
    }

    #[test]
    fn extended_handshake_comes_back(
        m in btree_map("[a-zµ_]{0,20}", any::<u8>(), 0..20),
        client in option::of("\\PC{0,60}"),
        (reqq, metadata_size) in any::<(Option<u32>, Option<u32>)>(),
    ) {
        let m = m.into_iter().collect();
        let handshake = ExtendedHandshake { m, client, reqq, metadata_size };
        prop_assert_eq!(ExtendedHandshake::decode(&handshake.encode()), Ok(handshake));
    }

    #[test]
    fn extension_message_comes_back(message in extension()) {
        let bytes = message.encode();
        prop_assert_eq!(Extension::decode(&bytes, &shoal::Limits::default()), Ok(message));
    }

    /// One value has one spelling.
    #[test]
    fn extension_message_that_is_read_is_written_alike(
        kind in 1..=4u8,
        bytes in vec(prop_oneof![0..4u8, any::<u8>()], 0..20),
    ) {
        let bytes = [&[kind][..], &bytes].concat();
        if let Ok(message) = Extension::decode(&bytes, &shoal::Limits::default()) {
            prop_assert_eq!(message.encode(), bytes);
        }
    }

    #[test]
    fn ranges_are_a_set(
        changes in vec((any::<bool>(), 0..120u32, 0..30u32), 0..40),
        other in vec((0..120u32, 0..30u32), 0..10),
    ) {
        let mut set = Ranges::new();
        let mut model = [false; 200];
        for (insert, start, length) in changes {
            if insert {
                set.insert(start, start + length);
            } else {
                set.remove(start, start + length);
            }
            model[start as usize..(start + length) as usize].fill(insert);
        }
        let other: Ranges = other.into_iter().map(|(start, n)| start..start + n).collect();
        let (both, either) = (set.intersect(&other), set.union(&other));
        for n in 0..200u32 {
            prop_assert_eq!(set.contains(n), model[n as usize]);
            prop_assert_eq!(both.contains(n), set.contains(n) && other.contains(n));
            prop_assert_eq!(either.contains(n), set.contains(n) || other.contains(n));
        }
        let members = model.iter().filter(|member| **member).count();
        prop_assert_eq!(set.count(), members as u64);
        for set in [&set, &both, &either] {
            let ranges: Vec<_> = set.iter().collect();
            prop_assert!(ranges.iter().all(|range| !range.is_empty()));
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }

    #[test]
    fn ids_come_back_from_text(bytes in any::<[u8; 20]>()) {
        let id = PeerId(bytes);
        prop_assert_eq!(PeerId::from_hex(&id.to_hex()), Ok(id));
        prop_assert_eq!(PeerId::from_binary(&id.to_binary()), Ok(id));
    }

    #[test]
    fn announce_comes_back(announce in announce()) {
        let message = ClientMessage::Announce(announce);
        let json = message.encode();
        prop_assert_eq!(ClientMessage::decode(&json, &tracker::Limits::default()), Ok(message));
    }

    #[test]
    fn forwarded_offer_comes_back(
        (hash, peer, offer) in any::<([u8; 20], [u8; 20], [u8; 20])>(),
        sdp in any::<String>(),
    ) {
        let message = TrackerMessage::Offer {
            info_hash: InfoHash(hash),
            peer_id: PeerId(peer),
            offer_id: OfferId(offer),
            sdp,
        };
        let json = message.encode();
        prop_assert_eq!(TrackerMessage::decode(&json, &tracker::Limits::default()), Ok(message));
    }

    #[test]
    fn part_comes_back(part in part()) {
        prop_assert_eq!(Part::decode(&part.encode()), Ok(part));
    }

    #[test]
    fn pieces_lead_back_to_their_segment(
        (stride, tracks) in (0..=16u32, 1..=64u16),
        track in any::<prop::sample::Index>(),
        (seq, away, length) in (any::<u64>(), 0..1000u64, 1..=u32::MAX),
    ) {
        let space = PieceSpace::new(65_536, 1 << stride, tracks);
        let track = TrackId(track.index(usize::from(tracks)) as u16);
        let id = SegmentId { track, seq };
        let length = length.min(space.max_length());
        let pieces = space.pieces(id, length);
        prop_assert_eq!(pieces.len() as u32, length.div_ceil(65_536));
        prop_assert_eq!(pieces.start, space.slot(id));
        let last = PieceIndex(pieces.end - 1);
        let offset = (pieces.len() as u32 - 1) * 65_536;
        prop_assert_eq!(space.segment_near(last, seq), Some((id, offset)));
        // 1,023 segments of one track at least are told apart: 2^32 / 2^16 / 64.
        let hint = seq.saturating_sub(away / 2);
        prop_assert_eq!(space.segment_near(last, hint), Some((id, offset)));
    }
}
