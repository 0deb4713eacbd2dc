//! What may hold an address, made harmless before it is kept.
//!
//! SDP does, and so may every text and every extension of a stranger. Of these the engine reads
//! ids and numbers. They are kept and nothing else; a replay gets messages made of them.

use super::code::{Read, Write, take_byte};
use super::error::RecordError;

/// An SDP: its length, rounded down to a power of two.
pub(super) mod sdp {
    use super::{RecordError, take_byte};

    /// 16 KiB, the longest that is read of a tracker.
    const LONGEST: u32 = 14;

    pub(in crate::record) fn write(sdp: &str, out: &mut Vec<u8>) {
        let size = sdp.len().checked_ilog2().unwrap_or_default();
        out.push(size.min(LONGEST) as u8);
    }

    /// So many dashes.
    pub(in crate::record) fn read(input: &mut &[u8]) -> Result<String, RecordError> {
        match u32::from(take_byte(input)?) {
            size @ 0..=LONGEST => Ok("-".repeat(1 << size)),
            _ => Err(RecordError::Number),
        }
    }
}

/// A token: that there is one.
pub(super) mod token {
    use super::{Read as _, RecordError, Write as _};

    pub(in crate::record) fn write(token: &Option<String>, out: &mut Vec<u8>) {
        token.is_some().write(out);
    }

    pub(in crate::record) fn read(input: &mut &[u8]) -> Result<Option<String>, RecordError> {
        Ok(bool::read(input)?.then(String::new))
    }
}

/// The payload of an extension's message. Which of the two that are known it is can be told from
/// its first byte; any other is malformed, or passed over.
pub(super) mod payload {
    use shoal_wire::peer::ExtendedHandshake;
    use shoal_wire::peer::shoal::{Extension, Limits, NAME};

    use super::{Read as _, RecordError, Write as _, take_byte};

    const NEITHER: u8 = 0;
    const HELLO: u8 = 1;
    const SHOAL: u8 = 2;

    pub(in crate::record) fn write(payload: &[u8], out: &mut Vec<u8>) {
        if let Ok(hello) = ExtendedHandshake::decode(payload) {
            out.extend([HELLO, hello.m.get(NAME).unwrap_or_default()]);
        } else if Extension::decode(payload, &Limits::default()).is_ok() {
            // Numbers in their shortest form: there is no room for anything else.
            out.push(SHOAL);
            payload.len().write(out);
            out.extend_from_slice(payload);
        } else {
            out.push(NEITHER);
        }
    }

    pub(in crate::record) fn read(input: &mut &[u8]) -> Result<Vec<u8>, RecordError> {
        match take_byte(input)? {
            NEITHER => Ok(Vec::new()),
            HELLO => Ok(ExtendedHandshake {
                m: [(NAME.to_owned(), take_byte(input)?)].into(),
                ..ExtendedHandshake::default()
            }
            .encode()),
            SHOAL => {
                let length = usize::read(input)?;
                let (payload, rest) = input
                    .split_at_checked(length)
                    .ok_or(RecordError::Truncated)?;
                *input = rest;
                Ok(payload.to_vec())
            }
            number => Err(RecordError::Unknown {
                kind: "payload",
                number,
            }),
        }
    }
}

/// What the engine does not read.
pub(super) mod unread {
    use super::RecordError;

    pub(in crate::record) const fn write<T: ?Sized>(_: &T, _: &mut Vec<u8>) {}

    pub(in crate::record) fn read<T: Default>(_: &mut &[u8]) -> Result<T, RecordError> {
        Ok(T::default())
    }
}
