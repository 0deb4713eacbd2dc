//! How many watch a video, as the server tells those who wait until enough do.

use crate::DecodeError;
use crate::json::{Value, Writer};

/// Bytes of a count.
const MAX_COUNT_BYTES: usize = 256;

/// The answer at [`IndexPolicy::viewers`](super::IndexPolicy::viewers). Who is in the swarm asks with the
/// query `?member`; who asks without it waits, and is counted for `interval` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewerCount {
    /// Viewers in the swarm and viewers that wait, the asking one included.
    pub viewers: u32,
    /// Seconds after which to ask again.
    pub interval: u32,
}

impl ViewerCount {
    /// Reads a count. Fields that are not known are passed over.
    pub fn parse(json: &[u8]) -> Result<Self, DecodeError> {
        if json.len() > MAX_COUNT_BYTES {
            return Err(DecodeError::Oversized {
                limit: MAX_COUNT_BYTES,
            });
        }
        let json = core::str::from_utf8(json).map_err(|_| DecodeError::Text)?;
        let [viewers, interval] = Value::new(json)?.fields(["viewers", "interval"])?;
        Ok(Self {
            viewers: viewers.ok_or(DecodeError::Missing("viewers"))?.whole()?,
            interval: interval.ok_or(DecodeError::Missing("interval"))?.whole()?,
        })
    }

    /// Writes a count.
    #[must_use]
    pub fn to_json(self) -> String {
        Writer::object(|count| {
            count.number("viewers", self.viewers.into());
            count.number("interval", self.interval.into());
        })
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
