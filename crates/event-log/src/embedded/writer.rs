//! The one thread that writes: it takes all waiting appends, writes them with one write and one sync, then answers.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::disk::Disk;
use super::folder::Mark;
use super::segment::{self, RECORD_HEADER_BYTES, Segment};
use super::shared::Shared;
use crate::error::Error;
use crate::frame;
use crate::limits::GROUP_BYTES_MAX;
use crate::types::{Record, RecordId, Tail};

/// Where the caller of an append waits.
type Answer = oneshot::Sender<Result<Tail, Error>>;

/// One append on its way to the writer.
pub(super) struct Append {
    pub(super) after: Tail,
    pub(super) record: Record,
    pub(super) answer: Answer,
}

pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) mark: Mark,
    pub(super) segment: Arc<Segment>,
    /// Where the next record goes in `segment`, in bytes.
    pub(super) offset: u64,
    pub(super) tail: Tail,
    pub(super) segment_bytes: u64,
    /// The thread that prepares the next segment.
    pub(super) preparing: Option<JoinHandle<std::io::Result<()>>>,
}

/// What one group commit is about to do.
struct Group {
    buffer: Vec<u8>,
    /// Records in the buffer or written in this group, for re-sends that arrive together with the first send.
    placed: Vec<(RecordId, Tail)>,
    answers: Vec<(Answer, Result<Tail, Error>)>,
    synced: u64,
}

