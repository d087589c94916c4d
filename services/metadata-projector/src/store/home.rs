//! The projector's folder: which stores are in it, and which of them answers.
//!
//! | name | what |
//! |---|---|
//! | `LOCK` | locked by the one process that may use the folder |
//! | `CURRENT` | number of the store that answers; no such file = 0 |
//! | `store`, `store-N` | the tree of store number 0, of store number N: sled keeps files by path, so an open one is never renamed |
//! | `STATE`, `STATE-N` | how that store was left ([`super::mark`]) |
//! | `store.damaged-<microseconds>` | a store that was moved aside ([`super::aside`]) |
//!
//! Promises: the store that answers changes in one step, durably, or not at all; a store that is being removed is never taken for a whole one.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::ErrorKind as IoErrorKind,
    path::{Path, PathBuf},
};

use downbeat_event_log::LogId;

use super::{
    aside,
    mark::{self, Lock},
};
use crate::{engine::projection::Registered, error::Error};

/// Name of the tree of store number 0.
pub(super) const TREE: &str = "store";
const MARK: &str = "STATE";
const CURRENT: &str = "CURRENT";

/// The folder, locked, and what its stores are opened for.
pub(super) struct Home {
    pub(super) folder: PathBuf,
    pub(super) cache_bytes: u64,
    pub(super) log: LogId,
    pub(super) projections: &'static [Registered],
    // Its stores hold it: the next owner must not open a tree that is still closing.
    pub(super) _lock: Lock,
}

fn numbered(name: &str, number: u32) -> String {
    if number == 0 { name.to_owned() } else { format!("{name}-{number}") }
}

/// The number in a name that [`numbered`] made; `None` for any other.
fn number_in(file: &str) -> Option<u32> {
    let rest = file.strip_prefix(TREE).or_else(|| file.strip_prefix(MARK))?;
    let number = if rest.is_empty() { 0 } else { rest.strip_prefix('-')?.parse().ok()? };
    (numbered(TREE, number) == file || numbered(MARK, number) == file).then_some(number)
}

impl Home {
    /// Where the tree of a store is.
    pub(super) fn tree(&self, number: u32) -> PathBuf {
        self.folder.join(numbered(TREE, number))
    }

    /// Where the mark of a store is.
    pub(super) fn mark(&self, number: u32) -> PathBuf {
        self.folder.join(numbered(MARK, number))
    }

    /// Number of the store that answers, or why nobody knows it.
    pub(super) fn current(&self) -> Result<u32, String> {
        match fs::read_to_string(self.folder.join(CURRENT)) {
            Ok(text) => text.trim_end().parse().map_err(|_| format!("{CURRENT} does not say which store answers")),
            Err(error) if error.kind() == IoErrorKind::NotFound => Ok(0),
            Err(error) => Err(format!("{CURRENT} does not read: {error}")),
        }
    }

    /// From now on this store answers. Durable.
    ///
    /// # Errors
    /// `Folder`; the one before still answers, or this one, and never none.
    pub(super) fn point_at(&self, number: u32) -> Result<(), Error> {
        mark::write_whole(&self.folder.join(CURRENT), &format!("{number}\n"))
    }

    /// Numbers of all stores of which anything is there.
    ///
    /// # Errors
    /// `Folder`.
    pub(super) fn numbers(&self) -> Result<BTreeSet<u32>, Error> {
        let mut numbers = BTreeSet::new();
        for entry in fs::read_dir(&self.folder).map_err(Error::folder("read", &self.folder))? {
            let name = entry.map_err(Error::folder("read", &self.folder))?.file_name();
            numbers.extend(name.to_str().and_then(number_in));
        }
        Ok(numbers)
    }

    /// Removes a store that nobody has open. Needs no room on the disk.
    ///
    /// # Errors
    /// `Folder`: a part of it may be left, which is never taken for a store.
    pub(super) fn remove(&self, number: u32) -> Result<(), Error> {
        // Half of a tree may open without a word; what has no mark is not opened.
        self.unmark(number)?;
        let tree = self.tree(number);
        match fs::remove_dir_all(&tree) {
            Err(error) if error.kind() != IoErrorKind::NotFound => Err(Error::folder("remove", &tree)(error)),
            _ => Ok(()),
        }
    }

    /// Removes the mark of a store, so that it is not trusted any more. Needs no room on the disk.
    ///
    /// # Errors
    /// `Folder`.
    pub(super) fn unmark(&self, number: u32) -> Result<(), Error> {
        let mark = self.mark(number);
        match fs::remove_file(&mark) {
            Err(error) if error.kind() != IoErrorKind::NotFound => Err(Error::folder("remove", &mark)(error)),
            _ => sync_folder(&self.folder),
        }
    }

    /// Moves the tree of a store aside, as evidence.
    ///
    /// # Errors
    /// `Folder`.
    pub(super) fn move_aside(&self, number: u32) -> Result<PathBuf, Error> {
        aside::move_aside(&self.folder, &self.tree(number), TREE)
    }
}

/// fsync of every file and folder below: sled keeps large rows and its table of pages in files of their own.
pub(super) fn sync_files(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::folder("read", folder))? {
        let path = entry.map_err(Error::folder("read", folder))?.path();
        if path.is_dir() {
            sync_files(&path)?;
        } else {
            File::open(&path).and_then(|file| file.sync_all()).map_err(Error::folder("sync", &path))?;
        }
    }
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(Error::folder("sync", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_stores() {
        for (name, number) in [
            ("store", Some(0)),
            ("STATE", Some(0)),
            ("store-1", Some(1)),
            ("STATE-12", Some(12)),
            ("store-0", None),
            ("store-01", None),
            ("store-+1", None),
            ("store-4294967296", None),
            ("store-", None),
            ("store.damaged-0000000000000001", None),
            ("STATE.new", None),
            ("LOCK", None),
        ] {
            assert_eq!(number_in(name), number, "{name}");
        }
    }
}
