//! What has been hashed, on the disk: after a restart, or a run that was broken off, no file is read
//! again that has not changed.
//!
//! There is one file for each playlist, named by a digest of its path. It begins with [`MAGIC`], and a
//! record follows for each segment, written as soon as that is hashed: its length (32 bits, big-endian),
//! its body, and the first 8 bytes of the body's SHA-256. What stands behind a record that is not whole is
//! cut off: a crash costs the last one.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufReader, Read, Seek, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use shoal_wire::{id::PIECE_LENGTH, index::PartSegment};

use super::known::{Known, SegmentPlace};
use crate::{path::FilePath, root::Stamp};

/// First bytes of a file, with the version of its form.
const MAGIC: &[u8] = b"shoal digests 1\n";

/// Extension of a file.
const EXTENSION: &str = "digests";

/// Bytes of a record's body: a segment of 4 GiB has 65,536 pieces.
const MAX_BODY: u32 = 65_536 * 32 + 64 * 1024;

/// Bytes of a record's checksum.
const CHECK: usize = 8;

/// A folder of such files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    /// Name that tells one directory's playlists from another's.
    scope: OsString,
}

impl Cache {
    /// A folder that may be shared by several directories of videos. It is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn shared(folder: &Path, directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.into(),
            scope: directory.into(),
        })
    }

    /// A folder that moves with the directory of videos that it lies in.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn inside(directory: &Path) -> io::Result<Self> {
        let folder = directory.join(".shoal");
        fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            scope: OsString::new(),
        })
    }

    /// Returns what is known of a playlist's segments, and where to write what will be.
    pub(super) fn open(&self, playlist: &FilePath) -> io::Result<(Known, Journal)> {
        let path = self.file(playlist);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let mut records = 0;
        let mut known = Known::default();
        let mut whole = 0;
        let mut reader = BufReader::new(&file);
        let mut magic = [0; MAGIC.len()];
        if reader.read_exact(&mut magic).is_ok() && magic == MAGIC {
            whole = MAGIC.len() as u64;
            while let Some(body) = record(&mut reader) {
                let Some((place, stamp, segment)) = decode(&body) else {
                    break;
                };
                whole += (4 + body.len() + CHECK) as u64;
                records += 1;
                known.insert(place, stamp, segment);
            }
        }
        file.set_len(whole)?;
        file.seek(io::SeekFrom::End(0))?;
        if whole == 0 {
            file.write_all(MAGIC)?;
        }
        Ok((
            known,
            Journal {
                path,
                file,
                records,
            },
        ))
    }

    /// Removes the files of all playlists but these, unless other directories have theirs here, too.
    pub(super) fn keep_only(&self, playlists: &[FilePath]) -> io::Result<()> {
        if !self.scope.is_empty() {
            return Ok(());
        }
        let kept: Vec<_> = playlists
            .iter()
            .map(|playlist| self.file(playlist))
            .collect();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == EXTENSION) && !kept.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn file(&self, playlist: &FilePath) -> PathBuf {
        let mut digest = Sha256::new();
        digest.update(self.scope.as_encoded_bytes());
        digest.update([0]);
        digest.update(playlist.as_str());
        let name = digest.finalize();
        let name = name.iter().take(16).map(|byte| format!("{byte:02x}"));
        let name: String = name.collect();
        self.folder.join(name).with_extension(EXTENSION)
    }
}

/// The file of one playlist, to be written behind its end.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    records: usize,
}

impl Journal {
    /// Notes a segment. After a failure the file is whole up to the record before.
    pub(super) fn note(
        &mut self,
        place: &SegmentPlace,
        stamp: Stamp,
        segment: &PartSegment,
    ) -> io::Result<()> {
        // One write, so that no other process' record gets in between.
        self.file.write_all(&encode(place, stamp, segment))?;
        self.records += 1;
        Ok(())
    }

