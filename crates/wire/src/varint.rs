//! Unsigned LEB128: seven bits a byte, least significant first, the top bit set on all but the
//! last. Only the shortest form is read, so that a value has one spelling.

use crate::DecodeError;

/// Appends `value`.
pub fn write(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        // Masked to seven bits, so nothing is cut off.
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes one number off the front of `input`.
pub fn read(input: &mut &[u8]) -> Result<u64, DecodeError> {
    let mut value = 0u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, rest) = input.split_first().ok_or(DecodeError::Truncated)?;
        *input = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return Err(DecodeError::NumberRange);
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return if byte == 0 && shift > 0 {
                Err(DecodeError::NumberShape)
            } else {
                Ok(value)
            };
        }
    }
    Err(DecodeError::NumberRange)
}

/// As [`read`], for a number of 32 bits.
pub fn read_u32(input: &mut &[u8]) -> Result<u32, DecodeError> {
    u32::try_from(read(input)?).map_err(|_| DecodeError::NumberRange)
}
