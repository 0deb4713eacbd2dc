//! What an index is made of: a playlist, the renditions that it names, and the states of their files.

use std::io;

use shoal_wire::index::MAX_TRACKS;

use super::playlist::{self, MAX_PLAYLIST, Media, Playlist};
use crate::{
    path::{self, FilePath},
    root::{Root, Stamp, is_away},
};

/// A playlist and its renditions as they are now.
#[derive(Debug)]
pub(super) struct Source {
    /// Playlist that the index is of.
    pub(super) playlist: FilePath,
    /// Every playlist read, with its state at that time.
    pub(super) playlists: Vec<(FilePath, Option<Stamp>)>,
    /// Its renditions and audio tracks in the index's order.
    pub(super) tracks: Vec<Track>,
    /// Sentences for a person to read.
    pub(super) problems: Vec<String>,
}

/// One rendition or audio track.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) path: FilePath,
    /// Its playlist's URL relative to the index.
    pub(super) uri: String,
    /// `None` if its playlist cannot be read at present.
    pub(super) media: Option<Media>,
}

/// Reason why a playlist is no use.
#[derive(Debug)]
pub(super) struct Useless {
    /// Sentences for a person to read.
    pub(super) problem: String,
    /// Whether that may be the store's fault alone.
    pub(super) is_away: bool,
}

impl From<String> for Useless {
    fn from(problem: String) -> Self {
        Self {
            problem,
            is_away: false,
        }
    }
}

/// Reads a playlist and all that it names.
pub(super) fn read(root: &Root, playlist: &FilePath) -> Result<Source, Useless> {
    let (bytes, stamp) = contents(root, playlist)?;
    let mut source = Source {
        playlist: playlist.clone(),
        playlists: vec![(playlist.clone(), Some(stamp))],
        tracks: Vec::new(),
        problems: Vec::new(),
    };
    let uris = match playlist::parse(&bytes).map_err(|error| format!("{playlist}: {error}"))? {
        Playlist::Media(media) => {
            let uri = format!("../{}", path::encode(playlist.name()));
            source.tracks.push(Track {
                path: playlist.clone(),
                uri,
                media: Some(media),
            });
            return Ok(source);
        }
        Playlist::Master(master) => master.tracks,
    };
    for uri in uris {
        let Some(path) = playlist.resolve(&uri) else {
            source.problems.push(format!(
                "{playlist}: {uri} is not in this directory; it is played without P2P"
            ));
            continue;
        };
        if source.tracks.len() == MAX_TRACKS {
            source.problems.push(format!(
                "{playlist}: only the first {MAX_TRACKS} renditions are indexed"
            ));
            break;
        }
        let media = contents(root, &path).and_then(|(bytes, stamp)| {
            source.playlists.push((path.clone(), Some(stamp)));
            match playlist::parse(&bytes) {
                Ok(Playlist::Media(media)) => Ok(media),
                Ok(Playlist::Master(_)) => {
                    Err(format!("{path}: a master playlist inside another").into())
                }
                Err(error) => Err(format!("{path}: {error}").into()),
            }
        });
        let media = match media {
            Ok(media) => Some(media),
            Err(useless) if useless.is_away => return Err(useless),
            Err(useless) => {
                source.problems.push(useless.problem);
                None
            }
        };
        if media.is_none() && source.playlists.iter().all(|(read, _)| *read != path) {
            source.playlists.push((path.clone(), None));
        }
        // Relative to the index, which lies one folder deeper than the playlist that names it.
        let uri = if uri.starts_with('/') {
            uri
        } else {
            format!("../{uri}")
        };
        source.tracks.push(Track { path, uri, media });
    }
    Ok(source)
}

fn contents(root: &Root, path: &FilePath) -> Result<(Vec<u8>, Stamp), Useless> {
    root.read(path, MAX_PLAYLIST).map_err(|error| Useless {
        problem: match error.kind() {
            io::ErrorKind::NotFound => format!("{path}: there is no such playlist"),
            io::ErrorKind::FileTooLarge => {
                format!("{path}: a playlist of more than {} MiB", MAX_PLAYLIST >> 20)
            }
            _ => format!("{path}: {error}"),
        },
        is_away: is_away(&error),
    })
}

impl Source {
    /// Whether a stream is still growing.
    pub(super) fn is_live(&self) -> bool {
        self.tracks
            .iter()
            .filter_map(|track| track.media.as_ref())
            .any(|media| media.live)
    }
}
