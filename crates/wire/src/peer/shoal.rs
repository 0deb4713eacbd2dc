//! Our extension of the peer protocol, named `shoal` in the BEP 10 handshake: availability as
//! ranges over a sparse piece space to whoever wants to know, what is being fetched from the origin,
//! an index that grows.

use super::Ranges;
use crate::DecodeError;
use crate::id::TrackId;
use crate::varint;

/// The extension's name in [`ExtendedHandshake::m`](super::ExtendedHandshake::m).
pub const NAME: &str = "shoal";

/// The number that we give the extension. Any other of the receiver's choice is as good.
pub const ID: u8 = 1;

/// What one message of the extension may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Ranges. 4096.
    pub max_ranges: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_ranges: 4096 }
    }
}

/// A message of the extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extension {
    /// The sender is fetching these pieces from the origin and will have them soon.
    Fetching(Ranges),
    /// The index has grown: this segment is complete at the origin.
    Grew {
        /// The track.
        track: TrackId,
        /// The segment's media sequence number.
        seq: u64,
    },
    /// The sender has these pieces, verified.
    Have(Ranges),
    /// The sender no longer has, or no longer fetches, these pieces.
    Lost(Ranges),
    /// The pieces that the sender wants to hear about, in place of those that it named before. It is
    /// answered by [`Extension::Have`] at least once, and told of these pieces alone.
    Wants(Ranges),
}

const HAVE: u8 = 1;
const LOST: u8 = 2;
const FETCHING: u8 = 3;
const GREW: u8 = 4;
const WANTS: u8 = 5;

impl Extension {
    /// The payload. A set of more ranges than [`Limits::max_ranges`] goes in several messages:
    /// see [`Ranges::chunks`].
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Fetching(ranges) => write_ranges(FETCHING, ranges, &mut out),
            Self::Grew { track, seq } => {
                out.push(GREW);
                varint::write(u64::from(track.0), &mut out);
                varint::write(*seq, &mut out);
            }
            Self::Have(ranges) => write_ranges(HAVE, ranges, &mut out),
            Self::Lost(ranges) => write_ranges(LOST, ranges, &mut out),
            Self::Wants(ranges) => write_ranges(WANTS, ranges, &mut out),
        }
        out
    }

    /// Reads a payload.
    pub fn decode(payload: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let (&kind, mut rest) = payload.split_first().ok_or(DecodeError::Truncated)?;
        let message = match kind {
            FETCHING => Self::Fetching(read_ranges(&mut rest, limits)?),
            GREW => Self::Grew {
                track: u16::try_from(varint::read(&mut rest)?)
                    .map(TrackId)
                    .map_err(|_| DecodeError::NumberRange)?,
                seq: varint::read(&mut rest)?,
            },
            HAVE => Self::Have(read_ranges(&mut rest, limits)?),
            LOST => Self::Lost(read_ranges(&mut rest, limits)?),
            WANTS => Self::Wants(read_ranges(&mut rest, limits)?),
            _ => return Err(DecodeError::UnknownKind(kind)),
        };
        if rest.is_empty() {
            Ok(message)
        } else {
            Err(DecodeError::Trailing)
        }
    }
}

fn write_ranges(kind: u8, ranges: &Ranges, out: &mut Vec<u8>) {
    out.push(kind);
    varint::write(ranges.len() as u64, out);
    let mut end = 0;
    for range in ranges.iter() {
        varint::write(u64::from(range.start - end), out);
        varint::write(u64::from(range.end - range.start - 1), out);
        end = range.end;
    }
}

fn read_ranges(input: &mut &[u8], limits: &Limits) -> Result<Ranges, DecodeError> {
    let limit = limits.max_ranges;
    let count = usize::try_from(varint::read(input)?).unwrap_or(usize::MAX);
    if count > limit {
        return Err(DecodeError::TooMany { limit });
    }
    // The set grows with the bytes that are really there, not with what the count claims.
    let mut ranges = Ranges::new();
    let mut end = 0u32;
    for _ in 0..count {
        let gap = varint::read_u32(input)?;
        let rest = varint::read_u32(input)?;
        let start = end.checked_add(gap).ok_or(DecodeError::Ranges)?;
        end = start
            .checked_add(rest)
            .and_then(|last| last.checked_add(1))
            .ok_or(DecodeError::Ranges)?;
        if !ranges.push(start..end) {
            return Err(DecodeError::Ranges);
        }
    }
    Ok(ranges)
}
