//! The index of a stream that is still growing, one part for each segment.
//!
//! Its swarm is named by its place and its beginning: the first 20 bytes of SHA-256 over `shoal 1 live`,
//! the playlist's path, a zero byte and the epoch (64 bits, big-endian). The epoch is the time (Unix,
//! ms) of the file that the encoder writes once, so that it is the same after a restart of the server:
//! the master playlist, else the initialisation segment, else the first segment seen. A stream that
//! starts its numbers over gets a new one.
//!
//! A segment is hashed once, when its playlist lists it: only then is its file complete (RFC 8216
//! §6.2.1). What a stream has begun with stays when it ends, until the server is restarted.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use shoal_wire::index::{IndexTrack, Part};

use super::{
    built::{self, Built, MIN_STRIDE, Settings},
    digest,
    known::SegmentPlace,
    playlist::{Media, Segment},
    source::{Source, Track},
    vod,
};
use crate::{
    path::FilePath,
    root::{Root, Stamp},
};

/// Segments described after the playlist has dropped them, for viewers that are behind.
const KEPT_BEHIND: u64 = 64;

/// Factor by which a segment may become larger than those seen first.
const STRIDE_HEADROOM: u32 = 4;

/// A playlist that seems to start over was perhaps only half written: it must have been left alone for
/// this long before that is believed.
const SETTLED: Duration = Duration::from_millis(200);

/// A stream that has been seen.
#[derive(Debug)]
pub(super) struct Stream {
    epoch: u64,
    stride: u32,
    tracks: Vec<LiveTrack>,
}

/// A track as it was last seen, to notice that it has started over.
#[derive(Debug)]
struct LiveTrack {
    uri: String,
    listed: BTreeMap<u64, (Segment, Option<Stamp>)>,
}

/// Parts that have come and gone in one track.
#[derive(Debug)]
pub(super) struct Growth {
    pub(super) parts: Vec<(u64, Bytes)>,
    /// Parts below this number are forgotten.
    pub(super) keep_from: u64,
}

impl Stream {
    /// Begins a stream: an index of its tracks, without any part yet.
    pub(super) fn begin(
        root: &Root,
        settings: &Settings,
        playlist: &FilePath,
        source: &mut Source,
        before: Option<&Self>,
    ) -> Option<(Self, Built)> {
        let begun = epoch(root, source);
        let epoch = before.map_or(begun, |before| begun.max(before.epoch + 1));
        let mut digest = Sha256::new();
        digest.update(b"shoal 1 live");
        digest.update(playlist.as_str());
        digest.update([0]);
        digest.update(epoch.to_be_bytes());
        let swarm = vod::swarm(digest);
        let stride = stride(root, source);
        let index_tracks: Vec<_> = source
            .tracks
            .iter()
            .map(|track| IndexTrack {
                playlist: track.uri.clone(),
                part_segments: 1,
            })
            .collect();
        let index = built::header(settings, playlist, swarm, true, stride, index_tracks)
            .map_err(|error| {
                source
                    .problems
                    .push(format!("the index would not be valid: {error}"))
            })
            .ok()?;
        let tracks: Vec<_> = source
            .tracks
            .iter()
            .map(|track| LiveTrack {
                uri: track.uri.clone(),
                listed: BTreeMap::new(),
            })
            .collect();
        let parts = vec![BTreeMap::new(); tracks.len()];
        Some((
            Self {
                epoch,
                stride,
                tracks,
            },
            Built {
                index,
                tracks: parts,
            },
        ))
    }

    /// Whether `source` is this stream, a moment later.
    pub(super) fn continues(&self, root: &Root, source: &Source) -> bool {
        let same = |(known, now): (&LiveTrack, &Track)| {
            let media = now.media.as_ref();
            known.uri == now.uri
                && !media.is_some_and(|media| known.is_over(root, &now.path, media))
        };
        self.tracks.len() == source.tracks.len() && self.tracks.iter().zip(&source.tracks).all(same)
    }

