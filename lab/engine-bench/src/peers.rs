//! The peers: who they are and what they say.

use shoal_engine::{Input, LinkFault, LinkId};
use shoal_wire::id::{OfferId, PeerId, PieceIndex};
use shoal_wire::peer::shoal::{self, Extension};
use shoal_wire::peer::{Block, ExtendedHandshake, Extensions, Frame, Handshake, Message, Ranges};
use shoal_wire::tracker::TrackerMessage;

use crate::{BLOCK, PIECE, SWARM, Viewer, first_piece, ranges};

impl Viewer {
    /// Someone connects by the tracker. Who does not speak our extension is no part of the stream's
    /// turns.
    pub fn meet(&mut self, extended: bool) -> LinkId {
        self.met += 1;
        let mut name = [0; 20];
        name[..8].copy_from_slice(&self.met.to_be_bytes());
        let peer_id = PeerId(name);
        let offer: TrackerMessage = TrackerMessage::Offer {
            info_hash: SWARM,
            peer_id,
            offer_id: OfferId(name),
            sdp: "their offer".into(),
        };
        self.tell(Input::TrackerMessage(offer.encode()));
        let link = self.orders.accepted.take().expect("the offer is accepted");
        self.tell(Input::LinkDescribed {
            link,
            sdp: "our answer".into(),
        });
        self.tell(Input::LinkOpen(link));
        let hello = Handshake {
            info_hash: SWARM,
            peer_id,
            fast: true,
            extended,
        };
        self.tell(Input::LinkFrame {
            link,
            frame: Frame::Handshake(hello),
        });
        if extended {
            let hello = ExtendedHandshake {
                m: Extensions::from([(shoal::NAME.to_owned(), 9)]),
                client: None,
                reqq: None,
                metadata_size: None,
            };
            let payload = hello.encode();
            self.hear(link, Message::Extended { id: 0, payload });
            self.tell(said(link, &Extension::Have(Ranges::new())));
            self.peers.push(link);
        }
        self.hear(link, Message::HaveNone);
        self.hear(link, Message::Interested);
        self.hear(link, Message::Unchoke);
        link
    }

    /// The peer met last goes.
    pub fn part(&mut self) {
        if let Some(link) = self.peers.pop() {
            self.tell(Input::LinkFailed {
                link,
                fault: LinkFault::Closed,
            });
        }
    }

    /// A request for a block of the last four segments before the newest one, by another peer at
    /// each turn.
    pub fn request(&self, turn: usize) -> Input {
        let link = self.peers[turn % self.peers.len()];
        let turn = turn as u32;
        // The last piece may be shorter than a block.
        let piece = turn % (self.stream.pieces() - 1);
        let block = Block {
            piece: PieceIndex(first_piece(self.head - 1 - u64::from(turn % 4)) + piece),
            begin: turn % (PIECE / BLOCK) * BLOCK,
            length: BLOCK,
        };
        heard(link, Message::Request(block))
    }

    /// What a peer has of the newest segment: of ten each lacks another tenth, one alone has all.
    pub(crate) fn share(&self, peer: u32) -> Ranges {
        let first = first_piece(self.head);
        let mut has = ranges(first, first + self.stream.pieces());
        if self.peers.len() > 1 {
            for piece in (first..first + self.stream.pieces())
                .skip((peer % 10) as usize)
                .step_by(10)
            {
                has.remove(piece, piece + 1);
            }
        }
        has
    }
}

/// A message that a peer sends.
pub const fn heard(link: LinkId, message: Message) -> Input {
    Input::LinkFrame {
        link,
        frame: Frame::Message(message),
    }
}

/// A message that a peer sends by our extension.
pub fn said(link: LinkId, extension: &Extension) -> Input {
    let payload = extension.encode();
    heard(
        link,
        Message::Extended {
            id: shoal::ID,
            payload,
        },
    )
}
