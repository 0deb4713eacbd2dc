//! What two viewers say to each other.

mod decoder;
mod extended;
mod handshake;
mod message;
mod ranges;
pub mod shoal;

pub use decoder::{Decoder, Limits, Read};
pub use extended::{ExtendedHandshake, Extensions};
pub use handshake::Handshake;
pub use message::{Block, Message};
pub use ranges::Ranges;

/// One unit of the byte stream between two peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The first thing that each side sends.
    Handshake(Handshake),
    /// Everything after it.
    Message(Message),
}

impl Frame {
    /// The frame's bytes. Of [`Message::Piece`] only the header: the sender puts
    /// [`Frame::payload_len`] bytes of media right behind it.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Handshake(handshake) => handshake.encode().to_vec(),
            Self::Message(message) => message.encode(),
        }
    }

    /// Bytes of media that travel behind [`Frame::encode`]; 0 for all but [`Message::Piece`].
    pub fn payload_len(&self) -> u32 {
        match self {
            Self::Message(Message::Piece(block)) => block.length,
            _ => 0,
        }
    }
}
