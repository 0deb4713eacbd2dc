//! HLS playlists (RFC 8216), as far as an index needs them.

use std::ops::Range;

use m3u8_rs::{AlternativeMediaType, MasterPlaylist, MediaPlaylist};

/// Bytes of a playlist at most: a day of two-second segments with long names.
pub(super) const MAX_PLAYLIST: u64 = 8 * 1024 * 1024;

/// The largest media sequence number.
const MAX_SEQUENCE: u64 = 1 << 53;

/// Contents of a playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Playlist {
    /// The media playlists of a video.
    Master(Master),
    /// The segments of one rendition.
    Media(Media),
}

/// Playlists that a master playlist names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Master {
    /// The URIs of renditions and audio tracks, each once, in their order.
    pub(super) tracks: Vec<String>,
    /// The URIs of what is not worth sharing: subtitles are small, and I-frame playlists list parts of
    /// the same files again.
    pub(super) others: Vec<String>,
}

/// A media playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Media {
    /// Whether more segments will come.
    pub(super) live: bool,
    /// The media sequence number of the first segment listed.
    pub(super) first: u64,
    pub(super) segments: Vec<Segment>,
    /// The URI of the first `EXT-X-MAP`.
    pub(super) map: Option<String>,
}

/// A segment as a playlist lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) uri: String,
    /// Its bytes in that file; `None` for the whole file.
    pub(super) range: Option<Range<u64>>,
    /// `EXT-X-GAP`: there is nothing to load (RFC 8216bis §4.4.4.7).
    pub(super) gap: bool,
}

/// Reason why a playlist cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum PlaylistError {
    /// The parser lost its way: what it read differs from what is listed.
    #[error(
        "it lists {listed} files, but only {read} could be read: check the line behind the last good one"
    )]
    Garbled { listed: usize, read: usize },
    /// It does not begin as a playlist does, or a tag in it is malformed.
    #[error("it is not an HLS playlist: it must begin with #EXTM3U")]
    Malformed,
    /// A byte range starts or ends nowhere.
    #[error("an EXT-X-BYTERANGE in it has no start, or ends beyond 2^64")]
    Range,
    /// Players count in floating point: larger numbers are no longer exact.
    #[error("its EXT-X-MEDIA-SEQUENCE is beyond 2^53")]
    Sequence,
    /// HLS allows no other encoding.
    #[error("it is not UTF-8 text")]
    Text,
}

/// Reads a playlist.
pub(super) fn parse(bytes: &[u8]) -> Result<Playlist, PlaylistError> {
    // The parser panics on a tag that is not UTF-8, so that is settled first.
    let text = str::from_utf8(bytes).map_err(|_| PlaylistError::Text)?;
    let text = without_titles(text.trim_start_matches('\u{feff}'));
    let listed = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .count();
    match m3u8_rs::parse_playlist_res(text.as_bytes()) {
        Ok(m3u8_rs::Playlist::MasterPlaylist(master)) => Ok(Playlist::Master(self::master(master))),
        Ok(m3u8_rs::Playlist::MediaPlaylist(media)) if media.segments.len() == listed => {
            self::media(media).map(Playlist::Media)
        }
        Ok(m3u8_rs::Playlist::MediaPlaylist(media)) => Err(PlaylistError::Garbled {
            listed,
            read: media.segments.len(),
        }),
        Err(_) => Err(PlaylistError::Malformed),
    }
}

/// Cuts the titles off `EXTINF`: the parser takes what follows a second comma for a segment's URI.
fn without_titles(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 1);
    for line in text.lines() {
        let end = match line.strip_prefix("#EXTINF:") {
            Some(_) => line.find(',').map_or(line.len(), |comma| comma + 1),
            None => line.len(),
        };
        plain.push_str(line.get(..end).unwrap_or(line));
        plain.push('\n');
    }
    plain
}

