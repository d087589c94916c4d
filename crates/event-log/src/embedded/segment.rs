//! The format of a segment file: a header, then records, then zeros up to its preallocated size.
//!
//! ```text
//! header: magic (8) | version u32 | crc32 u32 of the rest | first sequence u64 | hash of the entry before it (32) | zeros to 64
//! record: length of the frame u32 | crc32 u32 of the rest | sequence u64 | synced u64 | frame
//! ```
//! Integers are little-endian. `synced` is the last sequence that was durable when the record was written. It tells a
//! torn group from damage: behind a bad record, a good one whose `synced` reaches the bad one's sequence proves that
//! the bad one had been durable; one of the same unfinished group proves nothing.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::disk::Disk;
use crate::frame;
use crate::limits::{INDEX_STRIDE_BYTES, RECORD_BYTES_MAX};
use crate::types::{Hash, Tail};

const MAGIC: &[u8; 8] = b"DBLOGSEG";
const VERSION: u32 = 1;
const ZEROS: usize = 1024 * 1024;

/// Bytes of a segment's header.
pub(super) const HEADER_BYTES: usize = 64;
/// Bytes before each frame.
pub(super) const RECORD_HEADER_BYTES: usize = 24;
/// Name of a segment that is prepared but not yet part of the log.
pub(super) const PREPARED: &str = "next.prepared";
const EXTENSION: &str = "segment";

/// What stands at an offset of a segment.
#[derive(Debug)]
pub(super) enum Slot {
    /// A record whose checksum fits.
    Record { sequence: u64, synced: u64, frame: Bytes },
    /// Zeros, or the end of the file: no record was written here.
    Free,
    /// Bytes that are no record.
    Damaged(String),
}

/// An open segment file with its sparse index.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// Where the log stood before the segment's first record.
    pub(super) before: Tail,
    pub(super) bytes: u64,
    index: Mutex<Vec<(u64, u64)>>,
}

/// Path of the segment whose first record has sequence `first`.
pub(super) fn path_of(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.{EXTENSION}"))
}

/// First sequences of the segments in `folder`, ascending.
pub(super) fn list(folder: &Path) -> io::Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION)
            && let Some(first) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok())
        {
            firsts.push(first);
        }
    }
    firsts.sort_unstable();
    Ok(firsts)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn header(before: &Tail) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[16..24].copy_from_slice(&(before.sequence + 1).to_le_bytes());
    header[24..56].copy_from_slice(&before.hash.0);
    let crc = crc32fast::hash(&header[16..]);
    header[12..16].copy_from_slice(&crc.to_le_bytes());
    header
}

