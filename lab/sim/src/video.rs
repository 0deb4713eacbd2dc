//! The video that a simulated origin holds: sizes and times of segments, no bytes.

use core::ops::Range;
use core::time::Duration;

use shoal_engine::{IndexInfo, Time, TimelineSegment, TrackInfo};
use shoal_wire::id::{InfoHash, PIECE_LENGTH, SegmentId, TrackId};
use shoal_wire::index::PieceSpace;

/// A video, on demand or live.
#[derive(Clone, Debug)]
pub(crate) struct Video {
    /// The playlist grows; `segments` is then the length of its window.
    pub(crate) live: bool,
    /// Segments of each track (on demand), or segments that the playlist lists (live).
    pub(crate) segments: u64,
    /// Duration of each segment.
    pub(crate) segment: Duration,
    /// Distance from the end of a live playlist at which players start: hls.js `liveSyncDuration`.
    pub(crate) sync: Duration,
    /// Bytes per second of each track: renditions, lowest first, then the audio track.
    pub(crate) rates: Vec<u64>,
    /// The last track is audio, which every viewer loads beside a rendition.
    pub(crate) audio: bool,
}

/// Media sequence number of the first segment of every simulated video: not zero, so that nobody
/// confuses a number with a position.
const FIRST: u64 = 100;
/// Piece numbers reserved for each segment.
const STRIDE: u32 = 256;

impl Video {
    pub(crate) fn tracks(&self) -> u16 {
        u16::try_from(self.rates.len()).unwrap_or(u16::MAX)
    }

    /// Number of tracks that are renditions.
    pub(crate) fn renditions(&self) -> u16 {
        self.tracks() - u16::from(self.audio)
    }

    /// Bytes of a segment: its rendition's rate, a fifth more or less from segment to segment.
    pub(crate) fn length(&self, segment: SegmentId) -> u32 {
        let mean = self.rates[usize::from(segment.track.0)] as f64 * self.segment.as_secs_f64();
        let spread = (segment.seq ^ (u64::from(segment.track.0) << 40))
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            >> 44;
        let swing = (spread % 1000) as f64 / 1000.0 * 0.4 - 0.2;
        (mean * (1.0 + swing)).max(1.0) as u32
    }

    pub(crate) fn space(&self) -> PieceSpace {
        PieceSpace {
            stride: STRIDE,
            tracks: self.tracks(),
            piece_length: PIECE_LENGTH,
        }
    }

    /// Piece numbers of a segment.
    pub(crate) fn pieces(&self, segment: SegmentId) -> Range<u32> {
        self.space().pieces(segment, self.length(segment))
    }

    /// Start of a segment on the player's timeline.
    pub(crate) fn start(&self, seq: u64) -> Duration {
        self.segment * u32::try_from(seq - FIRST).unwrap_or(u32::MAX)
    }

    /// The segment that plays at `position`.
    pub(crate) fn seq_at(&self, position: Duration) -> u64 {
        FIRST + (position.as_micros() / self.segment.as_micros()) as u64
    }

    /// End of the video, if it has one.
    pub(crate) fn end(&self) -> Option<Duration> {
        (!self.live).then(|| self.start(FIRST + self.segments))
    }

    /// Sequence numbers that the playlist lists at `now`.
    pub(crate) fn listed(&self, now: Time) -> Range<u64> {
        if self.live {
            // The stream began early enough for the window to be full at the first moment.
            let complete = FIRST + self.segments + now.0 / self.segment.as_micros() as u64;
            complete - self.segments..complete
        } else {
            FIRST..FIRST + self.segments
        }
    }

    /// Position at which a player starts that reads this playlist.
    pub(crate) fn sync_position(&self, listed: &Range<u64>) -> Duration {
        let edge = self.start(listed.end);
        edge.saturating_sub(self.sync).max(self.start(listed.start))
    }

    /// Whether the origin has all of a segment.
    pub(crate) fn exists(&self, seq: u64, now: Time) -> bool {
        seq >= FIRST && seq < self.listed(now).end
    }

    pub(crate) fn timeline(&self, listed: Range<u64>) -> Vec<TimelineSegment> {
        listed
            .map(|seq| TimelineSegment {
                seq,
                start: self.start(seq),
                duration: self.segment,
            })
            .collect()
    }

    pub(crate) fn index(&self) -> IndexInfo {
        IndexInfo {
            swarm: InfoHash(*b"a swarm in the box!!"),
            live: self.live,
            piece_length: PIECE_LENGTH,
            stride: STRIDE,
            trackers: 1,
            tracks: (0..self.tracks())
                .map(|track| TrackInfo {
                    part_segments: self.part_segments(TrackId(track)),
                })
                .collect(),
        }
    }

    /// Segments described by one part of a track's index: on demand as many as 8 KiB describe,
    /// live one, so that no part ever changes.
    pub(crate) fn part_segments(&self, track: TrackId) -> u32 {
        if self.live {
            return 1;
        }
        let mean = self.rates[usize::from(track.0)] as f64 * self.segment.as_secs_f64();
        let pieces = (mean / f64::from(PIECE_LENGTH)).ceil() as u32;
        (8192 / (4 + 32 * pieces)).clamp(1, 64)
    }

    /// First sequence number and lengths of a part of the index, if the origin has it.
    pub(crate) fn part(&self, track: TrackId, part: u64, now: Time) -> Option<(u64, Vec<u32>)> {
        if track.0 >= self.tracks() {
            return None;
        }
        let size = u64::from(self.part_segments(track));
        let first = (part * size).max(FIRST);
        let end = ((part + 1) * size).min(self.listed(now).end);
        (first < end).then(|| {
            (
                first,
                (first..end)
                    .map(|seq| self.length(SegmentId { track, seq }))
                    .collect(),
            )
        })
    }

    /// Bytes of a part of the index: a header, then a length and a hash of each piece.
    pub(crate) fn part_bytes(&self, track: TrackId, part: u64, now: Time) -> u32 {
        let lengths = self
            .part(track, part, now)
            .map(|(_, lengths)| lengths)
            .unwrap_or_default();
        16 + lengths
            .iter()
            .map(|length| 4 + 32 * length.div_ceil(PIECE_LENGTH))
            .sum::<u32>()
    }
}