impl Writer {
    /// Serves appends until every sender is gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Append>) {
        while let Some(first) = queue.blocking_recv() {
            let mut bytes = first.record.payload.len();
            let mut appends = vec![first];
            while bytes < GROUP_BYTES_MAX
                && let Ok(append) = queue.try_recv()
            {
                bytes += append.record.payload.len();
                appends.push(append);
            }
            self.commit(appends);
        }
        if let Some(thread) = self.preparing.take() {
            // Its result does not matter any more: an unfinished file is made anew at the next start.
            let _unneeded = thread.join();
        }
    }

    fn commit(&mut self, appends: Vec<Append>) {
        if let Err(error) = self.shared.check_poison() {
            appends.into_iter().for_each(|append| drop(append.answer.send(Err(error.clone()))));
            return;
        }
        let synced = self.tail.sequence;
        let mut group = Group { buffer: Vec::new(), placed: Vec::new(), answers: Vec::new(), synced };
        let mut failure = None;
        for append in appends {
            let result = match failure.clone() {
                Some(error) => Err(error),
                None => self.place(&mut group, append.after, &append.record),
            };
            // A failed write or rotation ends the log for this process: nothing of this group may be acknowledged.
            if let Err(error @ Error::Fatal { .. }) = &result {
                failure = Some(error.clone());
            }
            group.answers.push((append.answer, result));
        }
        if failure.is_none() {
            failure = self.flush(&mut group).err();
        }
        match failure {
            Some(error) => {
                let _first_reason_stays = self.shared.poison.set(error.to_string());
                group.answers.into_iter().for_each(|(answer, _)| drop(answer.send(Err(error.clone()))));
            }
            None => {
                if self.tail.sequence > synced {
                    self.shared.tail.send_replace(self.tail);
                }
                group.answers.into_iter().for_each(|(answer, result)| drop(answer.send(result)));
            }
        }
    }

    /// Decides one append against the log as it will be after this group.
    fn place(&mut self, group: &mut Group, after: Tail, record: &Record) -> Result<Tail, Error> {
        let (frame, hash) = frame::encode(&after.hash, record);
        let next = Tail { sequence: after.sequence + 1, hash };
        if after == self.tail {
            let needed = (RECORD_HEADER_BYTES + frame.len()) as u64;
            if self.offset + group.buffer.len() as u64 + needed > self.segment.bytes {
                self.flush(group)?;
                self.rotate(needed)?;
            }
            self.segment.note(next.sequence, self.offset + group.buffer.len() as u64);
            segment::push_record(&mut group.buffer, next.sequence, group.synced, &frame);
            group.placed.push((record.id, next));
            self.tail = next;
            return Ok(next);
        }
        if after.sequence > self.tail.sequence {
            let log = self.shared.id.clone();
            return Err(Error::TailLost { log, expected: after.sequence, tail: self.tail.sequence });
        }
        match self.stands_at(group, next.sequence)? {
            Some((id, tail)) if id == record.id && tail == next => Ok(next),
            _ => {
                let log = self.shared.id.clone();
                Err(Error::Conflict { log, expected: after.sequence, tail: self.tail.sequence })
            }
        }
    }

    fn stands_at(&self, group: &Group, sequence: u64) -> Result<Option<(RecordId, Tail)>, Error> {
        if sequence > self.tail.sequence {
            return Ok(None);
        }
        if let Some(placed) = group.placed.iter().find(|(_, tail)| tail.sequence == sequence) {
            return Ok(Some(*placed));
        }
        let entries = self.shared.read(sequence - 1, 1, sequence)?;
        Ok(entries.first().map(|entry| (entry.id, entry.tail())))
    }

    /// Writes the buffer and makes it durable.
    fn flush(&mut self, group: &mut Group) -> Result<(), Error> {
        if group.buffer.is_empty() {
            return Ok(());
        }
        let path = &self.segment.path;
        let failed = |action: &str, error: std::io::Error| {
            let reason = format!("{action} failed ({error}): whether the last records are durable is unknown");
            Error::fatal(path.display(), reason)
        };
        let write = self.disk.write_at(&self.segment.file, path, self.offset, &group.buffer);
        write.map_err(|error| failed("writing", error))?;
        self.disk.sync_data(&self.segment.file, path).map_err(|error| failed("fdatasync", error))?;
        self.mark.set(self.tail.sequence).map_err(|error| failed("writing the durable mark", error))?;
        self.offset += group.buffer.len() as u64;
        group.buffer.clear();
        group.synced = self.tail.sequence;
        if self.preparing.is_none() && self.offset > self.segment.bytes / 2 {
            self.prepare_next();
        }
        Ok(())
    }

    /// Goes on in the next segment, which has room for at least `needed` bytes.
    fn rotate(&mut self, needed: u64) -> Result<(), Error> {
        let folder = self.shared.folder.clone();
        let needed = segment::HEADER_BYTES as u64 + needed;
        let (disk, before) = (self.disk.as_ref(), self.tail);
        let prepared = match self.preparing.take() {
            Some(thread) => thread.join().unwrap_or_else(|_| Err(std::io::Error::other("the thread died"))),
            None => segment::prepare(disk, &folder, self.segment_bytes),
        };
        let adopted = prepared
            .and_then(|()| if needed > self.segment_bytes { segment::prepare(disk, &folder, needed) } else { Ok(()) })
            .and_then(|()| segment::adopt(disk, &folder, before));
        let next =
            adopted.map_err(|error| Error::fatal(folder.display(), format!("making a segment failed: {error}")))?;
        self.segment = Arc::new(next);
        self.offset = segment::HEADER_BYTES as u64;
        self.shared.add_segment(Arc::clone(&self.segment));
        Ok(())
    }

    /// Prepares the next segment beside the work, so that no append waits for its zeros.
    fn prepare_next(&mut self) {
        let (disk, folder, bytes) = (Arc::clone(&self.disk), self.shared.folder.clone(), self.segment_bytes);
        let prepare = move || segment::prepare(disk.as_ref(), &folder, bytes);
        // Without a thread the segment is made when it is needed.
        self.preparing = std::thread::Builder::new().name("log-prepare".to_owned()).spawn(prepare).ok();
    }
}

/// Makes the first segment of an empty log.
pub(super) fn first_segment(disk: &dyn Disk, folder: &Path, start: Tail, bytes: u64) -> Result<Segment, Error> {
    let made = segment::prepare(disk, folder, bytes).and_then(|()| segment::adopt(disk, folder, start));
    made.map_err(|error| Error::fatal(folder.display(), format!("making the first segment failed: {error}")))
}
