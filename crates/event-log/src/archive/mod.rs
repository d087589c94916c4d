//! Records outside of a log: what is exported, archived, verified and imported again.
//!
//! Promises: what comes back is byte for byte what was in the log, or is refused with its place; nothing is held but one range of records at a
//! time. Knows nothing about blob stores and what records mean.
//!
//! The unit is the range ([`range`]): consecutive records, compressed, with the log, the sequences and the hashes before and behind them. A file
//! is ranges behind each other and an end that says that nothing is missing; a folder holds a range a file, named by its sequences, and may be
//! continued.

mod export;
mod import;
mod names;
pub mod range;
mod source;

pub use export::{Exporter, export_file, export_folder, reach};
pub use import::{Imported, import};
pub use names::{Span, follow, name, span_of, spans};
pub use range::{Block, Range};
pub use source::{Source, Summary, verify};

use std::path::PathBuf;

use crate::error::Error;

/// What goes wrong with records outside of a log.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file or folder cannot be read or written.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The bytes are not what was written.
    #[error("{place}: {reason}; nothing of it can be trusted: take another copy")]
    Damaged {
        /// File, and where in it.
        place: String,
        /// What does not fit.
        reason: String,
    },
    /// Records are missing.
    #[error(
        "{place}: it goes on with record {found}, and record {expected} is missing: say the file that holds it, before this one"
    )]
    Gap {
        /// File or folder.
        place: String,
        /// The record that had to come.
        expected: u64,
        /// The one that came.
        found: u64,
    },
    /// It holds another log than what came before.
    #[error("{place}: it is of log {found}, not of log {expected}")]
    OtherLog {
        /// File or folder.
        place: String,
        /// The log before.
        expected: String,
        /// Its log.
        found: String,
    },
    /// There is nothing in it, or it is not what was meant.
    #[error("{0}")]
    Unfit(String),
    /// The log refused.
    #[error(transparent)]
    Log(#[from] Error),
}

impl ArchiveError {
    fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}
