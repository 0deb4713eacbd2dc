//! BitTorrent's encoding (BEP 3), as much of it as an extended handshake needs.
//!
//! Strict: numbers and lengths in their one shortest form, dictionary keys ascending and unique.
//! Bounded: nothing is allocated here, and nesting has a limit.

use crate::DecodeError;

/// How many lists and dictionaries may lie in each other in a value that is skipped.
const MAX_DEPTH: usize = 16;

/// Reads values off the front of a byte string.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// Bytes not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// A whole number.
    pub(crate) fn int(&mut self) -> Result<i64, DecodeError> {
        self.expect(b'i')?;
        let negative = self.eat(b'-');
        let digits = self.digits(b'e')?;
        if negative && digits == 0 {
            return Err(DecodeError::Bencode);
        }
        let value = i64::try_from(digits).map_err(|_| DecodeError::NumberRange)?;
        Ok(if negative { -value } else { value })
    }

    /// A byte string.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.digits(b':')?;
        let length = usize::try_from(length).map_err(|_| DecodeError::Truncated)?;
        let (bytes, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A dictionary. `entry` is called for each key and must read or skip the value.
    pub(crate) fn dict(
        &mut self,
        mut entry: impl FnMut(&'a [u8], &mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.expect(b'd')?;
        let mut last = None;
        while !self.eat(b'e') {
            let key = self.bytes()?;
            if last.is_some_and(|last| last >= key) {
                return Err(DecodeError::BencodeOrder);
            }
            last = Some(key);
            entry(key, self)?;
        }
        Ok(())
    }

    /// Passes over any value.
    pub(crate) fn skip(&mut self) -> Result<(), DecodeError> {
        self.skip_at(0)
    }

    fn skip_at(&mut self, depth: usize) -> Result<(), DecodeError> {
        if depth == MAX_DEPTH {
            return Err(DecodeError::BencodeDepth);
        }
        match self.peek()? {
            b'i' => self.int().map(drop),
            b'd' => self.dict(|_, reader| reader.skip_at(depth + 1)),
            b'l' => {
                self.expect(b'l')?;
                while !self.eat(b'e') {
                    self.skip_at(depth + 1)?;
                }
                Ok(())
            }
            _ => self.bytes().map(drop),
        }
    }

    /// Decimal digits up to and including `end`.
    fn digits(&mut self, end: u8) -> Result<u64, DecodeError> {
        let mut value: Option<u64> = None;
        loop {
            let (&byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
            self.rest = rest;
            value = match (value, byte) {
                (Some(value), byte) if byte == end => return Ok(value),
                (None, b'0'..=b'9') => Some(u64::from(byte - b'0')),
                // A number other than 0 does not begin with 0.
                (Some(1..), b'0'..=b'9') => Some(
                    value
                        .and_then(|value| value.checked_mul(10))
                        .and_then(|value| value.checked_add(u64::from(byte - b'0')))
                        .ok_or(DecodeError::NumberRange)?,
                ),
                _ => return Err(DecodeError::Bencode),
            };
        }
    }

    fn peek(&self) -> Result<u8, DecodeError> {
        self.rest.first().copied().ok_or(DecodeError::Truncated)
    }

    fn expect(&mut self, byte: u8) -> Result<(), DecodeError> {
        if self.eat(byte) {
            return Ok(());
        }
        self.peek()?;
        Err(DecodeError::Bencode)
    }

    fn eat(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

/// Appends a byte string.
pub(crate) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(bytes.len().to_string().as_bytes());
    out.push(b':');
    out.extend_from_slice(bytes);
}

/// Appends a whole number.
pub(crate) fn write_int(value: u32, out: &mut Vec<u8>) {
    out.push(b'i');
    out.extend_from_slice(value.to_string().as_bytes());
    out.push(b'e');
}
