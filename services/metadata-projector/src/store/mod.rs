//! The rows on disk: one sled tree in one folder.
//!
//! Promises: a batch is there whole or not at all, whatever is killed when; what [`Store::sync`] returned from survives the
//! loss of power, as far as the machine's disk keeps its word; a store that cannot be trusted is never opened silently.
//! Knows nothing about events.
//!
//! sled's own `flush` is no fsync, so `sync` does both. sled survives `kill -9` but not every power loss, and its damage can
//! be silent: [`mark`] remembers whether the store was closed cleanly and in which boot it was open.

pub mod aside;
pub mod mark;
mod open;

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

pub use open::{Opened, open};

use self::mark::{Lock, Mark};
use crate::{
    engine::batch::{ReadRows, Writes},
    error::Error,
};

/// Rows of a scan.
pub type Scanned<'a> = Box<dyn Iterator<Item = Result<(sled::IVec, sled::IVec), Error>> + 'a>;

/// Something whose rows can be read one by one and in order.
pub trait ScanRows: ReadRows {
    /// Rows whose keys begin with `prefix`, in the order of the keys.
    fn rows<'a>(&'a self, prefix: &'a [u8]) -> Scanned<'a>;
}

impl ScanRows for Store {
    fn rows<'a>(&'a self, prefix: &'a [u8]) -> Scanned<'a> {
        Box::new(self.scan(prefix, None))
    }
}

impl ScanRows for BTreeMap<Vec<u8>, Vec<u8>> {
    fn rows<'a>(&'a self, prefix: &'a [u8]) -> Scanned<'a> {
        let found = self.range(prefix.to_vec()..).take_while(move |(key, _)| key.starts_with(prefix));
        Box::new(found.map(|(key, row)| Ok((key.as_slice().into(), row.as_slice().into()))))
    }
}

/// An open store; the folder is locked as long as it lives.
pub struct Store {
    tree: sled::Db,
    file: File,
    folder: PathBuf,
    // Dropped after the tree: the next owner must not open a tree that is still closing.
    _lock: Lock,
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::Damaged(error.to_string())
}

impl Store {
    /// The projector's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Applies all writes or none.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn apply(&self, writes: Writes) -> Result<(), Error> {
        let mut batch = sled::Batch::default();
        for (key, row) in writes {
            batch.insert(key, row);
        }
        self.tree.apply_batch(batch).map_err(damaged)
    }

    /// Makes everything durable that was applied.
    ///
    /// # Errors
    /// `Damaged`: after a failed fsync nobody knows what the disk holds.
    pub fn sync(&self) -> Result<(), Error> {
        self.tree.flush().map_err(damaged)?;
        self.file.sync_all().map_err(damaged)
    }

    /// Rows whose keys begin with `prefix`, in the order of the keys, after the key `after`.
    pub fn scan<'a>(
        &'a self,
        prefix: &'a [u8],
        after: Option<&[u8]>,
    ) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), Error>> + 'a {
        use std::ops::Bound;
        let from = after.map_or(Bound::Included(prefix.to_vec()), |after| Bound::Excluded(after.to_vec()));
        let rows = self.tree.range::<Vec<u8>, _>((from, Bound::Unbounded));
        // An error stops nothing here: the caller must see it.
        rows.take_while(move |row| row.as_ref().map_or(true, |(key, _)| key.starts_with(prefix)))
            .map(|row| row.map_err(damaged))
    }

    /// Closes the store for trust: everything durable, then the mark that says so. Reads still work afterwards.
    ///
    /// # Errors
    /// `Damaged`, `Folder`.
    pub fn close(&self) -> Result<(), Error> {
        self.sync()?;
        sync_files(&self.folder.join(open::TREE))?;
        Mark::Clean.write(&self.folder)
    }

    /// Remembers that the store is not to be trusted: the next start moves it aside.
    pub fn distrust(&self, reason: &str) {
        if let Err(error) = Mark::Suspect(reason.to_owned()).write(&self.folder) {
            tracing::error!(%error, reason, "cannot mark the damaged store of the projections");
        }
    }
}

impl ReadRows for Store {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tree.get(key).map_err(damaged)?.map(|bytes| bytes.to_vec()))
    }
}

/// fsync of every file and folder below: sled keeps large rows and its table of pages in files of their own.
fn sync_files(folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(Error::folder("read", folder))? {
        let path = entry.map_err(Error::folder("read", folder))?.path();
        if path.is_dir() {
            sync_files(&path)?;
        } else {
            File::open(&path).and_then(|file| file.sync_all()).map_err(Error::folder("sync", &path))?;
        }
    }
    File::open(folder).and_then(|file| file.sync_all()).map_err(Error::folder("sync", folder))
}
