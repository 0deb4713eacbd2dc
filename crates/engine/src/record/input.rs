//! The table of inputs. A number, once given, keeps its meaning; one that is no longer used is not
//! given again. 0 is [`END`](super::format::END).

use shoal_wire::id::{InfoHash, OfferId, PeerId, PieceIndex, SegmentId, TrackId};
use shoal_wire::peer::{Block, Frame, Handshake, Message};
use shoal_wire::tracker::{OffBy, TrackerMessage};

use super::code::{get, put, reads, writes};
use super::private::{payload, sdp, token, unread};
use crate::consent::{Rule, Wish};
use crate::input::{
    ActiveTrack, HttpFault, HttpId, IndexInfo, Input, LinkFault, LinkId, NeedId, Pace, Playhead,
    TimelineSegment, TrackInfo, Verdict,
};

/// A byte has no code of its own either: a list of them may be anything.
mod byte {
    pub(super) fn write(byte: &u8, out: &mut Vec<u8>) {
        out.push(*byte);
    }

    pub(super) use crate::record::code::take_byte as read;
}

macro_rules! both {
    ($($table:tt)*) => {
        writes! { $($table)* }
        reads! { $($table)* }
    };
}

both! {
    enum Input {
        1 Cancel(id);
        2 HttpBlock { id, block };
        3 HttpDone(id);
        4 HttpFailed { id, fault };
        5 Index(info);
        6 LinkDescribed { link, sdp as sdp };
        7 LinkDrained { link, buffered };
        8 LinkFailed { link, fault };
        9 LinkFrame { link, frame };
        10 LinkOpen(link);
        11 Need { id, segment };
        12 Offered { segment, length, pace };
        13 Part { track, part, first, lengths };
        14 PartFailed { track, part };
        15 Playhead(playhead);
        16 Rule(rule);
        17 Tick;
        18 Timeline { track, segments };
        19 TrackerClosed;
        20 TrackerMessage(message);
        21 TrackerOpened;
        22 Verified { piece, verdict };
        23 Viewers { viewers, again };
        24 Limits { upload_rate, upload_total };
        25 Frugal(frugal);
        26 Renewed;
        27 Token(token as token);
        28 Mirrors(count);
    }

    enum Frame {
        0 Handshake(handshake);
        1 Message(message);
    }

    enum HttpFault {
        0 Network;
        1 Length;
        2 Status(code);
    }

    enum LinkFault {
        0 Closed;
        1 Refused;
        2 Malformed;
        3 Routeless;
    }

    enum Message {
        0 AllowedFast(piece);
        1 Bitfield(bits as unread);
        2 Cancel(block);
        3 Choke;
        4 Extended { id as byte, payload as payload };
        5 Have(piece);
        6 HaveAll;
        7 HaveNone;
        8 Interested;
        9 KeepAlive;
        10 NotInterested;
        11 Piece(block);
        12 Port(port);
        13 Reject(block);
        14 Request(block);
        15 Suggest(piece);
        16 Unchoke;
    }

    enum OffBy {
        0 Site;
        1 Video;
    }

    enum Rule {
        0 Capable(flag);
        1 Metered(flag);
        2 Page(wish);
        3 Site(wish);
        4 Video(wish);
        5 Viewer(answer);
        6 AskFirst(flag);
        7 Hidden(flag);
        8 Least(viewers);
        9 MeteredToo(flag);
        10 Relay(flag);
    }

    enum TrackerMessage {
        0 Announced { info_hash, interval, complete, incomplete, min_interval };
        1 Answer { info_hash, peer_id, offer_id, sdp as sdp };
        2 Failure { reason as unread, info_hash, off };
        3 Offer { info_hash, peer_id, offer_id, sdp as sdp };
        4 Scraped { files as unread };
        5 Warning { message as unread, info_hash };
    }

    enum Verdict {
        0 Invalid;
        1 Unknown;
        2 Valid;
    }

    enum Wish {
        0 Ask;
        1 Off;
        2 On;
    }

    struct ActiveTrack { track, buffered };
    struct Block { piece, begin, length };
    struct Handshake { info_hash, peer_id, fast, extended };
    struct HttpId(id);
    struct IndexInfo { swarm, live, piece_length, stride, trackers, tracks };
    struct InfoHash(bytes);
    struct LinkId(id);
    struct NeedId(id);
    struct OfferId(bytes);
    struct Pace { first_byte, whole };
    struct PeerId(bytes);
    struct PieceIndex(piece);
    struct Playhead { position, rate, active };
    struct SegmentId { track, seq };
    struct TimelineSegment { seq, start, duration };
    struct TrackId(track);
    struct TrackInfo { part_segments };
}
