//! Rows that were written or read lately: an event mostly concerns what events just before it wrote, and need not ask the store.
//!
//! Promises: what it gives is what the store has, as long as every commit goes to the store before the next record is folded;
//! it holds no more than its limit. Only a memory: what it holds can be forgotten at any time. Knows nothing about events.

use std::{cell::RefCell, collections::HashMap};

use super::batch::{ReadRows, Writes};
use crate::error::Error;

/// What a row costs beside its own bytes: its place in the map and two allocations, bytes.
const ROW_OVERHEAD_BYTES: usize = 96;

/// Two generations: when the young one is full, it becomes the old one, and what was old is forgotten.
#[derive(Debug)]
pub(super) struct Recent {
    young: HashMap<Vec<u8>, Vec<u8>>,
    old: HashMap<Vec<u8>, Vec<u8>>,
    /// Of all that went into the young one, even of what was replaced there since.
    young_bytes: usize,
    young_bytes_max: usize,
}

impl Recent {
    /// Nothing yet, and never more than so many bytes.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), young_bytes: 0, young_bytes_max: bytes_max / 2 }
    }

    /// Remembers what goes to the store.
    pub(super) fn keep(&mut self, writes: &Writes) {
        for (key, row) in writes {
            self.put(key.clone(), row.clone());
        }
    }

    fn get(&self, key: &[u8]) -> Option<&Vec<u8>> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    fn put(&mut self, key: Vec<u8>, row: Vec<u8>) {
        let bytes = key.len() + row.len() + ROW_OVERHEAD_BYTES;
        if bytes > self.young_bytes_max {
            // Too large to be remembered, and what was there before is not true any more.
            self.young.remove(&key);
            self.old.remove(&key);
            return;
        }
        if self.young_bytes + bytes > self.young_bytes_max {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
        self.young.insert(key, row);
    }
}

/// A store of which the rows that are recent are not read again.
pub(super) struct Remembered<'a> {
    /// The store.
    pub(super) store: &'a dyn ReadRows,
    /// Its recent rows.
    pub(super) recent: &'a RefCell<Recent>,
}

impl ReadRows for Remembered<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if let Some(row) = self.recent.borrow().get(key) {
            return Ok(Some(row.clone()));
        }
        let found = self.store.get(key)?;
        if let Some(row) = &found {
            self.recent.borrow_mut().put(key.to_vec(), row.clone());
        }
        Ok(found)
    }
}
