//! Cuts the byte stream of a connection into frames.
//!
//! Bytes come in whatever portions the data channel has. A message's length is held against the
//! limit of its kind before anything of it is kept; media is passed through and never kept.

use super::handshake::{self, Handshake};
use super::message::{number, take_u32};
use super::{Block, Frame, Message};
use crate::DecodeError;
use crate::id::PieceIndex;

/// What one peer message may weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one block, asked for or sent. 128 KiB, WebTorrent's limit.
    pub max_block: u32,
    /// Bytes of a bitfield. 64 KiB, room for the 400,000 pieces that WebTorrent allows.
    pub max_bitfield: u32,
    /// Bytes of an extension's message, and of a message that is not known. 64 KiB.
    pub max_extended: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_block: 128 * 1024,
            max_bitfield: 64 * 1024,
            max_extended: 64 * 1024,
        }
    }
}

/// What a [`Decoder`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<'a> {
    /// A whole frame. A [`Message::Piece`] comes after the last of its bytes.
    Frame(Frame),
    /// Bytes of a block, in order.
    PieceData {
        /// The block.
        block: Block,
        /// Where `data` starts in the block, bytes.
        offset: u32,
        /// At least one byte.
        data: &'a [u8],
    },
}

/// Cuts a byte stream into frames, the handshake first.
///
/// 1. Call [`Decoder::read`] until it gives `None`, also when `input` is empty already.
/// 2. An error is final: it is given again on each later call.
/// 3. Messages of unknown kinds are passed over.
#[derive(Clone, Debug)]
pub struct Decoder {
    limits: Limits,
    buffer: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Handshake,
    Length,
    Id { length: u32 },
    Body { id: u8, body: u32 },
    PieceHeader { data: u32 },
    PieceData { block: Block, offset: u32 },
    Skip { left: u32 },
    Broken(DecodeError),
}

