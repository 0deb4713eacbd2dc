//! The messages of BEP 3 and BEP 6.

use crate::DecodeError;
use crate::id::PieceIndex;

/// The numbers that messages have on the wire.
pub(super) mod number {
    pub(crate) const CHOKE: u8 = 0;
    pub(crate) const UNCHOKE: u8 = 1;
    pub(crate) const INTERESTED: u8 = 2;
    pub(crate) const NOT_INTERESTED: u8 = 3;
    pub(crate) const HAVE: u8 = 4;
    pub(crate) const BITFIELD: u8 = 5;
    pub(crate) const REQUEST: u8 = 6;
    pub(crate) const PIECE: u8 = 7;
    pub(crate) const CANCEL: u8 = 8;
    pub(crate) const PORT: u8 = 9;
    pub(crate) const SUGGEST: u8 = 13;
    pub(crate) const HAVE_ALL: u8 = 14;
    pub(crate) const HAVE_NONE: u8 = 15;
    pub(crate) const REJECT: u8 = 16;
    pub(crate) const ALLOWED_FAST: u8 = 17;
    pub(crate) const EXTENDED: u8 = 20;
}

/// The unit of one request: `length` bytes at `begin` of one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    /// The piece that the bytes belong to.
    pub piece: PieceIndex,
    /// Offset in the piece, bytes.
    pub begin: u32,
    /// Length, bytes.
    pub length: u32,
}

/// A peer message after the handshake (BEP 3, BEP 6, BEP 10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The piece may be requested even while choked (BEP 6).
    AllowedFast(PieceIndex),
    /// What the sender has, one bit a piece (BEP 3).
    Bitfield(Vec<u8>),
    /// Withdraws a request.
    Cancel(Block),
    /// The receiver's requests will not be served.
    Choke,
    /// An extension message; `id` 0 is the extended handshake (BEP 10).
    Extended {
        /// The receiver's number for the extension.
        id: u8,
        /// The extension's own bytes.
        payload: Vec<u8>,
    },
    /// The sender has one more piece.
    Have(PieceIndex),
    /// The sender has every piece (BEP 6).
    HaveAll,
    /// The sender has no piece (BEP 6).
    HaveNone,
    /// The sender wants something that the receiver has.
    Interested,
    /// Nothing; keeps the connection open.
    KeepAlive,
    /// The sender wants nothing that the receiver has.
    NotInterested,
    /// The header of a block whose bytes travel right behind it.
    Piece(Block),
    /// The sender's DHT port. Read and ignored.
    Port(u16),
    /// A request will not be served (BEP 6).
    Reject(Block),
    /// Asks for a block.
    Request(Block),
    /// The sender would like the receiver to ask for this piece (BEP 6).
    Suggest(PieceIndex),
    /// The receiver's requests will be served.
    Unchoke,
}

