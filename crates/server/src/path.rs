//! Paths inside the served directory.
//!
//! Invariant: a [`FilePath`] is a list of plain UTF-8 names. None is empty, `.`, `..`, hidden (starts
//! with a dot) or holds a separator or a NUL, so that nothing outside the directory can be named.
//! What a symbolic link does on the way is [`Root`](crate::root::Root)'s business.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// Bytes of one path at most: Linux's own limit (`PATH_MAX`).
const MAX_PATH: usize = 4096;

/// Characters that a path segment of a URL may not hold raw (WHATWG URL, "path percent-encode set", and `%`).
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A file or folder inside the served directory, relative to it, its names joined by `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(String);

impl FilePath {
    /// The served directory itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads the path of a request. `None` means that it names nothing that may be served.
    #[must_use]
    pub fn from_url(path: &str) -> Option<Self> {
        let mut found = Self::root();
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Some(found);
        }
        for name in path.split('/') {
            found = found.join(&decode(name)?)?;
        }
        Some(found)
    }

    /// Resolves a URI that stands in the playlist `self` (RFC 3986 §5.2), query and fragment left out.
    /// `None` means that it is on another server or names nothing that may be served.
    #[must_use]
    pub fn resolve(&self, uri: &str) -> Option<Self> {
        if is_absolute(uri) || uri.starts_with("//") {
            return None;
        }
        let end = uri.find(['?', '#']).unwrap_or(uri.len());
        let uri = uri.get(..end)?;
        let (mut found, names) = match uri.strip_prefix('/') {
            Some(names) => (Self::root(), names),
            None => (self.parent(), uri),
        };
        for name in names.split('/') {
            found = match name {
                "." => found,
                ".." => found.parent(),
                _ => found.join(&decode(name)?)?,
            };
        }
        Some(found)
    }

    /// The path one name further down; `None` where the name may not be served.
    #[must_use]
    pub fn join(&self, name: &str) -> Option<Self> {
        let plain = !name.is_empty()
            && !name.starts_with('.')
            && !name.contains(['/', '\\', '\0'])
            && self.0.len() + name.len() < MAX_PATH;
        plain.then(|| {
            Self(if self.0.is_empty() {
                name.into()
            } else {
                format!("{}/{name}", self.0)
            })
        })
    }

    /// The folder that it is in; the root's parent is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or_else(String::new, |(parent, _)| parent.into()),
        )
    }

    /// The last name, empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The path as text, empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as an absolute URL path, percent-encoded.
    #[must_use]
    pub fn to_url(&self) -> String {
        format!("/{}", encode(&self.0))
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Percent-encodes a name or path for a URL; `/` stays.
#[must_use]
pub fn encode(path: &str) -> String {
    utf8_percent_encode(path, ENCODED).to_string()
}

fn decode(name: &str) -> Option<String> {
    percent_decode_str(name).decode_utf8().ok().map(Into::into)
}

/// Whether it starts with a scheme (RFC 3986 §3.1).
fn is_absolute(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Option<String> {
        FilePath::from_url(path).map(|found| found.0)
    }

    fn resolved(playlist: &str, uri: &str) -> Option<String> {
        FilePath::from_url(playlist)
            .and_then(|found| found.resolve(uri))
            .map(|found| found.0)
    }

    #[test]
    fn plain_paths_are_decoded() {
        assert_eq!(url("/"), Some(String::new()));
        assert_eq!(url("/a/b%20c.ts"), Some("a/b c.ts".into()));
        assert_eq!(url("/folder/"), Some("folder".into()));
    }

    #[test]
    fn nothing_outside_hidden_or_malformed_is_named() {
        for path in [
            "",
            "a",
            "/..",
            "/../etc/passwd",
            "/a/%2e%2e/%2e%2e/etc",
            "/a%2f..%2fb",
            "/a\\..\\b",
            "/a%5c..",
            "/.git/config",
            "/a/.env",
            "/a%00b",
            "/%ff",
            "//host/x",
            "/a//b",
            "/./a",
        ] {
            assert_eq!(url(path), None, "{path}");
        }
        assert_eq!(url(&format!("/{}", "a/".repeat(5000))), None);
    }

    #[test]
    fn uris_of_a_playlist_are_resolved_against_it() {
        assert_eq!(resolved("/v/p.m3u8", "s0.ts"), Some("v/s0.ts".into()));
        assert_eq!(
            resolved("/v/p.m3u8", "../x/./s%200.ts?token=1#f"),
            Some("x/s 0.ts".into())
        );
        assert_eq!(resolved("/v/p.m3u8", "/top.ts"), Some("top.ts".into()));
        assert_eq!(
            resolved("/p.m3u8", "../../../etc/passwd"),
            Some("etc/passwd".into())
        );
        assert_eq!(resolved("/p.m3u8", "https://cdn.example/s.ts"), None);
        assert_eq!(resolved("/p.m3u8", "//cdn.example/s.ts"), None);
        assert_eq!(resolved("/p.m3u8", ".hidden.ts"), None);
    }

    #[test]
    fn a_path_survives_the_way_through_a_url() {
        let path = FilePath::root().join("50% #1?.m3u8").unwrap();
        assert_eq!(path.to_url(), "/50%25%20%231%3F.m3u8");
        assert_eq!(FilePath::from_url(&path.to_url()), Some(path));
    }
}
