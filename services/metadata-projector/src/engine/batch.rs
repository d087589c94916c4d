//! The writes of many records on their way to the store, and the reads that see them.

use std::collections::HashMap;

use crate::error::Error;

/// Something that rows can be read from.
pub trait ReadRows {
    /// The row at this key.
    ///
    /// # Errors
    /// `Damaged`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;
}

impl ReadRows for std::collections::BTreeMap<Vec<u8>, Vec<u8>> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(std::collections::BTreeMap::get(self, key).cloned())
    }
}

/// Rows by key. Only ever looked up or applied whole: the order of iteration does not matter.
pub type Writes = HashMap<Vec<u8>, Vec<u8>>;

/// A view that reads what this event wrote, then what this batch wrote, then the store; writes go to the event's own
/// layer, so that they can be dropped together when the event turns out not to apply.
pub struct Batch<'a> {
    store: &'a dyn ReadRows,
    overlay: &'a Writes,
    own: Writes,
}

impl<'a> Batch<'a> {
    /// A view over a store and what is on the way to it.
    pub fn new(store: &'a dyn ReadRows, overlay: &'a Writes) -> Self {
        Self { store, overlay, own: Writes::new() }
    }

    /// The bytes at a key.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.own.get(key).or_else(|| self.overlay.get(key)) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => self.store.get(key),
        }
    }

    /// The row at a key.
    ///
    /// # Errors
    /// `Damaged`, also when the bytes there are no such row.
    pub fn get<M: prost::Message + Default>(&self, key: &[u8]) -> Result<Option<M>, Error> {
        match self.own.get(key).or_else(|| self.overlay.get(key)) {
            Some(bytes) => super::rows::read(key, bytes).map(Some),
            None => self.store.get(key)?.map(|bytes| super::rows::read(key, &bytes)).transpose(),
        }
    }

    /// Writes a row.
    pub fn put(&mut self, key: Vec<u8>, row: &impl prost::Message) {
        self.own.insert(key, row.encode_to_vec());
    }

    /// Writes bytes.
    pub fn put_bytes(&mut self, key: Vec<u8>, bytes: Vec<u8>) {
        self.own.insert(key, bytes);
    }

    /// What was written through this view.
    pub fn into_writes(self) -> Writes {
        self.own
    }
}
