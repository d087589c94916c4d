//! Becoming the owner of a partition: fold the log, then append a PartitionOwned record, which fences whoever wrote before.
//!
//! What is asked of the log and what follows from its answers stands in [`TakingOver`], without waiting and without a clock, so
//! that the simulator takes over exactly as the service does.

use std::time::Duration;

use downbeat_domain::{Event, Level, Partition};
use downbeat_event_log::{self as log, Entry, EventLog, LogId, Record, RecordId, Settled, Settling, Tail};
use downbeat_proto::{
    event::{self, Decoded},
    record,
};
use downbeat_runtime::{clock, retry};
use jiff::Timestamp;

use crate::{engine, error::Error, limits, marks::Marks, snapshots::Snapshots};

/// A folded partition that is ours.
#[derive(Debug)]
pub struct Owned {
    /// The state.
    pub partition: Partition,
    /// Where the log ends: right behind our PartitionOwned record.
    pub tail: Tail,
}

/// What a take-over asks of the log next.
#[derive(Debug)]
pub enum Ask {
    /// Where it ends.
    Tail,
    /// The entry at which the snapshot was taken: one entry after this sequence. Answer with [`TakingOver::checked`].
    Check {
        /// The sequence.
        after: u64,
    },
    /// Entries after this sequence.
    Read {
        /// The sequence.
        after: u64,
    },
    /// To append what [`TakingOver::ownership`] makes.
    Fence,
}

/// A take-over under way.
#[derive(Debug)]
pub struct TakingOver {
    log: LogId,
    owner: String,
    partition: Partition,
    /// Everything up to here is folded.
    folded: Tail,
    /// Where the snapshot stands that this began with, until the log has confirmed it.
    unconfirmed: Option<Tail>,
    /// Where the log ended when it was asked.
    end: Option<u64>,
    written_by: String,
    settling: Option<Settling>,
    failures: u32,
    owned: bool,
}

impl TakingOver {
    /// Begins to take this log over.
    pub fn new(log: LogId, owner: &str) -> Self {
        let folded = Tail::start(&log);
        Self {
            log,
            owner: owner.to_owned(),
            partition: Partition::default(),
            folded,
            unconfirmed: None,
            end: None,
            written_by: "unknown".to_owned(),
            settling: None,
            failures: 0,
            owned: false,
        }
    }

    /// Begins with a snapshot instead of an empty state.
    #[must_use]
    pub fn from_snapshot(mut self, partition: Partition, at: Tail) -> Self {
        (self.partition, self.folded, self.unconfirmed) = (partition, at, Some(at));
        self
    }

    /// What is to be asked now; `None` = the partition is ours, [`Self::into_owned`].
    pub fn ask(&self) -> Option<Ask> {
        match self.end {
            _ if self.owned => None,
            None => Some(Ask::Tail),
            _ if self.unconfirmed.is_some() => Some(Ask::Check { after: self.folded.sequence.saturating_sub(1) }),
            Some(end) if self.folded.sequence < end => Some(Ask::Read { after: self.folded.sequence }),
            Some(_) => Some(Ask::Fence),
        }
    }

    /// The log said where it ends. Returns how long to wait before the next question.
    pub fn tail(&mut self, answer: Result<Tail, log::Error>) -> Result<Option<Duration>, Error> {
        match answer {
            Ok(tail) => {
                self.failures = 0;
                self.end = Some(tail.sequence);
                // Records that were acknowledged are gone: going on would make a second history.
                if tail.sequence < self.folded.sequence {
                    let (log, position) = (self.log.clone(), self.folded.sequence);
                    return Err(Error::Log(log::Error::AheadOfLog { log, position, tail: tail.sequence }));
                }
                Ok(None)
            }
            Err(error) => self.unavailable(error).map(Some),
        }
    }

    /// The log gave the entry of the snapshot.
    pub fn checked(&mut self, answer: Result<Vec<Entry>, log::Error>) -> Result<Option<Duration>, Error> {
        let entries = match answer {
            Ok(entries) => entries,
            Err(error) => return self.unavailable(error).map(Some),
        };
        let Some(expected) = self.unconfirmed.take() else { return Ok(None) };
        match entries.first().map(Entry::tail) {
            Some(found) if found == expected => Ok(None),
            found => {
                let found =
                    found.map_or("nothing".to_owned(), |tail| format!("{} with hash {}", tail.sequence, tail.hash));
                let reason =
                    format!("the snapshot was taken at a record with hash {}, the log has {found}", expected.hash);
                let (log, position) = (self.log.clone(), expected.sequence);
                Err(Error::Log(log::Error::ForeignLog { log, position, reason }))
            }
        }
    }