fn parse_header(header: &[u8; HEADER_BYTES]) -> Result<Tail, String> {
    if &header[..8] != MAGIC || u32_at(header, 8) != VERSION {
        return Err(format!("its header is not that of a segment of version {VERSION}"));
    }
    if crc32fast::hash(&header[16..]) != u32_at(header, 12) {
        return Err("the checksum of its header does not fit".to_owned());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(&header[24..56]);
    let sequence = u64_at(header, 16).checked_sub(1).ok_or("its first sequence is 0")?;
    Ok(Tail { sequence, hash: Hash(hash) })
}

/// Appends one record to `buffer`.
pub(super) fn push_record(buffer: &mut Vec<u8>, sequence: u64, synced: u64, frame: &[u8]) {
    let start = buffer.len();
    // A frame is at most 512 KiB and a little: its length fits.
    buffer.extend_from_slice(&u32::try_from(frame.len()).unwrap_or(u32::MAX).to_le_bytes());
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&sequence.to_le_bytes());
    buffer.extend_from_slice(&synced.to_le_bytes());
    buffer.extend_from_slice(frame);
    let crc = crc32fast::hash(&buffer[start + 8..]);
    buffer[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

/// What stands at the start of `bytes`, which reach to the end of the segment or hold a whole record.
pub(super) fn parse_record(bytes: &[u8]) -> Slot {
    let Some(head) = bytes.get(..RECORD_HEADER_BYTES) else { return Slot::Free };
    if head.iter().all(|byte| *byte == 0) {
        return Slot::Free;
    }
    let length = u32_at(head, 0) as usize;
    if !(frame::OVERHEAD_BYTES..=frame::OVERHEAD_BYTES + RECORD_BYTES_MAX).contains(&length) {
        return Slot::Damaged(format!("a length of {length} bytes is impossible"));
    }
    let Some(whole) = bytes.get(..RECORD_HEADER_BYTES + length) else {
        return Slot::Damaged("it reaches beyond the end of the file".to_owned());
    };
    if crc32fast::hash(&whole[8..]) != u32_at(head, 4) {
        return Slot::Damaged("its checksum does not fit".to_owned());
    }
    let frame = Bytes::copy_from_slice(&whole[RECORD_HEADER_BYTES..]);
    Slot::Record { sequence: u64_at(head, 8), synced: u64_at(head, 16), frame }
}

/// Length of the record that starts with `head`, as far as it can be believed.
pub(super) fn claimed_bytes(head: &[u8]) -> usize {
    RECORD_HEADER_BYTES + (u32_at(head, 0) as usize).min(frame::OVERHEAD_BYTES + RECORD_BYTES_MAX)
}

/// Whether the garbage that starts `rest` hides damage: a later valid record proves that sequence `lost` was durable.
pub(super) fn proves_damage(rest: &[u8], lost: u64) -> bool {
    let mut at = 0;
    while let Some(head) = rest.get(at..at + RECORD_HEADER_BYTES) {
        let candidate = u64_at(head, 8) > lost && u64_at(head, 16) >= lost && u64_at(head, 16) < u64_at(head, 8);
        if candidate && matches!(parse_record(&rest[at..]), Slot::Record { .. }) {
            return true;
        }
        at += 1;
    }
    false
}

impl Segment {
    /// Opens a segment; `Err(Ok(reason))` says what is wrong with its header.
    pub(super) fn open(path: PathBuf, writable: bool) -> Result<Self, Result<String, io::Error>> {
        use std::os::unix::fs::FileExt;
        let file = File::options().read(true).write(writable).open(&path).map_err(Err)?;
        let bytes = file.metadata().map_err(Err)?.len();
        let mut header = [0; HEADER_BYTES];
        if bytes < HEADER_BYTES as u64 {
            return Err(Ok(format!("the file has {bytes} bytes, less than a header")));
        }
        file.read_exact_at(&mut header, 0).map_err(Err)?;
        let before = parse_header(&header).map_err(Ok)?;
        Ok(Self { path, file, before, bytes, index: Mutex::new(Vec::new()) })
    }

    /// Sequence of the segment's first record.
    pub(super) fn first(&self) -> u64 {
        self.before.sequence + 1
    }

    /// The place of `offset`, for messages.
    pub(super) fn place(&self, offset: u64) -> String {
        format!("{} at byte {offset}", self.path.display())
    }

    /// Notes where a record starts, if the last noted one is far enough before it.
    pub(super) fn note(&self, sequence: u64, offset: u64) {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if index.last().is_none_or(|(noted, at)| sequence > *noted && offset >= at + INDEX_STRIDE_BYTES) {
            index.push((sequence, offset));
        }
    }

    /// The nearest known (sequence, offset) at or before `sequence`.
    pub(super) fn nearest(&self, sequence: u64) -> (u64, u64) {
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let after = index.partition_point(|(noted, _)| *noted <= sequence);
        after.checked_sub(1).and_then(|at| index.get(at).copied()).unwrap_or((self.first(), HEADER_BYTES as u64))
    }
}

/// Writes `bytes` zeros to the file of a future segment and makes them durable.
pub(super) fn prepare(disk: &dyn Disk, folder: &Path, bytes: u64) -> io::Result<()> {
    let path = folder.join(PREPARED);
    let file = File::options().write(true).create(true).truncate(true).open(&path)?;
    let zeros = vec![0; ZEROS];
    let mut at = 0;
    while at < bytes {
        let part = usize::try_from(bytes - at).unwrap_or(ZEROS).min(ZEROS);
        disk.write_at(&file, &path, at, &zeros[..part])?;
        at += part as u64;
    }
    // The size must be durable too: else every later fdatasync would write metadata.
    disk.sync_data(&file, &path)
}

/// Makes the prepared file the segment after `before`, durably, and opens it.
pub(super) fn adopt(disk: &dyn Disk, folder: &Path, before: Tail) -> io::Result<Segment> {
    let prepared = folder.join(PREPARED);
    let path = path_of(folder, before.sequence + 1);
    let file = File::options().read(true).write(true).open(&prepared)?;
    disk.write_at(&file, &prepared, 0, &header(&before))?;
    disk.sync_data(&file, &prepared)?;
    disk.rename(&prepared, &path)?;
    disk.sync_folder(folder)?;
    let bytes = file.metadata()?.len();
    Ok(Segment { path, file, before, bytes, index: Mutex::new(Vec::new()) })
}
