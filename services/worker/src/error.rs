//! Why the worker could not start or go on. Failures of tasks are no errors of the worker: see `connectors::Failure`.

use std::{io, path::PathBuf};

/// What kind of failure it was, for callers that choose what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A setting is wrong.
    Config,
    /// Another worker uses the data folder.
    FolderInUse,
    /// A file, folder, socket or process of the worker itself failed.
    Io,
}

/// A failure that ends the worker.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is wrong.
    #[error("{setting}: {reason}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// Another worker uses the data folder.
    #[error(
        "the worker's data folder {} is in use by another worker: stop that one, or give this one a folder of its own (DOWNBEAT_WORKER_DATA)",
        .0.display()
    )]
    FolderInUse(PathBuf),
    /// A file, folder, socket or process of the worker itself failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, with the path.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The blob store failed.
    #[error(transparent)]
    Blob(#[from] downbeat_runtime::blob::Error),
}

impl Error {
    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config { .. } => ErrorKind::Config,
            Self::FolderInUse(_) => ErrorKind::FolderInUse,
            Self::Io { .. } | Self::Blob(_) => ErrorKind::Io,
        }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
