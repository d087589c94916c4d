//! The log's records, copied into the blob store as they come: what a lost log is restored from.
//!
//! Promises: what was archived is read back before it counts; how far it reaches is told from the names of what is there, so a killed
//! coordinator goes on where it was; nothing is removed from the log. Whatever fails here is said and tried again: it stops no work. The records
//! are read from the log and not from memory, so it does no harm when a coordinator that was fenced still does it. Knows nothing about what is
//! in records.

use std::{sync::Arc, time::Duration};

use downbeat_event_log::{
    EventLog, Tail,
    archive::{self, ArchiveError, Block, Exporter, Range, Span},
    check_position,
    limits::{RANGE_PACKED_BYTES_MAX, RANGE_RECORDS},
};
use downbeat_runtime::blob::{BlobKey, BlobStore};
use tokio::{sync::watch, time::Instant};

/// Why nothing more was archived.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is there, or what was read back, is not what it should be; or the log refused.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The blob store refused.
    #[error(transparent)]
    Blobs(#[from] downbeat_runtime::blob::Error),
    /// It took other bytes than it was given.
    #[error("{0} was written and is read back with other records; it is written again")]
    Differs(String),
}

/// What copies one log.
pub struct Archive {
    log: Arc<dyn EventLog>,
    store: BlobStore,
    every: Duration,
}

impl Archive {
    /// Copies this log into that store: at the latest `every` so often, earlier where a range is full.
    pub fn new(log: Arc<dyn EventLog>, store: BlobStore, every: Duration) -> Self {
        Self { log, store, every }
    }

    /// Until nobody owns the log any more. `tail` is its end.
    pub async fn run(self, mut tail: watch::Receiver<Tail>) {
        let mut reached = None;
        loop {
            let before = reached;
            match self.go_on(reached).await {
                Ok(at) => reached = Some(at),
                Err(error) => {
                    tracing::warn!(log = %self.log.id(), %error, "the log could not be archived; it is tried again (docs/runbooks.md#the-archive-is-behind)");
                    reached = None;
                }
            }
            if reached != before
                && let Some(at) = reached
            {
                tracing::info!(log = %self.log.id(), sequence = at.sequence, "the log is archived up to here");
            }
            let due = Instant::now() + self.every;
            let full = reached.map_or(u64::MAX, |at| at.sequence + RANGE_RECORDS as u64);
            tokio::select! {
                () = tokio::time::sleep_until(due) => {
                    // Whoever is idle has nothing to copy.
                    let at = reached.map_or(0, |at| at.sequence);
                    if tail.wait_for(|tail| tail.sequence > at).await.is_err() {
                        return;
                    }
                }
                is_full = async { tail.wait_for(|tail| tail.sequence >= full).await.is_ok() } => {
                    if !is_full {
                        return;
                    }
                }
            }
        }
    }

    /// Copies everything behind `reached`, or behind what is there, up to the end of the log as it is now. Returns how far it reaches.
    ///
    /// # Errors
    /// See [`Error`]; what was copied before it stays.
    pub async fn go_on(&self, reached: Option<Tail>) -> Result<Tail, Error> {
        let from = match reached {
            Some(at) => at,
            None => self.reached().await?,
        };
        let log = &*self.log;
        let mut exporter = Exporter::new(log, from).await.map_err(ArchiveError::from)?;
        while let Some(range) = exporter.next_range().await.map_err(ArchiveError::from)? {
            self.keep(range).await?;
        }
        Ok(exporter.at())
    }

    /// How far it reaches, from what is there.
    async fn reached(&self) -> Result<Tail, Error> {
        let log = &*self.log;
        match archive::reach(log.id(), &self.store.log_folder(&log.id().0))? {
            Some((1, at)) => {
                check_position(log, at).await.map_err(ArchiveError::from)?;
                Ok(at)
            }
            // Nothing, or somebody has removed the beginning: then it is copied again.
            _ => Ok(Tail::start(log.id())),
        }
    }

