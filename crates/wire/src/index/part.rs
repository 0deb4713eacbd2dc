//! One part of an index: lengths and digests of a run of segments.

use crate::DecodeError;
use crate::id::PIECE_LENGTH;

/// Bytes of a part.
pub const MAX_PART_BYTES: usize = 512 * 1024;

/// Segments that a part may describe.
pub const MAX_PART_SEGMENTS: usize = 64;

const MAGIC: &[u8; 4] = b"SHPT";
const VERSION: u8 = 1;
const DIGEST: usize = 32;

/// A run of segments of one track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Media sequence number of the first segment.
    pub first: u64,
    /// The segments, in order and without gaps. 1 to 64.
    pub segments: Vec<PartSegment>,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSegment {
    /// Bytes.
    pub length: u32,
    /// SHA-256 of each piece: as many as [`PartSegment::piece_count`] says.
    pub pieces: Vec<[u8; 32]>,
}

impl PartSegment {
    /// Pieces of a segment of `length` bytes; the last may be shorter than the others.
    pub const fn piece_count(length: u32) -> u32 {
        length.div_ceil(PIECE_LENGTH)
    }
}

impl Part {
    /// The part's bytes.
    pub fn encode(&self) -> Vec<u8> {
        // More segments than 64 do not pass `decode`.
        let count = u16::try_from(self.segments.len()).unwrap_or(u16::MAX);
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[VERSION, 0]);
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&self.first.to_be_bytes());
        for segment in &self.segments {
            out.extend_from_slice(&segment.length.to_be_bytes());
            out.extend(segment.pieces.iter().flatten());
        }
        out
    }

    /// Reads a part.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_PART_BYTES {
            return Err(DecodeError::Oversized {
                limit: MAX_PART_BYTES,
            });
        }
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(DecodeError::NotPart)?;
        let [version, reserved] = take(&mut rest)?;
        if version != VERSION {
            return Err(DecodeError::PartVersion(version));
        }
        if reserved != 0 {
            return Err(DecodeError::NumberRange);
        }
        let count = u16::from_be_bytes(take(&mut rest)?);
        let first = u64::from_be_bytes(take(&mut rest)?);
        let fits = (1..=MAX_PART_SEGMENTS).contains(&usize::from(count))
            && first.checked_add(u64::from(count)).is_some();
        if !fits {
            return Err(DecodeError::PartCount);
        }
        let segments = (0..count)
            .map(|_| segment(&mut rest))
            .collect::<Result<_, _>>()?;
        if rest.is_empty() {
            Ok(Self { first, segments })
        } else {
            Err(DecodeError::Trailing)
        }
    }

    /// Whether all segments belong to part `number` of a track of `part_segments` each.
    pub fn is_of(&self, number: u64, part_segments: u32) -> bool {
        let from = number.checked_mul(u64::from(part_segments));
        let to = from.and_then(|from| from.checked_add(u64::from(part_segments)));
        let end = self.first.checked_add(self.segments.len() as u64);
        matches!((from, to, end), (Some(from), Some(to), Some(end)) if from <= self.first && end <= to)
    }
}

fn segment(input: &mut &[u8]) -> Result<PartSegment, DecodeError> {
    let length = u32::from_be_bytes(take(input)?);
    let size = (PartSegment::piece_count(length) as usize).saturating_mul(DIGEST);
    // The digests are there before room is made for them.
    let (digests, rest) = input.split_at_checked(size).ok_or(DecodeError::Truncated)?;
    *input = rest;
    Ok(PartSegment {
        length,
        pieces: digests.as_chunks().0.to_vec(),
    })
}

fn take<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], DecodeError> {
    let (bytes, rest) = input.split_first_chunk().ok_or(DecodeError::Truncated)?;
    *input = rest;
    Ok(*bytes)
}
