//! Messages between peers, and their bytes.

use std::rc::Rc;

use super::ids::{Ids, int_bytes};

/// A message to a peer. Segments are named by their sequence numbers, since a swarm has one track
/// only.
#[derive(Clone, Debug)]
pub(crate) enum Packet {
    /// Nothing of the segment can be had here.
    Absent { seq: u64, request: u32 },
    /// The segments that the sender has.
    Announce(Rc<Announcement>),
    /// The segment is wanted no more.
    Cancel { seq: u64, request: u32 },
    /// The end of a segment: its bytes are sent.
    Completed { seq: u64, request: u32 },
    /// The beginning of a segment, of which so many bytes follow.
    Data { seq: u64, request: u32, bytes: u32 },
    /// Bytes of the segment being sent.
    Media(u32),
    /// A segment is wanted, from a byte on.
    Request { seq: u64, request: u32, from: u32 },
}

/// Everything that a viewer has of a track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Announcement {
    /// Segments that are stored.
    pub(super) loaded: Ids,
    /// Segments that were last asked of the origin.
    pub(super) fetching: Ids,
}

/// Bytes that frame a command: a mark at both ends, and the command's code.
const FRAME: u32 = 4 + 1 + 4;

impl Packet {
    /// Bytes of the message.
    pub(crate) fn bytes(&self) -> u32 {
        let field = |number: u64| 1 + int_bytes(number);
        let named = |seq: u64, request: u32| FRAME + field(seq) + field(u64::from(request));
        match *self {
            Self::Absent { seq, request }
            | Self::Cancel { seq, request }
            | Self::Completed { seq, request } => named(seq, request),
            Self::Announce(ref all) => FRAME + all.loaded.bytes() + all.fetching.bytes(),
            Self::Data {
                seq,
                request,
                bytes,
            } => named(seq, request) + field(u64::from(bytes)),
            Self::Media(bytes) => bytes,
            Self::Request {
                seq, request, from, ..
            } => {
                let offset = if from == 0 { 0 } else { field(u64::from(from)) };
                named(seq, request) + offset
            }
        }
    }

    /// Bytes of media in it.
    pub(crate) fn media(&self) -> u32 {
        match *self {
            Self::Media(bytes) => bytes,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announce(loaded: &[u64], fetching: &[u64]) -> u32 {
        let ids = |seqs: &[u64]| seqs.iter().copied().collect();
        let all = Announcement {
            loaded: ids(loaded),
            fetching: ids(fetching),
        };
        Packet::Announce(Rc::new(all)).bytes()
    }

    /// The lengths were taken from what the published package encodes.
    #[test]
    fn messages_are_as_long_as_the_real_ones() {
        assert_eq!(announce(&[], &[]), 9);
        assert_eq!(announce(&[0, 1, 2, 5], &[]), 18);
        assert_eq!(announce(&[0, 1, 2], &[3]), 23);
        assert_eq!(announce(&[254, 255, 256, 257], &[300]), 28);
        let (seq, request) = (42, 7);
        let from = |from, request| Packet::Request { seq, request, from }.bytes();
        assert_eq!(from(0, 7), 15);
        assert_eq!(from(131_070, 999), 21);
        let bytes = 1_048_576;
        assert_eq!(
            Packet::Data {
                seq,
                request,
                bytes
            }
            .bytes(),
            20
        );
        assert_eq!(Packet::Completed { seq, request }.bytes(), 15);
    }
}
