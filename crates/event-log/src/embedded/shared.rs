//! What the handles, the followers and the writer of one embedded log share: its segments and how they are read.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::watch;

use super::cursor::Cursor;
use super::folder::io_error;
use super::segment::{self, Segment, Slot};
use crate::error::Error;
use crate::frame;
use crate::limits::READ_BYTES_MAX;
use crate::types::{Entry, Hash, LogId, Tail};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) folder: PathBuf,
    pub(super) id: LogId,
    pub(super) segments: RwLock<Vec<Arc<Segment>>>,
    /// The last durable entry: nothing beyond it is shown to anyone.
    pub(super) tail: watch::Sender<Tail>,
    /// Why the writer stopped for good.
    pub(super) poison: OnceLock<String>,
}

impl Shared {
    pub(super) fn check_poison(&self) -> Result<(), Error> {
        self.poison.get().map_or(Ok(()), |reason| Err(Error::fatal(self.folder.display(), reason)))
    }

    pub(super) fn add_segment(&self, segment: Arc<Segment>) {
        self.segments.write().unwrap_or_else(PoisonError::into_inner).push(segment);
    }

    pub(super) fn last_segment(&self) -> Option<Arc<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// The segment in which `sequence` stands, or would stand.
    fn segment_of(&self, sequence: u64) -> Option<Arc<Segment>> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        let after = segments.partition_point(|segment| segment.first() <= sequence);
        after.checked_sub(1).and_then(|at| segments.get(at)).cloned()
    }

    fn cursor_at(&self, sequence: u64) -> Result<(Cursor, u64), Error> {
        let segment = self.segment_of(sequence).ok_or_else(|| {
            let reason = "no segment file holds it: the file is missing";
            Error::corrupt(self.folder.display(), sequence, reason)
        })?;
        let (nearest, offset) = segment.nearest(sequence);
        Ok((Cursor::new(segment, offset), nearest))
    }

    /// Entries after `after` and up to `end`, which the caller knows to be in the log.
    pub(super) fn read(&self, after: u64, max_entries: usize, end: u64) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        if after >= end || max_entries == 0 {
            return Ok(entries);
        }
        let (mut cursor, mut sequence) = self.cursor_at(after + 1)?;
        let mut bytes = 0;
        while sequence <= end && entries.len() < max_entries && bytes < READ_BYTES_MAX {
            let (slot, next) = cursor.peek().map_err(io_error(&cursor.segment.path, "reading"))?;
            let damage = |reason| Error::corrupt(cursor.segment.place(cursor.offset), sequence, reason);
            match slot {
                Slot::Record { sequence: found, frame, .. } if found == sequence => {
                    cursor.segment.note(sequence, cursor.offset);
                    if sequence > after {
                        let entry = frame::decode(sequence, &frame).map_err(damage)?;
                        bytes += entry.payload.len();
                        entries.push(entry);
                    }
                    cursor.offset = next;
                    sequence += 1;
                }
                Slot::Record { sequence: found, .. } => {
                    return Err(damage(format!("a record with sequence {found} stands in its place")));
                }
                Slot::Free => {
                    let following = self.segment_of(sequence).filter(|found| found.first() == sequence);
                    let following = following.filter(|found| found.path != cursor.segment.path);
                    let segment = following.ok_or_else(|| damage("nothing stands in its place".to_owned()))?;
                    cursor = Cursor::new(segment, segment::HEADER_BYTES as u64);
                }
                Slot::Damaged(reason) => return Err(damage(reason)),
            }
        }
        frame::check_chain(&self.folder.display().to_string(), &Hash::genesis(&self.id), &entries)?;
        Ok(entries)
    }
}
