//! Becoming the owner of a partition: fold the log, then append a PartitionOwned record, which fences whoever wrote before.

use std::time::Duration;

use downbeat_domain::{Event, Partition};
use downbeat_event_log::{self as log, EventLog, Record, RecordId, Tail};
use downbeat_proto::{
    event::{self, Decoded},
    record,
};
use downbeat_runtime::{clock, retry};

use crate::{engine, error::Error, limits};

/// A folded partition that is ours.
#[derive(Debug)]
pub struct Owned {
    /// The state.
    pub partition: Partition,
    /// Where the log ends: right behind our PartitionOwned record.
    pub tail: Tail,
}

/// Folds the log and fences it. Waits for a log that is unavailable.
pub async fn take_over(log: &dyn EventLog, owner: &str) -> Result<Owned, Error> {
    let started = std::time::Instant::now();
    loop {
        let (partition, tail) = fold(log).await?;
        match append(log, tail, ownership(owner)).await {
            Ok(tail) => {
                let (runs, pipelines) = (partition.runs.len(), partition.pipelines.len());
                tracing::info!(log = %log.id(), sequence = tail.sequence, pipelines, live_runs = runs, took = ?started.elapsed(), "took the partition over");
                return Ok(Owned { partition, tail });
            }
            // Another writer was quicker since the fold: fold what it wrote as well.
            Err(Error::Fenced(reason)) => tracing::info!(%reason, "the log went on while it was folded; again"),
            Err(error) => return Err(error),
        }
    }
}

fn ownership(owner: &str) -> bytes::Bytes {
    let now = clock::wall_now();
    let software_version = env!("CARGO_PKG_VERSION").to_owned();
    let decision = record::Decision {
        command: None,
        actor: format!("coordinator:{owner}"),
        decided_at: now,
        events: vec![Event::PartitionOwned { owner: owner.to_owned(), software_version }],
    };
    record::encode(0, now, vec![record::encode_decision(&decision)])
}

async fn fold(log: &dyn EventLog) -> Result<(Partition, Tail), Error> {
    let mut partition = Partition::default();
    let mut tail = available(|| log.tail()).await?;
    let end = tail.sequence;
    let mut written_by = "unknown".to_owned();
    let mut at = 0;
    while at < end {
        let entries = available(|| log.read(at, limits::ENTRIES_PER_READ)).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            at = entry.sequence;
            tail = entry.tail();
            let unreadable = |source| Error::Unreadable { log: log.id().to_string(), sequence: entry.sequence, source };
            let record = record::decode(&entry.payload).map_err(unreadable)?;
            record::check_reader(&record).map_err(|source| Error::NewerRecord {
                log: log.id().to_string(),
                sequence: entry.sequence,
                source,
            })?;
            for decoded in record::events(&record) {
                match decoded.map_err(unreadable)? {
                    Decoded::Known(fact) => {
                        if let Event::PartitionOwned { software_version, .. } = &fact {
                            written_by.clone_from(software_version);
                        }
                        engine::fold(&mut partition, &fact);
                    }
                    Decoded::Unknown { kind, .. } => {
                        return Err(Error::UnknownEvent {
                            log: log.id().to_string(),
                            sequence: entry.sequence,
                            kind: event::name_of(kind),
                            written_by,
                        });
                    }
                }
            }
        }
    }
    Ok((partition, tail))
}

/// Asks until the log answers.
async fn available<T, F>(mut ask: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, log::Error>>,
{
    for attempt in 1.. {
        match ask().await {
            Err(error) if error.kind() == log::ErrorKind::Unavailable => wait_note(&error, attempt).await,
            other => return Ok(other?),
        }
    }
    unreachable!("the loop above has no end")
}

async fn wait_note(error: &log::Error, attempt: u32) {
    if attempt == 1 || attempt.is_multiple_of(10) {
        tracing::warn!(%error, "waiting for the log");
    }
    tokio::time::sleep(retry::pause(attempt)).await;
}

/// Appends one record, whatever it takes: an unknown outcome is settled by sending the same record again, a log that is away is
/// waited for, a conflict means that the partition is somebody else's.
pub async fn append(log: &dyn EventLog, after: Tail, payload: bytes::Bytes) -> Result<Tail, Error> {
    let record = Record { id: RecordId(*uuid::Uuid::new_v4().as_bytes()), payload };
    let mut waited = false;
    let patience = |error: &log::Error, attempt: u32| -> Option<Duration> {
        if attempt == 1 || attempt.is_multiple_of(10) {
            tracing::warn!(%error, "waiting for the log");
        }
        waited = true;
        Some(retry::pause(attempt))
    };
    let appended = log::append_settled(log, after, &record, patience).await;
    if waited && appended.is_ok() {
        tracing::info!("the log answers again");
    }
    appended.map_err(|error| match error.kind() {
        log::ErrorKind::Conflict => Error::Fenced(error),
        _ => Error::Log(error),
    })
}
