//! Identifiers that cross a network, each its own type.

use core::fmt;

use crate::DecodeError;

/// Bytes of one piece of an HLS video: the unit that is hashed, announced and passed on.
pub const PIECE_LENGTH: u32 = 64 * 1024;

/// A swarm's name: BitTorrent's 20-byte `info_hash` (BEP 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InfoHash(pub [u8; 20]);

/// A viewer's name in one swarm: BitTorrent's 20-byte `peer_id` (BEP 3, BEP 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 20]);

/// Names one offer of a WebRTC connection, so that its answer can be matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferId(pub [u8; 20]);

/// A rendition or an audio track: its position in the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(pub u16);

/// HLS's unit of playback: a track and a media sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId {
    /// The rendition or audio track.
    pub track: TrackId,
    /// `EXT-X-MEDIA-SEQUENCE` of the playlist plus the position in it (RFC 8216 §4.3.3.2).
    pub seq: u64,
}

/// A piece's number in the swarm's sparse piece space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceIndex(pub u32);

/// The two text forms of a 20-byte id: hexadecimal, and the trackers' binary strings.
macro_rules! twenty_bytes {
    ($name:ident) => {
        impl $name {
            /// Reads 40 hexadecimal digits, in either case.
            pub fn from_hex(text: &str) -> Result<Self, DecodeError> {
                from_hex(text).map(Self).ok_or(DecodeError::HexId)
            }

            /// 40 hexadecimal digits in lower case.
            pub fn to_hex(&self) -> String {
                self.to_string()
            }

            /// Reads a string of exactly 20 code points, each one byte (ISO 8859-1), as
            /// WebTorrent's trackers write ids.
            pub fn from_binary(text: &str) -> Result<Self, DecodeError> {
                from_binary(text).map(Self).ok_or(DecodeError::BinaryId)
            }

            /// A string of 20 code points, one for each byte.
            pub fn to_binary(&self) -> String {
                self.0.iter().copied().map(char::from).collect()
            }
        }

        /// 40 hexadecimal digits in lower case.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    };
}

twenty_bytes!(InfoHash);
twenty_bytes!(PeerId);
twenty_bytes!(OfferId);

fn from_hex(text: &str) -> Option<[u8; 20]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let mut bytes = [0; 20];
    if pairs.len() != bytes.len() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let digit = |ascii: u8| char::from(ascii).to_digit(16);
        *byte = u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?;
    }
    Some(bytes)
}

fn from_binary(text: &str) -> Option<[u8; 20]> {
    let mut characters = text.chars();
    let mut bytes = [0; 20];
    for byte in &mut bytes {
        *byte = u8::try_from(characters.next()?).ok()?;
    }
    characters.next().is_none().then_some(bytes)
}
