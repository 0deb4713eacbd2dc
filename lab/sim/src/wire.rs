//! Frames as bytes on a line: what they weigh, what is bundled, and the codec they may pass through.

use shoal_engine::LinkId;
use shoal_wire::peer::{Decoder, Frame, Limits, Message, Read};

use crate::p2pml_model::Packet;
use crate::store::Breach;

/// Frames on their way, in one packet.
#[derive(Debug)]
pub(crate) struct Wire {
    /// The receiver's name of the link.
    pub(crate) link: LinkId,
    pub(crate) body: Body,
    pub(crate) weight: Weight,
    /// Every byte of the block is wrong.
    pub(crate) corrupt: bool,
}

/// Bytes of frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weight {
    /// Bytes on the line.
    pub(crate) size: u32,
    /// Bytes of headers and of the block.
    pub(crate) bytes: u32,
    /// Bytes of the block behind the header.
    pub(crate) payload: u32,
}

#[derive(Debug)]
pub(crate) enum Body {
    Encoded(Vec<u8>),
    Typed(Frames),
    /// Messages of the hybrid loader. There are none in all parts but the last of a long one.
    Hybrid(Vec<Packet>),
}

/// Mostly there is one, which needs no room of its own.
#[derive(Debug)]
pub(crate) enum Frames {
    One(Frame),
    Many(Vec<Frame>),
}

/// Small frames of one link that its viewer sends in one go.
#[derive(Debug)]
pub(crate) struct Burst {
    pub(crate) link: LinkId,
    pub(crate) body: Body,
    pub(crate) weight: Weight,
}

/// Payload of one packet, and what UDP, DTLS and SCTP add to it, bytes.
pub(crate) const PACKET: u32 = 1150;
pub(crate) const HEADERS: u32 = 77;

impl Wire {
    /// Figure that tells it from others in the trace.
    pub(crate) fn figure(&self) -> u64 {
        self.link.0 << 32 | u64::from(self.weight.size)
    }
}

impl Weight {
    pub(crate) fn of(frame: &Frame) -> Self {
        let payload = frame.payload_len();
        Self::new(header_len(frame) + payload, payload)
    }

    pub(crate) fn new(bytes: u32, payload: u32) -> Self {
        Self {
            size: bytes + bytes.div_ceil(PACKET) * HEADERS,
            bytes,
            payload,
        }
    }
}

impl Burst {
    /// Puts one more frame behind.
    pub(crate) fn add(&mut self, next: Body, weight: Weight) {
        self.body.add(next);
        self.weight.size += weight.size;
        self.weight.bytes += weight.bytes;
    }
}

impl Body {
    /// As it is, or through the codec.
    pub(crate) fn of(frame: Frame, strict: bool) -> Result<Self, Breach> {
        if !strict {
            return Ok(Self::Typed(Frames::One(frame)));
        }
        let header = frame.encode();
        if header.len() != header_len(&frame) as usize {
            return Err(format!("sends {frame:?}, whose length is miscounted"));
        }
        Ok(Self::Encoded(header))
    }

    /// Puts one more frame behind. A run either encodes all frames or none.
    fn add(&mut self, next: Self) {
        match (self, next) {
            (Self::Encoded(bytes), Self::Encoded(more)) => bytes.extend(more),
            (Self::Typed(frames), Self::Typed(Frames::One(frame))) => frames.add(frame),
            (Self::Hybrid(packets), Self::Hybrid(more)) => packets.extend(more),
            _ => {}
        }
    }
}

impl Frames {
    fn add(&mut self, frame: Frame) {
        *self = match core::mem::replace(self, Self::Many(Vec::new())) {
            Self::One(first) => Self::Many(vec![first, frame]),
            Self::Many(mut frames) => {
                frames.push(frame);
                Self::Many(frames)
            }
        };
    }
}

/// Bytes of a frame but its block: what `Frame::encode` gives, which strict runs check.
fn header_len(frame: &Frame) -> u32 {
    let message = match frame {
        Frame::Handshake(_) => return HANDSHAKE,
        Frame::Message(message) => message,
    };
    let body = match message {
        Message::KeepAlive => 0,
        Message::Choke
        | Message::HaveAll
        | Message::HaveNone
        | Message::Interested
        | Message::NotInterested
        | Message::Unchoke => 1,
        Message::Port(_) => 3,
        Message::AllowedFast(_) | Message::Have(_) | Message::Suggest(_) => 5,
        Message::Piece(_) => 9,
        Message::Cancel(_) | Message::Reject(_) | Message::Request(_) => 13,
        Message::Bitfield(bits) => 1 + bits.len() as u32,
        Message::Extended { payload, .. } => 2 + payload.len() as u32,
    };
    4 + body
}

pub(crate) fn new_decoder() -> Box<Decoder> {
    Box::new(Decoder::new(Limits::default()))
}

/// Passes frames through the real codec, cut in two as a byte stream may be. Whether their block is
/// corrupt is read off its bytes.
pub(crate) fn decode(
    decoder: &mut Decoder,
    header: &[u8],
    wire: &Wire,
) -> Result<(Vec<Frame>, bool), String> {
    let payload = vec![if wire.corrupt { CORRUPT } else { 0 }; wire.weight.payload as usize];
    let (head, tail) = header.split_at(header.len() / 2);
    let mut found = Vec::new();
    let mut corrupt = false;
    for mut input in [head, tail, &payload] {
        loop {
            match decoder.read(&mut input) {
                Ok(Some(Read::Frame(frame))) => found.push(frame),
                Ok(Some(Read::PieceData { data, .. })) => corrupt |= data.contains(&CORRUPT),
                Ok(None) => break,
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    if found.is_empty() {
        return Err("nothing whole".to_owned());
    }
    Ok((found, corrupt))
}

/// Bytes of a handshake.
const HANDSHAKE: u32 = 68;
/// Each byte of a corrupt payload.
const CORRUPT: u8 = 0xbd;
