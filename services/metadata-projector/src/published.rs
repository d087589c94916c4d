//! What has been folded, for everybody who asks: rows together with the position that they reflect, and news of changes.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use downbeat_domain::RunId;
use downbeat_event_log::LogId;
use tokio::sync::{broadcast, watch};

use crate::{
    engine::{
        self, Commit,
        batch::{ReadRows, Writes},
        keys,
        rows::{self, Head},
    },
    error::Error,
    limits,
    store::Store,
};

/// How far the fold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Sequence of the last record whose rows can be read.
    pub sequence: u64,
    /// The fold has ended; nothing will change any more.
    pub stopped: bool,
}

/// What one commit changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Per run: the places of its changed task runs; none when only the run itself changed.
    pub runs: BTreeMap<RunId, Vec<u32>>,
}

/// The store as queries see it.
pub struct Published {
    store: Store,
    log: LogId,
    // Held for reading during a query, so that no answer mixes two commits.
    head: RwLock<Head>,
    progress: watch::Sender<Progress>,
    changes: broadcast::Sender<Arc<Changes>>,
    // The highest sequence that somebody has waited for.
    wanted: watch::Sender<u64>,
}

/// A consistent view: rows and the position that they reflect.
pub struct View<'a> {
    /// The rows.
    pub store: &'a Store,
    /// Position and counts.
    pub head: &'a Head,
}

impl View<'_> {
    /// The row at this key.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn get<M: prost::Message + Default>(&self, key: &[u8]) -> Result<Option<M>, Error> {
        self.store.get(key)?.map(|bytes| rows::read(key, &bytes)).transpose()
    }
}

impl Published {
    /// What this store holds of this log.
    pub fn new(store: Store, log: LogId, head: Head) -> Self {
        let progress = Progress { sequence: engine::sequence_of(&head), stopped: false };
        Self {
            store,
            log,
            head: RwLock::new(head),
            progress: watch::Sender::new(progress),
            changes: broadcast::Sender::new(limits::CHANGES_QUEUE),
            wanted: watch::Sender::new(0),
        }
    }

    /// The log that is followed.
    pub fn log(&self) -> &LogId {
        &self.log
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Asks a question of a consistent view. Blocks for as long as the store reads.
    pub fn view<T>(&self, question: impl FnOnce(&View<'_>) -> T) -> T {
        let head = self.head.read().unwrap_or_else(PoisonError::into_inner);
        question(&View { store: &self.store, head: &head })
    }

    /// Hears of every commit, and of the end.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Hears what every commit changes.
    pub fn changes(&self) -> broadcast::Receiver<Arc<Changes>> {
        self.changes.subscribe()
    }

    /// Somebody waits for this sequence: as soon as it is folded, its batch goes to the store.
    pub fn want(&self, sequence: u64) {
        self.wanted.send_if_modified(|wanted| {
            let higher = sequence > *wanted;
            *wanted = sequence.max(*wanted);
            higher
        });
    }

    /// Hears of every higher sequence that somebody waits for.
    pub(crate) fn wanted(&self) -> watch::Receiver<u64> {
        self.wanted.subscribe()
    }

    /// Applies a commit and tells everybody. Only the writer calls it.
    ///
    /// # Errors
    /// `Damaged`.
    pub(crate) fn apply(&self, commit: Commit) -> Result<(), Error> {
        let changes = (self.changes.receiver_count() > 0).then(|| changes_of(&commit.writes));
        let sequence = engine::sequence_of(&commit.head);
        let mut head = self.head.write().unwrap_or_else(PoisonError::into_inner);
        self.store.apply(commit.writes)?;
        *head = commit.head;
        drop(head);
        if let Some(changes) = changes.filter(|changes| !changes.runs.is_empty()) {
            // An error means that the last watcher has just gone.
            let _ = self.changes.send(Arc::new(changes));
        }
        self.progress.send_modify(|progress| progress.sequence = sequence);
        Ok(())
    }

    /// Tells everybody that nothing follows.
    pub(crate) fn stop(&self) {
        self.progress.send_modify(|progress| progress.stopped = true);
    }
}

fn changes_of(writes: &Writes) -> Changes {
    let mut changes = Changes::default();
    for key in writes.keys() {
        if let Some((run, task)) = keys::task_run_of(key) {
            changes.runs.entry(run).or_default().push(task);
        } else if let Some(run) = keys::run_id_of(key) {
            changes.runs.entry(run).or_default();
        }
    }
    changes
}
