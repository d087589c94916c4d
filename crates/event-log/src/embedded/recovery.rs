//! Finding the end of a log whose process may have died at any instant.
//!
//! Only the last segment is read: earlier ones were complete and durable before it was made.

use std::path::Path;
use std::sync::Arc;

use super::cursor::Cursor;
use super::disk::Disk;
use super::folder::io_error;
use super::segment::{self, HEADER_BYTES, Segment, Slot};
use crate::error::Error;
use crate::frame;
use crate::types::{LogId, Tail};

/// The end of a scan over a segment.
pub(super) struct End {
    /// The last entry whose record, hash and link fit.
    pub(super) tail: Tail,
    /// What the last record said was durable before it.
    pub(super) synced: u64,
    /// Where the next record goes, in bytes from the start of the file.
    pub(super) offset: u64,
    /// What stands there instead of zeros.
    pub(super) garbage: Option<String>,
}

/// Opens all segments and checks their headers.
pub(super) fn open_segments(folder: &Path, id: &LogId, writable: bool) -> Result<Vec<Arc<Segment>>, Error> {
    let mut segments = Vec::new();
    for first in segment::list(folder).map_err(io_error(folder, "listing"))? {
        let segment = open_segment(folder, first, writable)?;
        if segments.is_empty() && segment.before != Tail::start(id) {
            let reason = "the first segment file of the log is missing or of another log";
            return Err(Error::corrupt(folder.display(), 1, reason));
        }
        segments.push(segment);
    }
    Ok(segments)
}

/// Opens the segment that starts with `first` and checks its header.
pub(super) fn open_segment(folder: &Path, first: u64, writable: bool) -> Result<Arc<Segment>, Error> {
    let path = segment::path_of(folder, first);
    let segment = Segment::open(path.clone(), writable).map_err(|error| match error {
        Ok(reason) => Error::corrupt(path.display(), first, reason),
        Err(error) => io_error(&path, "opening")(error),
    })?;
    if segment.first() != first {
        let reason = format!("its header says that it starts with {}", segment.first());
        return Err(Error::corrupt(path.display(), first, reason));
    }
    Ok(Arc::new(segment))
}

/// Walks from `offset`, after `from`, to the last valid record.
pub(super) fn scan(segment: &Arc<Segment>, from: Tail, offset: u64, limit: u64) -> Result<End, Error> {
    let mut cursor = Cursor::new(Arc::clone(segment), offset);
    let mut end = End { tail: from, synced: 0, offset, garbage: None };
    while end.tail.sequence < limit {
        let expected = end.tail.sequence + 1;
        let (slot, next) = cursor.peek().map_err(io_error(&segment.path, "reading"))?;
        match slot {
            Slot::Record { sequence, synced, frame } if sequence == expected => {
                let damage = |reason| Error::corrupt(segment.place(end.offset), sequence, reason);
                let entry = frame::decode(sequence, &frame).map_err(damage)?;
                frame::check_link(&segment.place(end.offset), end.tail.sequence, &end.tail.hash, &entry)?;
                segment.note(sequence, end.offset);
                end = End { tail: entry.tail(), synced, offset: next, garbage: None };
                cursor.offset = next;
            }
            Slot::Record { sequence, .. } => {
                let reason = format!("a record with sequence {sequence} stands in its place");
                return Err(Error::corrupt(segment.place(end.offset), expected, reason));
            }
            Slot::Free => break,
            Slot::Damaged(reason) => {
                end.garbage = Some(reason);
                break;
            }
        }
    }
    Ok(end)
}

/// The end of the log in its last segment: the scan, and the judgement whether what follows is a torn group or damage.
pub(super) fn find_end(segment: &Arc<Segment>) -> Result<End, Error> {
    let mut end = scan(segment, segment.before, HEADER_BYTES as u64, u64::MAX)?;
    let rest = Cursor::new(Arc::clone(segment), end.offset).rest().map_err(io_error(&segment.path, "reading"))?;
    if rest.iter().all(|byte| *byte == 0) {
        return Ok(end);
    }
    let lost = end.tail.sequence + 1;
    let reason = end.garbage.take().unwrap_or_else(|| "zeros stand in its place".to_owned());
    if segment::proves_damage(&rest, lost) {
        let reason = format!("{reason}, and later records prove that it had been durable");
        return Err(Error::corrupt(segment.place(end.offset), lost, reason));
    }
    end.garbage = Some(reason);
    Ok(end)
}

/// Overwrites a torn group with zeros, so that nothing of it can be taken for a record later.
pub(super) fn cut(disk: &dyn Disk, segment: &Segment, end: &End) -> Result<(), Error> {
    if let Some(reason) = &end.garbage {
        tracing::warn!(
            segment = %segment.path.display(), offset = end.offset, sequence = end.tail.sequence + 1, reason,
            "cut an unfinished append off the end of the log; it was never acknowledged"
        );
        let zeros = vec![0; usize::try_from(segment.bytes.saturating_sub(end.offset)).unwrap_or(0)];
        let write = disk.write_at(&segment.file, &segment.path, end.offset, &zeros);
        write.map_err(io_error(&segment.path, "cutting the torn end"))?;
    }
    // Also without a cut: records of a killed process may be complete and still only in the system's memory.
    disk.sync_data(&segment.file, &segment.path).map_err(io_error(&segment.path, "syncing"))
}