    async fn keep(&self, range: Range) -> Result<(), Error> {
        let name = archive::name(Span { first: range.before.sequence + 1, last: range.tail().sequence });
        let key = BlobKey::log_range(&range.log.0, &name);
        let packed = range.encode().map_err(|source| ArchiveError::Io {
            what: "cannot pack records for",
            path: key.as_str().into(),
            source,
        })?;
        let bytes = packed.len();
        self.store.put(&key, packed).await?;
        let back = self.store.get(&key, RANGE_PACKED_BYTES_MAX as u64 * 2).await?.unwrap_or_default();
        match archive::range::read_block(&mut back.as_slice(), key.as_str())? {
            Some(Block::Records(found)) if found == range => {
                tracing::debug!(name, bytes, records = range.entries.len(), "archived");
                Ok(())
            }
            _ => {
                // Else nobody could read beyond it.
                self.store.remove(&key)?;
                Err(Error::Differs(key.as_str().to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use downbeat_event_log::{LogId, Record, RecordId, archive::Source, memory::MemoryLog};

    use super::*;

    async fn append(log: &MemoryLog, records: u64) -> Tail {
        let mut tail = log.tail().await.unwrap();
        for _ in 0..records {
            let number = tail.sequence + 1;
            let mut id = [0; 16];
            id[..8].copy_from_slice(&number.to_be_bytes());
            let record = Record { id: RecordId(id), payload: format!("record {number}").into() };
            tail = log.append(tail, &record).await.unwrap();
        }
        tail
    }

    fn archive_of(log: &MemoryLog, store: &BlobStore) -> Archive {
        Archive::new(Arc::new(log.clone()), store.clone(), Duration::from_millis(10))
    }

    fn archived(log: &MemoryLog, store: &BlobStore) -> Tail {
        let mut source = Source::open(&[store.log_folder(&log.id().0)]).unwrap();
        let summary = archive::verify(&mut source, |_| ()).unwrap();
        assert_eq!((&summary.log, summary.first), (log.id(), 1));
        summary.tail
    }

    #[tokio::test]
    async fn it_goes_on_where_the_names_say_that_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let log = MemoryLog::new(LogId("log@1".to_owned()));
        assert_eq!(archive_of(&log, &store).go_on(None).await.unwrap(), Tail::start(log.id()), "an empty log");
        for records in [3, 1, RANGE_RECORDS as u64 + 10] {
            let tail = append(&log, records).await;
            // Another one each time, as after a kill.
            assert_eq!(archive_of(&log, &store).go_on(None).await.unwrap(), tail);
            assert_eq!(archived(&log, &store), tail);
        }
        let names = archive::spans(&store.log_folder("log@1")).unwrap();
        assert_eq!(
            names.iter().map(|span| (span.first, span.last)).collect::<Vec<_>>(),
            [(1, 3), (4, 4), (5, 4100), (4101, 4110)]
        );
    }

    #[tokio::test]
    async fn what_somebody_removed_is_copied_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let log = MemoryLog::new(LogId("log@1".to_owned()));
        for _ in 0..3 {
            append(&log, 2).await;
            archive_of(&log, &store).go_on(None).await.unwrap();
        }
        let (file, tail) = (store.log_folder("log@1"), log.tail().await.unwrap());
        for span in [Span { first: 3, last: 4 }, Span { first: 1, last: 2 }] {
            std::fs::remove_file(file.join(archive::name(span))).unwrap();
            assert_eq!(archive_of(&log, &store).go_on(None).await.unwrap(), tail);
            assert_eq!(archived(&log, &store), tail, "{span:?}");
        }
    }

    #[tokio::test]
    async fn a_log_that_is_shorter_than_its_archive_is_not_archived_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let log = MemoryLog::new(LogId("log@1".to_owned()));
        append(&log, 4).await;
        let archive = archive_of(&log, &store);
        archive.go_on(None).await.unwrap();
        let frames = log.stored_frames();
        log.restore_frames(frames[..2].to_vec());
        let refused = archive.go_on(None).await.unwrap_err().to_string();
        assert!(refused.contains("lies beyond its end"), "{refused}");
        assert_eq!(archive::spans(&store.log_folder("log@1")).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn it_runs_until_nobody_owns_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let log = MemoryLog::new(LogId("log@1".to_owned()));
        let (told, tail) = watch::channel(append(&log, 2).await);
        let running = tokio::spawn(archive_of(&log, &store).run(tail));
        let reaches = async |sequence: u64| {
            let folder = store.log_folder("log@1");
            while archive::spans(&folder).unwrap().last().is_none_or(|span| span.last < sequence) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        reaches(2).await;
        told.send_replace(append(&log, 1).await);
        reaches(3).await;
        drop(told);
        running.await.unwrap();
    }
}