impl Message {
    /// The message's bytes, length prefix included. Of [`Message::Piece`] only the 13 bytes of
    /// the header; its length prefix covers the block's bytes, which the sender puts behind it.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::AllowedFast(piece) => with_piece(number::ALLOWED_FAST, *piece),
            Self::Bitfield(bits) => with_bytes(&[number::BITFIELD], bits),
            Self::Cancel(block) => with_block(number::CANCEL, block),
            Self::Choke => with_bytes(&[number::CHOKE], &[]),
            Self::Extended { id, payload } => with_bytes(&[number::EXTENDED, *id], payload),
            Self::Have(piece) => with_piece(number::HAVE, *piece),
            Self::HaveAll => with_bytes(&[number::HAVE_ALL], &[]),
            Self::HaveNone => with_bytes(&[number::HAVE_NONE], &[]),
            Self::Interested => with_bytes(&[number::INTERESTED], &[]),
            Self::KeepAlive => with_bytes(&[], &[]),
            Self::NotInterested => with_bytes(&[number::NOT_INTERESTED], &[]),
            Self::Piece(block) => piece_header(block),
            Self::Port(port) => with_bytes(&[number::PORT], &port.to_be_bytes()),
            Self::Reject(block) => with_block(number::REJECT, block),
            Self::Request(block) => with_block(number::REQUEST, block),
            Self::Suggest(piece) => with_piece(number::SUGGEST, *piece),
            Self::Unchoke => with_bytes(&[number::UNCHOKE], &[]),
        }
    }

    /// Reads the message of number `id` whose whole body is `body`. The length of the body has
    /// been checked; `None` is a message that is not known.
    pub(super) fn from_body(id: u8, body: Vec<u8>) -> Result<Option<Self>, DecodeError> {
        let mut rest = body.as_slice();
        Ok(Some(match id {
            number::ALLOWED_FAST => Self::AllowedFast(PieceIndex(take_u32(&mut rest)?)),
            number::BITFIELD => Self::Bitfield(body),
            number::CANCEL => Self::Cancel(Block::take(&mut rest)?),
            number::CHOKE => Self::Choke,
            number::EXTENDED => {
                let (&id, payload) = rest.split_first().ok_or(DecodeError::Truncated)?;
                Self::Extended {
                    id,
                    payload: payload.to_vec(),
                }
            }
            number::HAVE => Self::Have(PieceIndex(take_u32(&mut rest)?)),
            number::HAVE_ALL => Self::HaveAll,
            number::HAVE_NONE => Self::HaveNone,
            number::INTERESTED => Self::Interested,
            number::NOT_INTERESTED => Self::NotInterested,
            number::PORT => {
                let port = rest.first_chunk().ok_or(DecodeError::Truncated)?;
                Self::Port(u16::from_be_bytes(*port))
            }
            number::REJECT => Self::Reject(Block::take(&mut rest)?),
            number::REQUEST => Self::Request(Block::take(&mut rest)?),
            number::SUGGEST => Self::Suggest(PieceIndex(take_u32(&mut rest)?)),
            number::UNCHOKE => Self::Unchoke,
            _ => return Ok(None),
        }))
    }
}

impl Block {
    /// Reads index, begin and length.
    fn take(input: &mut &[u8]) -> Result<Self, DecodeError> {
        Ok(Self {
            piece: PieceIndex(take_u32(input)?),
            begin: take_u32(input)?,
            length: take_u32(input)?,
        })
    }

    /// Refuses a block that no request may ask for.
    pub(super) fn check(&self, limit: u32) -> Result<(), DecodeError> {
        if self.length == 0 {
            return Err(DecodeError::BlockEmpty);
        }
        if self.length > limit {
            return Err(DecodeError::BlockTooLong {
                length: self.length,
                limit,
            });
        }
        match self.begin.checked_add(self.length) {
            Some(_) => Ok(()),
            None => Err(DecodeError::BlockOverflow),
        }
    }
}

/// Takes a big-endian number off the front of `input`.
pub(super) fn take_u32(input: &mut &[u8]) -> Result<u32, DecodeError> {
    let (bytes, rest) = input.split_first_chunk().ok_or(DecodeError::Truncated)?;
    *input = rest;
    Ok(u32::from_be_bytes(*bytes))
}

fn with_bytes(head: &[u8], body: &[u8]) -> Vec<u8> {
    // A body beyond 4 GiB cannot be sent; the receiver refuses this length.
    let length = u32::try_from(head.len() + body.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(4 + head.len() + body.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(body);
    bytes
}

fn with_piece(id: u8, piece: PieceIndex) -> Vec<u8> {
    with_bytes(&[id], &piece.0.to_be_bytes())
}

fn with_block(id: u8, block: &Block) -> Vec<u8> {
    let mut body = Vec::with_capacity(12);
    for number in [block.piece.0, block.begin, block.length] {
        body.extend_from_slice(&number.to_be_bytes());
    }
    with_bytes(&[id], &body)
}

fn piece_header(block: &Block) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(13);
    bytes.extend_from_slice(&block.length.saturating_add(9).to_be_bytes());
    bytes.push(number::PIECE);
    bytes.extend_from_slice(&block.piece.0.to_be_bytes());
    bytes.extend_from_slice(&block.begin.to_be_bytes());
    bytes
}
