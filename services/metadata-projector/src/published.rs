//! What has been folded, for everybody who asks: rows together with the position that they reflect, and news of changes.
//!
//! Promises: no answer mixes two commits, or two stores; the position of the answers never goes back.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use downbeat_domain::RunId;
use downbeat_event_log::LogId;
use tokio::sync::{broadcast, watch};

use crate::{
    engine::{
        self, Commit, Fold,
        batch::{ReadRows, Writes},
        changed::to_rebuild,
        keys,
        rows::{self, Head},
    },
    error::Error,
    limits,
    metrics::Measures,
    rebuild::Rebuild,
    served::Served,
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
    /// Anything may have changed: another store answers.
    pub everything: bool,
}

/// The rows as queries see them.
pub struct Published {
    log: LogId,
    // Held for reading during a query.
    current: RwLock<Current>,
    // Held while a commit is applied, or one store takes the place of the other; taken before `current`.
    beside: Mutex<Option<Beside>>,
    progress: watch::Sender<Progress>,
    changes: broadcast::Sender<Arc<Changes>>,
    // The highest sequence that somebody has waited for.
    wanted: watch::Sender<u64>,
    measures: Measures,
}

/// What answers.
struct Current {
    rows: Served,
    head: Head,
}

/// What is filled meanwhile, to answer later.
struct Beside {
    store: Arc<Store>,
    head: Head,
    distrusted: bool,
}

