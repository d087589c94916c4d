//! Follows the log and hands what it reads to the writer thread.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
    time::Duration,
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
    position::{self, foreign},
    published::Published,
    rebuild, writer,
};

/// The loop of the projector.
pub struct Driver {
    log: Arc<dyn EventLog>,
    published: Arc<Published>,
}

impl Driver {
    pub(crate) fn new(log: Arc<dyn EventLog>, published: Arc<Published>) -> Self {
        Self { log, published }
    }

    /// Follows the log until the signal, then closes the store cleanly. While the log cannot be reached it waits and says so. Where other
    /// versions of the projections wrote the store, a new one is filled beside it, which then takes its place; when that fails, the old
    /// one goes on answering and it is tried again later.
    ///
    /// # Errors
    /// `Log` and `ForeignPosition` when the log fails for good, `ReaderTooOld`; after these the store was closed cleanly.
    /// `Damaged` and `Internal`: the next start rebuilds the store.
    pub async fn run(self, mut signal: ShutdownSignal) -> Result<(), Error> {
        let Self { log, published } = self;
        let mut failures = 0;
        let ended = loop {
            let error = match round(&log, &published, &mut signal).await {
                Err(error) if published.rebuild().is_some() && is_of_the_store(&error) => error,
                ended => break ended,
            };
            let pause = pause_after(failures);
            failures += 1;
            tracing::error!(%error, again_in = ?pause, "the rebuild of the projections failed; the old store goes on answering");
            let abandon = |published: &Published| {
                published.abandon();
                Ok(())
            };
            if let Err(error) = blocking(&published, abandon).await {
                break Err(error);
            }
            tokio::select! {
                () = shutdown::wait(&mut signal) => break blocking(&published, Published::close).await,
                () = tokio::time::sleep(pause) => {}
            }
        };
        published.stop();
        ended
    }
}

/// Whether waiting and a store begun anew may mend it.
fn is_of_the_store(error: &Error) -> bool {
    matches!(error, Error::Damaged(_) | Error::Folder { .. } | Error::Internal(_))
}

/// The pause after a failed rebuild, when so many failed before it.
fn pause_after(failures: u32) -> Duration {
    let (first, longest) = limits::REBUILD_PAUSE;
    first.saturating_mul(1 << failures.min(10)).min(longest)
}

/// Does beside the async runtime what blocks.
async fn blocking<T: Send + 'static>(
    published: &Arc<Published>,
    work: impl FnOnce(&Published) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let published = Arc::clone(published);
    let done = tokio::task::spawn_blocking(move || work(&published)).await;
    done.unwrap_or_else(|error| Err(Error::Internal(error.to_string())))
}

/// Folds into one store, until the signal or an error.
async fn round(log: &Arc<dyn EventLog>, published: &Arc<Published>, signal: &mut ShutdownSignal) -> Result<(), Error> {
    let (fold, head) = blocking(published, Published::fold).await?;
    let stored = head.position.unwrap_or_default();
    let folder = published.folder();
    let checked = tokio::select! {
        () = shutdown::wait(signal) => return blocking(published, Published::close).await,
        checked = position::check(&**log, &folder, &stored) => checked,
    };
    let position = match checked {
        Ok(position) => position,
        // Nothing was written: the stores stay as good as they were.
        Err(error) => return blocking(published, Published::close).await.and(Err(error)),
    };
    let (sender, arriving) = mpsc::channel(limits::ENTRIES_QUEUED_MAX / limits::ENTRIES_PER_HANDOVER);
    let mut written = start_writer(fold, Arc::clone(published), arriving)?;
    let mut swapping = None;
    let gone = |_| Err(Error::Internal("the writer thread is gone".to_owned()));
    let (ended, followed) = tokio::select! {
        () = shutdown::wait(signal) => (None, Ok(())),
        Err(error) = follow(&**log, &folder, position, sender) => (None, Err(error)),
        never = rebuild::lead(&**log, published, &mut swapping) => match never {},
        // Only a failure ends the writer before the sender is gone.
        ended = &mut written => (Some(ended.unwrap_or_else(gone)), Ok(())),
    };
    // The sender went with the follower: the writer finishes what it has and closes the stores.
    let closed = match ended {
        Some(ended) => ended,
        None => written.await.unwrap_or_else(gone),
    };
    if let Some(swapping) = swapping {
        // It holds the folder as we do. Whether it went well matters no more: either store may answer at the next start.
        let _ = swapping.await;
    }
    closed.and(followed)
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
            Ok(()) => published.close(),
            Err(error @ Error::ReaderTooOld { .. }) => published.close().and(Err(error)),
            Err(error) => {
                published.distrust(&error.to_string());
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
    folder: &Path,
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
                return Err(foreign(folder, log.id(), &engine::position(log.id(), position), error));
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
