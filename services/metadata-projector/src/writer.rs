//! The one thread that folds and writes: batches of many records, their rows and position in one commit.
//!
//! A batch goes to the store when nothing more is waiting (so a record that comes alone is visible at once), or when it is
//! large or old enough. Applied rows survive `kill -9` and a loss of power after the next sync, which follows within
//! [`limits::SYNC_INTERVAL`]; what is lost before is lost together with its position and folded again.

use std::{sync::Arc, time::Instant};

use downbeat_event_log::Entry;
use tokio::{
    runtime::Handle,
    sync::mpsc::{Receiver, error::TryRecvError},
};

use crate::{engine::Fold, error::Error, limits, published::Published};

/// Folds what arrives until the sender is gone, then makes everything durable. Blocks its thread.
pub(crate) fn run(
    mut fold: Fold,
    published: &Arc<Published>,
    mut arriving: Receiver<Vec<Entry>>,
    runtime: &Handle,
) -> Result<(), Error> {
    let mut unsynced_since: Option<Instant> = None;
    loop {
        let entries = match unsynced_since {
            None => arriving.blocking_recv(),
            Some(since) => {
                let left = limits::SYNC_INTERVAL.saturating_sub(since.elapsed());
                match runtime.block_on(async { tokio::time::timeout(left, arriving.recv()).await }) {
                    Ok(entries) => entries,
                    Err(_elapsed) => {
                        published.store().sync()?;
                        unsynced_since = None;
                        continue;
                    }
                }
            }
        };
        let Some(entries) = entries else { break };
        fold_and_apply(&mut fold, published, entries, &mut arriving)?;
        let since = *unsynced_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= limits::SYNC_INTERVAL {
            published.store().sync()?;
            unsynced_since = None;
        }
    }
    Ok(())
}

fn fold_and_apply(
    fold: &mut Fold,
    published: &Published,
    first: Vec<Entry>,
    arriving: &mut Receiver<Vec<Entry>>,
) -> Result<(), Error> {
    let mut begun = Instant::now();
    let mut entries = first;
    loop {
        for entry in entries.drain(..) {
            fold.record(published.store(), published.log(), &entry)?;
            if fold.events() >= limits::EVENTS_PER_BATCH_MAX || begun.elapsed() >= limits::BATCH_AGE_MAX {
                published.apply(fold.take())?;
                begun = Instant::now();
            }
        }
        match arriving.try_recv() {
            Ok(more) => entries = more,
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    if fold.events() > 0 {
        published.apply(fold.take())?;
    }
    Ok(())
}
