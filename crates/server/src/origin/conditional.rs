//! Conditional requests (RFC 9110 §13): is what the client has still right?

use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, HeaderName, header};

/// Names of one state of what is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Validators {
    /// A strong entity tag with its quotes.
    pub(crate) etag: String,
    /// Time of its last change, where that is known.
    pub(crate) modified: Option<SystemTime>,
}

impl Validators {
    /// Whether the client's copy is fresh: 304 (RFC 9110 §13.2.2, steps 3 and 4).
    pub(super) fn not_modified(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(header::IF_NONE_MATCH) {
            let values = headers.get_all(header::IF_NONE_MATCH);
            return values
                .iter()
                .filter_map(|value| value.to_str().ok())
                .any(|value| {
                    // Weak comparison (§8.8.3.2).
                    value
                        .split(',')
                        .map(str::trim)
                        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag)
                });
        }
        let since = date(headers, &header::IF_MODIFIED_SINCE);
        since
            .zip(self.modified)
            .is_some_and(|(since, modified)| whole(modified) <= since)
    }

    /// Whether a range of it fits to what the client has (RFC 9110 §13.1.5).
    pub(super) fn range_applies(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(header::IF_RANGE).map(|value| value.to_str()) else {
            return true;
        };
        value.is_ok_and(|value| value.trim() == self.etag)
            || date(headers, &header::IF_RANGE)
                .zip(self.modified)
                .is_some_and(|(date, modified)| whole(modified) == date)
    }
}

/// HTTP's dates have whole seconds.
fn whole(time: SystemTime) -> SystemTime {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    headers
        .get(name)?
        .to_str()
        .ok()
        .and_then(|value| httpdate::parse_http_date(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validators() -> Validators {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_777_250);
        Validators {
            etag: "\"abc\"".into(),
            modified: Some(modified),
        }
    }

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_matching_tag_is_fresh() {
        for value in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert!(
                validators().not_modified(&headers(header::IF_NONE_MATCH, value)),
                "{value}"
            );
        }
        assert!(!validators().not_modified(&headers(header::IF_NONE_MATCH, "\"x\"")));
    }

    #[test]
    fn a_date_counts_only_without_a_tag() {
        let same = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert!(validators().not_modified(&headers(header::IF_MODIFIED_SINCE, same)));
        let older = "Sun, 06 Nov 1994 08:49:36 GMT";
        assert!(!validators().not_modified(&headers(header::IF_MODIFIED_SINCE, older)));
        assert!(!validators().not_modified(&headers(header::IF_MODIFIED_SINCE, "yesterday")));
        let mut both = headers(header::IF_MODIFIED_SINCE, same);
        both.insert(header::IF_NONE_MATCH, "\"x\"".parse().unwrap());
        assert!(!validators().not_modified(&both));
    }

    #[test]
    fn a_range_applies_to_the_very_same_file_only() {
        assert!(validators().range_applies(&HeaderMap::new()));
        for (value, applies) in [
            ("\"abc\"", true),
            ("W/\"abc\"", false),
            ("\"x\"", false),
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Sun, 06 Nov 1994 08:49:38 GMT", false),
        ] {
            assert_eq!(
                validators().range_applies(&headers(header::IF_RANGE, value)),
                applies,
                "{value}"
            );
        }
    }
}
