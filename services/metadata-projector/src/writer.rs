//! The one thread that folds and writes: batches of many records, their rows and position in one commit.
//!
//! A batch goes to the store when nothing more is waiting (so a record that comes alone is visible at once), or when it is
//! large or old enough. After a large one the next waits a little for more: a run that begins and ends meanwhile is written once,
//! not record by record. Applied rows survive `kill -9` and a loss of power after the next sync, which follows within
//! [`limits::SYNC_INTERVAL`]; what is lost before is lost together with its position and folded again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use downbeat_event_log::Entry;
use tokio::{
    runtime::Handle,
    sync::mpsc::{Receiver, error::TryRecvError},
    time::timeout_at,
};

use crate::{engine::Fold, error::Error, limits, published::Published};

/// Folds what arrives until the sender is gone, then makes everything durable. Blocks its thread.
pub(crate) fn run(
    fold: Fold,
    published: &Arc<Published>,
    mut arriving: Receiver<Vec<Entry>>,
    runtime: &Handle,
) -> Result<(), Error> {
    let now = Instant::now();
    let mut writer = Writer { fold, published, begun: now, next_commit: now, unsynced_since: None };
    loop {
        let received = match writer.next_due() {
            None => Ok(arriving.blocking_recv()),
            Some(due) => runtime.block_on(async { timeout_at(due.into(), arriving.recv()).await }),
        };
        match received {
            Ok(Some(entries)) => writer.fold(entries, &mut arriving)?,
            Ok(None) => break,
            Err(_elapsed) => {}
        }
        writer.do_what_is_due()?;
    }
    writer.commit()
}

struct Writer<'a> {
    fold: Fold,
    published: &'a Published,
    /// When the first event of this batch was folded.
    begun: Instant,
    /// No batch goes to the store earlier, unless it is large or old enough.
    next_commit: Instant,
    /// When the oldest batch was applied that is not durable.
    unsynced_since: Option<Instant>,
}

impl Writer<'_> {
    /// When something is to be done although nothing arrives.
    fn next_due(&self) -> Option<Instant> {
        let commit = (self.fold.events() > 0).then_some(self.next_commit);
        let sync = self.unsynced_since.map(|since| since + limits::SYNC_INTERVAL);
        commit.into_iter().chain(sync).min()
    }

    fn do_what_is_due(&mut self) -> Result<(), Error> {
        if Instant::now() >= self.next_commit {
            self.commit()?;
        }
        if self.unsynced_since.is_some_and(|since| since.elapsed() >= limits::SYNC_INTERVAL) {
            self.published.store().sync()?;
            self.unsynced_since = None;
        }
        Ok(())
    }

    /// Folds what has arrived; what is large or old enough goes to the store in between.
    fn fold(&mut self, first: Vec<Entry>, arriving: &mut Receiver<Vec<Entry>>) -> Result<(), Error> {
        let mut entries = first;
        loop {
            for entry in entries.drain(..) {
                if self.fold.events() == 0 {
                    self.begun = Instant::now();
                }
                self.fold.record(self.published.store(), self.published.log(), &entry)?;
                let large = self.fold.events() >= limits::EVENTS_PER_BATCH_MAX;
                if large || self.begun.elapsed() >= limits::BATCH_AGE_MAX {
                    self.commit()?;
                }
            }
            match arriving.try_recv() {
                Ok(more) => entries = more,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Applies what was folded, if anything was.
    fn commit(&mut self) -> Result<(), Error> {
        let events = self.fold.events();
        if events == 0 {
            return Ok(());
        }
        self.published.apply(self.fold.take())?;
        let now = Instant::now();
        self.next_commit = now + pause_after(events);
        self.unsynced_since.get_or_insert(now);
        Ok(())
    }
}

/// How long the next batch waits for more after one of so many events.
fn pause_after(events: usize) -> Duration {
    let pause = limits::PAUSE_PER_EVENT.saturating_mul(u32::try_from(events).unwrap_or(u32::MAX));
    pause.min(limits::BATCH_AGE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_events_hold_up_nobody_and_many_no_longer_than_a_batch_may_be_old() {
        let cases = [(1, 100), (6, 600), (300, 30_000), (500, 50_000), (1_000, 50_000), (usize::MAX, 50_000)];
        for (events, micros) in cases {
            assert_eq!(pause_after(events), Duration::from_micros(micros), "after {events} events");
        }
    }
}
