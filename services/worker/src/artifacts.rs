//! Files that an attempt leaves for people: what dbt wrote about its commands, and what a program put into the folder that its variable
//! `DOWNBEAT_ARTIFACTS` names.
//!
//! Promises: only regular files that lie in that very folder are kept, no link is followed, and nothing is kept beyond the limits; what is left out
//! is named in the task's log; no credential that the log has learnt of is in them; that something cannot be kept never fails the task. What is
//! listed was stored before. Knows nothing of who reads them.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use downbeat_runtime::blob::{
    BlobKey, BlobStore,
    artifacts::{Artifact, is_name},
};
use nix::libc;
use tokio::{io::AsyncReadExt as _, time::timeout};
use tracing::warn;

use crate::limits::{
    KEPT_BYTES_MAX, KEPT_ENTRIES_MAX, KEPT_FILE_BYTES_MAX, KEPT_FILES_MAX, KEPT_READ_BYTES, KEPT_REASONS_SHOWN,
    KEPT_WAIT,
};
use crate::outputs::Owner;
use crate::process::log::TaskLog;
use crate::stop::{StopLevel, StopSignal};

/// Names the folder to programs.
pub(crate) const VARIABLE: &str = "DOWNBEAT_ARTIFACTS";
/// The folder inside of that of the attempt.
pub(crate) const FOLDER: &str = ".downbeat-artifacts";

/// Keeps what is in the folder of an attempt: files of the connector's own, by their paths, and those for people.
///
/// Whoever is to be killed meanwhile is not held up: what was stored until then is kept.
pub(crate) async fn keep(
    (folder, own): (&Path, &[&str]),
    owner: Owner,
    blobs: &BlobStore,
    log: &TaskLog,
    mut stop: StopSignal,
) {
    let mut keeping = Keeping { owner, blobs, log, kept: Vec::new(), bytes: 0, left_out: Vec::new(), storing: None };
    let listed = match candidates(folder, own) {
        Ok(listed) => listed,
        Err(error) => {
            warn!(%error, "the files of a task cannot be looked at");
            return log.line("its files cannot be looked at: none was kept").await;
        }
    };
    let cut = tokio::select! {
        taken = timeout(KEPT_WAIT, keeping.take_all(listed)) => taken.is_err().then(|| {
            format!("storing its files took longer than {} s: further ones were left out", KEPT_WAIT.as_secs())
        }),
        () = stop.wait_for(StopLevel::Kill) => {
            Some("it was stopped while its files were stored: further ones were left out".to_owned())
        }
    };
    if let Some(why) = cut {
        keeping.left_out.push(why);
        if let Some(half) = keeping.storing.take() {
            keeping.forget(&half);
        }
    }
    keeping.close().await;
}

/// Something that may be kept.
struct Candidate {
    name: String,
    path: PathBuf,
}

/// What there is to keep, in the order in which room is given to it, and why something is not.
#[derive(Default)]
struct Listed {
    files: Vec<Candidate>,
    left_out: Vec<String>,
}

fn candidates(folder: &Path, own: &[&str]) -> io::Result<Listed> {
    let mut listed = Listed::default();
    for path in own {
        let path = folder.join(path);
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        if let Some(name) = name
            && path.parent().is_some_and(is_folder)
        {
            listed.files.push(Candidate { name, path });
        }
    }
    let folder = folder.join(FOLDER);
    if !is_folder(&folder) {
        return Ok(listed);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder)? {
        if found.len() == KEPT_ENTRIES_MAX {
            listed.left_out.push(format!("more than {KEPT_ENTRIES_MAX} files: further ones were not looked at"));
            break;
        }
        found.push(entry?.file_name());
    }
    found.sort_unstable();
    for name in found {
        match name.to_str().filter(|name| is_name(name)) {
            Some(name) => listed.files.push(Candidate { name: name.to_owned(), path: folder.join(name) }),
            None => listed.left_out.push(format!("{name:?} was left out: no file that is kept may be called so")),
        }
    }
    Ok(listed)
}

/// Whether it is a folder itself, and no link to one.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_dir())
}

/// A regular file, open, with its size. What is no file is never waited for.
fn open(path: &Path) -> Result<Option<(File, u64)>, &'static str> {
    let options = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = match OpenOptions::new().read(true).custom_flags(options).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => return Err("it is a link"),
        Err(_) => return Err("it cannot be read"),
    };
    match file.metadata() {
        Ok(about) if about.is_file() => Ok(Some((file, about.len()))),
        Ok(_) => Err("it is no regular file"),
        Err(_) => Err("it cannot be read"),
    }
}

/// What was kept so far.
struct Keeping<'a> {
    owner: Owner,
    blobs: &'a BlobStore,
    log: &'a TaskLog,
    kept: Vec<Artifact>,
    bytes: u64,
    left_out: Vec<String>,
    /// What is being stored right now.
    storing: Option<BlobKey>,
}

