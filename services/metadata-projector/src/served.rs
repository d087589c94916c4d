//! The rows that questions read: those of one store, and of these only what the projections of this version could have written.
//!
//! Promises: a row that another version wrote is never read, and never missing without a word: whoever asks for it hears how far
//! the rebuild is. Knows nothing about questions.

use std::sync::Arc;

use crate::{
    engine::{batch::ReadRows, keys::owners},
    error::Error,
    rebuild::Rebuild,
    store::{ScanRows, Scanned, Store},
};

/// See the module.
pub struct Served {
    store: Arc<Store>,
    rebuild: Option<Arc<Rebuild>>,
}

impl Served {
    /// The rows of a store; with a rebuild, those of the store that is rebuilt.
    pub fn new(store: Arc<Store>, rebuild: Option<Arc<Rebuild>>) -> Self {
        Self { store, rebuild }
    }

    /// The rebuild that is under way, if other versions wrote these rows.
    pub fn rebuild(&self) -> Option<&Arc<Rebuild>> {
        self.rebuild.as_ref()
    }

    /// The store behind it.
    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    pub(crate) fn into_store(self) -> Arc<Store> {
        self.store
    }

    /// Why rows at this key, or below it, are not read.
    fn withheld(&self, key: &[u8]) -> Option<Error> {
        let rebuild = self.rebuild.as_ref()?;
        let writers = owners::writers(key);
        match writers.iter().find(|writer| rebuild.changed().contains(*writer)) {
            Some(changed) => Some(rebuild.refusal(changed)),
            // Rows that no projection has: what they were in another version, nobody knows here.
            None => writers.is_empty().then(|| rebuild.refusal("the store")),
        }
    }

    /// As [`Store::scan`].
    pub fn scan<'a>(
        &'a self,
        prefix: &'a [u8],
        after: Option<&[u8]>,
    ) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), Error>> + 'a {
        let withheld = self.withheld(prefix);
        let rows = withheld.is_none().then(|| self.store.scan(prefix, after));
        withheld.map(Err).into_iter().chain(rows.into_iter().flatten())
    }
}

impl ReadRows for Served {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.withheld(key) {
            Some(withheld) => Err(withheld),
            None => self.store.get(key),
        }
    }
}

impl ScanRows for Served {
    fn rows<'a>(&'a self, prefix: &'a [u8]) -> Scanned<'a> {
        Box::new(self.scan(prefix, None))
    }
}
