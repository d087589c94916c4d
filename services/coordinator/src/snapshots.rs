//! Snapshots of the partition in the blob store. A take-over begins at the newest that can be trusted; one that cannot is left aside with
//! a warning, and the log is folded from further back. The log alone is the truth: losing every snapshot costs time and nothing else.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use downbeat_domain::Partition;
use downbeat_event_log::{Hash, LogId, Tail};
use downbeat_proto::snapshot::{self, SnapshotPosition};
use downbeat_runtime::{
    blob::{BlobKey, BlobStore},
    clock,
};

use crate::{PARTITION, limits, marks::Marks, metrics::PartitionMetrics};

/// Where snapshots are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Snapshots {
    store: BlobStore,
    /// Records between two of them.
    pub every: u64,
    writing: Arc<AtomicBool>,
}

impl Snapshots {
    /// Snapshots in this store, one after every so many records.
    pub fn new(store: BlobStore, every: u64) -> Self {
        Self { store, every, writing: Arc::new(AtomicBool::new(false)) }
    }

    /// Notes beside them of how far logs reach.
    pub fn marks(&self) -> Marks {
        Marks::new(self.store.clone())
    }

    /// The store that they are in.
    pub(crate) fn store(&self) -> &BlobStore {
        &self.store
    }

    /// Writes the state after `tail` in the background and removes what is older than the last few. While one is being written, further
    /// ones are left out.
    pub fn keep(&self, log: &LogId, tail: Tail, state: Vec<u8>, metrics: PartitionMetrics) {
        let (this, log) = (self.clone(), log.clone());
        tokio::spawn(async move { this.write(&log, tail, state, &metrics).await });
    }

    /// The same, and waits for it.
    pub async fn write(&self, log: &LogId, tail: Tail, state: Vec<u8>, metrics: &PartitionMetrics) {
        if self.writing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (bytes, log) = (state.len(), log.to_string());
        let position = SnapshotPosition { log_id: log.clone(), sequence: tail.sequence, hash: tail.hash.0 };
        let sealed = snapshot::seal(state, &position);
        let written = self.store.put(&BlobKey::snapshot(&log, PARTITION, tail.sequence), sealed).await;
        metrics.snapshot(written.is_ok(), bytes, clock::wall_now());
        match written {
            Ok(()) => {
                tracing::debug!(sequence = tail.sequence, bytes, "wrote a snapshot");
                self.remove_old(&log);
            }
            Err(error) => {
                tracing::warn!(%error, "a snapshot could not be written; the next take-over folds more of the log")
            }
        }
        self.writing.store(false, Ordering::Release);
    }

    fn remove_old(&self, log: &str) {
        let sequences = self.store.snapshots(log, PARTITION).unwrap_or_default();
        let old = sequences.len().saturating_sub(limits::SNAPSHOTS_KEPT);
        for sequence in sequences.into_iter().take(old) {
            if let Err(error) = self.store.remove(&BlobKey::snapshot(log, PARTITION, sequence)) {
                tracing::warn!(%error, "an old snapshot could not be removed");
            }
        }
    }

    /// The newest snapshot of this log that decodes.
    pub async fn newest(&self, log: &LogId) -> Option<(Partition, Tail)> {
        let id = log.to_string();
        let sequences = self.store.snapshots(&id, PARTITION).unwrap_or_else(|error| {
            tracing::warn!(%error, "the snapshots cannot be listed");
            Vec::new()
        });
        for sequence in sequences.into_iter().rev() {
            let read = self.store.get(&BlobKey::snapshot(&id, PARTITION, sequence), limits::SNAPSHOT_BYTES_MAX).await;
            let decoded = match read {
                Ok(Some(bytes)) => snapshot::decode(&bytes).map_err(|error| error.to_string()),
                Ok(None) => continue,
                Err(error) => Err(error.to_string()),
            };
            match decoded {
                Ok((partition, position)) if position.log_id == id && position.sequence == sequence => {
                    return Some((partition, Tail { sequence, hash: Hash(position.hash) }));
                }
                Ok((_, position)) => tracing::warn!(
                    sequence,
                    found = position.sequence,
                    log = position.log_id,
                    "a snapshot is not what its name says; it is left aside"
                ),
                Err(reason) => tracing::warn!(sequence, reason, "a snapshot cannot be trusted; it is left aside"),
            }
        }
        None
    }
}
