//! Golden bytes of our own extension, and sets of piece numbers.

use shoal_wire::DecodeError;
use shoal_wire::id::TrackId;
use shoal_wire::peer::Ranges;
use shoal_wire::peer::shoal::{Extension, Limits};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Each from a start to an end that is no longer part of it.
fn ranges(pairs: &[(u32, u32)]) -> Ranges {
    pairs.iter().map(|&(start, end)| start..end).collect()
}

fn decode(bytes: &[u8]) -> Result<Extension, DecodeError> {
    Extension::decode(bytes, &Limits::default())
}

#[test]
fn extension_messages_have_these_bytes() {
    for (message, bytes) in [
        (Extension::Have(Ranges::new()), &[1, 0][..]),
        (Extension::Have(ranges(&[(0, 1)])), &[1, 1, 0, 0]),
        (
            Extension::Have(ranges(&[(5, 7), (8, 300)])),
            &[1, 2, 5, 1, 1, 0xa3, 0x02],
        ),
        (
            Extension::Lost(ranges(&[(256, 512)])),
            &[2, 1, 0x80, 0x02, 0xff, 0x01],
        ),
        (
            Extension::Wants(ranges(&[(256, 1024)])),
            &[5, 1, 0x80, 0x02, 0xff, 0x05],
        ),
        (
            Extension::Fetching(ranges(&[(u32::MAX - 1, u32::MAX)])),
            &[3, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0],
        ),
        (
            Extension::Grew {
                track: TrackId(2),
                seq: 300,
            },
            &[4, 2, 0xac, 0x02],
        ),
        (
            Extension::Grew {
                track: TrackId(u16::MAX),
                seq: u64::MAX,
            },
            &[
                4, 0xff, 0xff, 0x03, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
        ),
    ] {
        assert_eq!(message.encode(), bytes, "{message:?}");
        assert_eq!(decode(bytes), Ok(message));
    }
}

#[test]
fn malformed_extension_messages_are_refused_by_name() {
    for (bytes, error) in [
        (&[][..], DecodeError::Truncated),
        (&[1], DecodeError::Truncated),
        (&[1, 1, 0], DecodeError::Truncated),
        (&[1, 0x80], DecodeError::Truncated),
        (&[0, 0], DecodeError::UnknownKind(0)),
        (&[6, 0], DecodeError::UnknownKind(6)),
        (&[1, 0, 0], DecodeError::Trailing),
        (&[4, 0, 0, 0], DecodeError::Trailing),
        (&[1, 0x80, 0], DecodeError::NumberShape),
        (&[1, 1, 0x85, 0, 0], DecodeError::NumberShape),
        (&[4, 0x80, 0x80, 0x04, 0], DecodeError::NumberRange),
        (
            &[1, 1, 0x80, 0x80, 0x80, 0x80, 0x10, 0],
            DecodeError::NumberRange,
        ),
        (
            &[
                4, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
            ],
            DecodeError::NumberRange,
        ),
        // The second range touches the first.
        (&[1, 2, 5, 1, 0, 0], DecodeError::Ranges),
        // The range ends beyond 32 bits.
        (
            &[1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0],
            DecodeError::Ranges,
        ),
        (
            &[1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f],
            DecodeError::Ranges,
        ),
        (&[1, 0x81, 0x20], DecodeError::TooMany { limit: 4096 }),
    ] {
        assert_eq!(decode(bytes), Err(error), "{bytes:?}");
    }
}

#[test]
fn count_that_is_not_backed_by_bytes_is_refused() {
    assert_eq!(decode(&[1, 0x80, 0x20, 0, 0]), Err(DecodeError::Truncated));
}

#[test]
fn ranges_merge_when_they_overlap_or_touch() {
    let mut set = ranges(&[(10, 20), (30, 40)]);
    set.insert(20, 30);
    assert_eq!(set, ranges(&[(10, 40)]));
    set.insert(0, 5);
    set.insert(50, 50);
    assert_eq!(set.iter().collect::<Vec<_>>(), [0..5, 10..40]);
    assert_eq!((set.len(), set.count()), (2, 35));
}

#[test]
fn ranges_split_when_a_middle_is_removed() {
    let mut set = ranges(&[(10, 40)]);
    set.remove(20, 30);
    assert_eq!(set, ranges(&[(10, 20), (30, 40)]));
    set.remove(15, 35);
    assert_eq!(set, ranges(&[(10, 15), (35, 40)]));
    set.remove(0, u32::MAX);
    assert!(set.is_empty());
}

#[test]
fn set_goes_out_in_messages_of_a_bounded_number_of_ranges() {
    let set: Ranges = (0..10).map(|n| 3 * n..3 * n + 1).collect();
    let parts: Vec<_> = set.chunks(4).collect();
    assert_eq!(parts.iter().map(Ranges::len).collect::<Vec<_>>(), [4, 4, 2]);
    let whole = parts
        .iter()
        .fold(Ranges::new(), |whole, part| whole.union(part));
    assert_eq!(whole, set);
}
