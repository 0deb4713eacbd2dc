//! The 68-byte handshake that opens every connection (BEP 3).

use crate::DecodeError;
use crate::id::{InfoHash, PeerId};

/// Bytes of a handshake.
pub(super) const LENGTH: usize = 68;

/// How every handshake begins: the length of the protocol's name, and the name.
pub(super) const PROTOCOL: &[u8; 20] = b"\x13BitTorrent protocol";

/// BEP 10: bit 20 of the reserved bits from the right, in byte 5.
const EXTENDED: u8 = 0x10;

/// BEP 6: bit 2 of the reserved bits from the right, in byte 7.
const FAST: u8 = 0x04;

/// What a peer says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The swarm that the sender means.
    pub info_hash: InfoHash,
    /// The sender.
    pub peer_id: PeerId,
    /// Speaks the fast extension (BEP 6).
    pub fast: bool,
    /// Speaks the extension protocol (BEP 10).
    pub extended: bool,
}

impl Handshake {
    /// The handshake's 68 bytes.
    pub fn encode(&self) -> [u8; LENGTH] {
        let reserved = [
            0,
            0,
            0,
            0,
            0,
            if self.extended { EXTENDED } else { 0 },
            0,
            if self.fast { FAST } else { 0 },
        ];
        let parts: [&[u8]; 4] = [PROTOCOL, &reserved, &self.info_hash.0, &self.peer_id.0];
        let mut bytes = [0; LENGTH];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    /// Reads a handshake. Reserved bits that are not known are passed over.
    pub fn decode(bytes: &[u8; LENGTH]) -> Result<Self, DecodeError> {
        let rest = bytes
            .strip_prefix(PROTOCOL)
            .ok_or(DecodeError::NotBitTorrent)?;
        let (reserved, rest) = rest
            .split_first_chunk::<8>()
            .ok_or(DecodeError::Truncated)?;
        let (info_hash, rest) = rest.split_first_chunk().ok_or(DecodeError::Truncated)?;
        let (peer_id, _) = rest.split_first_chunk().ok_or(DecodeError::Truncated)?;
        let [_, _, _, _, _, fifth, _, seventh] = reserved;
        Ok(Self {
            info_hash: InfoHash(*info_hash),
            peer_id: PeerId(*peer_id),
            fast: seventh & FAST != 0,
            extended: fifth & EXTENDED != 0,
        })
    }
}
