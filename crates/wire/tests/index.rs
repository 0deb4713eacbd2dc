//! The index and its parts.

use shoal_wire::DecodeError;
use shoal_wire::id::{InfoHash, PieceIndex, SegmentId, TrackId};
use shoal_wire::index::{
    IceServer, Index, IndexPolicy, IndexTrack, P2p, Part, PartSegment, PieceSpace,
};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const HEX: &str = "000102030405060708090a0b0c0d0e0f10111213";

fn index() -> Index {
    Index {
        swarm: InfoHash(std::array::from_fn(|i| i as u8)),
        live: false,
        piece_length: 65_536,
        stride: 256,
        trackers: vec![format!("/tracker/{HEX}")],
        ice: vec![IceServer {
            urls: vec!["stun:stun.example:3478".into()],
            username: None,
            credential: None,
        }],
        mirrors: vec!["https://mirror.example/talk/".into()],
        policy: IndexPolicy {
            p2p: P2p::On,
            video: Some(P2p::Ask),
            min_viewers: 2,
            viewers: Some(format!("/viewers/{HEX}")),
        },
        token: Some("t0k3n".into()),
        tracks: vec![IndexTrack {
            playlist: "../360p/p.m3u8".into(),
            part_segments: 16,
        }],
    }
}

fn parse_changed(from: &str, to: &str) -> Result<Index, DecodeError> {
    let json = index().to_json();
    assert!(json.contains(from), "{from}");
    Index::parse(json.replace(from, to).as_bytes())
}

#[test]
fn index_has_this_text() {
    let json = [
        r#"{"shoal":1,"swarm":""#,
        HEX,
        r#"","live":false,"piece_length":65536,"stride":256,"trackers":["/tracker/"#,
        HEX,
        r#""],"ice":[{"urls":["stun:stun.example:3478"]}],"#,
        r#""mirrors":["https://mirror.example/talk/"],"#,
        r#""policy":{"p2p":"on","video":"ask","min_viewers":2,"viewers":"/viewers/"#,
        HEX,
        r#""},"token":"t0k3n","#,
        r#""tracks":[{"playlist":"../360p/p.m3u8","part_segments":16}]}"#,
    ]
    .concat();
    assert_eq!(index().to_json(), json);
    assert_eq!(Index::parse(json.as_bytes()), Ok(index()));
}

#[test]
fn absent_fields_have_their_defaults() {
    let json = format!(
        r#"{{"shoal":1,"swarm":"{HEX}","piece_length":65536,"stride":256,"x":{{"y":[1.5e9]}},
            "tracks":[{{"playlist":"p.m3u8","part_segments":1}}]}}"#
    );
    let seen = Index::parse(json.as_bytes()).unwrap();
    assert!(
        !seen.live && seen.trackers.is_empty() && seen.ice.is_empty() && seen.mirrors.is_empty()
    );
    let ask = IndexPolicy {
        p2p: P2p::Ask,
        video: None,
        min_viewers: 0,
        viewers: None,
    };
    assert_eq!(seen.policy, ask);
    assert_eq!(seen.token, None);
}

