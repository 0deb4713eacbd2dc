//! Between peer messages and channel messages.
//!
//! The channel is a byte stream: a peer message may span channel messages, and one of those may
//! hold several. This is the only place that sizes messages.

use js_sys::Uint8Array;
use shoal_wire::error::DecodeError;
use shoal_wire::peer::{Decoder, Frame, Limits, Message, Read};

/// Largest message that we send, bytes: what every browser takes, also one whose SDP does not say
/// (RFC 8841 §6).
const LARGEST_SENT: u32 = 64 * 1024;

/// Largest message that we read, bytes: four times what browsers announce that they take.
pub(super) const LARGEST_READ: u32 = 1024 * 1024;

/// Reads frames out of what comes in. It holds at most one block, `Limits::max_block` bytes.
#[derive(Debug)]
pub struct Inflow {
    decoder: Decoder,
    block: Vec<u8>,
}

impl Default for Inflow {
    fn default() -> Self {
        Self {
            decoder: Decoder::new(Limits::default()),
            block: Vec::new(),
        }
    }
}

impl Inflow {
    /// The next whole frame, read from the front of `input`, with the bytes of its block when it
    /// is `Message::Piece`. Nothing when the rest of it is still to come.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<(Frame, Vec<u8>)>, DecodeError> {
        loop {
            match self.decoder.read(input)? {
                None => return Ok(None),
                Some(Read::PieceData { offset, data, .. }) => {
                    if offset == 0 {
                        self.block.clear();
                    }
                    self.block.extend_from_slice(data);
                }
                Some(Read::Frame(frame)) => {
                    let block = match frame {
                        Frame::Message(Message::Piece(_)) => core::mem::take(&mut self.block),
                        _ => Vec::new(),
                    };
                    return Ok(Some((frame, block)));
                }
            }
        }
    }
}

/// The channel messages of a frame and the bytes that follow its header.
pub(super) fn messages(frame: &Frame, payload: Option<&Uint8Array>) -> Vec<Uint8Array> {
    let header = frame.encode();
    let whole = match payload {
        None => Uint8Array::from(header.as_slice()),
        Some(payload) => {
            // Fits: a header is 13 bytes, and a block is no longer than a piece.
            let start = header.len() as u32;
            let whole = Uint8Array::new_with_length(start + payload.length());
            whole.subarray(0, start).copy_from(&header);
            whole.set(payload, start);
            whole
        }
    };
    let length = whole.length();
    if length <= LARGEST_SENT {
        return vec![whole];
    }
    (0..length)
        .step_by(LARGEST_SENT as usize)
        .map(|start| whole.subarray(start, length.min(start + LARGEST_SENT)))
        .collect()
}
