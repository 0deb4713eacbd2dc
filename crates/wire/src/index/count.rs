//! How many watch a video, as the server tells those who wait until enough do.

use serde::{Deserialize, Serialize};

/// Bytes of a count.
pub const MAX_COUNT_BYTES: usize = 256;

/// The answer at [`IndexPolicy::viewers`](super::IndexPolicy::viewers). Who is in the swarm asks with the
/// query `?member`; who asks without it waits, and is counted for `interval` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ViewerCount {
    /// Viewers in the swarm and viewers that wait, the asking one included.
    pub viewers: u32,
    /// Seconds after which to ask again.
    pub interval: u32,
}

#[cfg(feature = "json")]
impl ViewerCount {
    /// Reads a count. Fields that are not known are passed over.
    pub fn parse(json: &[u8]) -> Result<Self, crate::DecodeError> {
        crate::json::read_bytes(json, MAX_COUNT_BYTES)
    }

    /// Writes a count.
    #[must_use]
    pub fn to_json(self) -> String {
        crate::json::write(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_comes_back() {
        let count = ViewerCount {
            viewers: 7,
            interval: 30,
        };
        assert_eq!(count.to_json(), r#"{"viewers":7,"interval":30}"#);
        assert_eq!(ViewerCount::parse(count.to_json().as_bytes()), Ok(count));
    }

    #[test]
    fn what_is_no_count_is_refused() {
        for json in [
            "",
            "[]",
            "7",
            r#"{"viewers":7}"#,
            r#"{"viewers":-1,"interval":30}"#,
        ] {
            assert!(ViewerCount::parse(json.as_bytes()).is_err(), "{json}");
        }
        assert!(ViewerCount::parse(&[b' '; 1000]).is_err());
    }
}
