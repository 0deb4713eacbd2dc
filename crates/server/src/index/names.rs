//! Names of playlists, and of the files of their indexes.

use crate::path::FilePath;

/// A file of an index, as a path names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Index,
    Part { track: usize, number: u64 },
}

/// Whether a path names the index of a playlist: it is composed for whoever asks, even where there is a
/// file of that name.
pub(crate) fn is_index(path: &FilePath) -> bool {
    matches!(wanted(path), Some((_, Wanted::Index)))
}

/// Takes `….m3u8.shoal/index.json` and `….m3u8.shoal/<track>/<part>.bin` apart.
pub(super) fn wanted(path: &FilePath) -> Option<(FilePath, Wanted)> {
    let (folder, wanted) = if path.name() == "index.json" {
        (path.parent(), Wanted::Index)
    } else {
        let number = canonical(path.name().strip_suffix(".bin")?)?;
        let track = path.parent();
        let index = usize::try_from(canonical(track.name())?).ok()?;
        (
            track.parent(),
            Wanted::Part {
                track: index,
                number,
            },
        )
    };
    let playlist = folder.name().strip_suffix(".shoal")?;
    is_playlist(playlist).then(|| Some((folder.parent().join(playlist)?, wanted)))?
}

/// Whether a file is an HLS playlist, by its name.
pub(super) fn is_playlist(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("m3u8"))
}

/// A number in its only form: digits without leading zeros.
fn canonical(digits: &str) -> Option<u64> {
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<(String, Wanted)> {
        let (playlist, wanted) = wanted(&FilePath::from_url(path)?)?;
        Some((playlist.to_string(), wanted))
    }

    #[test]
    fn the_files_of_an_index_are_told_from_others() {
        let part = Wanted::Part {
            track: 1,
            number: 20,
        };
        assert_eq!(
            of("/v/m.m3u8.shoal/index.json"),
            Some(("v/m.m3u8".into(), Wanted::Index))
        );
        assert_eq!(of("/m.M3U8.shoal/1/20.bin"), Some(("m.M3U8".into(), part)));
        for path in [
            "/index.json",
            "/m.m3u8/index.json",
            "/m.mp4.shoal/index.json",
            "/m.m3u8.shoal/1/020.bin",
            "/m.m3u8.shoal/1/+2.bin",
            "/m.m3u8.shoal/1/99999999999999999999999.bin",
            "/m.m3u8.shoal/20.bin",
            "/m.m3u8.shoal/x/2.bin",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
