//! Digests of segments: one SHA-256 for each piece.

use std::{
    io::{self, Read},
    sync::{Mutex, PoisonError},
};

use sha2::{Digest, Sha256};
use shoal_wire::{id::PIECE_LENGTH, index::PartSegment};

use super::{
    cache::{Cache, Journal},
    hash_pool::HashPool,
    known::{Known, SegmentPlace},
};
use crate::{
    path::FilePath,
    root::{Root, Stamp, is_away},
};

/// Reason why a segment has no digests.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum SegmentError {
    /// The file exists, but the bytes that the playlist promises are not in it.
    #[error("segment {0} is shorter than its EXT-X-BYTERANGE")]
    Short(FilePath),
    /// More pieces than the numbering has room for.
    #[error("segment {0} is too large: split the video into segments of 4 GiB at most")]
    Large(FilePath),
    /// The file is not there, or may not be read.
    #[error("segment {0} cannot be read: {1}")]
    Read(FilePath, io::Error),
}

impl SegmentError {
    /// Whether it says nothing about the segment.
    pub(super) fn is_away(&self) -> bool {
        matches!(self, Self::Read(_, error) if is_away(error))
    }
}

/// Digests that are known already, so that a file is read again only when it has changed.
#[derive(Debug, Default)]
pub(super) struct Digests {
    known: Known,
    /// File in which they are written down, if they are.
    journal: Option<Journal>,
}

impl Digests {
    /// Opens the digests of a playlist that were written down, and where more will be.
    pub(super) fn open(cache: &Cache, playlist: &FilePath) -> io::Result<Self> {
        let (known, journal) = cache.open(playlist)?;
        Ok(Self {
            known,
            journal: Some(journal),
        })
    }

    /// Returns how many bytes of some segments would have to be read.
    pub(super) fn missing(&mut self, root: &Root, places: &[SegmentPlace]) -> u64 {
        let mut bytes = 0;
        for (place, stamp) in places.iter().zip(stamps(root, places)) {
            if let Ok(Some(stamp)) = stamp
                && self.known.get(place, stamp).is_none()
            {
                let range = place.range.as_ref();
                bytes += range.map_or(stamp.len, |range| range.end.saturating_sub(range.start));
            }
        }
        bytes
    }

    /// The digests of some segments. What is not known is read by the pool; `hashed` is told how many bytes
    /// were, from time to time.
    pub(super) fn segments(
        &mut self,
        root: &Root,
        places: &[SegmentPlace],
        pool: &HashPool,
        hashed: &(dyn Fn(u64) + Sync),
    ) -> Vec<Result<PartSegment, SegmentError>> {
        let found = |(place, stamp): (&SegmentPlace, io::Result<Option<Stamp>>)| match stamp {
            Ok(Some(stamp)) => Ok(self.known.get(place, stamp).cloned()),
            Ok(None) => Err(not_there(&place.path)),
            Err(error) => Err(SegmentError::Read(place.path.clone(), error)),
        };
        let stamps = stamps(root, places);
        let mut results: Vec<_> = places.iter().zip(stamps).map(found).collect();
        let unknown = places.iter().zip(&results);
        let unknown = unknown.filter(|(_, found)| matches!(found, Ok(None)));
        let unknown: Vec<_> = unknown.map(|(place, _)| place).collect();
        let journal = Mutex::new(self.journal.take());
        let read = pool.each(&unknown, |place| {
            let going_on = |bytes| {
                hashed(bytes);
                !pool.is_shut_down()
            };
            let (stamp, segment) = hash(root, place, going_on)?;
            note(&journal, place, stamp, &segment);
            Ok((stamp, segment))
        });
        self.journal = journal.into_inner().unwrap_or_else(PoisonError::into_inner);
        let gaps = results.iter_mut().filter(|found| matches!(found, Ok(None)));
        for ((gap, place), read) in gaps.zip(unknown).zip(read) {
            *gap = match read {
                Some(Ok((stamp, segment))) => {
                    self.known.insert(place.clone(), stamp, segment.clone());
                    Ok(Some(segment))
                }
                Some(Err(error)) => Err(error),
                None => Err(interrupted(&place.path)),
            };
        }
        let whole = |(found, place): (Result<Option<_>, _>, &SegmentPlace)| {
            found.and_then(|found| found.ok_or_else(|| interrupted(&place.path)))
        };
        results.into_iter().zip(places).map(whole).collect()
    }

