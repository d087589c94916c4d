//! The fold: records to rows.
//!
//! Promises: pure over (records, rows read); a batch holds the rows of whole records together with the position after
//! them; folding a record again, or in other batches, gives the same rows; an event that cannot be applied is put into
//! quarantine and stops nothing else. Knows nothing about files, sockets, threads or clocks.
#![deny(clippy::disallowed_methods)]

pub mod alerts;
mod assets;
mod attempts;
pub mod audit;
pub mod backfills;
pub mod batch;
mod breaches;
pub mod candidates;
pub mod changed;
mod checks;
mod collected;
pub mod costs;
pub mod days;
pub mod durations;
mod ended;
pub mod failing;
pub mod foreign;
pub mod going_on;
pub mod graph;
pub mod integrations;
mod inventory;
mod iterations;
pub mod kept;
pub mod keys;
mod lineage;
pub mod marks;
mod operations;
mod pipelines;
pub mod plans;
pub mod projection;
mod quality;
mod recent;
pub mod rows;
mod runs;
pub mod schedules;
pub mod schema;
mod selection;
pub mod spending;
pub mod statistics;
mod task_runs;
mod told;
mod tool_state;
pub mod twice;
pub mod usage;
mod without_worker;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use downbeat_domain::{Event, Level, RunId};
use downbeat_event_log::{Entry, LogId, Tail};
use downbeat_proto::{
    event::{self, Decoded},
    metadata::v1::Position,
    record,
};

pub use self::collected::{asset_id, known, unknown_asset};
use self::{
    batch::{Batch, ReadRows, Writes},
    plans::Plans,
    projection::{ALL, Fact, Registered, Within},
    recent::{Recent, Remembered},
    rows::{Head, ProjectionVersion, Quarantined},
};
use crate::{error::Error, limits};

/// The only partition of this version.
pub const PARTITION: u32 = 0;

/// Rows that belong together: all of them or none go to the store.
#[derive(Debug, Default)]
pub struct Commit {
    /// The rows, the head among them.
    pub writes: Writes,
    /// The head.
    pub head: Head,
}

/// Folds records and collects what they write.
pub struct Fold {
    projections: &'static [Registered],
    head: Head,
    overlay: Writes,
    recent: RefCell<Recent>,
    plans: Plans,
    events: usize,
    /// When the last decision was taken, microseconds since the epoch; 0 = none was folded yet.
    decided_at: i64,
    /// Runs that events were about since somebody asked last, if anybody does.
    noted: Option<BTreeSet<RunId>>,
}

impl Fold {
    /// Goes on after `head`.
    pub fn new(head: Head) -> Self {
        Self::with(ALL, head)
    }

    /// The same with other projections.
    pub fn with(projections: &'static [Registered], head: Head) -> Self {
        let recent = RefCell::new(Recent::new(limits::RECENT_ROWS_BYTES_MAX));
        Self {
            projections,
            head,
            overlay: Writes::new(),
            recent,
            plans: Plans::default(),
            events: 0,
            decided_at: 0,
            noted: None,
        }
    }

    /// Sequence of the last record that was folded.
    pub fn sequence(&self) -> u64 {
        sequence_of(&self.head)
    }

    /// Events folded since the last [`Self::take`]; a record counts at least as one.
    pub fn events(&self) -> usize {
        self.events
    }

    /// When the last decision was taken that was folded, microseconds since the epoch; `None` = none was.
    pub fn decided_at(&self) -> Option<i64> {
        (self.decided_at != 0).then_some(self.decided_at)
    }

    /// Takes note of the runs that events are about from now on.
    pub fn note_runs(&mut self) {
        self.noted.get_or_insert_default();
    }

    /// The runs that were noted since the last call, the first ones of many.
    pub fn noted(&mut self) -> Option<BTreeSet<RunId>> {
        self.noted.as_mut().map(std::mem::take)
    }

    /// Folds one record, which must be the one after the position; one that was folded before changes nothing. `store` is always
    /// the same one, and has every commit that was taken.
    ///
    /// # Errors
    /// `Damaged` when a row does not read; `ReaderTooOld` when the record says so.
    pub fn record(&mut self, store: &dyn ReadRows, log: &LogId, entry: &Entry) -> Result<(), Error> {
        if entry.sequence <= sequence_of(&self.head) {
            return Ok(());
        }
        self.events += 1;
        match record::decode(&entry.payload) {
            Ok(record) if record.minimum_reader > record::READER_VERSION => {
                return Err(Error::ReaderTooOld {
                    log: log.to_string(),
                    sequence: entry.sequence,
                    needed: record.minimum_reader,
                    ours: record::READER_VERSION,
                    reason: record.minimum_reader_reason,
                });
            }
            Ok(record) => {
                let mut ordinal = 0;
                for (place, decision) in (0..).zip(&record.decisions) {
                    self.decided_at = decision.decided_at;
                    let within = Within { decision, ordinal: place, hash: entry.hash };
                    for event in &decision.events {
                        self.event(store, entry.sequence, ordinal, event::decode(event), within)?;
                        ordinal += 1;
                    }
                }
            }
            Err(error) => self.quarantine(entry.sequence, 0, "", &error.to_string()),
        }
        self.head.position = Some(position(log, entry.tail()));
        Ok(())
    }

