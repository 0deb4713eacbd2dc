//! Join tokens: who may load a video's index gets one with it, and shows it at the tracker.
//!
//! A token is 8 bytes, the second since 1970 at which it ends (big endian), and the first 16 bytes of
//! HMAC-SHA256 over the swarm and these 8 bytes; in base64url, 32 characters. It names nobody.

use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shoal_wire::id::InfoHash;

use super::secret::Secret;

/// Bytes of the MAC that a token holds: nobody guesses 128 bits.
const MAC: usize = 16;

/// Makes and checks join tokens.
#[derive(Clone, Debug)]
pub struct Tokens {
    secret: Secret,
    /// Key that tokens that are still about were made with.
    before: Option<Secret>,
    life: Duration,
}

/// Reason why a token lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none, or it is not of this server or not for this swarm.
    #[error("the join token is missing or wrong; load the video's index again")]
    Wrong,
    /// It was right once.
    #[error("the join token has ended; load the video's index again")]
    Ended,
}

impl Tokens {
    /// Tokens that end after `life`. Servers with the same secret take each other's.
    #[must_use]
    pub fn new(secret: Secret, life: Duration) -> Self {
        Self {
            secret,
            before: None,
            life,
        }
    }

    /// Returns the key that tokens are made with.
    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Makes them with another secret from now on. Those that were made with the last one stay good.
    pub(crate) fn adopt(&mut self, secret: Secret) {
        if secret != self.secret {
            self.before = Some(std::mem::replace(&mut self.secret, secret));
        }
    }

    /// A token for a swarm.
    #[must_use]
    pub fn mint(&self, swarm: InfoHash, now: SystemTime) -> String {
        let end = seconds(now).saturating_add(self.life.as_secs());
        let end = end.to_be_bytes();
        let mac = mac(&self.secret, swarm, end).finalize().into_bytes();
        let bytes: Vec<u8> = end.into_iter().chain(mac.into_iter().take(MAC)).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether a token lets into a swarm now. Takes the same time for every wrong one.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(
        &self,
        swarm: InfoHash,
        token: Option<&str>,
        now: SystemTime,
    ) -> Result<(), TokenError> {
        let token = token.ok_or(TokenError::Wrong)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| TokenError::Wrong)?;
        let (end, code) = bytes.split_first_chunk::<8>().ok_or(TokenError::Wrong)?;
        if code.len() != MAC {
            return Err(TokenError::Wrong);
        }
        let is_of = |secret: &Secret| mac(secret, swarm, *end).verify_truncated_left(code).is_ok();
        if !is_of(&self.secret) && !self.before.as_ref().is_some_and(is_of) {
            return Err(TokenError::Wrong);
        }
        if u64::from_be_bytes(*end) < seconds(now) {
            return Err(TokenError::Ended);
        }
        Ok(())
    }
}

fn mac(secret: &Secret, swarm: InfoHash, end: [u8; 8]) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes keys of any length");
    mac.update(&swarm.0);
    mac.update(&end);
    mac
}

fn seconds(now: SystemTime) -> u64 {
    let since = now.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILM: InfoHash = InfoHash([1; 20]);
    const TALK: InfoHash = InfoHash([2; 20]);
    const LIFE: Duration = Duration::from_secs(600);

    fn tokens(secret: &str) -> Tokens {
        Tokens::new(Secret::shared(secret.into()), LIFE)
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
    }

    #[test]
    fn a_token_lets_into_its_swarm_until_it_ends() {
        let token = tokens("north").mint(FILM, at(0));
        assert_eq!(token.len(), 32);
        let check = |swarm, now| tokens("north").check(swarm, Some(&token), now);
        assert_eq!(check(FILM, at(0)), Ok(()));
        assert_eq!(check(FILM, at(600)), Ok(()));
        assert_eq!(check(FILM, at(601)), Err(TokenError::Ended));
        assert_eq!(check(TALK, at(0)), Err(TokenError::Wrong));
    }

    #[test]
    fn only_who_has_the_secret_makes_tokens() {
        let token = tokens("south").mint(FILM, at(0));
        let check = |token| tokens("north").check(FILM, token, at(0));
        assert_eq!(check(Some(&*token)), Err(TokenError::Wrong));
        for nonsense in [
            None,
            Some(""),
            Some("!"),
            Some("AAAA"),
            Some(&"A".repeat(999)),
        ] {
            assert_eq!(check(nonsense), Err(TokenError::Wrong), "{nonsense:?}");
        }
    }

    #[test]
    fn tokens_of_the_last_secret_stay_good() {
        let mut tokens = tokens("north");
        let old = tokens.mint(FILM, at(0));
        tokens.adopt(Secret::shared("south".into()));
        // The same once more changes nothing.
        tokens.adopt(Secret::shared("south".into()));
        let new = tokens.mint(FILM, at(0));
        assert_ne!(old, new);
        for token in [&old, &new] {
            assert_eq!(tokens.check(FILM, Some(token), at(0)), Ok(()));
        }
        tokens.adopt(Secret::shared("west".into()));
        assert_eq!(
            tokens.check(FILM, Some(&old), at(0)),
            Err(TokenError::Wrong)
        );
    }

    #[test]
    fn a_changed_token_is_wrong() {
        let token = tokens("north").mint(FILM, at(0));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at_byte in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at_byte] ^= 1;
            let token = URL_SAFE_NO_PAD.encode(&bytes);
            let checked = tokens("north").check(FILM, Some(&token), at(0));
            assert_eq!(checked, Err(TokenError::Wrong), "byte {at_byte}");
        }
        let shorter = URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() - 1]);
        let checked = tokens("north").check(FILM, Some(&shorter), at(0));
        assert_eq!(checked, Err(TokenError::Wrong));
    }
}
