//! Digests of segments: one SHA-256 for each piece.

use std::{
    collections::HashMap,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use sha2::{Digest, Sha256};
use shoal_wire::{id::PIECE_LENGTH, index::PartSegment};

use crate::{
    path::FilePath,
    root::{Root, Stamp},
};

/// Why a segment has no digests.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum SegmentError {
    /// The file exists, but the bytes that the playlist promises are not in it.
    #[error("segment {0} is shorter than its EXT-X-BYTERANGE")]
    Short(FilePath),
    /// More pieces than the numbering has room for.
    #[error("segment {0} is too large: split the video into segments of 4 GiB at most")]
    Large(FilePath),
    /// It is not there, or may not be read.
    #[error("segment {0} cannot be read: {1}")]
    Read(FilePath, io::Error),
}

/// A segment's place: a file and, where it is not all of it, its bytes there.
type Place = (FilePath, Option<Range<u64>>);

/// What has been hashed already, so that a file is read again only when it has changed.
#[derive(Debug, Default)]
pub(super) struct Digests {
    known: HashMap<Place, (Stamp, PartSegment, bool)>,
}

impl Digests {
    /// The digests of one segment, read from its file if they are not known.
    pub(super) fn segment(
        &mut self,
        root: &Root,
        path: &FilePath,
        range: Option<&Range<u64>>,
    ) -> Result<PartSegment, SegmentError> {
        let read = |error| SegmentError::Read(path.clone(), error);
        let stamp = root
            .stamp(path)
            .ok_or_else(|| read(io::ErrorKind::NotFound.into()))?;
        let place = (path.clone(), range.cloned());
        if let Some((known, segment, used)) = self.known.get_mut(&place) {
            // A file that holds several segments may grow behind this one.
            if *known == stamp || (range.is_some() && known.len < stamp.len) {
                *used = true;
                return Ok(segment.clone());
            }
        }
        let (mut file, stamp) = root.file(path).map_err(read)?;
        let bytes = range.cloned().unwrap_or(0..stamp.len);
        if bytes.end > stamp.len || bytes.start > bytes.end {
            return Err(SegmentError::Short(path.clone()));
        }
        let length = u32::try_from(bytes.end - bytes.start)
            .map_err(|_| SegmentError::Large(path.clone()))?;
        file.seek(SeekFrom::Start(bytes.start)).map_err(read)?;
        let pieces = digests(&mut file, length).map_err(read)?;
        let segment = PartSegment { length, pieces };
        self.known.insert(place, (stamp, segment.clone(), true));
        Ok(segment)
    }

    /// Forgets what was not asked for since the last call.
    pub(super) fn forget_unused(&mut self) {
        self.known.retain(|_, (_, _, used)| std::mem::take(used));
    }
}

fn digests(file: &mut impl Read, length: u32) -> io::Result<Vec<[u8; 32]>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::with_capacity(PIECE_LENGTH as usize);
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
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_has_its_digest_and_the_last_is_shorter() {
        let bytes: Vec<u8> = (0..PIECE_LENGTH + 10).map(|n| (n % 251) as u8).collect();
        let pieces = digests(&mut bytes.as_slice(), PIECE_LENGTH + 10).unwrap();
        let (first, second) = bytes.split_at(PIECE_LENGTH as usize);
        assert_eq!(
            pieces,
            [first, second].map(|piece| <[u8; 32]>::from(Sha256::digest(piece)))
        );
        assert_eq!(
            digests(&mut [].as_slice(), 0).unwrap(),
            Vec::<[u8; 32]>::new()
        );
        assert!(digests(&mut bytes.as_slice(), PIECE_LENGTH + 11).is_err());
    }

    #[test]
    fn a_file_is_read_again_only_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ts");
        std::fs::write(&file, b"one").unwrap();
        let root = Root::open(folder.path()).unwrap();
        let path = FilePath::from_url("/a.ts").unwrap();
        let mut digests = Digests::default();
        let before = digests.segment(&root, &path, None).unwrap();
        assert_eq!(digests.segment(&root, &path, None).unwrap(), before);
        std::fs::write(&file, b"other").unwrap();
        let after = digests.segment(&root, &path, None).unwrap();
        assert_eq!(after.length, 5);
        assert_ne!(after.pieces, before.pieces);
        assert!(matches!(
            digests.segment(&root, &path, Some(&(2..9))),
            Err(SegmentError::Short(_))
        ));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(
            digests.segment(&root, &path, None),
            Err(SegmentError::Read(..))
        ));
    }
}
