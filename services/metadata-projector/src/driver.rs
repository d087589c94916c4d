//! Follows the log and hands what it reads to the writer thread.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use downbeat_event_log::{Entry, ErrorKind as LogErrorKind, EventLog, Tail};
use downbeat_runtime::{
    retry,
    shutdown::{self, ShutdownSignal},
};
use futures::{FutureExt, StreamExt};
use tokio::sync::{mpsc, oneshot};

use crate::{
    engine::{self, Fold},
    error::Error,
    limits,
    position::foreign,
    published::Published,
    writer,
};

/// The loop of the projector.
pub struct Driver {
    log: Arc<dyn EventLog>,
    published: Arc<Published>,
    fold: Fold,
    position: Tail,
}

impl Driver {
    pub(crate) fn new(log: Arc<dyn EventLog>, published: Arc<Published>, fold: Fold, position: Tail) -> Self {
        Self { log, published, fold, position }
    }

    /// Follows the log until the signal, then closes the store cleanly. While the log cannot be reached it waits and says so.
    ///
    /// # Errors
    /// `Log` and `ForeignPosition` when the log fails for good, `ReaderTooOld`; after these the store was closed cleanly.
    /// `Damaged` and `Internal`: the next start rebuilds the store.
    pub async fn run(self, mut signal: ShutdownSignal) -> Result<(), Error> {
        let Self { log, published, fold, position } = self;
        let (sender, arriving) = mpsc::channel(limits::ENTRIES_QUEUED_MAX / limits::ENTRIES_PER_HANDOVER);
        let mut written = start_writer(fold, Arc::clone(&published), arriving)?;
        let followed = tokio::select! {
            () = shutdown::wait(&mut signal) => Ok(()),
            Err(error) = follow(&*log, &published, position, sender) => Err(error),
            // Only a failure ends the writer before the sender is gone.
            ended = &mut written => {
                published.stop();
                return ended.unwrap_or_else(|_| Err(Error::Internal("the writer thread is gone".to_owned())));
            }
        };
        // The sender went with the follower: the writer finishes what it has and closes the store.
        let closed = written.await.unwrap_or_else(|_| Err(Error::Internal("the writer thread is gone".to_owned())));
        published.stop();
        closed.and(followed)
    }
}

fn start_writer(
    fold: Fold,
    published: Arc<Published>,
    arriving: mpsc::Receiver<Vec<Entry>>,
) -> Result<oneshot::Receiver<Result<(), Error>>, Error> {
    let (ended, written) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let work = move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| writer::run(fold, &published, arriving, &runtime)));
        let outcome = outcome.unwrap_or_else(|panic| Err(Error::Damaged(engine::panic_message(&*panic))));
        let outcome = match outcome {
            Ok(()) => published.store().close(),
            Err(error @ Error::ReaderTooOld { .. }) => published.store().close().and(Err(error)),
            Err(error) => {
                published.store().distrust(&error.to_string());
                Err(error)
            }
        };
        // Who hears of the end may open the folder again: its lock must be free by then.
        drop(published);
        // The driver may have been dropped; the store is closed all the same.
        let _ = ended.send(outcome);
    };
    std::thread::Builder::new()
        .name("projections".to_owned())
        .spawn(work)
        .map_err(|error| Error::Internal(format!("cannot start the writer thread: {error}")))?;
    Ok(written)
}

/// Reads the log for ever; ends only with an error that waiting does not mend.
async fn follow(
    log: &dyn EventLog,
    published: &Published,
    mut position: Tail,
    sender: mpsc::Sender<Vec<Entry>>,
) -> Result<std::convert::Infallible, Error> {
    let mut failures = 0;
    loop {
        let before = position;
        let Err(error) = follow_once(log, &mut position, &sender).await;
        failures = if position == before { failures + 1 } else { 1 };
        match error {
            Ended::Writer => return Err(Error::Internal("the writer thread is gone".to_owned())),
            Ended::Log => tracing::warn!(log = %log.id(), "the log ended its stream; following it again"),
            Ended::Error(error) if error.kind() == LogErrorKind::Unavailable => {
                tracing::warn!(%error, sequence = position.sequence, "waiting for the log");
            }
            Ended::Error(error) => {
                return Err(foreign(
                    published.store().folder(),
                    log.id(),
                    &engine::position(log.id(), position),
                    error,
                ));
            }
        }
        tokio::time::sleep(retry::pause(failures)).await;
    }
}

enum Ended {
    Error(downbeat_event_log::Error),
    Log,
    Writer,
}

async fn follow_once(
    log: &dyn EventLog,
    position: &mut Tail,
    sender: &mpsc::Sender<Vec<Entry>>,
) -> Result<std::convert::Infallible, Ended> {
    let mut stream = log.follow(*position).await.map_err(Ended::Error)?;
    loop {
        let mut entries = vec![stream.next().await.ok_or(Ended::Log)?.map_err(Ended::Error)?];
        let mut failed = None;
        // What is there already goes in one batch; nothing is waited for.
        while entries.len() < limits::ENTRIES_PER_HANDOVER && failed.is_none() {
            match stream.next().now_or_never() {
                Some(Some(Ok(entry))) => entries.push(entry),
                Some(Some(Err(error))) => failed = Some(Ended::Error(error)),
                Some(None) => failed = Some(Ended::Log),
                None => break,
            }
        }
        let reached = entries.last().map_or(*position, Entry::tail);
        sender.send(entries).await.map_err(|_| Ended::Writer)?;
        *position = reached;
        if let Some(failed) = failed {
            return Err(failed);
        }
    }
}
