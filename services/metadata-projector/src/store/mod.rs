//! The rows on disk: one sled tree per store, and one store that answers in the projector's folder. While rows of other versions of
//! the projections answer, the store that is to follow is filled beside it.
//!
//! Promises: a batch is there whole or not at all, whatever is killed when; what [`Store::sync`] returned from survives the
//! loss of power, as far as the machine's disk keeps its word; a store that cannot be trusted is never opened silently.
//! Knows nothing about events.
//!
//! sled's own `flush` is no fsync, so `sync` does both. sled survives `kill -9` but not every power loss, and its damage can
//! be silent: [`mark`] remembers whether the store was closed cleanly and in which boot it was open.

pub mod aside;
mod home;
pub mod mark;
mod open;

use std::{collections::BTreeMap, fs::File, path::Path, sync::Arc};

pub use open::{Opened, open, open_anew, open_for};

use self::{home::Home, mark::Mark};
use crate::{
    engine::{
        self,
        batch::{ReadRows, Writes},
        projection::Registered,
        rows::Head,
    },
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

/// An open store; its folder is locked as long as one of its stores lives.
pub struct Store {
    tree: sled::Db,
    file: File,
    number: u32,
    // Dropped after the tree: with the last store of a folder its lock is free.
    home: Arc<Home>,
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::Damaged(error.to_string())
}

impl Store {
    /// The projector's folder.
    pub fn folder(&self) -> &Path {
        &self.home.folder
    }

    /// The projections that it is opened for.
    pub(crate) fn projections(&self) -> &'static [Registered] {
        self.home.projections
    }

    /// Whether the projections that it is opened for wrote all of its rows, of all events that they know.
    pub fn is_ours(&self, head: &Head) -> bool {
        head.projections == engine::versions_of(self.home.projections) && !head.lacks_events()
    }

    /// The store that is to follow this one: the one that was begun, or an empty one. Blocks.
    ///
    /// # Errors
    /// `Folder`, `Damaged`; this one stays as it is.
    pub fn beside(&self) -> Result<(Self, Head), Error> {
        open::beside(self)
    }

    /// From now on this store answers, also after a loss of power. Blocks.
    ///
    /// # Errors
    /// `Damaged`, `Folder`; the one before it still answers at the next start, or this one.
    pub fn answer(&self) -> Result<(), Error> {
        self.sync()?;
        home::sync_files(&self.home.tree(self.number))?;
        self.home.point_at(self.number)
    }

    /// Closes and removes it. Blocks.
    ///
    /// # Errors
    /// `Folder`: what is left of it is removed at the next start.
    pub(crate) fn remove(self) -> Result<(), Error> {
        let Self { tree, file, number, home } = self;
        drop((tree, file));
        home.remove(number)
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
        home::sync_files(&self.home.tree(self.number))?;
        Mark::Clean.write(&self.home.mark(self.number))
    }

    /// Remembers that the store is not to be trusted: the next start moves it aside, or drops it where it does not answer yet.
    pub fn distrust(&self, reason: &str) {
        if let Err(error) = Mark::Suspect(reason.to_owned()).write(&self.home.mark(self.number)) {
            tracing::error!(%error, reason, "cannot mark the damaged store of the projections");
            // On a full disk nothing can be written, but what has no mark is not trusted either.
            if let Err(error) = self.home.unmark(self.number) {
                tracing::error!(%error, "cannot remove its mark either");
            }
        }
    }
}

impl ReadRows for Store {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.tree.get(key).map_err(damaged)?.map(|bytes| bytes.to_vec()))
    }
}