    /// Hashes what is newly listed. `true` beside it: a segment listed could not be read, look again.
    pub(super) fn grow(
        &mut self,
        root: &Root,
        source: &mut Source,
        built: &[BTreeMap<u64, Bytes>],
    ) -> (Vec<Growth>, bool) {
        let mut growths = Vec::new();
        let mut incomplete = false;
        for ((known, now), built) in self.tracks.iter_mut().zip(&source.tracks).zip(built) {
            let Some(media) = &now.media else {
                incomplete = true;
                growths.push(Growth {
                    parts: Vec::new(),
                    keep_from: 0,
                });
                continue;
            };
            let keep_from = media.first.saturating_sub(KEPT_BEHIND);
            let mut parts = Vec::new();
            known.listed = known.listed.split_off(&media.first);
            for (seq, segment) in (media.first..).zip(&media.segments) {
                let path = now.path.resolve(&segment.uri);
                known.listed.entry(seq).or_insert_with(|| {
                    (
                        segment.clone(),
                        path.as_ref().and_then(|path| root.stamp(path).ok()?),
                    )
                });
                if segment.gap || built.contains_key(&seq) {
                    continue;
                }
                let Some(path) = path else {
                    continue;
                };
                let range = segment.range.clone();
                let place = SegmentPlace { path, range };
                match digest::hash(root, &place, |_| true).map(|(_, segment)| segment) {
                    Ok(segment) if segment.pieces.len() > self.stride as usize => {
                        source.problems.push(format!(
                            "{}: segment {} is much larger than the first ones; it is played \
                             without P2P",
                            now.path, place.path
                        ));
                    }
                    Ok(segment) => {
                        let part = Part {
                            first: seq,
                            segments: vec![segment],
                        }
                        .encode();
                        parts.push((seq, Bytes::from(part)));
                    }
                    Err(error) => {
                        source.problems.push(format!("{}: {error}", now.path));
                        incomplete = true;
                    }
                }
            }
            growths.push(Growth { parts, keep_from });
        }
        (growths, incomplete)
    }
}

impl LiveTrack {
    /// Whether the numbers have gone back, or stand for other segments than before.
    fn is_over(&self, root: &Root, playlist: &FilePath, media: &Media) -> bool {
        let end = media.first + media.segments.len() as u64;
        if self
            .listed
            .last_key_value()
            .is_some_and(|(last, _)| end <= *last)
        {
            return true;
        }
        let now = |seq: u64| media.segments.get(usize::try_from(seq - media.first).ok()?);
        let mut shared = self.listed.range(media.first..end);
        // The first and the last stand for all: a new stream writes every file anew.
        let ends = [shared.next(), shared.next_back()];
        ends.into_iter().flatten().any(|(seq, (before, stamp))| {
            let Some(now) = now(*seq) else {
                return false;
            };
            let changed = || {
                let path = playlist.resolve(&now.uri);
                let stamp_now = path.and_then(|path| root.stamp(&path).ok()?);
                // A file of several segments grows, and one that is gone tells nothing.
                now.range.is_none()
                    && stamp
                        .zip(stamp_now)
                        .is_some_and(|(before, now)| before != now)
            };
            *before != *now || changed()
        })
    }
}

/// Whether none of the playlists is just being written.
pub(super) fn is_settled(source: &Source) -> bool {
    let stamps = source.playlists.iter().filter_map(|(_, stamp)| *stamp);
    let mut ages = stamps.map(|stamp| SystemTime::now().duration_since(stamp.modified));
    // A time in the future is another machine's clock and tells nothing.
    ages.all(|age| age.is_err() || age.is_ok_and(|age| age >= SETTLED))
}

fn stride(root: &Root, source: &Source) -> u32 {
    let (mut lengths, mut files) = (Vec::new(), Vec::new());
    for track in &source.tracks {
        for segment in track.media.iter().flat_map(|media| &media.segments) {
            match &segment.range {
                Some(range) => lengths.push(range.end - range.start),
                None => files.extend(track.path.resolve(&segment.uri)),
            }
        }
    }
    let stamps = root.stamps(&files).into_iter();
    lengths.extend(stamps.filter_map(|stamp| Some(stamp.ok()??.len)));
    let pieces = lengths
        .into_iter()
        .max()
        .unwrap_or(0)
        .div_ceil(u64::from(shoal_wire::id::PIECE_LENGTH));
    let pieces = u32::try_from(pieces)
        .unwrap_or(u32::MAX)
        .saturating_mul(STRIDE_HEADROOM);
    // 65,536 is the index's own limit.
    pieces.clamp(MIN_STRIDE, 65_536).next_power_of_two()
}

fn epoch(root: &Root, source: &Source) -> u64 {
    let track = source
        .tracks
        .iter()
        .find_map(|track| Some((track, track.media.as_ref()?)));
    let stamp_of = |uri: &str| root.stamp(&track?.0.path.resolve(uri)?).ok()?;
    let master = || source.playlists.first().and_then(|(_, stamp)| *stamp);
    let is_master = track.is_none_or(|(track, _)| {
        source
            .playlists
            .first()
            .is_some_and(|(path, _)| *path != track.path)
    });
    let map = track.and_then(|(_, media)| media.map.as_deref());
    let first = track
        .and_then(|(_, media)| media.segments.first())
        .map(|first| first.uri.as_str());
    let stamp = if is_master {
        master()
    } else {
        map.or(first).and_then(stamp_of)
    };
    let since = stamp.and_then(|stamp| stamp.modified.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX / 2)
    })
}