    /// Forgets what was not asked for since the last call.
    pub(super) fn forget_unused(&mut self) {
        self.known.forget_unused();
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.tidy(&self.known)
        {
            tracing::warn!(%error, "the cache of digests cannot be written");
            self.journal = None;
        }
    }
}

/// Writes down what was hashed. Where that fails, nothing more is: it would only cost another run.
fn note(
    journal: &Mutex<Option<Journal>>,
    place: &SegmentPlace,
    stamp: Stamp,
    segment: &PartSegment,
) {
    let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    let noted = journal
        .as_mut()
        .map(|journal| journal.note(place, stamp, segment));
    if let Some(Err(error)) = noted {
        tracing::warn!(%error, "the cache of digests cannot be written");
        *journal = None;
    }
}

fn stamps(root: &Root, places: &[SegmentPlace]) -> Vec<io::Result<Option<Stamp>>> {
    let paths: Vec<_> = places.iter().map(|place| place.path.clone()).collect();
    root.stamps(&paths)
}

fn not_there(path: &FilePath) -> SegmentError {
    SegmentError::Read(path.clone(), io::ErrorKind::NotFound.into())
}

fn interrupted(path: &FilePath) -> SegmentError {
    SegmentError::Read(path.clone(), io::ErrorKind::Interrupted.into())
}

/// The digests of one segment, read from its file, and the state that this was in. `going_on` is told how
/// many bytes were read, piece by piece, and whether to go on is for it to say.
pub(super) fn hash(
    root: &Root,
    place: &SegmentPlace,
    going_on: impl Fn(u64) -> bool,
) -> Result<(Stamp, PartSegment), SegmentError> {
    let read = |error| SegmentError::Read(place.path.clone(), error);
    let opened = root.reader(&place.path, place.range.as_ref());
    let (mut reader, stamp) = opened.map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => SegmentError::Short(place.path.clone()),
        _ => read(error),
    })?;
    let range = place.range.as_ref();
    let length = range.map_or(stamp.len, |range| range.end - range.start);
    let length = u32::try_from(length).map_err(|_| SegmentError::Large(place.path.clone()))?;
    let pieces = digests(&mut reader, length, going_on).map_err(read)?;
    Ok((stamp, PartSegment { length, pieces }))
}

