//! Rows that were written or read lately: an event mostly concerns what events just before it wrote, and need not ask the store.
//!
//! Promises: what it gives is what the store has, as long as every commit goes to the store before the next record is folded;
//! it holds no more than its limit. Only a memory: what it holds can be forgotten at any time. Knows nothing about events.

use std::{cell::RefCell, collections::HashMap};

use super::batch::{ReadRows, Writes};
use crate::error::Error;

/// What a row costs beside its own bytes: its place in the map and two allocations, bytes.
const ROW_OVERHEAD_BYTES: usize = 96;

/// Two generations: when the young one is full, it becomes the old one, and what was old is forgotten. That there is no row is
/// remembered, too: most assets have no alias, and every edge asks.
#[derive(Debug)]
pub(super) struct Recent {
    young: HashMap<Vec<u8>, Option<Vec<u8>>>,
    old: HashMap<Vec<u8>, Option<Vec<u8>>>,
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
            self.put(key.clone(), Some(row.clone()));
        }
    }

    /// The row, or that there is none; `None`: nothing is remembered of it.
    fn get(&self, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    fn put(&mut self, key: Vec<u8>, row: Option<Vec<u8>>) {
        let bytes = key.len() + row.as_ref().map_or(0, Vec::len) + ROW_OVERHEAD_BYTES;
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
            return Ok(row.clone());
        }
        let found = self.store.get(key)?;
        self.recent.borrow_mut().put(key.to_vec(), found.clone());
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const BYTES_MAX: usize = 1_000;

    fn writes(rows: &[(&str, usize)]) -> Writes {
        rows.iter().map(|(key, bytes)| (key.as_bytes().to_vec(), vec![7; *bytes])).collect()
    }

    #[test]
    fn what_was_kept_is_given_without_the_store_until_the_limit_is_reached_twice() {
        let recent = RefCell::new(Recent::new(BYTES_MAX));
        recent.borrow_mut().keep(&writes(&[("a", 3)]));
        let store = BTreeMap::new();
        let remembered = Remembered { store: &store, recent: &recent };
        assert_eq!(remembered.get(b"a").unwrap(), Some(vec![7; 3]));
        recent.borrow_mut().keep(&writes(&[("b", 350)]));
        assert_eq!(remembered.get(b"a").unwrap(), Some(vec![7; 3]), "it is in the old generation");
        recent.borrow_mut().keep(&writes(&[("c", 350)]));
        assert_eq!(remembered.get(b"a").unwrap(), None, "forgotten, and this store never had it");
    }

    #[test]
    fn of_a_row_that_was_written_again_the_last_is_given() {
        for last in [5, BYTES_MAX] {
            let recent = RefCell::new(Recent::new(BYTES_MAX));
            recent.borrow_mut().keep(&writes(&[("a", 3)]));
            recent.borrow_mut().keep(&writes(&[("b", 400)]));
            recent.borrow_mut().keep(&writes(&[("a", last)]));
            let store = BTreeMap::from([(b"a".to_vec(), vec![7; last])]);
            let remembered = Remembered { store: &store, recent: &recent };
            assert_eq!(remembered.get(b"a").unwrap(), Some(vec![7; last]), "{last} bytes");
        }
    }

    #[test]
    fn that_there_is_no_row_is_remembered_until_there_is_one() {
        let recent = RefCell::new(Recent::new(BYTES_MAX));
        let (empty, later) = (BTreeMap::new(), BTreeMap::from([(b"a".to_vec(), vec![1])]));
        assert_eq!(Remembered { store: &empty, recent: &recent }.get(b"a").unwrap(), None);
        assert_eq!(Remembered { store: &later, recent: &recent }.get(b"a").unwrap(), None, "it was not asked again");
        recent.borrow_mut().keep(&writes(&[("a", 3)]));
        assert_eq!(Remembered { store: &later, recent: &recent }.get(b"a").unwrap(), Some(vec![7; 3]));
    }

    #[test]
    fn what_was_read_is_not_read_again() {
        let recent = RefCell::new(Recent::new(BYTES_MAX));
        let (store, empty) = (BTreeMap::from([(b"a".to_vec(), vec![1])]), BTreeMap::new());
        assert_eq!(Remembered { store: &store, recent: &recent }.get(b"a").unwrap(), Some(vec![1]));
        assert_eq!(Remembered { store: &empty, recent: &recent }.get(b"a").unwrap(), Some(vec![1]));
    }
}
