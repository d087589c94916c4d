//! A rebuild beside the store that answers: what it is for, how far it is, and when the new store takes the place of the old one.
//!
//! The new store takes the place once it has folded at least all that the old one had, and the log up to its end, as that was
//! when it was asked last. While the new store was on its way there the log may have grown: it is asked again, until little is missing
//! ([`limits::RECORDS_BEHIND_MAX`]), and not for ever ([`limits::GOALS_MAX`]), so that a log that grows as fast as it is folded
//! does not keep the old rows before people.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use downbeat_event_log::EventLog;
use downbeat_runtime::retry;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{error::Error, limits, published::Published};

/// What a rebuild is for, and how far it is.
#[derive(Debug)]
pub struct Rebuild {
    changed: BTreeSet<&'static str>,
    folded: watch::Sender<u64>,
    goal: AtomicU64,
}

impl Rebuild {
    /// A rebuild of rows that reach up to `goal`, because of these projections.
    pub fn new(changed: BTreeSet<&'static str>, goal: u64) -> Self {
        Self { changed, folded: watch::Sender::new(0), goal: AtomicU64::new(goal) }
    }

    /// Names of the projections whose rows are not read until it is over.
    pub fn changed(&self) -> &BTreeSet<&'static str> {
        &self.changed
    }

    /// Sequence of the last record that the new store holds; a watcher hears of each that follows.
    pub fn folded(&self) -> watch::Receiver<u64> {
        self.folded.subscribe()
    }

    /// Sequence of the record up to which the new store is filled, as far as known now.
    pub fn goal(&self) -> u64 {
        self.goal.load(Ordering::Relaxed)
    }

    /// The new store holds everything up to this record.
    pub(crate) fn reached(&self, sequence: u64) {
        self.folded.send_replace(sequence);
    }

    /// The words for whoever asks for rows of this projection.
    pub(crate) fn refusal(&self, projection: &str) -> Error {
        Error::Rebuilding { projection: projection.to_owned(), folded: *self.folded.borrow(), goal: self.goal() }
    }
}

/// A swap on its way, beside the async runtime.
pub(crate) type Swapping = Option<JoinHandle<Result<(), Error>>>;

/// Watches over the rebuild that is under way, if one is, and makes the swap when it is time. Never ends: it is to be dropped with
/// the loop that folds. What stands in `swapping` then is still on its way and is to be waited for.
pub(crate) async fn lead(log: &dyn EventLog, published: &Arc<Published>, swapping: &mut Swapping) -> Infallible {
    let Some(rebuild) = published.rebuild() else { return std::future::pending().await };
    tracing::warn!(
        changed = ?rebuild.changed(), goal = rebuild.goal(), folded = *rebuild.folded.borrow(),
        "other versions of the projections wrote the store; it answers what has not changed until a new one is filled from the log"
    );
    for _ in 0..limits::GOALS_MAX {
        let goal = end_of(log).await.max(rebuild.goal());
        let missing = goal.saturating_sub(*rebuild.folded.borrow());
        rebuild.goal.store(goal, Ordering::Relaxed);
        until_reached(&rebuild, goal).await;
        if missing <= limits::RECORDS_BEHIND_MAX {
            break;
        }
    }
    for attempt in 1.. {
        let swapped = Arc::clone(published);
        let swap = swapping.insert(tokio::task::spawn_blocking(move || swapped.swap())).await;
        *swapping = None;
        match swap {
            Ok(Ok(())) => break,
            Ok(Err(error)) => tracing::warn!(%error, "the rebuilt store cannot take its place yet"),
            Err(error) => tracing::warn!(%error, "the rebuilt store cannot take its place yet"),
        }
        tokio::time::sleep(retry::pause(attempt)).await;
    }
    // A warning, like the beginning: who saw the one must see the other.
    tracing::warn!(folded = *rebuild.folded.borrow(), "the projections are rebuilt; the new store answers");
    std::future::pending().await
}

/// Sequence of the last record of the log. While the log cannot be asked, whoever follows it says so.
async fn end_of(log: &dyn EventLog) -> u64 {
    let mut attempt = 1;
    loop {
        match log.tail().await {
            Ok(tail) => return tail.sequence,
            Err(error) => tracing::debug!(%error, "the end of the log is not known"),
        }
        tokio::time::sleep(retry::pause(attempt)).await;
        attempt = attempt.saturating_add(1);
    }
}

async fn until_reached(rebuild: &Rebuild, goal: u64) {
    let mut folded = rebuild.folded();
    loop {
        // What `wait_for` gives locks the value: it must not be held while anything is waited for.
        let reached = async { folded.wait_for(|folded| *folded >= goal).await.is_ok() };
        match timeout(limits::REBUILD_TOLD_EVERY, reached).await {
            Ok(true) => return,
            // `rebuild` holds the sender.
            Ok(false) => return std::future::pending().await,
            Err(_elapsed) => {
                let folded = *rebuild.folded.borrow();
                tracing::info!(folded, goal, "the projections are being rebuilt");
            }
        }
    }
}