    /// Writes the file anew when most of it is of no more use.
    pub(super) fn tidy(&mut self, known: &Known) -> io::Result<()> {
        if self.records <= 2 * known.len() {
            return Ok(());
        }
        let new = self.path.with_extension("new");
        let mut file = File::create(&new)?;
        let mut writer = io::BufWriter::new(&mut file);
        writer.write_all(MAGIC)?;
        for (place, stamp, segment) in known.iter() {
            writer.write_all(&encode(place, stamp, segment))?;
        }
        writer.flush()?;
        drop(writer);
        fs::rename(new, &self.path)?;
        (self.file, self.records) = (file, known.len());
        Ok(())
    }
}

/// The next record's body. `None` at the end, and where one is not whole.
fn record(reader: &mut impl Read) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    reader.read_exact(&mut length).ok()?;
    let length = u32::from_be_bytes(length);
    if length > MAX_BODY {
        return None;
    }
    let mut body = Vec::new();
    reader.take(length.into()).read_to_end(&mut body).ok()?;
    let mut sum = [0; CHECK];
    reader.read_exact(&mut sum).ok()?;
    (body.len() == length as usize && sum == check(&body)).then_some(body)
}

fn check(body: &[u8]) -> [u8; CHECK] {
    let mut sum = [0; CHECK];
    let digest = Sha256::digest(body);
    sum.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    sum
}

/// A record: the stamp, the range (two zeros for a whole file), the path with its length before it, the
/// segment's length, and its pieces.
fn encode(place: &SegmentPlace, stamp: Stamp, segment: &PartSegment) -> Vec<u8> {
    let since = stamp
        .modified
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let range = place.range.clone().unwrap_or(0..0);
    let path = place.path.as_str().as_bytes();
    let mut body = Vec::with_capacity(60 + path.len() + 32 * segment.pieces.len());
    body.extend(since.as_secs().to_be_bytes());
    body.extend(since.subsec_nanos().to_be_bytes());
    body.extend(stamp.len.to_be_bytes());
    body.extend(stamp.tag.to_be_bytes());
    body.extend(range.start.to_be_bytes());
    body.extend(range.end.to_be_bytes());
    body.extend((path.len() as u32).to_be_bytes());
    body.extend(path);
    body.extend(segment.length.to_be_bytes());
    segment.pieces.iter().for_each(|piece| body.extend(piece));
    let mut record = Vec::with_capacity(4 + body.len() + CHECK);
    record.extend((body.len() as u32).to_be_bytes());
    record.extend(&body);
    record.extend(check(&body));
    record
}

