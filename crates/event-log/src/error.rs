//! What can go wrong with a log, and what the caller is to do about it.

use crate::types::LogId;

/// Where it stands what to do, step by step.
pub(crate) const RUNBOOK: &str = "docs/runbooks.md";

/// An error of a log. The message says what happened, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another record stands after the position that the writer gave; nothing was written.
    #[error(
        "log {log}: append after sequence {expected} lost: another writer's record stands there (the log ends at {tail}); \
         drop the state of this log and fold it again before writing"
    )]
    Conflict {
        /// The log.
        log: LogId,
        /// Sequence after which the writer wanted to append.
        expected: u64,
        /// Last sequence of the log when it answered.
        tail: u64,
    },
    /// The record may have been written, may not, or may still land later.
    #[error(
        "log {log}: outcome of the append after sequence {after} is unknown ({reason}); send the same record at the same position again"
    )]
    OutcomeUnknown {
        /// The log.
        log: LogId,
        /// Sequence after which the writer wanted to append.
        after: u64,
        /// What happened instead of an answer.
        reason: String,
    },
    /// The log cannot be reached or refuses for now. Nothing was written by this call.
    #[error("log {log} is unavailable: {reason}; try again later")]
    Unavailable {
        /// The log, or the address at which it was looked for.
        log: String,
        /// Why.
        reason: String,
    },
    /// The payload exceeds [`crate::limits::RECORD_BYTES_MAX`]; nothing was written.
    #[error("a record of {bytes} bytes exceeds the limit of {limit} bytes; split it into several records")]
    TooLarge {
        /// Size of the payload.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A reader's position lies beyond the end of the log.
    #[error(
        "log {log}: position {position} lies beyond its end at {tail}: the log lost records that were read before; \
         restore the log, or rebuild the reader from the log as it is (docs/runbooks.md#the-log-lost-its-end)"
    )]
    AheadOfLog {
        /// The log.
        log: LogId,
        /// Sequence of the position.
        position: u64,
        /// Last sequence of the log.
        tail: u64,
    },
    /// A position belongs to another log, or to another history of this one.
    #[error(
        "log {log}: position {position} is not of this log: {reason}; point the reader at its own log or rebuild it \
         (docs/runbooks.md#the-log-is-another-one)"
    )]
    ForeignLog {
        /// The log.
        log: LogId,
        /// Sequence of the position.
        position: u64,
        /// What differs.
        reason: String,
    },
    /// A writer's position lies beyond the end of the log: acknowledged records are gone.
    #[error(
        "log {log}: sequence {expected} was acknowledged but the log ends at {tail}: it lost its tail; \
         stop, restore the log from a backup, and never continue on it (docs/runbooks.md#the-log-lost-its-end)"
    )]
    TailLost {
        /// The log.
        log: LogId,
        /// Sequence after which the writer wanted to append.
        expected: u64,
        /// Last sequence of the log.
        tail: u64,
    },
    /// The stored bytes are damaged or the hash chain is broken.
    #[error(
        "{place}: sequence {sequence} is damaged: {reason}; restore the log from a backup (docs/runbooks.md#the-log-is-damaged)"
    )]
    Corrupt {
        /// Segment file and offset, or stream.
        place: String,
        /// Sequence of the damaged entry.
        sequence: u64,
        /// What does not fit.
        reason: String,
    },
    /// Another process writes to this log.
    #[error("{path} is locked by {holder}; stop that process or open the log read-only")]
    Locked {
        /// The lock file.
        path: String,
        /// Who holds it, as far as recorded.
        holder: String,
    },
    /// The log cannot go on in this process.
    #[error("{place}: {reason}; stop the process and open the log again")]
    Fatal {
        /// File, folder or stream.
        place: String,
        /// Why.
        reason: String,
    },
}

/// The kind of an [`Error`], to branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// See [`Error::Conflict`].
    Conflict,
    /// See [`Error::OutcomeUnknown`].
    OutcomeUnknown,
    /// See [`Error::Unavailable`].
    Unavailable,
    /// See [`Error::TooLarge`].
    TooLarge,
    /// See [`Error::AheadOfLog`].
    AheadOfLog,
    /// See [`Error::ForeignLog`].
    ForeignLog,
    /// See [`Error::TailLost`].
    TailLost,
    /// See [`Error::Corrupt`].
    Corrupt,
    /// See [`Error::Locked`].
    Locked,
    /// See [`Error::Fatal`].
    Fatal,
}

impl Error {
    /// The kind of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::OutcomeUnknown { .. } => ErrorKind::OutcomeUnknown,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::AheadOfLog { .. } => ErrorKind::AheadOfLog,
            Self::ForeignLog { .. } => ErrorKind::ForeignLog,
            Self::TailLost { .. } => ErrorKind::TailLost,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::Locked { .. } => ErrorKind::Locked,
            Self::Fatal { .. } => ErrorKind::Fatal,
        }
    }

    pub(crate) fn fatal(place: impl std::fmt::Display, reason: impl std::fmt::Display) -> Self {
        Self::Fatal { place: place.to_string(), reason: reason.to_string() }
    }

    pub(crate) fn corrupt(place: impl std::fmt::Display, sequence: u64, reason: impl std::fmt::Display) -> Self {
        Self::Corrupt { place: place.to_string(), sequence, reason: reason.to_string() }
    }
}
