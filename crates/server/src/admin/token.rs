//! What opens `/admin`.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Bytes of a token at least: what nobody finds by trying.
const MIN: usize = 16;

/// A token. Only its digest is kept.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// `None` if it is shorter than 16 bytes.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        (token.len() >= MIN).then(|| Self(Sha256::digest(token).into()))
    }

    /// Whether this is it, in a time that does not tell how much of it is right.
    pub(super) fn is(&self, given: &[u8]) -> bool {
        let given: [u8; 32] = Sha256::digest(given).into();
        self.0.ct_eq(&given).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_token_opens() {
        let token = Token::new("0123456789abcdef").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        for wrong in [&b""[..], b"0123456789abcde", b"0123456789abcdef0"] {
            assert!(!token.is(wrong));
        }
        assert!(Token::new("short").is_none());
        assert_eq!(format!("{token:?}"), "Token(..)");
    }
}
