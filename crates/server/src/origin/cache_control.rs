//! How long an answer may be kept.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use crate::{path::FilePath, root::Stamp};

/// The longest time for which a file may be taken from a cache without asking.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// The same for a playlist that grows, and one that has not changed for a while.
const MIN_PLAYLIST_AGE: Duration = Duration::from_secs(1);
const MAX_PLAYLIST_AGE: Duration = Duration::from_secs(10);

/// Pages and indexes are asked about each time: the operator's switch is in them. A playlist may be kept
/// for a moment, so that a cache in between asks once for all its viewers: a second while it grows, some
/// seconds when it rests. The rest may be kept as long as it has not changed so far, an hour at most: that
/// is long for a video on demand, and short for the segment files of a live stream, whose names a new
/// stream takes again. What has rested for an hour is not asked about when a page is loaded anew, either.
pub(super) fn cache_control(path: &FilePath, stamp: Stamp) -> Cow<'static, str> {
    let name = path.name().to_ascii_lowercase();
    if [".html", ".json"]
        .iter()
        .any(|extension| name.ends_with(extension))
    {
        return Cow::Borrowed("no-cache");
    }
    let age = SystemTime::now()
        .duration_since(stamp.modified)
        .unwrap_or_default();
    if name.ends_with(".m3u8") {
        let resting = (age / 10).clamp(MIN_PLAYLIST_AGE, MAX_PLAYLIST_AGE);
        return Cow::Owned(format!("max-age={}", resting.as_secs()));
    }
    if age < MAX_AGE {
        Cow::Owned(format!("max-age={}", age.as_secs()))
    } else {
        Cow::Owned(format!("max-age={}, immutable", MAX_AGE.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached(name: &str, age: u64) -> String {
        let modified = SystemTime::now() - Duration::from_secs(age);
        let stamp = Stamp {
            modified,
            len: 1,
            tag: 0,
        };
        cache_control(&FilePath::from_url(name).unwrap(), stamp).into_owned()
    }

    #[test]
    fn what_has_rested_may_be_kept_longer() {
        assert_eq!(cached("/s1.ts", 0), "max-age=0");
        assert_eq!(cached("/s1.ts", 600), "max-age=600");
        assert_eq!(cached("/s1.ts", 86_400), "max-age=3600, immutable");
        assert_eq!(cached("/p.m3u8", 0), "max-age=1");
        assert_eq!(cached("/p.M3U8", 86_400), "max-age=10");
        assert_eq!(cached("/p.m3u8.shoal/index.json", 86_400), "no-cache");
        assert_eq!(cached("/index.html", 86_400), "no-cache");
    }
}
