//! What callers of any log do: settle an append, check a stored position, prove the whole chain.

use std::time::Duration;

use crate::error::{Error, RUNBOOK};
use crate::frame;
use crate::limits::READ_ENTRIES;
use crate::log::EventLog;
use crate::restored::Restored;
use crate::settling::{Settled, Settling};
use crate::types::{Hash, LogId, Record, Tail};

/// Appends `record` after `after` and sends the *same* record at the *same* position again until the answer is definite.
///
/// `retry` is asked after each indefinite answer, with the number of attempts made so far (1 after the first), how long
/// to wait before the next; `None` gives up.
///
/// # Errors
/// As [`EventLog::append`]. After giving up: `OutcomeUnknown` if any attempt may still land, else the last error.
pub async fn append_settled(
    log: &dyn EventLog,
    after: Tail,
    record: &Record,
    mut retry: impl FnMut(&Error, u32) -> Option<Duration>,
) -> Result<Tail, Error> {
    let mut settling = Settling::new(after, record.clone());
    loop {
        let (after, record) = settling.request();
        let answer = log.append(after, record).await;
        match settling.answered(answer) {
            Settled::Done(outcome) => return outcome,
            Settled::Again { error, attempts } => match retry(&error, attempts) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(settling.give_up(error)),
            },
        }
    }
}

/// Checks that `position` is a place in the history of `log`. Do this before serving from it and before the first write.
///
/// # Errors
/// `AheadOfLog`: the log ends before it. `ForeignLog`: another record stands there. Else as [`EventLog::read`].
pub async fn check_position(log: &dyn EventLog, position: Tail) -> Result<(), Error> {
    let Tail { sequence, hash } = position;
    let id = log.id();
    if sequence == 0 {
        let genesis = Hash::genesis(id);
        return match hash == genesis {
            true => Ok(()),
            false => Err(foreign(log, sequence, format!("its start is {hash}, this log starts with {genesis}"))),
        };
    }
    let ahead = |tail| Error::AheadOfLog { log: id.clone(), position: sequence, tail };
    let entries = match log.read(sequence - 1, 1).await {
        Err(Error::AheadOfLog { tail, .. }) => return Err(ahead(tail)),
        other => other?,
    };
    match entries.first() {
        None => Err(ahead(sequence - 1)),
        Some(entry) if entry.hash == hash => Ok(()),
        Some(entry) => Err(foreign(log, sequence, format!("it has hash {hash}, the entry there {}", entry.hash))),
    }
}

fn foreign(log: &dyn EventLog, position: u64, reason: String) -> Error {
    Error::ForeignLog { log: log.id().clone(), position, reason }
}

/// Checks that a log was begun to be given what `from` names.
pub(crate) fn check_begun_for(log: &LogId, from: &Restored) -> Result<(), Error> {
    match log.restored_from() {
        Some(found) if found == *from => Ok(()),
        Some(found) => {
            Err(Error::fatal(log, format!("this log was begun to be restored from {found}, not from {from}")))
        }
        None => Err(Error::fatal(
            log,
            "there is a log already, which was not begun to be restored; a log is restored where there is none, also no \
             empty one: choose another place, or remove what is there if nobody needs it",
        )),
    }
}

/// Checks that a log which was restored holds all that it was begun for.
///
/// # Errors
/// `Unavailable` as long as it does not.
pub(crate) fn check_whole(log: &LogId, tail: u64) -> Result<(), Error> {
    match log.restored_from() {
        Some(from) if tail < from.up_to => {
            let reason = format!(
                "it ends at {tail} and is to be restored up to {}: wait for `downbeat log import`, or run it again to go on; if it \
                 had been whole, it has lost its end ({RUNBOOK}#the-log-lost-its-end)",
                from.up_to
            );
            Err(Error::Unavailable { log: log.to_string(), reason })
        }
        _ => Ok(()),
    }
}

/// Walks all entries and proves the chain from the genesis hash to the tail as it was when the walk began (or later).
/// `progress` hears the last verified sequence after each batch.
///
/// # Errors
/// `Corrupt` at the first entry that does not fit; else as [`EventLog::read`].
pub async fn verify(log: &dyn EventLog, mut progress: impl FnMut(u64)) -> Result<Tail, Error> {
    let place = log.id().to_string();
    let end = log.tail().await?;
    let mut position = Tail::start(log.id());
    loop {
        let entries = log.read(position.sequence, READ_ENTRIES).await?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            frame::check_link(&place, position.sequence, &position.hash, entry)?;
            position = entry.tail();
            if position.sequence == end.sequence && position != end {
                return Err(Error::corrupt(&place, end.sequence, "the tail has another hash than the entry there"));
            }
        }
        progress(position.sequence);
    }
    if position.sequence < end.sequence {
        let reason = format!("the log ends at {} but entries end before", end.sequence);
        return Err(Error::corrupt(&place, position.sequence + 1, reason));
    }
    Ok(position)
}
