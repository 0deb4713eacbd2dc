//! Who may use the tracker, and for what.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use shoal_wire::id::InfoHash;

use super::{secret::Secret, token::Tokens};

/// Rules on who may use the tracker, and for what.
#[derive(Clone, Debug)]
pub struct Access {
    /// Whether any swarm may meet here. Default no: those of the site's own indexes, and `allow`.
    pub open: bool,
    /// Swarms besides those of the site's own indexes. Default none.
    pub allow: Vec<InfoHash>,
    /// Pages whose viewers may come, as browsers write them in `Origin`: `https://video.example`. Default
    /// none, which lets all come. With any, whoever does not say where it comes from is refused, too.
    /// It keeps other sites from using the tracker; who is no browser can write anything there.
    pub origins: Vec<String>,
    /// Whether only those may join who show a token from the video's index. Default no.
    pub require_token: bool,
    /// Time for which a token lets join. Default one hour: from loading the index to pressing play, and for
    /// coming back after a broken connection. Whoever is in stays in.
    pub token_life: Duration,
    /// The key that tokens are made with. Default none: one that is drawn at the start, or that other nodes
    /// share through Redis.
    pub token_secret: Option<Secret>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            open: false,
            allow: Vec::new(),
            origins: Vec::new(),
            require_token: false,
            token_life: Duration::from_secs(3_600),
            token_secret: None,
        }
    }
}

impl Access {
    /// The tokens, if they are required.
    pub(super) fn tokens(&self) -> Option<Tokens> {
        self.require_token.then(|| {
            let secret = self.token_secret.clone().unwrap_or_else(Secret::random);
            Tokens::new(secret, self.token_life)
        })
    }

    /// Whether viewers of the page that a request names may come.
    pub(super) fn allows_page(&self, headers: &HeaderMap) -> bool {
        let named = headers.get(header::ORIGIN);
        let is_named = |origin: &String| {
            named.is_some_and(|named| named.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
        };
        self.origins.is_empty() || self.origins.iter().any(is_named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_pages_may_come_once_one_is_named() {
        let from = |origin: Option<&str>, access: &Access| {
            let origin = origin.map(|origin| (header::ORIGIN, origin.parse().unwrap()));
            access.allows_page(&origin.into_iter().collect())
        };
        let any = Access::default();
        assert!(from(None, &any) && from(Some("https://video.example"), &any));
        let ours = Access {
            origins: vec![
                "https://video.example".into(),
                "http://localhost:8080".into(),
            ],
            ..Access::default()
        };
        assert!(from(Some("https://video.example"), &ours));
        assert!(from(Some("HTTPS://Video.Example"), &ours));
        for other in [
            None,
            Some("null"),
            Some("http://video.example"),
            Some("https://video.example.evil"),
            Some("https://video.example:444"),
        ] {
            assert!(!from(other, &ours), "{other:?}");
        }
    }
}
