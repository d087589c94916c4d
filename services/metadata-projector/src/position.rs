//! Whether a stored position is a place in the log that is to be followed.
//!
//! A log that was restored has the records of the one that it was restored from, with their hashes: a position among them is a place of both, and
//! the hash proves it. What was stored behind them is of records that are lost.

use std::path::Path;

use downbeat_event_log::{
    self as log, ErrorKind as LogErrorKind, EventLog, Hash, LogId, Restored, Tail, check_position,
};
use downbeat_proto::metadata::v1::Position;
use downbeat_runtime::retry;

use crate::{engine, error::Error};

/// Checks the position and returns it as the log knows it. Waits, and says so, while the log cannot be reached.
///
/// # Errors
/// `ForeignPosition`: another log, or one that lost records. `Log`.
pub(crate) async fn check(log: &dyn EventLog, folder: &Path, stored: &Position) -> Result<Tail, Error> {
    let tail = stored_tail(log.id(), folder, stored)?;
    for attempt in 1.. {
        match check_position(log, tail).await {
            Ok(()) => return Ok(tail),
            Err(error) if error.kind() == LogErrorKind::Unavailable => {
                tracing::warn!(%error, "waiting for the log");
                tokio::time::sleep(retry::pause(attempt)).await;
            }
            Err(error) => return Err(foreign(folder, log.id(), stored, error)),
        }
    }
    Err(Error::Internal("the log was asked more often than can be counted".to_owned()))
}

/// What this log was restored from, if the chain of the log with that id is what it was given.
pub(crate) fn restored(log: &LogId, other: &str) -> Option<Restored> {
    log.restored_from().filter(|from| other != log.0 && LogId(other.to_owned()).origin() == from.origin)
}

/// The place that a stored position names, if it can be one of this log at all.
///
/// # Errors
/// `ForeignPosition`.
pub fn stored_tail(log: &LogId, folder: &Path, stored: &Position) -> Result<Tail, Error> {
    let refused = |reason: String| refused(folder, log, stored, reason);
    match restored(log, &stored.log_id) {
        _ if stored.log_id == log.0 => {}
        None => return Err(refused("it belongs to the other log".to_owned())),
        Some(from) if stored.sequence > from.up_to => {
            return Err(refused(format!("that was restored up to record {} only", from.up_to)));
        }
        Some(_) => {}
    }
    if stored.partition != engine::PARTITION {
        return Err(refused(format!("it is of partition {}", stored.partition)));
    }
    let hash = <[u8; 32]>::try_from(stored.hash.as_ref()).map_err(|_| refused("its hash is none".to_owned()))?;
    Ok(Tail { sequence: stored.sequence, hash: Hash(hash) })
}

/// An error of the log about a position, with what the projector knows.
pub(crate) fn foreign(folder: &Path, log: &LogId, stored: &Position, error: log::Error) -> Error {
    match error.kind() {
        LogErrorKind::AheadOfLog | LogErrorKind::ForeignLog => refused(folder, log, stored, error.to_string()),
        _ => Error::Log(error),
    }
}

fn refused(folder: &Path, log: &LogId, stored: &Position, reason: String) -> Error {
    Error::ForeignPosition {
        folder: folder.to_path_buf(),
        stored: stored.log_id.clone(),
        sequence: stored.sequence,
        log: log.to_string(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_the_log_that_was_restored_from_are_places_as_far_as_it_was() {
        let origin = LogId("log@1".to_owned());
        let again = LogId::restored("log@2", &Restored { origin: origin.clone(), up_to: 10 });
        let third = LogId::restored("log@3", &Restored { origin: origin.clone(), up_to: 20 });
        let foreign = LogId("log@9".to_owned());
        for (log, stored, sequence, is_place) in [
            (&origin, &origin, 30, true),
            (&again, &again, 30, true),
            (&again, &origin, 10, true),
            (&again, &origin, 11, false),
            (&third, &again, 20, true),
            (&third, &again, 21, false),
            (&origin, &again, 1, false),
            (&again, &foreign, 1, false),
        ] {
            let stored = Position { log_id: stored.0.clone(), sequence, ..Position::default() };
            let stored = Position { hash: vec![7; 32].into(), ..stored };
            let place = stored_tail(log, Path::new("metadata"), &stored);
            assert_eq!(place.is_ok(), is_place, "{} in {log}: {place:?}", stored.log_id);
        }
    }
}
