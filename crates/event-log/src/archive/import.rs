//! Into a log that was begun for it: every record with its id, at its place, with its hash.
//!
//! Promises: what is there already stays, is the beginning of what is brought, and is gone on from: so whoever was killed is started again.
//! Nobody takes a log into use before it is whole (`LogId::restored_from`).

use super::{ArchiveError, Source};
use crate::limits::{IMPORT_PAUSE, IMPORT_TRIES_MAX};
use crate::log::EventLog;
use crate::procedures::append_settled;
use crate::types::{Record, Tail};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Records that were there.
    pub already: u64,
    /// The end of the log.
    pub tail: Tail,
}

/// Brings the records of `source`, from the first one on, into `log`. `progress` hears the last sequence after each range.
///
/// # Errors
/// `Unfit` where the log holds anything else, or more; `Log`.
pub async fn import(
    log: &dyn EventLog,
    source: &mut Source,
    mut progress: impl FnMut(u64),
) -> Result<Imported, ArchiveError> {
    let found = log.tail().await?;
    let (mut at, mut met) = (found, found.sequence == 0);
    while let Some(range) = source.next_range()? {
        if range.before.sequence == 0 && range.before != Tail::start(log.id()) {
            return Err(ArchiveError::Unfit(format!(
                "log {} was begun for another chain than that of {}",
                log.id(),
                range.log
            )));
        }
        if range.before.sequence > at.sequence {
            let (place, expected, found) = (log.id().to_string(), at.sequence + 1, range.before.sequence + 1);
            return Err(ArchiveError::Gap { place, expected, found });
        }
        for entry in &range.entries {
            if entry.sequence <= found.sequence {
                if entry.sequence == found.sequence && entry.tail() != found {
                    return Err(other(log, found));
                }
                met |= entry.sequence == found.sequence;
                continue;
            }
            let record = Record { id: entry.id, payload: entry.payload.clone() };
            let patience = |_: &crate::Error, attempt: u32| (attempt < IMPORT_TRIES_MAX).then_some(IMPORT_PAUSE);
            at = append_settled(log, at, &record, patience).await?;
            if at != entry.tail() {
                return Err(other(log, at));
            }
        }
        progress(at.sequence);
    }
    // Records behind the last one that is brought: somebody has taken it into use.
    if met { Ok(Imported { already: found.sequence, tail: at }) } else { Err(other(log, found)) }
}

fn other(log: &dyn EventLog, at: Tail) -> ArchiveError {
    ArchiveError::Unfit(format!(
        "log {} is not empty: its record {} is none of what is brought; a log is restored where there is none",
        log.id(),
        at.sequence
    ))
}