#[test]
fn malformed_indexes_are_refused_by_name() {
    let url = "u".repeat(2049);
    let nine = [r#""t""#; 9].join(",");
    let nine_ice = [r#"{"urls":["stun:s"]}"#; 9].join(",");
    let nine_urls = [r#""stun:s""#; 9].join(",");
    let tracker = format!(r#""/tracker/{HEX}""#);
    let track = r#"{"playlist":"../360p/p.m3u8","part_segments":16}"#;
    let tracks = [track; 65].join(",");
    let mirror = r#""https://mirror.example/talk/""#;
    let eight = [mirror; 8].join(",");
    let stun = r#""stun:stun.example:3478""#;
    let viewers = format!("/viewers/{HEX}");
    let token = "t".repeat(1025);
    for (from, to, error) in [
        (r#""shoal":1,"#, "", DecodeError::Missing("shoal")),
        (r#""shoal":1"#, r#""shoal":2"#, DecodeError::IndexVersion(2)),
        (r#""swarm""#, r#""s""#, DecodeError::Missing("swarm")),
        ("000102", "00010", DecodeError::HexId),
        (
            r#""piece_length""#,
            r#""p""#,
            DecodeError::Missing("piece_length"),
        ),
        ("65536", "65537", DecodeError::PieceLength),
        (r#""stride""#, r#""s""#, DecodeError::Missing("stride")),
        (":256", ":0", DecodeError::Stride),
        (":256", ":255", DecodeError::Stride),
        (":256", ":131072", DecodeError::Stride),
        (&tracker, &nine, DecodeError::TooMany { limit: 8 }),
        (&tracker, r#""""#, DecodeError::Url),
        (&tracker, r#""a\nb""#, DecodeError::Url),
        (&viewers, "", DecodeError::Url),
        ("t0k3n", &token, DecodeError::Oversized { limit: 1024 }),
        (&tracker, r#""http://t.example""#, DecodeError::TrackerUrl),
        (&tracker, r#""javascript:x""#, DecodeError::TrackerUrl),
        (
            r#"{"urls":["stun:stun.example:3478"]}"#,
            &nine_ice,
            DecodeError::TooMany { limit: 8 },
        ),
        (stun, "", DecodeError::IceServer),
        (stun, &nine_urls, DecodeError::IceServer),
        (stun, r#""http://s""#, DecodeError::IceServer),
        (stun, r#""turn:t""#, DecodeError::IceServer),
        (mirror, &eight, DecodeError::TooMany { limit: 7 }),
        (mirror, r#""""#, DecodeError::Url),
        (mirror, r#""https://mirror.example/talk""#, DecodeError::Url),
        (mirror, r#""ftp://mirror.example/""#, DecodeError::Url),
        (r#""tracks""#, r#""t""#, DecodeError::Missing("tracks")),
        (track, "", DecodeError::TrackCount),
        (track, &tracks, DecodeError::TrackCount),
        (":16", ":0", DecodeError::PartSegments),
        (":16", ":65", DecodeError::PartSegments),
        ("false", "true", DecodeError::PartSegments),
        ("../360p/p.m3u8", "", DecodeError::Url),
        ("../360p/p.m3u8", &url, DecodeError::Url),
    ] {
        assert_eq!(parse_changed(from, to), Err(error), "{from} → {to:.40}");
    }
    for (from, to) in [
        (r#""on""#, r#""maybe""#),
        (r#""shoal":1"#, r#""shoal":1,"shoal":1"#),
        ("false", "0"),
        (":256", ":-1"),
        (":16", ":4294967296"),
    ] {
        let seen = parse_changed(from, to);
        assert!(
            matches!(seen, Err(DecodeError::Json { .. })),
            "{from} → {to} {seen:?}"
        );
    }
}

#[test]
fn oversized_index_is_refused_unread() {
    let json = vec![b' '; 64 * 1024 + 1];
    assert_eq!(
        Index::parse(&json),
        Err(DecodeError::Oversized { limit: 64 * 1024 })
    );
}

#[test]
fn absolute_trackers_and_turn_servers_are_taken() {
    let tracker = format!(r#""/tracker/{HEX}""#);
    assert!(
        parse_changed(
            &tracker,
            r#""WSS://t.example/x","ws://t:1","t?a=b:c","//t/x""#
        )
        .is_ok()
    );
    let turn = r#""turns:t.example"],"username":"u","credential":"c""#;
    let seen = parse_changed(r#""stun:stun.example:3478"]"#, turn).unwrap();
    assert_eq!(seen.ice[0].credential.as_deref(), Some("c"));
    assert!(!format!("{seen:?}").contains("\"c\""));
}

fn part() -> Part {
    Part {
        first: 0x0102_0304_0506_0708,
        segments: vec![
            PartSegment {
                length: 65_537,
                pieces: vec![[0xaa; 32], [0xbb; 32]],
            },
            PartSegment {
                length: 0,
                pieces: vec![],
            },
        ],
    }
}

fn part_bytes() -> Vec<u8> {
    let mut bytes = b"SHPT\x01\0\0\x02\x01\x02\x03\x04\x05\x06\x07\x08\0\x01\0\x01".to_vec();
    bytes.extend([0xaa; 32]);
    bytes.extend([0xbb; 32]);
    bytes.extend([0; 4]);
    bytes
}

#[test]
fn part_has_these_bytes() {
    assert_eq!(part().encode(), part_bytes());
    assert_eq!(Part::decode(&part_bytes()), Ok(part()));
}

#[test]
fn malformed_parts_are_refused_by_name() {
    let changed = |at: usize, byte: u8| {
        let mut bytes = part_bytes();
        bytes[at] = byte;
        bytes
    };
    let mut last = part_bytes();
    last[8..16].fill(0xff);
    let mut behind = part_bytes();
    behind.push(0);
    let mut claims = part_bytes();
    claims[16..20].fill(0xff);
    for (bytes, error) in [
        (vec![], DecodeError::NotPart),
        (changed(0, b'X'), DecodeError::NotPart),
        (changed(4, 2), DecodeError::PartVersion(2)),
        (changed(5, 1), DecodeError::NumberRange),
        (changed(7, 0), DecodeError::PartCount),
        (changed(7, 65), DecodeError::PartCount),
        (changed(6, 0xff), DecodeError::PartCount),
        (last, DecodeError::PartCount),
        (changed(7, 3), DecodeError::Truncated),
        (part_bytes()[..15].to_vec(), DecodeError::Truncated),
        (claims, DecodeError::Truncated),
        (behind, DecodeError::Trailing),
        (
            vec![0; 512 * 1024 + 1],
            DecodeError::Oversized { limit: 512 * 1024 },
        ),
    ] {
        assert_eq!(Part::decode(&bytes), Err(error));
    }
}

#[test]
fn part_knows_whether_it_was_asked_for() {
    let part = |first, count| Part {
        first,
        segments: vec![
            PartSegment {
                length: 0,
                pieces: vec![]
            };
            count
        ],
    };
    assert!(part(32, 16).is_of(2, 16));
    assert!(part(40, 8).is_of(2, 16));
    assert!(!part(40, 9).is_of(2, 16));
    assert!(!part(31, 2).is_of(2, 16));
    assert!(!part(0, 1).is_of(u64::MAX, 16));
}

fn segment(track: u16, seq: u64) -> SegmentId {
    SegmentId {
        track: TrackId(track),
        seq,
    }
}

#[test]
fn pieces_are_numbered_by_slot() {
    let space = PieceSpace::new(65_536, 256, 3);
    assert_eq!(space.pieces(segment(0, 0), 1), 0..1);
    assert_eq!(space.pieces(segment(1, 0), 65_536), 256..257);
    assert_eq!(space.pieces(segment(2, 1), 65_537), 1280..1282);
    assert_eq!(space.slot(segment(2, 1)), 1280);
    assert_eq!(space.max_length(), 16 << 20);
    assert_eq!(space.pieces(segment(0, 1), 16 << 20), 768..1024);
}

#[test]
fn what_cannot_be_numbered_has_no_pieces() {
    let space = PieceSpace::new(65_536, 256, 3);
    assert!(space.pieces(segment(0, 0), 0).is_empty());
    assert!(space.pieces(segment(3, 0), 1).is_empty());
    assert!(space.pieces(segment(0, 0), (16 << 20) + 1).is_empty());
    for broken in [
        PieceSpace::new(0, 256, 3),
        PieceSpace::new(65_536, 0, 3),
        PieceSpace::new(65_536, 256, 0),
        PieceSpace::new(65_536, u32::MAX, u16::MAX),
    ] {
        assert!(broken.pieces(segment(0, 0), 1).is_empty());
        assert_eq!(broken.segment_near(PieceIndex(0), 0), None);
    }
}

#[test]
fn numbers_begin_anew_when_a_stream_outlasts_them() {
    let space = PieceSpace::new(65_536, 256, 1);
    let rounds = u64::from(u32::MAX / 256);
    assert_eq!(space.pieces(segment(0, rounds), 1), 0..1);
    let last = space.pieces(segment(0, rounds - 1), 16 << 20);
    assert_eq!(last.len(), 256);
    for hint in [rounds - 3, rounds, rounds + 3] {
        let near = |piece| space.segment_near(PieceIndex(piece), hint);
        assert_eq!(near(2), Some((segment(0, rounds), 131_072)));
        assert_eq!(near(last.start), Some((segment(0, rounds - 1), 0)));
    }
    assert_eq!(space.segment_near(PieceIndex(u32::MAX), 0), None);
}
