//! A log in memory: the contract at its plainest, for simulation and unit tests. Nothing survives the last handle.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::error::Error;
use crate::faults::{Faults, FaultyLog};
use crate::follow::{self, Growth};
use crate::frame;
use crate::limits::READ_BYTES_MAX;
use crate::log::EventLog;
use crate::procedures::check_position;
use crate::types::{Entry, Hash, LogId, Record, Tail};

/// A log in memory. Clones are handles of one log: two of them are two writers.
#[derive(Clone, Debug)]
pub struct MemoryLog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    id: LogId,
    frames: Mutex<Vec<Bytes>>,
    tail: watch::Sender<Tail>,
}

impl MemoryLog {
    /// An empty log.
    pub fn new(id: LogId) -> Self {
        let tail = watch::Sender::new(Tail::start(&id));
        Self { shared: Arc::new(Shared { id, frames: Mutex::new(Vec::new()), tail }) }
    }

    /// An empty log whose appends suffer `faults`, the same for the same seed and the same calls.
    pub fn with_faults(id: LogId, faults: Faults) -> FaultyLog<Self> {
        FaultyLog::new(Self::new(id), faults)
    }

    /// A fresh handle of the same log, as a process has after its restart.
    pub fn reopen(&self) -> Self {
        self.clone()
    }

    /// A copy of the stored frames, to go back to with [`Self::restore_frames`].
    #[cfg(feature = "testing")]
    pub fn stored_frames(&self) -> Vec<Bytes> {
        self.frames().clone()
    }

    /// Replaces the stored frames, unchecked: for tests of loss and damage.
    #[cfg(feature = "testing")]
    pub fn restore_frames(&self, frames: Vec<Bytes>) {
        let mut stored = self.frames();
        *stored = frames;
        let tail = self.end_of(&stored).unwrap_or(Tail::start(&self.shared.id));
        drop(stored);
        self.shared.tail.send_replace(tail);
    }

    /// A panic while the lock is held leaves whole frames only, so its poison carries no news.
    fn frames(&self) -> MutexGuard<'_, Vec<Bytes>> {
        self.shared.frames.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn entry(&self, frames: &[Bytes], sequence: u64) -> Result<Option<Entry>, Error> {
        let Some(frame) = index_of(sequence).and_then(|index| frames.get(index)) else { return Ok(None) };
        let damage = |reason| Error::corrupt(&self.shared.id, sequence, reason);
        frame::decode(sequence, frame).map(Some).map_err(damage)
    }

    fn end_of(&self, frames: &[Bytes]) -> Result<Tail, Error> {
        let last = self.entry(frames, frames.len() as u64)?;
        Ok(last.map_or(Tail::start(&self.shared.id), |entry| entry.tail()))
    }
}

/// Index of `sequence` in a vector that starts with sequence 1.
fn index_of(sequence: u64) -> Option<usize> {
    usize::try_from(sequence.checked_sub(1)?).ok()
}

#[async_trait]
impl EventLog for MemoryLog {
    fn id(&self) -> &LogId {
        &self.shared.id
    }

    async fn tail(&self) -> Result<Tail, Error> {
        self.end_of(&self.frames())
    }

    async fn append(&self, after: Tail, record: &Record) -> Result<Tail, Error> {
        frame::check_size(record)?;
        let mut frames = self.frames();
        let tail = self.end_of(&frames)?;
        let (frame, hash) = frame::encode(&after.hash, record);
        let next = Tail { sequence: after.sequence + 1, hash };
        if after == tail {
            frames.push(frame);
            drop(frames);
            self.shared.tail.send_replace(next);
            return Ok(next);
        }
        if after.sequence > tail.sequence {
            let log = self.shared.id.clone();
            return Err(Error::TailLost { log, expected: after.sequence, tail: tail.sequence });
        }
        match self.entry(&frames, next.sequence)? {
            Some(entry) if entry.id == record.id && entry.hash == hash => Ok(next),
            _ => {
                let log = self.shared.id.clone();
                Err(Error::Conflict { log, expected: after.sequence, tail: tail.sequence })
            }
        }
    }

    async fn read(&self, after: u64, max_entries: usize) -> Result<Vec<Entry>, Error> {
        let frames = self.frames();
        let tail = frames.len() as u64;
        if after > tail {
            return Err(Error::AheadOfLog { log: self.shared.id.clone(), position: after, tail });
        }
        let mut entries = Vec::new();
        let mut bytes = 0;
        while entries.len() < max_entries && bytes < READ_BYTES_MAX {
            let Some(entry) = self.entry(&frames, after + 1 + entries.len() as u64)? else { break };
            bytes += entry.payload.len();
            entries.push(entry);
        }
        frame::check_chain(&self.shared.id.0, &Hash::genesis(&self.shared.id), &entries)?;
        Ok(entries)
    }

    async fn follow(&self, position: Tail) -> Result<BoxStream<'static, Result<Entry, Error>>, Error> {
        check_position(self, position).await?;
        Ok(follow::by_reading(self.clone(), position, Growth::Told(self.shared.tail.subscribe())))
    }
}
