//! STUN and TURN servers that an index names.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use shoal_wire::index::IceServer;

/// Life of a TURN credential: longer than a visit. A connection that outlives it ends with
/// its next refresh, and what came over it comes from elsewhere.
const LIFE: Duration = Duration::from_secs(12 * 3600);

/// Relays that viewers may use to hide their addresses from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// `turn:` and `turns:` URLs, 1 to 8. Without a host, as `turn::3478`, it is this server's.
    pub urls: Vec<String>,
    /// Credentials that the relay wants.
    pub access: TurnAccess,
}

/// Credentials by which viewers show a relay that they may use it.
#[derive(Clone, PartialEq, Eq)]
pub enum TurnAccess {
    /// The same name and password for everybody; whoever loads an index has them.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A secret that this server shares with the relay (coturn: `use-auth-secret`). Each index gets
    /// credentials of its own that end after 12 hours.
    Secret(Vec<u8>),
}

/// Secrets stay out of logs.
impl fmt::Debug for TurnAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password(..)",
            Self::Secret(_) => "Secret(..)",
        })
    }
}

impl Turn {
    /// Returns what an index says that is given out now.
    #[must_use]
    pub fn server(&self, now: SystemTime) -> IceServer {
        let (user, password) = match &self.access {
            TurnAccess::Password { user, password } => (user.clone(), password.clone()),
            TurnAccess::Secret(secret) => credentials(secret, now),
        };
        IceServer {
            urls: self.urls.clone(),
            username: Some(user),
            credential: Some(password),
        }
    }
}

/// A STUN server.
#[must_use]
pub fn stun(url: String) -> IceServer {
    IceServer {
        urls: vec![url],
        username: None,
        credential: None,
    }
}

/// A name and a password as "A REST API For Access To TURN Services" (draft-uberti-behave-turn-rest-00
/// §2.2) has them. The name is the time of their end alone: it says nothing about the viewer.
fn credentials(secret: &[u8], now: SystemTime) -> (String, String) {
    let end = (now + LIFE)
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let user = end.as_secs().to_string();
    // HMAC takes a key of any length.
    let password = Hmac::<Sha1>::new_from_slice(secret)
        .map(|hmac| STANDARD.encode(hmac.chain_update(&user).finalize().into_bytes()))
        .unwrap_or_default();
    (user, password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_those_that_coturn_computes() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let turn = Turn {
            urls: vec!["turn::3478".into()],
            access: TurnAccess::Secret(b"north".to_vec()),
        };
        let server = turn.server(now);
        assert_eq!(server.urls, ["turn::3478"]);
        assert_eq!(server.username.as_deref(), Some("1700043200"));
        // printf 1700043200 | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(
            server.credential.as_deref(),
            Some("PSvXQwCT00HksjK8g6LOQFVjgO8=")
        );
    }

    #[test]
    fn no_secret_is_ever_printed() {
        let access = TurnAccess::Password {
            user: "u".into(),
            password: "hidden".into(),
        };
        let turn = Turn {
            urls: vec!["turn::3478".into()],
            access,
        };
        assert!(!format!("{turn:?}").contains("hidden"));
        let access = TurnAccess::Secret(b"hidden".to_vec());
        assert_eq!(format!("{access:?}"), "Secret(..)");
    }
}
