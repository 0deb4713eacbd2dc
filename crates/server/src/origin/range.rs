//! `Range` of a request (RFC 9110 §14).
//!
//! One range of bytes is served. Several, other units and malformed ones are ignored, as §14.2 allows:
//! the answer is then the whole file, never an error.

use std::ops::Range;

/// Bytes that a request's `Range` asks of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// These bytes, at least one and all of them there.
    Part(Range<u64>),
    /// Bytes that the file does not have: 416.
    Unsatisfiable,
    /// Everything.
    Whole,
}

/// Reads the header's value for a file of `len` bytes.
pub(super) fn asked(value: &str, len: u64) -> Asked {
    let Some(spec) = value.trim().strip_prefix("bytes=").map(str::trim) else {
        return Asked::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Asked::Whole;
    };
    let (first, last) = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.min(len.saturating_sub(1))),
        (Some(first), None) if last.is_empty() => (first, len.saturating_sub(1)),
        (None, Some(0)) if first.is_empty() => return Asked::Unsatisfiable,
        (None, Some(suffix)) if first.is_empty() => {
            (len.saturating_sub(suffix), len.saturating_sub(1))
        }
        _ => return Asked::Whole,
    };
    if first < len {
        Asked::Part(first..last + 1)
    } else {
        Asked::Unsatisfiable
    }
}

/// Digits only (`u64::from_str` would take a sign); what is too large for a file is as large as can be.
fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_cut_to_the_file() {
        assert_eq!(asked("bytes=0-0", 10), Asked::Part(0..1));
        assert_eq!(asked("bytes=2-5", 10), Asked::Part(2..6));
        assert_eq!(asked("bytes=2-", 10), Asked::Part(2..10));
        assert_eq!(
            asked("bytes=2-99999999999999999999999", 10),
            Asked::Part(2..10)
        );
        assert_eq!(asked("bytes=-3", 10), Asked::Part(7..10));
        assert_eq!(asked("bytes=-300", 10), Asked::Part(0..10));
    }

    #[test]
    fn bytes_that_are_not_there_are_refused() {
        for value in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=99999999999999999999999-",
            "bytes=-0",
        ] {
            assert_eq!(asked(value, 10), Asked::Unsatisfiable, "{value}");
        }
        for value in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(asked(value, 0), Asked::Unsatisfiable, "{value}");
        }
    }

    #[test]
    fn what_is_malformed_or_several_is_ignored() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1-+2",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=1--2",
            "bytes=0x1-2",
            "bytes=-1-2",
        ] {
            assert_eq!(asked(value, 10), Asked::Whole, "{value}");
        }
    }
}
