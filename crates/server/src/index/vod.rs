//! The index of a video on demand.
//!
//! Its swarm is named by its contents, so that changed contents are another swarm: the first 20 bytes
//! of SHA-256 over `shoal 1`, the piece length and the stride (both 32 bits, big-endian) and, for each
//! track, the SHA-256 of all its parts, one behind the other.

use std::collections::BTreeMap;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use shoal_wire::{
    id::{InfoHash, PIECE_LENGTH},
    index::{IndexTrack, MAX_PART_SEGMENTS, Part, PartSegment},
};

use super::{
    built::{self, Built, MIN_STRIDE, Settings},
    digest::{Digests, SegmentError},
    hash_pool::HashPool,
    known::SegmentPlace,
    playlist::{Media, Segment},
    source::{Source, Track},
};
use crate::{path::FilePath, root::Root};

/// Description of a gap.
const GAP: PartSegment = PartSegment {
    length: 0,
    pieces: Vec::new(),
};

/// Bytes of a part that is worth one request. A viewer loads a part before the first byte from a peer.
const PART_TARGET: usize = 8 * 1024;

/// Means of making an index: the threads that hash, and who is told how many bytes were.
pub(super) struct Making<'a> {
    pub(super) pool: &'a HashPool,
    pub(super) hashed: &'a (dyn Fn(u64) + Sync),
}

/// The store did not answer: nothing can be said about the video.
#[derive(Debug)]
pub(super) struct Away;

/// Makes the index. What cannot be indexed is left out, and why is pushed to the source's problems.
/// `None` when nothing is left.
pub(super) fn build(
    root: &Root,
    settings: &Settings,
    digests: &mut Digests,
    making: &Making<'_>,
    source: &mut Source,
) -> Result<Option<Built>, Away> {
    let mut tracks = Vec::new();
    let mut hash = Vec::new();
    let mut stride = MIN_STRIDE;
    let mut index_tracks = Vec::new();
    for (track, first, segments) in segments(root, digests, making, source)? {
        let largest = segments
            .iter()
            .map(|segment| segment.pieces.len())
            .max()
            .unwrap_or(0);
        stride = stride.max(
            u32::try_from(largest)
                .unwrap_or(u32::MAX)
                .next_power_of_two(),
        );
        let part_segments = part_segments(largest);
        let parts = parts(first, part_segments, &segments);
        let mut digest = Sha256::new();
        parts.values().for_each(|part| digest.update(part));
        hash.push(digest.finalize());
        tracks.push(parts);
        index_tracks.push(IndexTrack {
            playlist: track,
            part_segments,
        });
    }
    if tracks.is_empty() {
        return Ok(None);
    }
    let mut digest = Sha256::new();
    digest.update(b"shoal 1");
    digest.update(PIECE_LENGTH.to_be_bytes());
    digest.update(stride.to_be_bytes());
    hash.iter().for_each(|track| digest.update(track));
    let swarm = swarm(digest);
    let index = built::header(
        settings,
        &source.playlist,
        swarm,
        false,
        stride,
        index_tracks,
    );
    let told = |error| format!("the index would not be valid: {error}");
    let index = index.map_err(|error| source.problems.push(told(error)));
    Ok(index.ok().map(|index| Built { index, tracks }))
}

/// Returns how many bytes would have to be read to make the index.
pub(super) fn missing(root: &Root, digests: &mut Digests, source: &Source) -> u64 {
    let tracks = source.tracks.iter();
    let listed = tracks.filter_map(|track| places(track, track.media.as_ref()?).ok());
    let listed: Vec<_> = listed.flatten().flatten().collect();
    digests.missing(root, &listed)
}

