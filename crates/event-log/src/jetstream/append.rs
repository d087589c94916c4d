//! One append: publish with the fence, then make sense of whatever comes back.

use async_nats::client::RequestErrorKind;
use async_nats::{HeaderMap, Request, header};
use serde_json::Value;

use super::JetStreamLog;
use crate::error::{Error, ErrorKind};
use crate::frame;
use crate::limits::RECORD_BYTES_MAX;
use crate::procedures::check_position;
use crate::types::{Record, Tail};

/// JetStream's `err_code`s that matter to an append.
mod code {
    /// "wrong last sequence: N".
    pub(super) const WRONG_LAST_SEQUENCE: u64 = 10071;
    /// The same, from a replicated stream, without a sequence.
    pub(super) const WRONG_LAST_SEQUENCE_CONSTANT: u64 = 10164;
    /// "duplicate message id is in process": the first send is still under way.
    pub(super) const DUPLICATE_IN_PROCESS: u64 = 10158;
    /// The stream is full and discards new messages, or storing failed.
    pub(super) const STORE_FAILED: u64 = 10077;
    /// No storage left on the server.
    pub(super) const STORAGE_RESOURCES: u64 = 10047;
    /// No resources left on the server.
    pub(super) const INSUFFICIENT_RESOURCES: u64 = 10023;
    /// The message exceeds the stream's limit.
    pub(super) const MESSAGE_TOO_LARGE: u64 = 10054;
}

impl JetStreamLog {
    pub(super) async fn append_fenced(&self, after: Tail, record: &Record) -> Result<Tail, Error> {
        let connection = self.connection()?;
        // The server compares sequences only. That the hash there is ours too is known from our own last append, or
        // looked up: else a record could be chained to an entry that this log does not hold.
        // An empty stream is always looked at: it may have been deleted and made again under us.
        if (after.sequence == 0 || self.known_tail(connection) != Some(after))
            && let Some(settled) = self.look_before(after, record).await?
        {
            return Ok(settled);
        }
        let (frame, hash) = frame::encode(&after.hash, record);
        let next = Tail { sequence: after.sequence + 1, hash };
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, after.sequence.to_string().as_str());
        headers.insert(header::NATS_MESSAGE_ID, record.id.to_string().as_str());
        let request = Request::new().headers(headers).payload(frame);
        let answer = match self.inner.client.send_request(self.inner.options.subject.clone(), request).await {
            Ok(message) => message,
            Err(error) if error.kind() == RequestErrorKind::MaxPayloadExceeded => {
                return Err(Error::TooLarge { bytes: record.payload.len(), limit: RECORD_BYTES_MAX });
            }
            Err(error) => return Err(self.unknown(after, error)),
        };
        let Ok(answer) = serde_json::from_slice::<Value>(&answer.payload) else {
            return Err(self.unknown(after, "the answer is no JSON"));
        };
        let settled = match &answer["error"] {
            Value::Null => self.acknowledged(after, next, &answer),
            error => self.refused(after, next, record, error).await,
        };
        if let Ok(tail) = settled {
            self.remember(connection, tail);
        }
        settled
    }

    /// Compares `after` with the log before anything is sent. `Some` when the record already stands there.
    async fn look_before(&self, after: Tail, record: &Record) -> Result<Option<Tail>, Error> {
        if after.sequence == 0 {
            // Reads nothing but the stream's identity when it is empty.
            self.read_tail().await?;
        }
        match check_position(self, after).await {
            Ok(()) => {}
            Err(Error::AheadOfLog { log, position, tail }) => {
                return Err(Error::TailLost { log, expected: position, tail });
            }
            Err(error) if error.kind() == ErrorKind::ForeignLog => {
                let tail = self.read_tail().await?.sequence;
                return Err(Error::Conflict { log: self.inner.id.clone(), expected: after.sequence, tail });
            }
            Err(error) => return Err(error),
        }
        match self.entry(after.sequence + 1).await? {
            Some(entry) if entry.id == record.id && entry.tail() == after.next(record) => Ok(Some(entry.tail())),
            _ => Ok(None),
        }
    }

    fn unknown(&self, after: Tail, reason: impl std::fmt::Display) -> Error {
        let log = self.inner.id.clone();
        Error::OutcomeUnknown { log, after: after.sequence, reason: reason.to_string() }
    }

    /// An acknowledgement, also one for an earlier send (`duplicate`), is right only with the sequence we fenced for.
    fn acknowledged(&self, after: Tail, next: Tail, answer: &Value) -> Result<Tail, Error> {
        match answer["seq"].as_u64() {
            Some(sequence) if sequence == next.sequence => Ok(next),
            Some(sequence) => {
                let reason = format!("the server stored it as {sequence} although it had to be {}", next.sequence);
                Err(Error::corrupt(&self.inner.id, next.sequence, reason))
            }
            None => Err(self.unknown(after, "the acknowledgement names no sequence")),
        }
    }

    async fn refused(&self, after: Tail, next: Tail, record: &Record, error: &Value) -> Result<Tail, Error> {
        let description = error["description"].as_str().unwrap_or("no description");
        match error["err_code"].as_u64().unwrap_or(0) {
            code::WRONG_LAST_SEQUENCE | code::WRONG_LAST_SEQUENCE_CONSTANT => {
                self.settle(after, next, record, last_sequence_in(description)).await
            }
            code::STORE_FAILED | code::STORAGE_RESOURCES | code::INSUFFICIENT_RESOURCES => {
                Err(self.unavailable(format!("NATS refuses to store more: {description}")))
            }
            code::MESSAGE_TOO_LARGE => Err(Error::TooLarge { bytes: record.payload.len(), limit: RECORD_BYTES_MAX }),
            code::DUPLICATE_IN_PROCESS => Err(self.unknown(after, description)),
            other => Err(self.unknown(after, format!("error {other}: {description}"))),
        }
    }

    /// The fence refused: whose record stands behind it? Not the last record counts but the one right after `after`:
    /// others may have appended since ours landed.
    async fn settle(&self, after: Tail, next: Tail, record: &Record, last: Option<u64>) -> Result<Tail, Error> {
        let id = &self.inner.id;
        if let Some(tail) = last.filter(|last| *last < after.sequence) {
            return Err(Error::TailLost { log: id.clone(), expected: after.sequence, tail });
        }
        let entry = match self.entry(next.sequence).await {
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(self.unknown(after, error)),
            other => other?,
        };
        match entry {
            Some(entry) if entry.id == record.id && entry.tail() == next => Ok(next),
            Some(_) => {
                let tail = last.unwrap_or(next.sequence);
                Err(Error::Conflict { log: id.clone(), expected: after.sequence, tail })
            }
            // A replicated stream may count what it has proposed but not stored: neither won nor lost yet.
            None => Err(self.unknown(after, "the fence refused, but no record stands behind it yet")),
        }
    }
}

/// The N of "wrong last sequence: N".
fn last_sequence_in(description: &str) -> Option<u64> {
    description.rsplit(':').next()?.trim().parse().ok()
}
