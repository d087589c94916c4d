//! Sets of what comes and goes, in rows that are replaced: see [`super::keys::answers`].
//!
//! Promises: an id is in its set once; a set has its order from its entries alone. A set that is full takes no more, and says so by its size.

use super::{
    batch::Batch,
    keys::answers::{Kept, kept_with},
};
use crate::{error::Error, limits};

/// A part of a set.
#[derive(Clone, PartialEq, prost::Message)]
pub struct KeptRow {
    /// In order.
    #[prost(message, repeated, tag = "1")]
    pub entries: Vec<KeptEntry>,
}

/// An entry of a set.
#[derive(Clone, PartialEq, prost::Message)]
pub struct KeptEntry {
    /// Id: 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub id: Vec<u8>,
    /// When it came in, microseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub at: i64,
    /// What it is called, where its id does not lead there: the key of an asset.
    #[prost(string, tag = "3")]
    pub name: String,
}

/// Puts an id into a set, or takes it out. What is there already stays as it is.
///
/// # Errors
/// `Damaged`.
pub(super) fn set(
    kind: Kept,
    id: &[u8],
    name: &str,
    at: i64,
    inside: bool,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let key = kept_with(kind, id);
    let mut row: KeptRow = batch.get(&key)?.unwrap_or_default();
    let place = row.entries.binary_search_by(|entry| entry.id.as_slice().cmp(id));
    match (place, inside) {
        (Ok(_), true) | (Err(_), false) => return Ok(()),
        (Ok(place), false) => drop(row.entries.remove(place)),
        (Err(_), true) if row.entries.len() >= limits::KEPT_PER_ROW_MAX => return Ok(()),
        (Err(place), true) => {
            row.entries.insert(place, KeptEntry { id: id.to_vec(), at, name: name.to_owned() });
        }
    }
    batch.put(key, &row);
    Ok(())
}
