//! What the commands about records outside of the log share: which archive is meant, and how far they are.

use std::path::{Path, PathBuf};

use downbeat_event_log::archive::{self, Source};
use downbeat_runtime::blob::BlobStore;

use crate::error::Error;

/// Records after which it is said again how far a command is.
const SAID_EVERY: u64 = 100_000;

/// Says on standard error how far a long command is.
pub(super) struct Progress {
    done: &'static str,
    next: u64,
}

impl Progress {
    /// `done` is what is done with records.
    pub(super) fn new(done: &'static str) -> Self {
        Self { done, next: SAID_EVERY }
    }

    pub(super) fn reached(&mut self, sequence: u64) {
        if sequence >= self.next {
            eprintln!("{} up to record {sequence}", self.done);
            self.next = sequence - sequence % SAID_EVERY + SAID_EVERY;
        }
    }
}

/// The folder of the one archive that a blob store has, or of that whose log's id begins like this.
pub(super) fn archive_in(blobs: &Path, of: Option<&str>) -> Result<PathBuf, Error> {
    if !blobs.is_dir() {
        return Err(Error::Usage(format!("there is no blob store in {}", blobs.display())));
    }
    let store = BlobStore::open(blobs).map_err(|error| Error::Usage(error.to_string()))?;
    let folders = store.log_folders().map_err(|error| Error::Usage(error.to_string()))?;
    let mut found = Vec::new();
    for folder in folders {
        let Some(last) = archive::spans(&folder)?.last().map(|span| span.last) else { continue };
        // The first range says whose it is; whether it is whole is seen when it is read.
        if let Ok(Some(range)) = Source::open(std::slice::from_ref(&folder)).and_then(|mut source| source.next_range())
        {
            found.push((range.log.to_string(), last, folder));
        }
    }
    let listed = |found: &[(String, u64, PathBuf)]| -> String {
        found.iter().map(|(log, last, _)| format!("\n  {log}  (up to record {last})")).collect()
    };
    let wanted: Vec<_> = found.iter().filter(|(log, ..)| of.is_none_or(|of| log.starts_with(of))).cloned().collect();
    match wanted.as_slice() {
        [(_, _, folder)] => Ok(folder.clone()),
        [] => Err(Error::Usage(format!(
            "the blob store in {} has no such archive{}",
            blobs.display(),
            if found.is_empty() { String::new() } else { format!("; it has:{}", listed(&found)) }
        ))),
        several => match of.and_then(|of| several.iter().find(|(log, ..)| log == of)) {
            Some((_, _, folder)) => Ok(folder.clone()),
            None => Err(Error::Usage(format!(
                "the blob store has several archives; say with --of which:{}",
                listed(several)
            ))),
        },
    }
}