impl Keeping<'_> {
    async fn take_all(&mut self, listed: Listed) {
        self.left_out = listed.left_out;
        for Candidate { name, path } in listed.files {
            if let Err(reason) = self.take(&name, &path).await {
                // A name is as hostile as what is in the file.
                let name = self.log.hide(name).await;
                self.left_out.push(format!("{name:?} was left out: {reason}"));
            }
        }
    }

    /// Keeps one file, if it is there.
    async fn take(&mut self, name: &str, path: &Path) -> Result<(), String> {
        let Some((file, size)) = open(path)? else { return Ok(()) };
        if self.kept.iter().any(|kept| kept.name == name) {
            return Err("another one is called so".to_owned());
        }
        if self.kept.len() == KEPT_FILES_MAX {
            return Err(format!("{KEPT_FILES_MAX} files are kept of one attempt"));
        }
        if self.log.hide(name.to_owned()).await != name {
            return Err("a credential is in its name".to_owned());
        }
        let (most, why) = self.room();
        if size > most {
            return Err(why);
        }
        let key = BlobKey::task_artifact(self.owner.run, self.owner.task_run, self.owner.attempt, name);
        self.storing = Some(key.clone());
        let stored = self.store(&key, file, most).await;
        self.storing = None;
        match stored {
            Ok(Some(bytes)) => {
                self.bytes += bytes;
                self.kept.push(Artifact { name: name.to_owned(), bytes });
                Ok(())
            }
            // It has grown meanwhile.
            Ok(None) => {
                self.forget(&key);
                Err(why)
            }
            Err(error) => {
                warn!(%error, "a file of a task cannot be kept");
                self.forget(&key);
                Err("it cannot be stored".to_owned())
            }
        }
    }

    /// How many bytes the next file may have, and what is said where it has more.
    fn room(&self) -> (u64, String) {
        let mib = |bytes: u64| bytes / (1024 * 1024);
        let left = KEPT_BYTES_MAX.saturating_sub(self.bytes);
        if left < KEPT_FILE_BYTES_MAX {
            (left, format!("the files of one attempt may have {} MiB together", mib(KEPT_BYTES_MAX)))
        } else {
            (KEPT_FILE_BYTES_MAX, format!("it has more than {} MiB", mib(KEPT_FILE_BYTES_MAX)))
        }
    }

    /// Copies a file without the credentials that are in it. `None`: it has more than `most` bytes.
    async fn store(&self, key: &BlobKey, file: File, most: u64) -> Result<Option<u64>, StoreError> {
        // Of an attempt before that had the same number, if there ever was one.
        self.blobs.remove(key)?;
        let mut blob = self.blobs.append(key).await?;
        let mut file = tokio::fs::File::from_std(file).take(most + 1);
        let (mut buffer, mut held) = (vec![0; KEPT_READ_BYTES], Vec::new());
        let (mut read, mut stored) = (0, 0);
        loop {
            let count = file.read(&mut buffer).await?;
            read += count as u64;
            if read > most {
                return Ok(None);
            }
            let certain = match count {
                0 => self.log.with_mask(|mask| mask.rest(&mut held)).await,
                _ => self.log.with_mask(|mask| mask.stream(&mut held, &buffer[..count])).await,
            };
            stored += certain.len() as u64;
            blob.write(&certain).await?;
            if count == 0 {
                blob.flush().await?;
                return Ok(Some(stored));
            }
        }
    }

    /// What is not listed is read by nobody; one that stays only takes room.
    fn forget(&self, key: &BlobKey) {
        if let Err(error) = self.blobs.remove(key) {
            warn!(%error, "a part of a file of a task stays");
        }
    }

    /// Lists what was kept, and says what was not.
    async fn close(self) {
        let Self { owner, blobs, log, kept, mut left_out, .. } = self;
        if !kept.is_empty() {
            let of = (owner.run, owner.task_run, owner.attempt);
            match blobs.list_artifacts_as(of, &kept).await {
                Ok(()) => {
                    let names: Vec<&str> = kept.iter().map(|file| file.name.as_str()).collect();
                    log.line(&format!("kept: {}", names.join(", "))).await;
                }
                Err(error) => {
                    warn!(%error, "the files of a task cannot be listed");
                    left_out.push("its files cannot be stored: none was kept".to_owned());
                }
            }
        }
        for reason in left_out.iter().take(KEPT_REASONS_SHOWN) {
            log.line(reason).await;
        }
        if left_out.len() > KEPT_REASONS_SHOWN {
            log.line(&format!("{} further files were left out", left_out.len() - KEPT_REASONS_SHOWN)).await;
        }
    }
}

/// Why a file could not be copied.
#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error(transparent)]
    Blob(#[from] downbeat_runtime::blob::Error),
    #[error(transparent)]
    Read(#[from] io::Error),
}

#[cfg(test)]
mod tests;
