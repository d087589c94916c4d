//! Small words of the cases.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;

use super::Harness;
use crate::error::{Error, ErrorKind};
use crate::log::EventLog;
use crate::types::{Entry, Record, RecordId, Tail};

/// Fails the case with a message.
#[track_caller]
pub(super) fn good<T, E: std::fmt::Debug>(result: Result<T, E>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

#[track_caller]
pub(super) fn fails<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, what: &str) {
    match result {
        Err(error) => assert_eq!(error.kind(), kind, "{what}: {error}"),
        Ok(value) => panic!("{what}: wanted {kind:?}, got {value:?}"),
    }
}

pub(super) async fn open(harness: &mut dyn Harness) -> Arc<dyn EventLog> {
    good(harness.open().await, "open")
}

pub(super) fn record(number: u64) -> Record {
    let mut id = [7; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Record { id: RecordId(id), payload: Bytes::from(format!("record {number} {}", "x".repeat((number % 97) as usize))) }
}

/// Appends the records `numbers` and returns the tail after each.
pub(super) async fn append_all(log: &dyn EventLog, mut after: Tail, numbers: std::ops::Range<u64>) -> Vec<Tail> {
    let mut tails = Vec::new();
    for number in numbers {
        after = good(log.append(after, &record(number)).await, "append");
        tails.push(after);
    }
    tails
}

/// All entries, read in small steps.
pub(super) async fn read_all(log: &dyn EventLog) -> Result<Vec<Entry>, Error> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let part = log.read(all.last().map_or(0, |entry| entry.sequence), 7).await?;
        if part.is_empty() {
            return Ok(all);
        }
        all.extend(part);
    }
}

pub(super) async fn next(stream: &mut BoxStream<'static, Result<Entry, Error>>) -> Result<Entry, Error> {
    match stream.next().await {
        Some(item) => item,
        None => panic!("the stream ended"),
    }
}
