//! What can go wrong for a person at a terminal: each says what, where, and what to do.

use std::path::PathBuf;

/// An error of a command.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody answers.
    #[error(
        "no Downbeat answers at {address} ({reason}); start one with `downbeat dev`, or say where it is with --server and --metadata"
    )]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What happened.
        reason: String,
    },
    /// The server refused; its words.
    #[error("{0}")]
    Refused(String),
    /// An argument makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The log refused.
    #[error(transparent)]
    Log(#[from] downbeat_event_log::Error),
    /// Exported or archived records are not what they should be.
    #[error(transparent)]
    Archive(#[from] downbeat_event_log::archive::ArchiveError),
    /// A part of `downbeat dev` ended.
    #[error("{0}")]
    Service(String),
    /// The terminal or a folder failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Error {
    /// The status that the process ends with.
    pub fn exit_status(&self) -> u8 {
        match self {
            Error::Refused(_) | Error::Log(_) | Error::Archive(_) | Error::Service(_) => 1,
            Error::Read { .. } | Error::Unreachable { .. } | Error::Usage(_) | Error::Io { .. } => 2,
        }
    }
}
