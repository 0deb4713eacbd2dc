//! Keys that stay in memory and out of logs.

use std::fmt;

/// A key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A key that several servers share. At least 16 bytes that nobody can guess.
    #[must_use]
    pub fn shared(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// 32 bytes from the system.
    ///
    /// # Panics
    /// When the system has no randomness: nothing here would be secret then.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = vec![0; 32];
        getrandom::fill(&mut bytes).expect("the system has randomness");
        Self(bytes)
    }

    /// Its first eight bytes, as a number.
    pub(crate) fn number(&self) -> u64 {
        number_of(&self.0)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The first eight bytes, as a number.
pub(super) fn number_of(bytes: &[u8]) -> u64 {
    let number = |sum, byte: &u8| sum << 8 | u64::from(*byte);
    bytes.iter().take(8).fold(0, number)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
