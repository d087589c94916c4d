//! Whether a stored position is a place in the log that is to be followed.

use std::path::Path;

use downbeat_event_log::{self as log, ErrorKind as LogErrorKind, EventLog, Hash, LogId, Tail, check_position};
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

/// The place that a stored position names, if it can be one of this log at all.
///
/// # Errors
/// `ForeignPosition`.
pub fn stored_tail(log: &LogId, folder: &Path, stored: &Position) -> Result<Tail, Error> {
    let refused = |reason: String| refused(folder, log, stored, reason);
    if stored.log_id != log.0 {
        return Err(refused("it belongs to the other log".to_owned()));
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