    /// The log gave entries.
    pub fn entries(&mut self, answer: Result<Vec<Entry>, log::Error>) -> Result<Option<Duration>, Error> {
        let entries = match answer {
            Ok(entries) => entries,
            Err(error) => return self.unavailable(error).map(Some),
        };
        self.failures = 0;
        if entries.is_empty() {
            self.end = Some(self.folded.sequence);
        }
        for entry in entries {
            self.fold(&entry)?;
            self.folded = entry.tail();
        }
        Ok(None)
    }

    /// Makes the record that fences, if it is not made yet: it stays the same until its outcome is known.
    pub fn ownership(&mut self, now: Timestamp, id: RecordId) -> &Settling {
        let (owner, after) = (&self.owner, self.folded);
        let begins = after.sequence == 0;
        self.settling.get_or_insert_with(|| Settling::new(after, Record { id, payload: ownership(owner, now, begins) }))
    }

    /// The log answered the fencing record.
    pub fn fenced(&mut self, answer: Result<Tail, log::Error>) -> Result<Option<Duration>, Error> {
        let Some(settling) = &mut self.settling else { return Ok(None) };
        match settling.answered(answer) {
            Settled::Done(Ok(tail)) => {
                if self.folded.sequence == 0 {
                    self.partition.level = Level::NEWEST;
                }
                self.folded = tail;
                self.owned = true;
                Ok(None)
            }
            Settled::Done(Err(error)) if error.kind() == log::ErrorKind::Conflict => {
                // Another writer was quicker since the fold: fold what it wrote as well.
                tracing::info!(reason = %error, "the log went on while it was folded; further");
                (self.settling, self.end) = (None, None);
                Ok(None)
            }
            Settled::Done(Err(error)) => Err(Error::Log(error)),
            Settled::Again { error, attempts } => {
                note(&error, attempts);
                Ok(Some(retry::pause(attempts)))
            }
        }
    }

    /// The partition, once nothing is to be asked any more.
    pub fn into_owned(self) -> Owned {
        Owned { partition: self.partition, tail: self.folded }
    }

    fn unavailable(&mut self, error: log::Error) -> Result<Duration, Error> {
        if error.kind() != log::ErrorKind::Unavailable {
            return Err(Error::Log(error));
        }
        self.failures = self.failures.saturating_add(1);
        note(&error, self.failures);
        Ok(retry::pause(self.failures))
    }

    fn fold(&mut self, entry: &Entry) -> Result<(), Error> {
        let (log, sequence) = (|| self.log.to_string(), entry.sequence);
        let unreadable = |source| Error::Unreadable { log: log(), sequence, source };
        let record = record::decode(&entry.payload).map_err(unreadable)?;
        record::check_reader(&record).map_err(|source| Error::NewerRecord { log: log(), sequence, source })?;
        for command in record::commands(&record) {
            self.partition.commands.remember(command);
        }
        for decoded in record::events(&record) {
            match decoded.map_err(unreadable)? {
                Decoded::Known(fact) => {
                    match &fact {
                        Event::PartitionOwned { software_version, .. } => self.written_by.clone_from(software_version),
                        Event::LevelRaised { level, .. } if *level > Level::NEWEST.0 => {
                            let (level, written_by) = (*level, self.written_by.clone());
                            return Err(Error::NewerLevel { log: log(), sequence, level, written_by });
                        }
                        _ => {}
                    }
                    engine::fold(&mut self.partition, &fact);
                }
                Decoded::Unknown { kind, .. } => {
                    let (kind, written_by) = (event::name_of(kind), self.written_by.clone());
                    return Err(Error::UnknownEvent { log: log(), sequence, kind, written_by });
                }
            }
        }
        Ok(())
    }
}

/// A replica that folds what the owner writes, so that it can go on where the owner stops. Knows how to wait for a log that is away.
#[derive(Debug)]
pub struct Following {
    taking: TakingOver,
    /// What it began with.
    snapshot: u64,
    /// What is known of the log elsewhere.
    marks: Option<Marks>,
}

impl Following {
    /// Begins at the newest snapshot that can be trusted.
    pub async fn begin(log: &dyn EventLog, owner: &str, snapshots: Option<&Snapshots>) -> Self {
        let taking = TakingOver::new(log.id().clone(), owner);
        let marks = snapshots.map(Snapshots::marks);
        let newest = match snapshots {
            Some(snapshots) => snapshots.newest(log.id()).await,
            None => None,
        };
        match newest {
            Some((partition, at)) => Self { taking: taking.from_snapshot(partition, at), snapshot: at.sequence, marks },
            None => Self { taking, snapshot: 0, marks },
        }
    }

