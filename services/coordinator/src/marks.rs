//! How far each log was known to reach, noted in the blob store: what is acknowledged is known outside of the log, too.
//!
//! Promises: an owner that sees its log shortened has noted how far it reached before it ends, so the next one refuses it, whatever is in the
//! log by then; one that was killed has noted it some seconds before. A note that cannot be written or read is said and stops nothing: the
//! log alone is the truth. Knows nothing about what is in records.

use std::path::{Path, PathBuf};

use downbeat_event_log::{
    Error as LogError, ErrorKind as LogErrorKind, EventLog, Hash, LogId, Tail, archive, check_position,
};
use downbeat_runtime::{
    blob::{BlobKey, BlobStore},
    retry,
};
use serde_json::{Value, json};

use crate::{error::Error, limits::MARK_BYTES_MAX};

/// Where notes are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Marks {
    store: BlobStore,
}

/// What is noted of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    log: LogId,
    at: Tail,
}

impl Marks {
    /// Notes in this store.
    pub fn new(store: BlobStore) -> Self {
        Self { store }
    }

    /// Notes that the log reaches this far, unless it is known to reach further.
    pub async fn note(&self, log: &LogId, at: Tail) {
        if self.of(log).is_some_and(|known| known.sequence >= at.sequence) {
            return;
        }
        let text = json!({"log_id": log.0, "sequence": at.sequence, "hash": at.hash.to_string()}).to_string();
        if let Err(error) = self.store.put(&BlobKey::log_mark(&log.0), text.into_bytes()).await {
            tracing::warn!(%error, "how far the log reaches could not be noted");
        }
    }

    /// How far the log is known to have reached.
    pub fn of(&self, log: &LogId) -> Option<Tail> {
        let mark = self.read(&self.store.log_folder(&log.0))?;
        (mark.log == *log).then_some(mark.at)
    }

    fn read(&self, folder: &Path) -> Option<Mark> {
        let bytes = self.store.mark_in(folder, MARK_BYTES_MAX).unwrap_or_else(|error| {
            tracing::warn!(%error, "a note of how far a log reaches cannot be read");
            None
        })?;
        let mark = decode(&bytes);
        if mark.is_none() {
            tracing::warn!(folder = %folder.display(), "a note of how far a log reaches is none; it is left aside");
        }
        mark
    }

    /// Of all logs with the name of this one, those that are others.
    fn others(&self, log: &LogId) -> Vec<(PathBuf, Mark)> {
        let folders = self.store.log_folders().unwrap_or_else(|error| {
            tracing::warn!(%error, "what is known of other logs cannot be read");
            Vec::new()
        });
        let marks = folders.into_iter().filter_map(|folder| Some((folder.clone(), self.read(&folder)?)));
        marks.filter(|(_, mark)| mark.log != *log && mark.log.name() == log.name()).collect()
    }

