//! What the video consists of: the playlists as the player sees them, and how long each segment is.

use core::time::Duration;

use shoal_wire::id::{SegmentId, TrackId};
use shoal_wire::index::PieceSpace;

use crate::input::{IndexInfo, TimelineSegment};
use crate::small_map::SmallMap;
use crate::time::Time;

/// The video as index and playlists describe it.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) info: IndexInfo,
    pub(crate) space: PieceSpace,
    tracks: Vec<Track>,
}

#[derive(Debug)]
struct Track {
    part_segments: u64,
    parts: SmallMap<u64, Part>,
    lengths: SmallMap<u64, u32>,
    playlist: Vec<TimelineSegment>,
}

/// Where a part of the index stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Asked {
        times: u32,
    },
    /// It could not be had, or did not describe all its segments yet.
    Again {
        at: Time,
        times: u32,
    },
    Here,
}

/// What is known of a segment's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// Bytes.
    Known(u32),
    /// Its part of the index has to be fetched now.
    Ask(u64),
    /// Its part of the index is on its way, or may be asked for again at this moment.
    Later(Option<Time>),
    /// No part of the index describes it.
    Never,
}

impl Timeline {
    pub(crate) fn new(info: IndexInfo) -> Self {
        let tracks = info
            .tracks
            .iter()
            .map(|track| Track {
                part_segments: u64::from(track.part_segments.max(1)),
                parts: SmallMap::default(),
                lengths: SmallMap::default(),
                playlist: Vec::new(),
            })
            .collect::<Vec<_>>();
        let space = PieceSpace::new(info.piece_length, info.stride, tracks.len() as u16);
        Self {
            info,
            space,
            tracks,
        }
    }

    /// The playlist of a track as it stands now. Its numbers ascend (RFC 8216 §3): segments
    /// that are out of order are left out. Of a live track so many parts of the index are kept behind
    /// its first segment.
    pub(crate) fn set(
        &mut self,
        id: TrackId,
        mut segments: Vec<TimelineSegment>,
        parts_behind: u64,
    ) {
        let live = self.info.live;
        let Some(track) = self.track_mut(id) else {
            return;
        };
        let mut last = None;
        segments.retain(|segment| {
            let ascends = last.is_none_or(|last| last < segment.seq);
            if ascends {
                last = Some(segment.seq);
            }
            ascends
        });
        if let (true, Some(first)) = (live, segments.first()) {
            let part = (first.seq / track.part_segments).saturating_sub(parts_behind);
            track.parts.retain(|held, _| held >= part);
            let first = part * track.part_segments;
            track.lengths.retain(|seq, _| seq >= first);
        }
        track.playlist = segments;
    }

    /// A part of the index has come.
    pub(crate) fn add_part(
        &mut self,
        id: TrackId,
        part: u64,
        first: u64,
        lengths: &[u32],
        now: Time,
    ) {
        let live = self.info.live;
        let most = u64::from(self.info.stride) * u64::from(self.info.piece_length);
        let Some(track) = self.track_mut(id) else {
            return;
        };
        let span = part.saturating_mul(track.part_segments)
            ..part.saturating_add(1).saturating_mul(track.part_segments);
        let growing = live && (lengths.len() as u64) < track.part_segments;
        let again = Part::Again {
            at: now + Duration::from_secs(1),
            times: 0,
        };
        track
            .parts
            .insert(part, if growing { again } else { Part::Here });
        for (n, &length) in (0..).zip(lengths) {
            let Some(seq) = first.checked_add(n) else {
                break;
            };
            if span.contains(&seq) && length > 0 && u64::from(length) <= most {
                track.lengths.insert(seq, length);
            }
        }
    }

    /// A part of the index could not be had: it is tried again after a while.
    pub(crate) fn part_failed(&mut self, id: TrackId, part: u64, now: Time) {
        let Some(track) = self.track_mut(id) else {
            return;
        };
        let times = match track.parts.get(part) {
            Some(Part::Asked { times } | Part::Again { times, .. }) => *times,
            Some(Part::Here) | None => 0,
        };
        let wait = Duration::from_millis(500 << times.min(5));
        track.parts.insert(
            part,
            Part::Again {
                at: now + wait,
                times: times + 1,
            },
        );
    }

    /// What is known of a segment's length. After `Length::Ask` the part counts as asked for.
    pub(crate) fn length(&mut self, id: SegmentId, now: Time) -> Length {
        let Some(track) = self.track_mut(id.track) else {
            return Length::Never;
        };
        if let Some(&length) = track.lengths.get(id.seq) {
            return Length::Known(length);
        }
        let part = id.seq / track.part_segments;
        match track.parts.get(part) {
            Some(Part::Here) => Length::Never,
            Some(Part::Asked { .. }) => Length::Later(None),
            Some(&Part::Again { at, .. }) if at > now => Length::Later(Some(at)),
            again => {
                let times = if let Some(&Part::Again { times, .. }) = again {
                    times
                } else {
                    0
                };
                track.parts.insert(part, Part::Asked { times });
                Length::Ask(part)
            }
        }
    }

    /// The newest segments of a live playlist have become known to a peer: is the part worth
    /// fetching before our own playlist lists them?
    pub(crate) fn grows(&self, id: TrackId, seq: u64) -> bool {
        self.track(id)
            .and_then(|track| track.playlist.last())
            .is_some_and(|last| seq > last.seq && seq <= last.seq + 2)
    }

    /// All piece numbers that a segment may have, whatever its length.
    pub(crate) fn slots(&self, id: SegmentId) -> core::ops::Range<u32> {
        let most = self.info.stride.saturating_mul(self.info.piece_length);
        self.space.pieces(id, most)
    }

    /// The media sequence number behind the last one that the playlist lists.
    pub(crate) fn next_seq(&self, id: TrackId) -> Option<u64> {
        self.track(id)?.playlist.last()?.seq.checked_add(1)
    }

    pub(crate) fn segment(&self, id: SegmentId) -> Option<TimelineSegment> {
        let playlist = &self.track(id.track)?.playlist;
        let at = playlist
            .binary_search_by_key(&id.seq, |segment| segment.seq)
            .ok()?;
        playlist.get(at).copied()
    }

    /// The segments of a track that end after `from` and start before `to`.
    pub(crate) fn between(
        &self,
        id: TrackId,
        from: Duration,
        to: Duration,
    ) -> impl Iterator<Item = TimelineSegment> + '_ {
        let playlist = self.track(id).map_or(&[][..], |track| &track.playlist[..]);
        let first = playlist.partition_point(|segment| segment.start + segment.duration <= from);
        playlist
            .iter()
            .skip(first)
            .take_while(move |segment| segment.start < to)
            .copied()
    }

    fn track(&self, id: TrackId) -> Option<&Track> {
        self.tracks.get(usize::from(id.0))
    }

    fn track_mut(&mut self, id: TrackId) -> Option<&mut Track> {
        self.tracks.get_mut(usize::from(id.0))
    }
}