    /// Asks the log for one portion of what it does not know yet. Returns whether it knew the whole log when it asked for its end.
    ///
    /// # Errors
    /// As [`take_over`].
    pub async fn step(&mut self, log: &dyn EventLog) -> Result<bool, Error> {
        match self.taking.ask() {
            Some(Ask::Fence) | None => {
                // Where the log ends now is asked the next time.
                self.taking.end = None;
                Ok(true)
            }
            Some(ask) => {
                if let Some(pause) = answer(&mut self.taking, log, ask).await? {
                    tokio::time::sleep(pause).await;
                }
                Ok(false)
            }
        }
    }

    /// Folds the rest and fences whoever wrote before, after the log was held against what is known of it.
    ///
    /// # Errors
    /// As [`take_over`].
    pub async fn take_over(self, log: &dyn EventLog) -> Result<Owned, Error> {
        let (started, mut taking) = (std::time::Instant::now(), self.taking);
        if let Some(marks) = &self.marks {
            marks.check(log).await?;
        }
        while let Some(ask) = taking.ask() {
            if let Some(pause) = answer(&mut taking, log, ask).await? {
                tokio::time::sleep(pause).await;
            }
        }
        let owned = taking.into_owned();
        let (runs, pipelines) = (owned.partition.runs.len(), owned.partition.pipelines.len());
        tracing::info!(log = %log.id(), sequence = owned.tail.sequence, pipelines, live_runs = runs, snapshot = self.snapshot, took = ?started.elapsed(), "took the partition over");
        Ok(owned)
    }
}

async fn answer(taking: &mut TakingOver, log: &dyn EventLog, ask: Ask) -> Result<Option<Duration>, Error> {
    match ask {
        Ask::Tail => taking.tail(log.tail().await),
        Ask::Check { after } => taking.checked(log.read(after, 1).await),
        Ask::Read { after } => taking.entries(log.read(after, limits::ENTRIES_PER_READ).await),
        Ask::Fence => {
            let (after, record) = taking.ownership(clock::wall_now(), fresh_id()).request();
            let answer = log.append(after, record).await;
            taking.fenced(answer)
        }
    }
}

/// Folds the log and fences it. Waits for a log that is unavailable.
///
/// # Errors
/// `Log`, `Unreadable`: the log is damaged, lost records or is another one. `UnknownEvent`, `NewerRecord`, `NewerLevel`: another version wrote it.
pub async fn take_over(log: &dyn EventLog, owner: &str, snapshots: Option<&Snapshots>) -> Result<Owned, Error> {
    Following::begin(log, owner, snapshots).await.take_over(log).await
}

/// A log that begins is of the newest level: no older version has anything to do with it.
fn ownership(owner: &str, now: Timestamp, begins: bool) -> bytes::Bytes {
    let software_version = env!("CARGO_PKG_VERSION").to_owned();
    let decision = record::Decision {
        command: None,
        actor: format!("coordinator:{owner}"),
        decided_at: now,
        events: [Event::PartitionOwned { owner: owner.to_owned(), software_version }]
            .into_iter()
            .chain(begins.then_some(Event::LevelRaised { before: 0, level: Level::NEWEST.0, at: now }))
            .collect(),
        ..record::Decision::default()
    };
    record::encode(0, now, vec![record::encode_decision(&decision)])
}

fn note(error: &log::Error, attempt: u32) {
    if attempt == 1 || attempt.is_multiple_of(10) {
        tracing::warn!(%error, "waiting for the log");
    }
}

fn fresh_id() -> RecordId {
    RecordId(*uuid::Uuid::new_v4().as_bytes())
}

/// Appends one record, whatever it takes: an unknown outcome is settled by sending the same record again, a log that is away is
/// waited for, a conflict means that the partition is somebody else's. Calls `again` before each further try.
pub async fn append(log: &dyn EventLog, after: Tail, payload: bytes::Bytes, again: impl Fn()) -> Result<Tail, Error> {
    let record = Record { id: fresh_id(), payload };
    let mut waited = false;
    let patience = |error: &log::Error, attempt: u32| -> Option<Duration> {
        note(error, attempt);
        waited = true;
        again();
        Some(retry::pause(attempt))
    };
    let appended = log::append_settled(log, after, &record, patience).await;
    if waited && appended.is_ok() {
        tracing::info!("the log answers again");
    }
    appended.map_err(lost)
}

/// What an append that failed for good means for the owner.
pub fn lost(error: log::Error) -> Error {
    match error.kind() {
        log::ErrorKind::Conflict => Error::Fenced(error),
        _ => Error::Log(error),
    }
}