    /// Holds the log against everything that is known of it. Waits while the log cannot be reached.
    ///
    /// # Errors
    /// `LostRecords`: it ends before what was known, or something else stands there. `LogGone`: another log of that name was here, and this one
    /// was not restored from it. `Log`.
    pub async fn check(&self, log: &dyn EventLog) -> Result<(), Error> {
        let archived = archive::reach(log.id(), &self.store.log_folder(&log.id().0)).unwrap_or_else(|error| {
            tracing::warn!(%error, "the archive of the log cannot be read");
            None
        });
        let known = [("a coordinator", self.of(log.id())), ("the archive", archived.map(|(_, tail)| tail))];
        let known: Vec<(&'static str, Tail)> = known.into_iter().filter_map(|(by, at)| Some((by, at?))).collect();
        let is_known = !known.is_empty();
        for (by, at) in known {
            stands(log, at).await.map_err(|error| match error.kind() {
                LogErrorKind::AheadOfLog | LogErrorKind::ForeignLog => {
                    Error::LostRecords { known_by: by, sequence: at.sequence, source: error }
                }
                _ => Error::Log(error),
            })?;
        }
        if is_known { Ok(()) } else { self.check_new(log.id()) }
    }

    /// Nothing is known of this log: is it the first of its name, or was it restored?
    fn check_new(&self, log: &LogId) -> Result<(), Error> {
        let restored = log.restored_from();
        for (folder, mark) in self.others(log) {
            match &restored {
                Some(from) if mark.log.origin() == from.origin && mark.at.sequence <= from.up_to => {}
                Some(from) if mark.log.origin() == from.origin => {
                    tracing::warn!(
                        log = %log, before = %mark.log, lost = mark.at.sequence - from.up_to, restored_up_to = from.up_to,
                        "the log was restored without its last records: what they said is as if it had never been"
                    );
                }
                _ if mark.at.sequence > 0 => {
                    let (log, known, sequence) = (log.to_string(), mark.log.to_string(), mark.at.sequence);
                    return Err(Error::LogGone { log, known, sequence, folder });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

async fn stands(log: &dyn EventLog, at: Tail) -> Result<(), LogError> {
    let mut attempt = 0;
    loop {
        match check_position(log, at).await {
            Err(error) if error.kind() == LogErrorKind::Unavailable => {
                attempt += 1;
                tracing::warn!(%error, "waiting for the log");
                tokio::time::sleep(retry::pause(attempt)).await;
            }
            checked => return checked,
        }
    }
}

fn decode(bytes: &[u8]) -> Option<Mark> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let hash = hex(value["hash"].as_str()?)?;
    let log = LogId(value["log_id"].as_str()?.to_owned());
    Some(Mark { log, at: Tail { sequence: value["sequence"].as_u64()?, hash: Hash(hash) } })
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use downbeat_event_log::{Record, RecordId, Restored, memory::MemoryLog};

    use super::*;

    struct Kept {
        _folder: tempfile::TempDir,
        marks: Marks,
    }

    fn kept() -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let marks = Marks::new(BlobStore::open(folder.path()).unwrap());
        Kept { _folder: folder, marks }
    }

    fn id(text: &str) -> LogId {
        LogId(text.to_owned())
    }

    async fn filled(log: &MemoryLog, records: u64) -> Vec<Tail> {
        let mut tails = vec![Tail::start(log.id())];
        for number in 1..=records {
            let record = Record { id: RecordId([number as u8; 16]), payload: vec![number as u8].into() };
            tails.push(log.append(*tails.last().unwrap(), &record).await.unwrap());
        }
        tails
    }

    #[tokio::test]
    async fn a_log_that_ends_before_what_was_known_of_it_is_refused() {
        let kept = kept();
        let log = MemoryLog::new(id("log@1"));
        let tails = filled(&log, 3).await;
        kept.marks.check(&log).await.unwrap();
        kept.marks.note(log.id(), tails[3]).await;
        kept.marks.note(log.id(), tails[1]).await;
        assert_eq!(kept.marks.of(log.id()), Some(tails[3]), "what was known stays known");
        kept.marks.check(&log).await.unwrap();

        let frames = log.stored_frames();
        log.restore_frames(frames[..2].to_vec());
        let refused = kept.marks.check(&log).await.unwrap_err().to_string();
        for part in ["a coordinator knows record 3", "its end at 2", "docs/runbooks.md#the-log-lost-its-end"] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        // The same, after somebody went on with it.
        let other = Record { id: RecordId([9; 16]), payload: vec![9].into() };
        log.append(tails[2], &other).await.unwrap();
        let refused = kept.marks.check(&log).await.unwrap_err().to_string();
        assert!(refused.contains("a coordinator knows record 3") && refused.contains("it has hash"), "{refused}");
    }

    #[tokio::test]
    async fn a_new_log_where_another_one_was_is_refused_unless_it_was_restored_from_it() {
        let kept = kept();
        let before = MemoryLog::new(id("log@1"));
        let tails = filled(&before, 3).await;
        kept.marks.note(before.id(), tails[3]).await;
        let refused = kept.marks.check(&MemoryLog::new(id("log@2"))).await.unwrap_err().to_string();
        for part in ["log@2", "log@1", "record 3", "downbeat log import", "docs/runbooks.md#the-log-is-another-one"] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        kept.marks.check(&MemoryLog::new(id("other@2"))).await.unwrap();
        for up_to in [2, 3] {
            let restored = LogId::restored("log@3", &Restored { origin: before.id().clone(), up_to });
            kept.marks.check(&MemoryLog::new(restored)).await.unwrap();
        }
        let foreign = LogId::restored("log@4", &Restored { origin: id("log@0"), up_to: 9 });
        assert!(kept.marks.check(&MemoryLog::new(foreign)).await.is_err(), "restored from another one");
    }

    #[tokio::test]
    async fn a_note_that_is_none_stops_nothing() {
        let kept = kept();
        let log = MemoryLog::new(id("log@1"));
        for text in ["", "{}", r#"{"log_id": "log@1", "sequence": 4, "hash": "zz"}"#] {
            kept.marks.store.put(&BlobKey::log_mark("log@1"), text.into()).await.unwrap();
            assert_eq!(kept.marks.of(log.id()), None, "{text}");
            kept.marks.check(&log).await.unwrap();
        }
    }
}
