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
    /// The plumbing failed.
    #[error(transparent)]
    Runtime(#[from] downbeat_runtime::error::Error),
}

/// Kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The log.
    Log,
    /// Plumbing.
    Runtime,
}

impl Error {
    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Log(_) | Error::Unreadable { .. } => ErrorKind::Log,
            Error::Runtime(_) => ErrorKind::Runtime,
        }
    }
}
