//! The one thread that folds and writes: batches of many records, their rows and position in one commit.
//!
//! A batch goes to the store when nothing more is waiting (so a record that comes alone is visible at once), or when it is
//! large or old enough. After a large one the next waits a little for more: a run that begins and ends meanwhile is written once,
//! not record by record. Who waits for a record does not wait for company: with it the batch goes to the store at once. Applied rows survive `kill -9` and a loss of power after the next sync, which follows within
//! [`limits::SYNC_INTERVAL`]; what is lost before is lost together with its position and folded again.

use std::time::{Duration, Instant};

use downbeat_event_log::Entry;
use downbeat_runtime::{clock::wall_now, otlp};
use tokio::{
    runtime::Handle,
    sync::{
        mpsc::{Receiver, error::TryRecvError},
        watch,
    },
    time::timeout_at,
};

use crate::{engine::Fold, error::Error, limits, published::Published, store::Store, traces};

/// Folds what arrives until the sender is gone, then makes everything durable. Blocks its thread.
pub(crate) fn run(
    mut fold: Fold,
    published: &Published,
    mut arriving: Receiver<Vec<Entry>>,
    runtime: &Handle,
) -> Result<(), Error> {
    let now = Instant::now();
    let wanted = published.wanted();
    let mut woken = wanted.clone();
    let applied = fold.sequence();
    let store = published.written();
    if otlp::traces() {
        fold.note_runs();
    }
    let mut writer =
        Writer { fold, published, store: &store, wanted, applied, begun: now, next_commit: now, unsynced_since: None };
    loop {
        let arrived = match writer.next_due() {
            None => arriving.blocking_recv().map_or(Arrived::End, Arrived::Entries),
            Some(due) => runtime.block_on(async {
                tokio::select! {
                    received = timeout_at(due.into(), arriving.recv()) => match received {
                        Ok(entries) => entries.map_or(Arrived::End, Arrived::Entries),
                        Err(_elapsed) => Arrived::Nothing,
                    },
                    // `published` holds the sender.
                    _ = woken.changed() => Arrived::Nothing,
                }
            }),
        };
        match arrived {
            Arrived::Entries(entries) => writer.fold(entries, &mut arriving)?,
            Arrived::Nothing => {}
            Arrived::End => break,
        }
        writer.do_what_is_due()?;
    }
    writer.commit()
}

enum Arrived {
    Entries(Vec<Entry>),
    /// It is time for something, or somebody began to wait.
    Nothing,
    End,
}

struct Writer<'a> {
    fold: Fold,
    published: &'a Published,
    /// The store that is written. It is the same one for as long as this thread lives, whether it answers yet or not.
    store: &'a Store,
    /// The highest sequence that somebody has waited for.
    wanted: watch::Receiver<u64>,
    /// Sequence of the last record whose rows are in the store.
    applied: u64,
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
        if self.is_waited_for() || Instant::now() >= self.next_commit {
            self.commit()?;
        }
        if self.unsynced_since.is_some_and(|since| since.elapsed() >= limits::SYNC_INTERVAL) {
            self.store.sync()?;
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
                self.fold.record(self.store, self.published.log(), &entry)?;
                let large = self.fold.events() >= limits::EVENTS_PER_BATCH_MAX;
                if large || self.is_waited_for() || self.begun.elapsed() >= limits::BATCH_AGE_MAX {
                    self.commit()?;
                }
            }
            match arriving.try_recv() {
                Ok(more) => entries = more,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Whether somebody waits for a record that is folded and not yet in the store.
    fn is_waited_for(&self) -> bool {
        let wanted = *self.wanted.borrow();
        self.fold.events() > 0 && wanted > self.applied && wanted <= self.fold.sequence()
    }

    /// Applies what was folded, if anything was.
    fn commit(&mut self) -> Result<(), Error> {
        let events = self.fold.events();
        if events == 0 {
            return Ok(());
        }
        let (began, before) = (Instant::now(), self.applied);
        let noted = self.fold.noted();
        self.published.apply(self.fold.take())?;
        if let Some(runs) = noted {
            traces::folded(&runs, self.begun, events, self.fold.sequence());
        }
        self.applied = self.fold.sequence();
        let now = Instant::now();
        // Clocks of two machines may differ: nothing is read before it was decided.
        let age = self.fold.decided_at().map(|at| wall_now().as_microsecond().saturating_sub(at));
        let age = age.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
        self.published.measures().committed(self.applied - before, events, now - began, age);
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
        let cases = [(1, 100), (6, 600), (300, 30_000), (2_000, 200_000), (4_000, 200_000), (usize::MAX, 200_000)];
        for (events, micros) in cases {
            assert_eq!(pause_after(events), Duration::from_micros(micros), "after {events} events");
        }
    }
}