fn master(master: MasterPlaylist) -> Master {
    let variants = master
        .variants
        .into_iter()
        .map(|variant| (!variant.is_i_frame, variant.uri));
    let alternatives = master.alternatives.into_iter().filter_map(|media| {
        let audible_or_visible = matches!(
            media.media_type,
            AlternativeMediaType::Audio | AlternativeMediaType::Video
        );
        Some((audible_or_visible, media.uri?))
    });
    let mut found = Master::default();
    for (is_track, uri) in variants
        .chain(alternatives)
        .filter(|(_, uri)| !uri.is_empty())
    {
        let uris = if is_track {
            &mut found.tracks
        } else {
            &mut found.others
        };
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    found
}

fn media(media: MediaPlaylist) -> Result<Media, PlaylistError> {
    let map = media
        .segments
        .iter()
        .find_map(|segment| segment.map.as_ref());
    let map = map.map(|map| map.uri.clone());
    let mut segments: Vec<Segment> = Vec::with_capacity(media.segments.len());
    for segment in media.segments {
        let range = match segment.byte_range {
            None => None,
            Some(range) => {
                // Without an offset it follows the one before, in the same file (RFC 8216 §4.3.2.2).
                let follows = || {
                    let before = segments.last().filter(|before| before.uri == segment.uri)?;
                    before.range.as_ref().map(|range| range.end)
                };
                let start = range.offset.or_else(follows).ok_or(PlaylistError::Range)?;
                Some(
                    start
                        ..start
                            .checked_add(range.length)
                            .ok_or(PlaylistError::Range)?,
                )
            }
        };
        let gap = segment.unknown_tags.iter().any(|tag| tag.tag == "X-GAP");
        segments.push(Segment {
            uri: segment.uri,
            range,
            gap,
        });
    }
    if media.media_sequence.saturating_add(segments.len() as u64) > MAX_SEQUENCE {
        return Err(PlaylistError::Sequence);
    }
    Ok(Media {
        live: !media.end_list,
        first: media.media_sequence,
        segments,
        map,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(uri: &str, range: Option<Range<u64>>) -> Segment {
        Segment {
            uri: uri.into(),
            range,
            gap: false,
        }
    }

    #[test]
    fn a_master_names_each_media_playlist_once() {
        let text = "#EXTM3U\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"en\",URI=\"audio/p.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"en\",URI=\"subs/p.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"muxed\"\n\
            #EXT-X-STREAM-INF:BANDWIDTH=800000,AUDIO=\"a\"\n360p/p.m3u8\n\
            #EXT-X-STREAM-INF:BANDWIDTH=400000,AUDIO=\"a\"\r\n240p/p.m3u8?t=1\r\n\
            #EXT-X-STREAM-INF:BANDWIDTH=800000,AUDIO=\"b\"\n360p/p.m3u8\n\
            #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=80000,URI=\"360p/i.m3u8\"\n";
        let tracks = ["360p/p.m3u8", "240p/p.m3u8?t=1", "audio/p.m3u8"]
            .map(String::from)
            .to_vec();
        let others = ["360p/i.m3u8", "subs/p.m3u8"].map(String::from).to_vec();
        assert_eq!(
            parse(text.as_bytes()),
            Ok(Playlist::Master(Master { tracks, others }))
        );
    }

    #[test]
    fn a_media_playlist_lists_its_segments_in_order() {
        let text = "\u{feff}#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n\
            #EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:4.000,A title, with commas, é\ns7.m4s\n\
            #EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00.000+0000\n#EXTINF:4,\ns8.m4s\n";
        let segments = vec![segment("s7.m4s", None), segment("s8.m4s", None)];
        let media = Media {
            live: true,
            first: 7,
            segments,
            map: Some("init.mp4".into()),
        };
        assert_eq!(parse(text.as_bytes()), Ok(Playlist::Media(media)));
    }

    #[test]
    fn byte_ranges_follow_each_other() {
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n#EXT-X-BYTERANGE:100@50\nall.ts\n\
            #EXTINF:4,\n#EXT-X-BYTERANGE:30\nall.ts\n#EXT-X-ENDLIST\n";
        let segments = vec![
            segment("all.ts", Some(50..150)),
            segment("all.ts", Some(150..180)),
        ];
        let media = Media {
            live: false,
            first: 0,
            segments,
            map: None,
        };
        assert_eq!(parse(text.as_bytes()), Ok(Playlist::Media(media)));
    }

    #[test]
    fn a_gap_is_known() {
        let text =
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-GAP\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n";
        let Ok(Playlist::Media(media)) = parse(text.as_bytes()) else {
            panic!("a media playlist")
        };
        assert_eq!(
            media
                .segments
                .iter()
                .map(|segment| segment.gap)
                .collect::<Vec<_>>(),
            [true, false]
        );
    }

    #[test]
    fn what_is_malformed_is_named() {
        let head = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n";
        assert_eq!(parse(b""), Err(PlaylistError::Malformed));
        assert_eq!(parse(b"\0\xff\xfe"), Err(PlaylistError::Text));
        assert_eq!(parse(b"<html></html>"), Err(PlaylistError::Malformed));
        for range in ["100", "18446744073709551615@1"] {
            let text = format!("{head}#EXTINF:4,\n#EXT-X-BYTERANGE:{range}\na.ts\n");
            assert_eq!(parse(text.as_bytes()), Err(PlaylistError::Range), "{range}");
        }
    }

    #[test]
    fn numbers_that_a_player_could_not_count_are_refused() {
        for first in [1 << 53, u64::MAX] {
            let text = format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{first}\n#EXTINF:4,\na.ts\n");
            assert_eq!(parse(text.as_bytes()), Err(PlaylistError::Sequence));
        }
    }

    #[test]
    fn no_prefix_or_changed_byte_makes_it_panic() {
        let text = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1\n\
            #EXTINF:4.5,t\n#EXT-X-BYTERANGE:1@2\na.ts\n#EXT-X-DATERANGE:ID=\"x\"\n#EXTINF:4,\nb.ts\n";
        for end in 0..text.len() {
            let _ = parse(&text[..end]);
            for byte in [0, b'\n', b',', b'"', b'#', b':', 0xc3] {
                let mut changed = text.to_vec();
                changed[end] = byte;
                let _ = parse(&changed);
            }
        }
    }
}
