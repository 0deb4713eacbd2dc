//! Messages of viewers and of the harvester to the tracker, and the ids that they bear.

use shoal_wire::id::{InfoHash, OfferId, PeerId};
use shoal_wire::tracker::{Announce, AnnounceEvent, Answer, ClientMessage, Offer};

/// The video's swarm.
pub(super) const SWARM: InfoHash = InfoHash([7; 20]);

/// Owner of a peer id or a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Spy(usize),
    Viewer(usize),
}

pub(super) fn announce(
    peer_id: PeerId,
    event: Option<AnnounceEvent>,
    offers: usize,
    turn: u64,
) -> ClientMessage {
    let offer = |n: usize| {
        let mut id = [0; 20];
        id[..8].copy_from_slice(&turn.to_be_bytes());
        id[8..16].copy_from_slice(&peer_id.0[..8]);
        id[16..].copy_from_slice(&(n as u32).to_be_bytes());
        Offer {
            offer_id: OfferId(id),
            sdp: String::new(),
        }
    };
    ClientMessage::Announce(Announce {
        info_hash: SWARM,
        peer_id,
        event,
        numwant: offers as u32,
        uploaded: 0,
        downloaded: 0,
        left: Some(1),
        offers: (0..offers).map(offer).collect(),
        token: None,
    })
}

pub(super) fn answer(peer_id: PeerId, to_peer_id: PeerId, offer_id: OfferId) -> ClientMessage {
    ClientMessage::Answer(Answer {
        info_hash: SWARM,
        peer_id,
        to_peer_id,
        offer_id,
        sdp: String::new(),
    })
}

pub(super) fn viewer_id(who: usize) -> PeerId {
    numbered(0, who as u64)
}

pub(super) fn spy_id(number: u64) -> PeerId {
    numbered(1, number)
}

fn numbered(kind: u8, number: u64) -> PeerId {
    let mut id = [kind; 20];
    id[..8].copy_from_slice(&number.to_be_bytes());
    PeerId(id)
}

pub(super) fn owner(PeerId(id): PeerId) -> Who {
    let number = u64::from_be_bytes(id[..8].try_into().unwrap_or_default()) as usize;
    match id[19] {
        0 => Who::Viewer(number),
        _ => Who::Spy(number),
    }
}
