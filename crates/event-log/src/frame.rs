//! The bytes of one entry. Decoding is total: any input gives an entry or says what is wrong with it.
//!
//! ```text
//! version (1) | record id (16) | hash of the previous entry (32) | payload (0..) | BLAKE3 of all before (32)
//! ```
//! The hash at the end lets a single entry prove itself; the previous hash chains it to all entries before it.

use bytes::Bytes;

use crate::error::Error;
use crate::limits::RECORD_BYTES_MAX;
use crate::types::{Entry, Hash, Record, RecordId};

const VERSION: u8 = 1;
const ID_AT: usize = 1;
const PREVIOUS_AT: usize = ID_AT + 16;
const PAYLOAD_AT: usize = PREVIOUS_AT + 32;
const HASH_BYTES: usize = 32;

/// Bytes of a frame besides its payload.
pub const OVERHEAD_BYTES: usize = PAYLOAD_AT + HASH_BYTES;

/// The frame of `record` after the entry with hash `previous`, and the hash of the new entry.
pub fn encode(previous: &Hash, record: &Record) -> (Bytes, Hash) {
    let mut bytes = Vec::with_capacity(OVERHEAD_BYTES + record.payload.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&record.id.0);
    bytes.extend_from_slice(&previous.0);
    bytes.extend_from_slice(&record.payload);
    let hash = Hash(*blake3::hash(&bytes).as_bytes());
    bytes.extend_from_slice(&hash.0);
    (Bytes::from(bytes), hash)
}

/// The entry that `frame` holds at `sequence`.
///
/// # Errors
/// What does not fit, as text: the caller knows the place.
pub fn decode(sequence: u64, frame: &Bytes) -> Result<Entry, String> {
    let length = frame.len();
    if !(OVERHEAD_BYTES..=OVERHEAD_BYTES + RECORD_BYTES_MAX).contains(&length) {
        return Err(format!("a frame of {length} bytes is impossible"));
    }
    if frame[0] != VERSION {
        return Err(format!("frame version {} is unknown (this program knows {VERSION})", frame[0]));
    }
    let (body, stored) = frame.split_at(length - HASH_BYTES);
    let hash = Hash(*blake3::hash(body).as_bytes());
    if hash.0 != stored {
        return Err("its hash does not fit its bytes".to_owned());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&body[ID_AT..PREVIOUS_AT]);
    let mut previous = [0; 32];
    previous.copy_from_slice(&body[PREVIOUS_AT..PAYLOAD_AT]);
    let payload = frame.slice(PAYLOAD_AT..length - HASH_BYTES);
    Ok(Entry { sequence, id: RecordId(id), previous: Hash(previous), hash, payload })
}

/// Checks that `entry` comes right after the entry with `sequence` and `hash`.
pub(crate) fn check_link(place: &str, sequence: u64, hash: &Hash, entry: &Entry) -> Result<(), Error> {
    if entry.sequence != sequence + 1 {
        let reason = format!("sequence {} follows {sequence}", entry.sequence);
        return Err(Error::corrupt(place, sequence + 1, reason));
    }
    if entry.previous != *hash {
        let reason = format!("it names {} as the hash before it, which is {hash}", entry.previous);
        return Err(Error::corrupt(place, entry.sequence, reason));
    }
    Ok(())
}

/// Checks that the entries are chained to each other, and the first one to the genesis hash when it has sequence 1.
pub(crate) fn check_chain(place: &str, genesis: &Hash, entries: &[Entry]) -> Result<(), Error> {
    if let Some(first) = entries.first().filter(|entry| entry.sequence == 1) {
        check_link(place, 0, genesis, first)?;
    }
    entries.windows(2).try_for_each(|pair| check_link(place, pair[0].sequence, &pair[0].hash, &pair[1]))
}

/// Refuses a payload above the limit before anything is written.
pub(crate) fn check_size(record: &Record) -> Result<(), Error> {
    let bytes = record.payload.len();
    if bytes > RECORD_BYTES_MAX {
        return Err(Error::TooLarge { bytes, limit: RECORD_BYTES_MAX });
    }
    Ok(())
}
