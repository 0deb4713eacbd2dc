//! The handshake of the extension protocol (BEP 10).

use crate::DecodeError;
use crate::bencode::{self, Reader};

/// Extensions that one peer may name.
const MAX_EXTENSIONS: usize = 64;

/// Bytes of an extension's or a client's name.
const MAX_NAME: usize = 256;

/// What a peer says about itself in extended message 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtendedHandshake {
    /// The sender's number for each extension that it speaks; 0 takes one back.
    pub m: Extensions,
    /// Name and version of the sender's program (`v`).
    pub client: Option<String>,
    /// Requests that the sender keeps waiting before it drops some.
    pub reqq: Option<u32>,
    /// Bytes of the torrent's info dictionary (BEP 9).
    pub metadata_size: Option<u32>,
}

/// Extensions by name. A list in the order of the names: there are few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions(Vec<(String, u8)>);

impl Extensions {
    /// The number of an extension.
    pub fn get(&self, name: &str) -> Option<u8> {
        let at = self.find(name).ok()?;
        self.0.get(at).map(|(_, id)| *id)
    }

    /// Gives an extension a number, in place of the one that it has.
    pub fn insert(&mut self, name: String, id: u8) {
        match self.find(&name) {
            Ok(at) => {
                if let Some(extension) = self.0.get_mut(at) {
                    extension.1 = id;
                }
            }
            Err(at) => self.0.insert(at, (name, id)),
        }
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(held, _)| held.as_str().cmp(name))
    }
}

impl FromIterator<(String, u8)> for Extensions {
    fn from_iter<I: IntoIterator<Item = (String, u8)>>(extensions: I) -> Self {
        let mut all = Self::default();
        for (name, id) in extensions {
            all.insert(name, id);
        }
        all
    }
}

impl<const N: usize> From<[(String, u8); N]> for Extensions {
    fn from(extensions: [(String, u8); N]) -> Self {
        extensions.into_iter().collect()
    }
}

impl ExtendedHandshake {
    /// The bencoded payload of extended message 0.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.push(b'd');
        bencode::write_bytes(b"m", &mut out);
        out.push(b'd');
        for (name, id) in &self.m.0 {
            bencode::write_bytes(name.as_bytes(), &mut out);
            bencode::write_int(u32::from(*id), &mut out);
        }
        out.push(b'e');
        let numbers: [(&[u8], _); 2] =
            [(b"metadata_size", self.metadata_size), (b"reqq", self.reqq)];
        for (key, value) in numbers {
            if let Some(value) = value {
                bencode::write_bytes(key, &mut out);
                bencode::write_int(value, &mut out);
            }
        }
        if let Some(client) = &self.client {
            bencode::write_bytes(b"v", &mut out);
            bencode::write_bytes(client.as_bytes(), &mut out);
        }
        out.push(b'e');
        out
    }

    /// Reads the payload of extended message 0. Keys that are not known are passed over, and `m`
    /// may be missing.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut handshake = Self::default();
        let mut reader = Reader::new(payload);
        reader.dict(|key, reader| {
            match key {
                b"m" => handshake.m = extensions(reader)?,
                b"metadata_size" => handshake.metadata_size = Some(number(reader)?),
                b"reqq" => handshake.reqq = Some(number(reader)?),
                b"v" => handshake.client = Some(text(reader.bytes()?)?),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        if reader.rest().is_empty() {
            Ok(handshake)
        } else {
            Err(DecodeError::Trailing)
        }
    }
}

fn extensions(reader: &mut Reader<'_>) -> Result<Extensions, DecodeError> {
    let mut m = Extensions::default();
    reader.dict(|name, reader| {
        if m.0.len() == MAX_EXTENSIONS {
            return Err(DecodeError::TooMany {
                limit: MAX_EXTENSIONS,
            });
        }
        m.insert(text(name)?, number(reader)?);
        Ok(())
    })?;
    Ok(m)
}

fn number<T: TryFrom<i64>>(reader: &mut Reader<'_>) -> Result<T, DecodeError> {
    T::try_from(reader.int()?).map_err(|_| DecodeError::NumberRange)
}

fn text(bytes: &[u8]) -> Result<String, DecodeError> {
    if bytes.len() > MAX_NAME {
        return Err(DecodeError::TextTooLong { limit: MAX_NAME });
    }
    let text = core::str::from_utf8(bytes).map_err(|_| DecodeError::Text)?;
    Ok(text.to_owned())
}
