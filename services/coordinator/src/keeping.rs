//! What goes on beside an owner's loop for the log's sake: noting how far it reaches, looking how full its place is, archiving it.
//!
//! Promises: all of it ends when the owner does. Knows nothing about what is decided.

use std::{sync::Arc, time::Duration};

use downbeat_event_log::{ErrorKind, EventLog, Tail};
use tokio::sync::watch;

use crate::{
    archive::Archive,
    driver::{Driver, WeakHandle},
    limits::KEEPING_INTERVAL,
    marks::Marks,
};

/// Begins with it, in the background.
pub(crate) fn begin(log: &Arc<dyn EventLog>, driver: &Driver, handle: WeakHandle, archive_every: Option<Duration>) {
    let snapshots = driver.snapshots();
    let marks = snapshots.map(|snapshots| snapshots.marks());
    tokio::spawn(look(Arc::clone(log), driver.reached(), marks, handle));
    if let (Some(every), Some(snapshots)) = (archive_every, snapshots) {
        tokio::spawn(Archive::new(Arc::clone(log), snapshots.store().clone(), every).run(driver.reached()));
    }
}

async fn look(log: Arc<dyn EventLog>, mut reached: watch::Receiver<Tail>, marks: Option<Marks>, handle: WeakHandle) {
    loop {
        let tail = *reached.borrow_and_update();
        if let Some(marks) = &marks {
            marks.note(log.id(), tail).await;
        }
        match log.room().await {
            // Held only for so long: the loop ends when all other handles are gone.
            Ok(room) => {
                if let Some(handle) = handle.upgrade() {
                    handle.room(room.as_ref());
                }
            }
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                tracing::debug!(%error, "how full the log is could not be found out");
            }
            // An owner that is busy does not look at what it has written before: it is told to, and ends.
            Err(error) => {
                tracing::error!(%error, "the log is not what it was");
                if let Some(handle) = handle.upgrade() {
                    // It may have ended by itself.
                    let _ = handle.confirm().await;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(KEEPING_INTERVAL) => {}
            // It grows all the time; only its end matters here.
            () = closed(reached.clone()) => return,
        }
    }
}

async fn closed(mut reached: watch::Receiver<Tail>) {
    while reached.changed().await.is_ok() {}
}