/// The tracks that can be indexed: each one's URI, its first number, and its segments' digests.
fn segments(
    root: &Root,
    digests: &mut Digests,
    making: &Making<'_>,
    source: &mut Source,
) -> Result<Vec<(String, u64, Vec<PartSegment>)>, Away> {
    let Source {
        tracks, problems, ..
    } = source;
    let listed = tracks.iter().filter_map(|track| {
        let media = track.media.as_ref()?;
        let places = if media.segments.is_empty() {
            Err(format!("{}: it lists no segment", track.path))
        } else {
            places(track, media)
        };
        let places = places.map_err(|problem| problems.push(problem)).ok()?;
        Some((track, media.first, places))
    });
    let listed: Vec<_> = listed.collect();
    let all = listed
        .iter()
        .flat_map(|(.., places)| places.iter().flatten());
    let all: Vec<_> = all.cloned().collect();
    // All of a video at once, so that no thread waits for the last segment of each track.
    let mut read = digests
        .segments(root, &all, making.pool, making.hashed)
        .into_iter();
    let mut found = Vec::new();
    for (track, first, places) in listed {
        let segments = places.iter().map(|place| match place {
            None => Ok(GAP),
            Some(_) => read.next().unwrap_or(Ok(GAP)),
        });
        // To the end, so that the next track begins with its own.
        let segments: Vec<_> = segments.collect();
        match segments
            .into_iter()
            .collect::<Result<Vec<_>, SegmentError>>()
        {
            Ok(segments) => found.push((track.uri.clone(), first, segments)),
            Err(error) if error.is_away() => {
                problems.push(error.to_string());
                return Err(Away);
            }
            Err(error) => {
                problems.push(format!("{}: {error}; it is played without P2P", track.path))
            }
        }
    }
    Ok(found)
}

/// The files that the digests depend on.
pub(super) fn files(source: &Source) -> Vec<FilePath> {
    let mut files = Vec::new();
    for track in &source.tracks {
        for segment in track.media.iter().flat_map(|media| &media.segments) {
            files.extend(track.path.resolve(&segment.uri));
        }
    }
    files.sort_unstable();
    files.dedup();
    files
}

/// The first 20 bytes of a digest.
pub(super) fn swarm(digest: Sha256) -> InfoHash {
    let mut swarm = [0; 20];
    swarm
        .iter_mut()
        .zip(digest.finalize())
        .for_each(|(to, from)| *to = from);
    InfoHash(swarm)
}

/// Returns the segments of a track's playlist, a gap as `None`.
fn places(track: &Track, media: &Media) -> Result<Vec<Option<SegmentPlace>>, String> {
    let place = |segment: &Segment| {
        if segment.gap {
            return Ok(None);
        }
        let Some(path) = track.path.resolve(&segment.uri) else {
            return Err(format!(
                "{}: segment {} is not in this directory; it is played without P2P",
                track.path, segment.uri
            ));
        };
        let range = segment.range.clone();
        Ok(Some(SegmentPlace { path, range }))
    };
    media.segments.iter().map(place).collect()
}

fn part_segments(largest: usize) -> u32 {
    let one = 4 + 32 * largest;
    let fit = (PART_TARGET.saturating_sub(16) / one).clamp(1, MAX_PART_SEGMENTS);
    u32::try_from(fit).unwrap_or(1)
}

/// Part `n` describes the segments whose numbers divided by `part_segments` give `n`.
fn parts(first: u64, part_segments: u32, segments: &[PartSegment]) -> BTreeMap<u64, Bytes> {
    let size = u64::from(part_segments);
    let mut parts = BTreeMap::new();
    let (mut seq, mut rest) = (first, segments);
    while !rest.is_empty() {
        let number = seq / size;
        let count = usize::try_from((number + 1) * size - seq)
            .unwrap_or(1)
            .min(rest.len());
        let (part, others) = rest.split_at(count);
        let encoded = Part {
            first: seq,
            segments: part.to_vec(),
        }
        .encode();
        parts.insert(number, Bytes::from(encoded));
        (seq, rest) = (seq + count as u64, others);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_about_eight_kilobytes() {
        assert_eq!(part_segments(0), 64);
        assert_eq!(part_segments(1), 64);
        assert_eq!(part_segments(15), 16);
        assert_eq!(part_segments(10_000), 1);
    }

    #[test]
    fn parts_begin_at_multiples_whatever_the_first_number() {
        let segment = PartSegment {
            length: 0,
            pieces: Vec::new(),
        };
        let parts = parts(14, 8, &vec![segment; 12]);
        let shape: Vec<_> = parts
            .iter()
            .map(|(number, part)| (*number, Part::decode(part).unwrap()))
            .map(|(number, part)| (number, part.first, part.segments.len()))
            .collect();
        assert_eq!(shape, [(1, 14, 2), (2, 16, 8), (3, 24, 2)]);
    }
}
