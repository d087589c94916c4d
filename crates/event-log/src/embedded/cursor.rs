//! Walking over the records of one segment file. It reads in chunks and judges nothing beyond one record.

use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::segment::{self, RECORD_HEADER_BYTES, Segment, Slot};

const CHUNK_BYTES: usize = 128 * 1024;

/// A place in a segment, with a chunk of its bytes.
pub(super) struct Cursor {
    pub(super) segment: Arc<Segment>,
    /// Offset of the next record, in bytes from the start of the file.
    pub(super) offset: u64,
    chunk: Vec<u8>,
    chunk_at: u64,
}

impl Cursor {
    pub(super) fn new(segment: Arc<Segment>, offset: u64) -> Self {
        Self { segment, offset, chunk: Vec::new(), chunk_at: 0 }
    }

    /// Up to `wanted` bytes at the offset, fewer only at the end of the file.
    fn bytes(&mut self, wanted: usize) -> io::Result<&[u8]> {
        let start = self.offset.wrapping_sub(self.chunk_at);
        let held = self.chunk.len() as u64;
        let end_of_file = self.chunk_at + held >= self.segment.bytes;
        let enough = start < held && (start + wanted as u64 <= held || end_of_file);
        if !enough {
            let left = usize::try_from(self.segment.bytes.saturating_sub(self.offset)).unwrap_or(usize::MAX);
            self.chunk.resize(left.min(CHUNK_BYTES.max(wanted)), 0);
            self.segment.file.read_exact_at(&mut self.chunk, self.offset)?;
            self.chunk_at = self.offset;
        }
        let start = usize::try_from(self.offset - self.chunk_at).unwrap_or(usize::MAX);
        let end = start.saturating_add(wanted).min(self.chunk.len());
        Ok(self.chunk.get(start..end).unwrap_or_default())
    }

    /// What stands at the offset, and the offset after it if it is a record. The cursor stays.
    pub(super) fn peek(&mut self) -> io::Result<(Slot, u64)> {
        let claimed = segment::claimed_bytes(self.bytes(RECORD_HEADER_BYTES)?);
        let slot = segment::parse_record(self.bytes(claimed)?);
        Ok((slot, self.offset + claimed as u64))
    }

    /// All bytes from the offset to the end of the file.
    pub(super) fn rest(&self) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.segment.bytes.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let mut rest = vec![0; left];
        self.segment.file.read_exact_at(&mut rest, self.offset)?;
        Ok(rest)
    }
}
