//! Does a file say what the log says?
//!
//! Promises: the log is read from its beginning and projected anew in a folder of its own, by the code that answers queries; whatever the file
//! says otherwise, leaves out or adds is told with its line. Knows nothing about stores that are in use.

use std::{io::BufRead, path::Path, sync::Arc};

use downbeat_event_log::EventLog;
use serde_json::Value;

use super::{
    Header, fields,
    verify::{Fault, Line, Reader},
};
use crate::{
    engine::{Fold, batch::ReadRows},
    error::Error,
    limits,
    query::{Refusal, audit},
    served::Served,
    store::{self, Store},
};

/// Why a file cannot be held against a log.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It is about another log.
    #[error("the file is about log {file}, this is log {log}")]
    OtherLog {
        /// The file's.
        file: String,
        /// The one that was asked.
        log: String,
    },
    /// The log ends too early.
    #[error("the file reaches up to record {file}, but the log ends at {log}: records are gone, or it is an old copy")]
    TooShort {
        /// Where the file ends.
        file: u64,
        /// Where the log ends.
        log: u64,
    },
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    /// The log, or what is folded from it.
    #[error(transparent)]
    Projection(#[from] Error),
    /// The filter of its header is none.
    #[error("{0}")]
    Filter(#[from] Refusal),
}

/// Holds a file with this header against the log; `folder` is an empty one for rows.
///
/// # Errors
/// See [`Unfit`]; what differs is no error.
pub async fn compare(
    log: &dyn EventLog,
    header: &Header,
    input: impl BufRead,
    folder: &Path,
) -> Result<Vec<Fault>, Unfit> {
    if log.id().to_string() != header.log_id {
        return Err(Unfit::OtherLog { file: header.log_id.clone(), log: log.id().to_string() });
    }
    let store = project(log, header.up_to, folder).await?;
    differences(&Served::new(Arc::new(store), None), header, input)
}

/// Folds the log up to this record.
async fn project(log: &dyn EventLog, up_to: u64, folder: &Path) -> Result<Store, Unfit> {
    let opened = store::open(folder, limits::CACHE_BYTES_DEFAULT, log.id())?;
    let (store, mut fold) = (opened.store, Fold::new(opened.head));
    while fold.sequence() < up_to {
        let entries = log.read(fold.sequence(), limits::ENTRIES_PER_HISTORY_READ).await.map_err(Error::from)?;
        if entries.is_empty() {
            return Err(Unfit::TooShort { file: up_to, log: fold.sequence() });
        }
        for entry in entries.iter().take_while(|entry| entry.sequence <= up_to) {
            fold.record(&store as &dyn ReadRows, log.id(), entry)?;
        }
        if fold.events() >= limits::EVENTS_PER_BATCH_MAX {
            store.apply(fold.take().writes)?;
        }
    }
    store.apply(fold.take().writes)?;
    Ok(store)
}

/// Two lists in the same order, side by side.
fn differences(store: &Served, header: &Header, input: impl BufRead) -> Result<Vec<Fault>, Unfit> {
    let filter = audit::Filter::of(header.filter.clone())?;
    let mut reader = Reader::new(input);
    let mut faults = Vec::new();
    let mut said = next_entry(&mut reader)?;
    let mut tell = |line: u64, what: String| {
        if faults.len() < limits::FAULTS_TOLD_MAX {
            faults.push(Fault { line, what });
        }
    };
    let mut after = None;
    loop {
        let (entries, next) = audit::in_order(store, &filter, after.as_deref(), header.up_to)?;
        for entry in entries {
            let known = (entry.sequence, u64::from(entry.ordinal));
            let text = fields(&entry).to_string();
            let expected = text.strip_suffix('}').unwrap_or(&text);
            while let Some((place, line)) = said.take_if(|(_, line)| position(line) < known) {
                tell(place, "the log has no such command".to_owned());
                drop(line);
                said = next_entry(&mut reader)?;
            }
            match &said {
                Some((place, line)) if position(line) == known => {
                    if line.said != expected {
                        tell(*place, format!("the log says otherwise: {text}"));
                    }
                    said = next_entry(&mut reader)?;
                }
                other => {
                    let place = other.as_ref().map_or(0, |(place, _)| *place);
                    tell(place, format!("a command of the log is missing before this line: {text}"));
                }
            }
        }
        match next {
            Some(key) => after = Some(key),
            None => break,
        }
    }
    while let Some((place, _)) = said {
        tell(place, "the log has no such command".to_owned());
        said = next_entry(&mut reader)?;
    }
    Ok(faults)
}

fn position(line: &Line) -> (u64, u64) {
    let number = |name: &str| line.fields.get(name).and_then(Value::as_u64).unwrap_or_default();
    (number("sequence"), number("ordinal"))
}

/// The next entry of the file; lines that cannot be read were told of before.
fn next_entry<R: BufRead>(reader: &mut Reader<R>) -> Result<Option<(u64, Line)>, Unfit> {
    while let Some((place, line)) = reader.next()? {
        match line {
            Ok(line) if line.kind() == "entry" => return Ok(Some((place, line))),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(None)
}