fn decode(body: &[u8]) -> Option<(SegmentPlace, Stamp, PartSegment)> {
    let mut rest = body;
    let mut number = |bytes: usize| {
        let (taken, after) = rest.split_at_checked(bytes)?;
        rest = after;
        Some(
            taken
                .iter()
                .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)),
        )
    };
    let (seconds, nanos) = (number(8)?, u32::try_from(number(4)?).ok()?);
    let modified = SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))?;
    let stamp = Stamp {
        modified,
        len: number(8)?,
        tag: number(8)?,
    };
    let range = number(8)?..number(8)?;
    let path = usize::try_from(number(4)?).ok()?;
    let (path, after) = rest.split_at_checked(path)?;
    let (length, pieces) = after.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length);
    let (pieces, []) = pieces.as_chunks::<32>() else {
        return None;
    };
    if pieces.len() != length.div_ceil(PIECE_LENGTH) as usize {
        return None;
    }
    // The names in it are checked as those of a request are.
    let mut names = str::from_utf8(path).ok()?.split('/');
    let path = names.try_fold(FilePath::root(), |path, name| path.join(name))?;
    let place = SegmentPlace {
        path,
        range: (range != (0..0)).then_some(range),
    };
    let pieces = pieces.to_vec();
    Some((place, stamp, PartSegment { length, pieces }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str, range: Option<std::ops::Range<u64>>) -> SegmentPlace {
        let path = FilePath::from_url(path).unwrap();
        SegmentPlace { path, range }
    }

    fn stamp(seconds: u64) -> Stamp {
        let modified = SystemTime::UNIX_EPOCH + Duration::new(seconds, 7);
        Stamp {
            modified,
            len: 9,
            tag: 3,
        }
    }

    fn segment(length: u32) -> PartSegment {
        let pieces = vec![[5; 32]; length.div_ceil(PIECE_LENGTH) as usize];
        PartSegment { length, pieces }
    }

    fn playlist() -> FilePath {
        FilePath::from_url("/v/p.m3u8").unwrap()
    }

    fn all(known: &Known) -> Vec<(SegmentPlace, Stamp, PartSegment)> {
        let own = |(place, stamp, segment): (&SegmentPlace, Stamp, &PartSegment)| {
            (place.clone(), stamp, segment.clone())
        };
        let mut all: Vec<_> = known.iter().map(own).collect();
        all.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        all
    }

    #[test]
    fn what_was_noted_is_known_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::inside(dir.path()).unwrap();
        let noted = [
            (
                place("/v/a b.ts", None),
                stamp(1),
                segment(3 * PIECE_LENGTH + 1),
            ),
            (place("/v/c.ts", Some(5..9)), stamp(2), segment(4)),
            (place("/v/empty.ts", None), stamp(3), segment(0)),
        ];
        let (_, mut journal) = cache.open(&playlist()).unwrap();
        for (place, stamp, segment) in &noted {
            journal.note(place, *stamp, segment).unwrap();
        }
        let (known, _) = cache.open(&playlist()).unwrap();
        assert_eq!(all(&known), noted);
        let other = FilePath::from_url("/v/q.m3u8").unwrap();
        assert_eq!(cache.open(&other).unwrap().0.len(), 0);
    }

    #[test]
    fn a_file_cut_off_or_damaged_anywhere_is_good_up_to_there() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::inside(dir.path()).unwrap();
        let (_, mut journal) = cache.open(&playlist()).unwrap();
        for n in 0..3 {
            let place = place(&format!("/{n}.ts"), None);
            journal.note(&place, stamp(n), &segment(10)).unwrap();
        }
        let file = cache.file(&playlist());
        let whole = fs::read(&file).unwrap();
        let one = (whole.len() - MAGIC.len()) / 3;
        for end in 0..whole.len() {
            fs::write(&file, &whole[..end]).unwrap();
            let (known, mut journal) = cache.open(&playlist()).unwrap();
            assert_eq!(known.len(), end.saturating_sub(MAGIC.len()) / one, "{end}");
            journal
                .note(&place("/x.ts", None), stamp(9), &segment(1))
                .unwrap();
            let (again, _) = cache.open(&playlist()).unwrap();
            assert_eq!(again.len(), known.len() + 1, "{end}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x40;
            fs::write(&file, &damaged).unwrap();
            let (known, _) = cache.open(&playlist()).unwrap();
            assert_eq!(known.len(), at.saturating_sub(MAGIC.len()) / one, "{at}");
        }
    }

    #[test]
    fn what_is_outdated_does_not_pile_up() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::inside(dir.path()).unwrap();
        let (mut known, mut journal) = cache.open(&playlist()).unwrap();
        let file = cache.file(&playlist());
        for n in 0..100 {
            let place = place("/a.ts", None);
            journal.note(&place, stamp(n), &segment(10)).unwrap();
            known.insert(place, stamp(n), segment(10));
            journal.tidy(&known).unwrap();
        }
        assert!(fs::metadata(file).unwrap().len() < 500);
        assert_eq!(all(&cache.open(&playlist()).unwrap().0)[0].1, stamp(99));
    }

    #[test]
    fn files_of_playlists_that_are_gone_are_removed_and_others_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::inside(dir.path()).unwrap();
        let gone = FilePath::from_url("/gone.m3u8").unwrap();
        cache.open(&playlist()).unwrap();
        cache.open(&gone).unwrap();
        cache.keep_only(&[playlist()]).unwrap();
        assert!(cache.file(&playlist()).exists());
        assert!(!cache.file(&gone).exists());
        let shared = Cache::shared(&dir.path().join(".shoal"), Path::new("/films")).unwrap();
        shared.open(&gone).unwrap();
        shared.keep_only(&[]).unwrap();
        assert!(shared.file(&gone).exists() && cache.file(&playlist()).exists());
    }
}
