//! The worker's data folder: locked for one worker, with its identity inside.
//!
//! Layout: `lock`, `worker.id`, `attempts/` (one folder per running attempt), `processes/` (who is running),
//! `environments/` (virtual environments), `tools/` (programs that the worker installed for itself).

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::error::Error;
use crate::process::{book::Page, confine::Confinement};

/// The folder, held until this is dropped.
#[derive(Debug)]
pub(crate) struct Home {
    root: PathBuf,
    worker_id: Uuid,
    confinement: Confinement,
    _lock: File,
}

impl Home {
    /// Locks the folder (creating it when it is missing) and reads or makes the identity in it.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let at = |what: &str, path: &Path| Error::io(format!("{what} {}", path.display()));
        fs::create_dir_all(root).map_err(at("cannot create the worker's data folder", root))?;
        let root = fs::canonicalize(root).map_err(at("cannot open the worker's data folder", root))?;
        let lock_path = root.join("lock");
        let lock = OpenOptions::new().create(true).append(true).open(&lock_path);
        let lock = lock.map_err(at("cannot open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::FolderInUse(root)),
            Err(TryLockError::Error(error)) => return Err(at("cannot lock", &lock_path)(error)),
        }
        for folder in ["attempts", "processes", "environments", "tools"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(at("cannot create", &path))?;
        }
        let worker_id = identity(&root.join("worker.id"))?;
        Ok(Self { root, worker_id, confinement: Confinement::default(), _lock: lock })
    }

    /// What runs in it has limits.
    pub(crate) fn confining(mut self, confinement: Confinement) -> Self {
        self.confinement = confinement;
        self
    }

    pub(crate) fn confinement(&self) -> &Confinement {
        &self.confinement
    }

    /// The page of a new attempt.
    pub(crate) fn page(&self, marker: &str) -> io::Result<Page> {
        Page::confined(&self.processes(), marker, &self.confinement)
    }

    pub(crate) fn worker_id(&self) -> Uuid {
        self.worker_id
    }

    pub(crate) fn attempts(&self) -> PathBuf {
        self.root.join("attempts")
    }

    pub(crate) fn processes(&self) -> PathBuf {
        self.root.join("processes")
    }

    pub(crate) fn environments(&self) -> PathBuf {
        self.root.join("environments")
    }

    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join("tools")
    }
}

fn identity(path: &Path) -> Result<Uuid, Error> {
    if let Ok(text) = fs::read_to_string(path)
        && let Ok(id) = Uuid::parse_str(text.trim())
    {
        return Ok(id);
    }
    // A damaged identity is replaced: to the coordinator that is a new worker, and the old one's lease runs out.
    let id = Uuid::new_v4();
    let temporary = path.with_extension("new");
    fs::write(&temporary, format!("{id}\n"))
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(Error::io(format!("cannot write {}", path.display())))?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_identity_stays_and_a_second_worker_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let first = Home::open(folder.path()).unwrap();
        let id = first.worker_id();

        let refused = Home::open(folder.path()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::FolderInUse);
        assert!(refused.to_string().contains(folder.path().file_name().unwrap().to_str().unwrap()));

        drop(first);
        assert_eq!(Home::open(folder.path()).unwrap().worker_id(), id);
    }

    #[test]
    fn a_damaged_identity_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("worker.id"), "no uuid").unwrap();
        let id = Home::open(folder.path()).unwrap().worker_id();
        assert_eq!(Home::open(folder.path()).unwrap().worker_id(), id);
    }
}