    /// What has been written since the last call, with the position after it.
    pub fn take(&mut self) -> Commit {
        self.events = 0;
        let mut writes = std::mem::take(&mut self.overlay);
        self.recent.get_mut().keep(&writes);
        writes.insert(keys::HEAD.to_vec(), prost::Message::encode_to_vec(&self.head));
        Commit { writes, head: self.head.clone() }
    }

    fn event(
        &mut self,
        store: &dyn ReadRows,
        sequence: u64,
        ordinal: u32,
        decoded: Result<Decoded, event::DecodeError>,
        within: Within<'_>,
    ) -> Result<(), Error> {
        self.events += 1;
        match decoded {
            Ok(Decoded::Known(event)) => {
                if let Some(noted) = self.noted.as_mut().filter(|noted| noted.len() < limits::NOTED_RUNS_MAX) {
                    noted.extend(event.run());
                }
                let decided_at = within.decision.decided_at;
                self.fact(store, ordinal, &Fact { event: &event, decided_at, sequence, within: Some(within) })
            }
            Ok(Decoded::Unknown { kind, .. }) => {
                tracing::debug!(sequence, ordinal, kind, "skipping an event of an unknown kind");
                self.head.unknown_events += 1;
                self.head.skipped_at = Level::NEWEST.0;
                Ok(())
            }
            Err(error) => {
                // Reading the same bytes again gives the same error: no further tries.
                self.quarantine(sequence, ordinal, "", &error.to_string());
                Ok(())
            }
        }
    }

    /// Folds one event, outside of records: nothing moves the position.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn known(
        &mut self,
        store: &dyn ReadRows,
        sequence: u64,
        ordinal: u32,
        event: &Event,
        decided_at: i64,
    ) -> Result<(), Error> {
        self.fact(store, ordinal, &Fact { event, decided_at, sequence, within: None })
    }

    fn fact(&mut self, store: &dyn ReadRows, ordinal: u32, fact: &Fact<'_>) -> Result<(), Error> {
        let mut poisoned = Vec::new();
        for projection in self.projections {
            let mut failure = String::new();
            for _ in 0..limits::TRIES_PER_EVENT {
                match self.attempt(store, projection, fact) {
                    Ok(applied) => {
                        let written = applied?;
                        // Most projections have nothing to say about most events.
                        if !written.is_empty() {
                            self.overlay.extend(written);
                        }
                        failure.clear();
                        break;
                    }
                    Err(reason) => failure = reason,
                }
            }
            if !failure.is_empty() {
                poisoned.push((projection.name, failure));
            }
        }
        for (projection, reason) in poisoned {
            self.quarantine(fact.sequence, ordinal, projection, &reason);
        }
        Ok(())
    }

    /// One try; the outer error is the message of a panic, after which nothing of the try remains.
    fn attempt(
        &mut self,
        store: &dyn ReadRows,
        projection: &Registered,
        fact: &Fact<'_>,
    ) -> Result<Result<Writes, Error>, String> {
        let remembered = Remembered { store, recent: &self.recent };
        let mut batch = Batch::new(&remembered, &self.overlay);
        let plans = &mut self.plans;
        let folded = catch_unwind(AssertUnwindSafe(|| (projection.fold)(fact, plans, &mut batch)));
        match folded {
            Ok(folded) => Ok(folded.map(|()| batch.into_writes())),
            Err(panic) => {
                self.plans = Plans::default();
                Err(panic_message(&*panic))
            }
        }
    }

    fn quarantine(&mut self, sequence: u64, ordinal: u32, projection: &str, reason: &str) {
        tracing::warn!(sequence, ordinal, projection, reason, "an event cannot be applied; it goes into quarantine");
        let row = Quarantined { sequence, ordinal, projection: projection.to_owned(), reason: reason.to_owned() };
        self.head.quarantined_events += 1;
        self.overlay.insert(keys::quarantine(sequence, ordinal, projection), prost::Message::encode_to_vec(&row));
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

/// The head of an empty store of this log.
pub fn start_of(log: &LogId) -> Head {
    start_with(ALL, log)
}

/// The same of a store that other projections write.
pub fn start_with(projections: &[Registered], log: &LogId) -> Head {
    Head {
        position: Some(position(log, Tail::start(log))),
        unknown_events: 0,
        quarantined_events: 0,
        projections: versions_of(projections),
        skipped_at: 0,
    }
}

/// What a head says of the projections that wrote the rows.
pub fn versions_of(projections: &[Registered]) -> Vec<ProjectionVersion> {
    projections.iter().map(|one| ProjectionVersion { name: one.name.to_owned(), version: one.version }).collect()
}

/// Sequence of the last record that was folded.
pub fn sequence_of(head: &Head) -> u64 {
    head.position.as_ref().map_or(0, |position| position.sequence)
}

/// A place in the log as the wire carries it.
pub fn position(log: &LogId, tail: Tail) -> Position {
    Position {
        log_id: log.to_string(),
        partition: PARTITION,
        sequence: tail.sequence,
        hash: bytes::Bytes::copy_from_slice(&tail.hash.0),
    }
}
