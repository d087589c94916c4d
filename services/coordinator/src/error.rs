//! What stops a coordinator.

use downbeat_event_log as log;

/// An error of the coordinator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log refused or is damaged.
    #[error(transparent)]
    Log(#[from] log::Error),
    /// Another coordinator writes to the partition.
    #[error("another coordinator took the partition over: {0}")]
    Fenced(log::Error),
    /// The log does not hold what is known to have been in it.
    #[error("the log is not whole: {known_by} knows record {sequence} of it. {source}")]
    LostRecords {
        /// Who.
        known_by: &'static str,
        /// The record.
        sequence: u64,
        /// What is there instead.
        source: log::Error,
    },
    /// A new log stands where another one was.
    #[error(
        "log {log} begins anew, but there was log {known} of that name, up to record {sequence}: its disk was lost, or it was removed, or \
         this is the blob store of others. Restore it with `downbeat log import`; or, to begin anew without anything of it, remove the \
         folder {} (docs/runbooks.md#the-log-is-another-one)",
        folder.display()
    )]
    LogGone {
        /// The log as it is.
        log: String,
        /// The one before.
        known: String,
        /// How far that was known to reach.
        sequence: u64,
        /// Where it stands that it was there.
        folder: std::path::PathBuf,
    },
    /// The log holds what this version cannot fold.
    #[error(
        "record {sequence} of log {log} holds an event of kind {kind}, which this version does not know; run the version that wrote it ({written_by}) or a later one (docs/runbooks.md#another-version-wrote-the-log)"
    )]
    UnknownEvent {
        /// The log.
        log: String,
        /// The record.
        sequence: u64,
        /// Its name.
        kind: String,
        /// Version of the last owner before it.
        written_by: String,
    },
    /// A record is not what it should be.
    #[error(
        "record {sequence} of log {log} cannot be read: {source}; restore the log from a backup (docs/runbooks.md#the-log-is-damaged)"
    )]
    Unreadable {
        /// The log.
        log: String,
        /// The record.
        sequence: u64,
        /// Why.
        source: downbeat_proto::event::DecodeError,
    },
    /// A record says that this version would misunderstand it.
    #[error("record {sequence} of log {log}: {source}")]
    NewerRecord {
        /// The log.
        log: String,
        /// The record.
        sequence: u64,
        /// Which version it wants, and why.
        source: downbeat_proto::event::DecodeError,
    },
    /// Somebody raised the level of the log to one that this version does not know.
    #[error(
        "record {sequence} raised the level of log {log} to {level}, and this version ({}) knows levels up to {}; run the version that wrote \
         it ({written_by}) or a later one (docs/runbooks.md#another-version-wrote-the-log)",
        env!("CARGO_PKG_VERSION"), downbeat_domain::Level::NEWEST
    )]
    NewerLevel {
        /// The log.
        log: String,
        /// The record.
        sequence: u64,
        /// The level.
        level: u32,
        /// Version of the last owner before it.
        written_by: String,
    },
    /// What says whose turn it is cannot be used.
    #[error("the lease of the partition cannot be used: {0}")]
    Lease(String),
    /// The plumbing failed.
    #[error(transparent)]
    Runtime(#[from] downbeat_runtime::error::Error),
}

/// Kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The log.
    Log,
    /// Lost the partition.
    Fenced,
    /// Needs another version.
    Version,
    /// Plumbing.
    Runtime,
}

impl Error {
    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Log(_)
            | Error::Unreadable { .. }
            | Error::LostRecords { .. }
            | Error::LogGone { .. }
            | Error::Lease(_) => ErrorKind::Log,
            Error::Fenced(_) => ErrorKind::Fenced,
            Error::UnknownEvent { .. } | Error::NewerRecord { .. } | Error::NewerLevel { .. } => ErrorKind::Version,
            Error::Runtime(_) => ErrorKind::Runtime,
        }
    }
}