/// A consistent view: rows and the position that they reflect.
pub struct View<'a> {
    /// The rows.
    pub store: &'a Served,
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
    /// What this store holds of this log. Where other projections wrote it than those it is opened for, a rebuild is due.
    pub fn new(store: Store, log: LogId, head: Head) -> Self {
        let sequence = engine::sequence_of(&head);
        let rebuild =
            (!store.is_ours(&head)).then(|| Arc::new(Rebuild::new(to_rebuild(store.projections(), &head), sequence)));
        Self {
            log,
            current: RwLock::new(Current { rows: Served::new(Arc::new(store), rebuild), head }),
            beside: Mutex::new(None),
            progress: watch::Sender::new(Progress { sequence, stopped: false }),
            changes: broadcast::Sender::new(limits::CHANGES_QUEUE),
            wanted: watch::Sender::new(0),
            measures: Measures::default(),
        }
    }

    /// The log that is followed.
    pub fn log(&self) -> &LogId {
        &self.log
    }

    /// What its writer measures.
    pub(crate) fn measures(&self) -> &Measures {
        &self.measures
    }

    /// The rebuild that is under way, or due.
    pub fn rebuild(&self) -> Option<Arc<Rebuild>> {
        self.current().rows.rebuild().cloned()
    }

    /// Asks a question of a consistent view. Blocks for as long as the store reads.
    pub fn view<T>(&self, question: impl FnOnce(&View<'_>) -> T) -> T {
        let current = self.current();
        question(&View { store: &current.rows, head: &current.head })
    }

    fn current(&self) -> std::sync::RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn beside(&self) -> MutexGuard<'_, Option<Beside>> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Applies a commit, to the store that is filled if there is one, else to the one that answers, and tells everybody whom it concerns.
    /// Only the writer calls it.
    ///
    /// # Errors
    /// `Damaged`.
    pub(crate) fn apply(&self, commit: Commit) -> Result<(), Error> {
        let sequence = engine::sequence_of(&commit.head);
        let mut beside = self.beside();
        if let Some(beside) = &mut *beside {
            beside.store.apply(commit.writes)?;
            beside.head = commit.head;
            if let Some(rebuild) = self.rebuild() {
                rebuild.reached(sequence);
            }
            return Ok(());
        }
        let changes = (self.changes.receiver_count() > 0).then(|| changes_of(&commit.writes));
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.rows.store().apply(commit.writes)?;
        current.head = commit.head;
        drop(current);
        if let Some(changes) = changes.filter(|changes| !changes.runs.is_empty()) {
            // An error means that the last watcher has just gone.
            let _ = self.changes.send(Arc::new(changes));
        }
        self.progress.send_modify(|progress| progress.sequence = sequence);
        Ok(())
    }

    /// The fold that goes on where the rows end that are to be written: those of the store that is filled, which is opened for it, if a
    /// rebuild is due, else those that answer. Blocks.
    ///
    /// # Errors
    /// `Folder`, `Damaged` of the store that is to be filled; the one that answers goes on.
    pub(crate) fn fold(&self) -> Result<(Fold, Head), Error> {
        let mut beside = self.beside();
        let current = self.current();
        let store = current.rows.store();
        let Some(rebuild) = current.rows.rebuild() else {
            return Ok((Fold::with(store.projections(), current.head.clone()), current.head.clone()));
        };
        let (store, head) = store.beside()?;
        rebuild.reached(engine::sequence_of(&head));
        let fold = Fold::with(store.projections(), head.clone());
        *beside = Some(Beside { store: Arc::new(store), head: head.clone(), distrusted: false });
        Ok((fold, head))
    }

    /// The store that is written.
    pub(crate) fn written(&self) -> Arc<Store> {
        match &*self.beside() {
            Some(beside) => Arc::clone(&beside.store),
            None => Arc::clone(self.current().rows.store()),
        }
    }

    /// The projector's folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.current().rows.store().folder().to_path_buf()
    }

    /// The store that was filled answers from now on, and the one before is removed. Does nothing where none is filled that can be trusted,
    /// and none that holds as much as the one that answers. Blocks.
    ///
    /// # Errors
    /// `Damaged`, `Folder`; the one before goes on answering.
    pub(crate) fn swap(&self) -> Result<(), Error> {
        let mut filled = self.beside();
        let answering = engine::sequence_of(&self.current().head);
        let Some(new) = filled.take_if(|new| !new.distrusted && engine::sequence_of(&new.head) >= answering) else {
            return Ok(());
        };
        if let Err(error) = new.store.answer() {
            *filled = Some(new);
            return Err(error);
        }
        let sequence = engine::sequence_of(&new.head);
        let old = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, Current { rows: Served::new(new.store, None), head: new.head })
        };
        // An error means that nobody watches.
        let _ = self.changes.send(Arc::new(Changes { everything: true, ..Changes::default() }));
        self.progress.send_modify(|progress| progress.sequence = sequence);
        // Not earlier: the next commit says that it is further.
        drop(filled);
        remove(old.rows.into_store());
        Ok(())
    }

    /// Closes all stores for trust. Reads still work afterwards. Blocks.
    ///
    /// # Errors
    /// `Damaged`, `Folder`.
    pub(crate) fn close(&self) -> Result<(), Error> {
        let beside = self.beside();
        let closed = beside.as_ref().map_or(Ok(()), |beside| beside.store.close());
        self.current().rows.store().close().and(closed)
    }

    /// The store that is written is not to be trusted any more.
    pub(crate) fn distrust(&self, reason: &str) {
        match &mut *self.beside() {
            Some(beside) => {
                beside.distrusted = true;
                beside.store.distrust(reason);
            }
            None => self.current().rows.store().distrust(reason),
        }
    }

    /// Removes the store that was being filled, once its writer has ended. Blocks.
    pub(crate) fn abandon(&self) {
        let Some(beside) = self.beside().take() else { return };
        remove(beside.store);
        if let Some(rebuild) = self.rebuild() {
            rebuild.reached(0);
        }
    }

    /// Tells everybody that nothing follows.
    pub(crate) fn stop(&self) {
        self.progress.send_modify(|progress| progress.stopped = true);
    }
}

/// Nobody reads or writes it any more.
fn remove(store: Arc<Store>) {
    let removed = Arc::into_inner(store).map(Store::remove);
    if let Some(Err(error)) = removed {
        tracing::warn!(%error, "cannot remove a store of the projections; the next start does it");
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
