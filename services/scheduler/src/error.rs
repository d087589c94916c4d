//! What stops a scheduler.

/// An error of the scheduler.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log refused.
    #[error(transparent)]
    Log(#[from] downbeat_event_log::Error),
    /// A record is not what it should be.
    #[error("record {sequence} of the log cannot be read: {source}")]
    Unreadable {
        /// The record.
        sequence: u64,
        /// Why.
        source: downbeat_proto::event::DecodeError,
    },
    /// The NATS server that events come from.
    #[error("NATS: {what}: {reason}")]
    Nats {
        /// What was tried.
        what: &'static str,
        /// What came of it.
        reason: String,
    },
    /// The plumbing failed.
    #[error(transparent)]
    Runtime(#[from] downbeat_runtime::error::Error),
}

/// Kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The log.
    Log,
    /// NATS.
    Nats,
    /// Plumbing.
    Runtime,
}

impl Error {
    pub(crate) fn nats(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Nats { what, reason: reason.to_string() }
    }

    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Log(_) | Error::Unreadable { .. } => ErrorKind::Log,
            Error::Nats { .. } => ErrorKind::Nats,
            Error::Runtime(_) => ErrorKind::Runtime,
        }
    }
}
