//! The hash of outputs. They are not kept: who replays the inputs has them.

use shoal_wire::tracker::{Announce, AnnounceEvent, Answer, ClientMessage};

use super::code::{Write, put, writes};
use super::private::unread;
use crate::consent::{Reason, State};
use crate::event::Event;
use crate::output::{CloseReason, Declined, Delivery, Output};

/// A hash of all outputs so far, SDP left out: FNV-1a of 64 bits.
#[derive(Clone, Debug)]
pub struct OutputHash {
    hash: u64,
    /// One output, kept for its room.
    bytes: Vec<u8>,
}

impl Default for OutputHash {
    fn default() -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            bytes: Vec::new(),
        }
    }
}

impl OutputHash {
    /// Takes in the next output.
    pub fn add(&mut self, output: &Output) {
        self.bytes.clear();
        output.write(&mut self.bytes);
        for &byte in &self.bytes {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The hash.
    #[must_use]
    pub const fn whole(&self) -> u64 {
        self.hash
    }

    /// One byte of it: the highest, which depends on all others.
    #[must_use]
    pub const fn check(&self) -> u8 {
        (self.hash >> 56) as u8
    }
}

/// For texts that this program holds itself.
mod word {
    pub(super) fn write(word: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(word.as_bytes());
    }
}

/// For frames that we send: whoever sends an address in one, it is not us.
mod sent {
    pub(super) fn write(frame: &shoal_wire::peer::Frame, out: &mut Vec<u8>) {
        out.extend(frame.encode());
    }
}

/// All of it but its SDPs, and of its token that there is one.
impl Write for Announce {
    fn write(&self, out: &mut Vec<u8>) {
        self.info_hash.write(out);
        self.peer_id.write(out);
        self.event.write(out);
        self.numwant.write(out);
        self.uploaded.write(out);
        self.downloaded.write(out);
        self.left.write(out);
        for offer in &self.offers {
            offer.offer_id.write(out);
        }
        self.token.is_some().write(out);
    }
}

/// All of it but its SDP.
impl Write for Answer {
    fn write(&self, out: &mut Vec<u8>) {
        self.info_hash.write(out);
        self.peer_id.write(out);
        self.to_peer_id.write(out);
        self.offer_id.write(out);
    }
}

macro_rules! words {
    ($($name:ident)*) => {
        $(impl Write for $name {
            fn write(&self, out: &mut Vec<u8>) {
                out.push(*self as u8);
            }
        })*
    };
}

words!(CloseReason Declined Reason);

writes! {
    enum Output {
        0 Decline { id, reason };
        1 Deliver { id, segment, delivery };
        2 Event(event);
        3 Evict(segment);
        4 FetchPart { track, part };
        5 HttpAbort(id);
        6 HttpGet { id, server, segment, offset, length };
        7 Keep(block);
        8 KeepOffered(segment);
        9 LinkAccept { link, sdp as unread };
        10 LinkClose { link, reason };
        11 LinkConnect { link, sdp as unread };
        12 LinkOffer(link);
        13 LinkSend { link, frame as sent };
        14 Reserve { segment, length };
        15 TrackerClose;
        16 TrackerConnect(position);
        17 TrackerSend(message);
        18 Verify { piece, segment, offset, length };
        19 Wait(until);
        20 CountViewers { member };
        21 RenewIndex;
    }

    enum ClientMessage {
        0 Announce(announce);
        1 Answer(answer);
        2 Scrape { info_hashes };
    }

    enum AnnounceEvent {
        0 Completed;
        1 Started;
        2 Stopped;
    }

    enum Event {
        0 Peers(peers);
        1 Problem(code as word);
        2 State(state);
    }

    enum State {
        0 Asking;
        1 Off(reason);
        2 On;
        3 Waiting(reason);
    }

    struct Delivery { from_peers, from_origin, rate };
}
