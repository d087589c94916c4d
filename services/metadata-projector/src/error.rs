//! What stops a projector.

use std::path::PathBuf;

use downbeat_event_log as log;

/// An error of the projector. The message says what happened, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log refused or is damaged.
    #[error(transparent)]
    Log(#[from] log::Error),
    /// The stored position is not a place in this log.
    #[error(
        "the projections in {} stand at sequence {sequence} of log {stored}, which is no place in log {log}: {reason}; \
         if the log lost records, restore it; if this is another log on purpose, remove that folder: it is then rebuilt",
        folder.display()
    )]
    ForeignPosition {
        /// The projector's folder.
        folder: PathBuf,
        /// Log id of the stored position.
        stored: String,
        /// Sequence of the stored position.
        sequence: u64,
        /// The log that was given.
        log: String,
        /// What does not fit.
        reason: String,
    },
    /// What says how far others were told is not a place in this log.
    #[error(
        "{}, which says how far others were told, is no place in log {log}: {reason}; if the log lost records, restore it; if this is \
         another log on purpose, remove that file: others are then told from `--outgoing-from` on",
        file.display()
    )]
    ForeignCheckpoint {
        /// The checkpoint.
        file: PathBuf,
        /// The log that was given.
        log: String,
        /// What does not fit.
        reason: String,
    },
    /// Whoever is to be told did not take it.
    #[error("{to}: {reason}")]
    Outgoing {
        /// Whom.
        to: &'static str,
        /// Why.
        reason: String,
    },
    /// A setting of what is told to others makes no sense.
    #[error("{0}")]
    Setting(String),
    /// Another process has the folder open.
    #[error("the projections in {} are in use by {holder}; stop that process or choose another folder", folder.display())]
    Locked {
        /// The projector's folder.
        folder: PathBuf,
        /// Who, as far as recorded.
        holder: String,
    },
    /// The folder or a file in it cannot be used.
    #[error("cannot {what} {}: {source}", path.display())]
    Folder {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store failed or holds what was never written to it.
    #[error(
        "the store of the projections is damaged: {0}; start again: it is then moved aside and rebuilt from the log"
    )]
    Damaged(String),
    /// Another version of the projections wrote the rows that are asked for, and new ones are not there yet.
    #[error(
        "`{projection}` is being rebuilt from the log, since another version wrote its rows: {folded} of {goal} records \
         are folded so far; ask again later"
    )]
    Rebuilding {
        /// The projection.
        projection: String,
        /// Sequence of the last record that is folded.
        folded: u64,
        /// Sequence of the record up to which it is rebuilt, as far as known now.
        goal: u64,
    },
    /// The log says that this version cannot read it.
    #[error(
        "record {sequence} of log {log} needs reader version {needed}: {reason}; this version reads {ours}: run a later one"
    )]
    ReaderTooOld {
        /// The log.
        log: String,
        /// The record.
        sequence: u64,
        /// The version it needs.
        needed: u32,
        /// The version of this code.
        ours: u32,
        /// Why, in the writer's words.
        reason: String,
    },
    /// A thread or task of the projector ended without a word.
    #[error("the projector failed: {0}")]
    Internal(String),
    /// The plumbing failed.
    #[error(transparent)]
    Runtime(#[from] downbeat_runtime::error::Error),
}

/// Kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The log.
    Log,
    /// The position is not of this log.
    ForeignPosition,
    /// Telling others.
    Outgoing,
    /// A setting.
    Setting,
    /// The folder is in use.
    Locked,
    /// Files.
    Folder,
    /// The store.
    Damaged,
    /// A rebuild is under way.
    Rebuilding,
    /// Needs another version.
    Version,
    /// A defect of the projector.
    Internal,
    /// Plumbing.
    Runtime,
}

impl Error {
    /// Its kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Log(_) => ErrorKind::Log,
            Error::ForeignPosition { .. } | Error::ForeignCheckpoint { .. } => ErrorKind::ForeignPosition,
            Error::Outgoing { .. } => ErrorKind::Outgoing,
            Error::Setting(_) => ErrorKind::Setting,
            Error::Locked { .. } => ErrorKind::Locked,
            Error::Folder { .. } => ErrorKind::Folder,
            Error::Damaged(_) => ErrorKind::Damaged,
            Error::Rebuilding { .. } => ErrorKind::Rebuilding,
            Error::ReaderTooOld { .. } => ErrorKind::Version,
            Error::Internal(_) => ErrorKind::Internal,
            Error::Runtime(_) => ErrorKind::Runtime,
        }
    }

    pub(crate) fn folder(what: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Folder { what, path, source }
    }
}