/// Reads so many bytes and hashes them piece by piece, as long as `going_on` says so.
fn digests(
    file: &mut impl Read,
    length: u32,
    going_on: impl Fn(u64) -> bool,
) -> io::Result<Vec<[u8; 32]>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::with_capacity(length.min(PIECE_LENGTH) as usize);
    let mut left = length;
    while left > 0 {
        let size = left.min(PIECE_LENGTH);
        piece.clear();
        file.by_ref()
            .take(u64::from(size))
            .read_to_end(&mut piece)?;
        if piece.len() != size as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        pieces.push(Sha256::digest(&piece).into());
        left -= size;
        if !going_on(size.into()) {
            return Err(io::ErrorKind::Interrupted.into());
        }
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use std::{
        ops::Range,
        sync::atomic::{AtomicU64, Ordering},
    };

    use super::*;

    fn place(path: &str, range: Option<Range<u64>>) -> SegmentPlace {
        let path = FilePath::from_url(path).unwrap();
        SegmentPlace { path, range }
    }

    /// The digests of these segments, and how many bytes had to be read for them.
    fn read(
        digests: &mut Digests,
        root: &Root,
        places: &[SegmentPlace],
    ) -> (Vec<Result<PartSegment, SegmentError>>, u64) {
        let missing = digests.missing(root, places);
        let hashed = AtomicU64::new(0);
        let count = |bytes| {
            hashed.fetch_add(bytes, Ordering::Relaxed);
        };
        let found = digests.segments(root, places, &HashPool::new(2), &count);
        assert!(hashed.load(Ordering::Relaxed) <= missing);
        (found, hashed.into_inner())
    }

    #[test]
    fn every_piece_has_its_digest_and_the_last_is_shorter() {
        let bytes: Vec<u8> = (0..PIECE_LENGTH + 10).map(|n| (n % 251) as u8).collect();
        let of = |mut bytes: &[u8], length| digests(&mut bytes, length, |_| true);
        let (first, second) = bytes.split_at(PIECE_LENGTH as usize);
        assert_eq!(
            of(&bytes, PIECE_LENGTH + 10).unwrap(),
            [first, second].map(|piece| <[u8; 32]>::from(Sha256::digest(piece)))
        );
        assert_eq!(of(&[], 0).unwrap(), Vec::<[u8; 32]>::new());
        assert!(of(&bytes, PIECE_LENGTH + 11).is_err());
    }

    #[test]
    fn a_file_is_read_again_only_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.ts", "one");
        write("b.ts", "a second one");
        let root = Root::open(folder.path()).unwrap();
        let places = [place("/a.ts", None), place("/b.ts", None)];
        let mut digests = Digests::default();
        let (before, hashed) = read(&mut digests, &root, &places);
        assert_eq!(hashed, 15);
        assert_eq!(read(&mut digests, &root, &places).1, 0);
        write("a.ts", "other");
        let (after, hashed) = read(&mut digests, &root, &places);
        assert_eq!(hashed, 5);
        assert_ne!(after[0].as_ref().unwrap(), before[0].as_ref().unwrap());
        assert_eq!(after[1].as_ref().unwrap(), before[1].as_ref().unwrap());
        let short = [place("/a.ts", Some(2..9))];
        assert!(matches!(
            read(&mut digests, &root, &short).0[..],
            [Err(SegmentError::Short(_))]
        ));
        std::fs::remove_file(folder.path().join("a.ts")).unwrap();
        assert!(matches!(
            read(&mut digests, &root, &places).0[..],
            [Err(SegmentError::Read(..)), Ok(_)]
        ));
    }

    #[test]
    fn nothing_is_read_again_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..20 {
            std::fs::write(folder.path().join(format!("{n}.ts")), vec![n; 100]).unwrap();
        }
        let root = Root::open(folder.path()).unwrap();
        let places: Vec<_> = (0..20).map(|n| place(&format!("/{n}.ts"), None)).collect();
        let cache = Cache::inside(folder.path()).unwrap();
        let playlist = FilePath::from_url("/p.m3u8").unwrap();
        let open = || Digests::open(&cache, &playlist).unwrap();
        let (before, hashed) = read(&mut open(), &root, &places[..12]);
        assert_eq!(hashed, 1_200);
        let (after, hashed) = read(&mut open(), &root, &places);
        assert_eq!(hashed, 800);
        assert_eq!(
            after[3].as_ref().unwrap().pieces,
            before[3].as_ref().unwrap().pieces
        );
    }

    #[test]
    fn the_known_beginning_of_a_file_that_grows_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("all.ts");
        std::fs::write(&file, [1; 30]).unwrap();
        let root = Root::open(folder.path()).unwrap();
        let mut digests = Digests::default();
        let parts = [
            place("/all.ts", Some(0..10)),
            place("/all.ts", Some(10..30)),
        ];
        assert_eq!(read(&mut digests, &root, &parts).1, 30);
        std::fs::write(&file, [1; 50]).unwrap();
        assert_eq!(read(&mut digests, &root, &parts).1, 0);
        std::fs::write(&file, [2; 20]).unwrap();
        assert!(read(&mut digests, &root, &parts).0[0].is_ok());
        assert_eq!(read(&mut digests, &root, &parts[..1]).1, 0);
    }
}