impl Decoder {
    /// A decoder at the start of a connection.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: Vec::new(),
            state: State::Handshake,
        }
    }

    /// Reads on. What is used of `input` is cut off its front; all of it is used when the outcome
    /// is `None`.
    pub fn read<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Read<'a>>, DecodeError> {
        loop {
            match self.step(input) {
                Ok(Step::Found(read)) => return Ok(Some(read)),
                Ok(Step::Hungry) => return Ok(None),
                Ok(Step::On) => {}
                Err(error) => {
                    self.state = State::Broken(error);
                    self.buffer = Vec::new();
                    return Err(error);
                }
            }
        }
    }

    /// Bytes of an unfinished frame that are kept. Never more than [`Limits`] allow one message.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn step<'a>(&mut self, input: &mut &'a [u8]) -> Result<Step<'a>, DecodeError> {
        match self.state {
            State::Handshake => {
                let full = self.fill(input, handshake::LENGTH);
                let begins = self
                    .buffer
                    .iter()
                    .zip(handshake::PROTOCOL)
                    .all(|(a, b)| a == b);
                if !begins {
                    return Err(DecodeError::NotBitTorrent);
                }
                if !full {
                    return Ok(Step::Hungry);
                }
                let bytes = self.buffer.first_chunk().ok_or(DecodeError::Truncated)?;
                let handshake = Handshake::decode(bytes)?;
                self.next(State::Length);
                Ok(Step::Found(Read::Frame(Frame::Handshake(handshake))))
            }
            State::Length => {
                if !self.fill(input, 4) {
                    return Ok(Step::Hungry);
                }
                let length = take_u32(&mut self.buffer.as_slice())?;
                if length == 0 {
                    self.next(State::Length);
                    return Ok(found(Message::KeepAlive));
                }
                self.admit_any(length)?;
                self.next(State::Id { length });
                Ok(Step::On)
            }
            State::Id { length } => {
                let Some((&id, rest)) = input.split_first() else {
                    return Ok(Step::Hungry);
                };
                *input = rest;
                let state = self.admit(id, length)?;
                self.next(state);
                Ok(Step::On)
            }
            State::Body { id, body } => {
                if !self.fill(input, body as usize) {
                    return Ok(Step::Hungry);
                }
                let body = core::mem::take(&mut self.buffer);
                self.next(State::Length);
                match Message::from_body(id, body)? {
                    Some(message) => {
                        self.check(&message)?;
                        Ok(found(message))
                    }
                    None => Ok(Step::On),
                }
            }
            State::PieceHeader { data } => {
                if !self.fill(input, 8) {
                    return Ok(Step::Hungry);
                }
                let mut header = self.buffer.as_slice();
                let block = Block {
                    piece: PieceIndex(take_u32(&mut header)?),
                    begin: take_u32(&mut header)?,
                    length: data,
                };
                block.check(self.limits.max_block)?;
                self.next(State::PieceData { block, offset: 0 });
                Ok(Step::On)
            }
            State::PieceData { block, offset } if offset == block.length => {
                self.next(State::Length);
                Ok(found(Message::Piece(block)))
            }
            State::PieceData { block, offset } => {
                let data = cut(input, block.length - offset);
                if data.is_empty() {
                    return Ok(Step::Hungry);
                }
                let next = offset + data.len() as u32;
                self.state = State::PieceData {
                    block,
                    offset: next,
                };
                Ok(Step::Found(Read::PieceData {
                    block,
                    offset,
                    data,
                }))
            }
            State::Skip { left } => {
                let left = left - cut(input, left).len() as u32;
                if left > 0 {
                    self.state = State::Skip { left };
                    return Ok(Step::Hungry);
                }
                self.next(State::Length);
                Ok(Step::On)
            }
            State::Broken(error) => Err(error),
        }
    }

    /// Refuses a length that no kind of message may have.
    fn admit_any(&self, length: u32) -> Result<(), DecodeError> {
        let limit = [
            self.limits.max_block.saturating_add(9),
            self.limits.max_bitfield.saturating_add(1),
            self.limits.max_extended.saturating_add(2),
        ]
        .into_iter()
        .fold(13, u32::max);
        if length > limit {
            return Err(DecodeError::MessageTooLong { length, limit });
        }
        Ok(())
    }

    /// Holds a message's length against its kind. `length` is the prefix, so at least 1.
    fn admit(&self, id: u8, length: u32) -> Result<State, DecodeError> {
        let body = length.saturating_sub(1);
        let (least, most) = match id {
            number::CHOKE
            | number::UNCHOKE
            | number::INTERESTED
            | number::NOT_INTERESTED
            | number::HAVE_ALL
            | number::HAVE_NONE => (0, 0),
            number::HAVE | number::SUGGEST | number::ALLOWED_FAST => (4, 4),
            number::PORT => (2, 2),
            number::REQUEST | number::CANCEL | number::REJECT => (12, 12),
            number::BITFIELD => (0, self.limits.max_bitfield),
            number::EXTENDED => (1, self.limits.max_extended.saturating_add(1)),
            number::PIECE => (8, self.limits.max_block.saturating_add(8)),
            _ => (0, self.limits.max_extended),
        };
        if body < least || (body > most && least == most) {
            return Err(DecodeError::MessageLength { id, length });
        }
        if body > most {
            let limit = most.saturating_add(1);
            return Err(DecodeError::MessageTooLong { length, limit });
        }
        Ok(match id {
            number::PIECE => State::PieceHeader { data: body - 8 },
            number::CHOKE..=number::PORT
            | number::SUGGEST..=number::ALLOWED_FAST
            | number::EXTENDED => State::Body { id, body },
            _ => State::Skip { left: body },
        })
    }

    /// Refuses what is well formed but beyond the limits.
    fn check(&self, message: &Message) -> Result<(), DecodeError> {
        match message {
            Message::Cancel(block) | Message::Reject(block) | Message::Request(block) => {
                block.check(self.limits.max_block)
            }
            _ => Ok(()),
        }
    }

    fn next(&mut self, state: State) {
        self.buffer.clear();
        self.state = state;
    }

    /// Moves bytes to the buffer until it holds `wanted`; false when there are too few.
    fn fill(&mut self, input: &mut &[u8], wanted: usize) -> bool {
        let missing = wanted.saturating_sub(self.buffer.len());
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        self.buffer.extend_from_slice(cut(input, missing));
        self.buffer.len() >= wanted
    }
}

enum Step<'a> {
    Found(Read<'a>),
    Hungry,
    On,
}

fn found<'a>(message: Message) -> Step<'a> {
    Step::Found(Read::Frame(Frame::Message(message)))
}

/// Cuts up to `most` bytes off the front of `input`.
fn cut<'a>(input: &mut &'a [u8], most: u32) -> &'a [u8] {
    let at = input.len().min(most as usize);
    let (front, rest) = input.split_at_checked(at).unwrap_or((input, &[]));
    *input = rest;
    front
}
