//! Snapshots: the whole folded state of a partition as bytes, and back.
//!
//! Promise: what was encoded decodes to the same state, indexes included; anything else (another format, damaged bytes, a value that this
//! version does not know, a place that does not exist) is an error with words, and never a panic or a state that is true in part.
//! Only what is primary is written; `downbeat_domain` works the rest out again.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `DBSNAPSH` |
//! | 4 | format version, big endian: 1 for logs of the first level, and one more for each level after it |
//! | 8 | length of the message, big endian |
//! | 32 | BLAKE3 of everything above and below |
//! | rest | the message of `downbeat/snapshot/v1`, zstd |

mod access;
mod alerts;
mod assets;
mod connections;
mod cost;
mod decode;
mod encode;
mod endpoints;
mod environments;
mod inventory;
mod logins;
mod sensors;

use std::io::Read;

use downbeat_domain::{Level, Partition};
use prost::Message;

use crate::{limits, snapshots::v1 as wire};

const MAGIC: [u8; 8] = *b"DBSNAPSH";
/// The format of logs of the first level. That of a level is the level's number: a version that does not know the level would lose it with
/// the state that it reads, and go on with a log that it must not touch. So it leaves the snapshot aside, reads the log, and is refused there.
pub const FORMAT_VERSION: u32 = Level::FIRST.0;
const HEADER_BYTES: usize = 8 + 4 + 8 + 32;

/// Which record of which log a snapshot reflects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotPosition {
    /// The log.
    pub log_id: String,
    /// Sequence of the last record that was folded.
    pub sequence: u64,
    /// Hash of that record.
    pub hash: [u8; 32],
}

/// The bytes are no snapshot that this version may trust.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// They begin otherwise.
    #[error("this is no snapshot: it does not begin as one")]
    NoSnapshot,
    /// Another format.
    #[error(
        "the snapshot has format {0}, and this version reads formats {FORMAT_VERSION} to {newest}; the state has to be folded from the log",
        newest = Level::NEWEST
    )]
    Format(u32),
    /// Something changed since they were written.
    #[error("the snapshot is damaged: its bytes do not have the hash that they were written with")]
    Damaged,
    /// Too much to unpack.
    #[error("the snapshot unpacks to {0} bytes, and at most {max} are accepted", max = limits::SNAPSHOT_BYTES_MAX)]
    TooLarge(u64),
    /// The message cannot be unpacked.
    #[error("the snapshot does not unpack: {0}")]
    Packed(std::io::Error),
    /// The message is none.
    #[error("the snapshot holds no state: {0}")]
    Message(prost::DecodeError),
    /// A value that no state of this version has.
    #[error("the snapshot says of {what} what cannot be: field `{field}`")]
    Impossible {
        /// Which part of the state.
        what: String,
        /// Its field.
        field: &'static str,
    },
}

/// The bytes of a snapshot.
pub fn encode(partition: &Partition, position: &SnapshotPosition) -> Vec<u8> {
    seal(encode_state(partition), position)
}

/// The first half of [`encode`]: the state as a message. Quick, for whoever may not be kept waiting.
pub fn encode_state(partition: &Partition) -> Vec<u8> {
    encode::snapshot(partition).encode_to_vec()
}

/// The second half of [`encode`]: says which record the state reflects, packs and seals it.
pub fn seal(state: Vec<u8>, position: &SnapshotPosition) -> Vec<u8> {
    // Fields of a message may stand in any order: those of the position follow.
    let position = wire::Snapshot {
        log_id: position.log_id.clone(),
        sequence: position.sequence,
        hash: bytes::Bytes::copy_from_slice(&position.hash),
        ..wire::Snapshot::default()
    };
    let mut message = state;
    message.extend_from_slice(&position.encode_to_vec());
    // Packing into memory has no way to fail; an empty result would be refused by `decode`.
    let packed = zstd::bulk::compress(&message, 3).unwrap_or_default();
    // What was encoded here decodes; if it did not, `decode` would refuse the state.
    let level = wire::SnapshotLevel::decode(message.as_slice()).map_or(0, |told| told.log_level);
    let format = level.max(FORMAT_VERSION);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + packed.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&format.to_be_bytes());
    bytes.extend_from_slice(&(message.len() as u64).to_be_bytes());
    let hash = hash(&bytes, &packed);
    bytes.extend_from_slice(&hash);
    bytes.extend_from_slice(&packed);
    bytes
}

/// The state in a snapshot, and which record it reflects.
pub fn decode(bytes: &[u8]) -> Result<(Partition, SnapshotPosition), SnapshotError> {
    let (Some(head), Some(packed)) = (bytes.get(..HEADER_BYTES), bytes.get(HEADER_BYTES..)) else {
        return Err(SnapshotError::NoSnapshot);
    };
    let (told, written) = head.split_at(HEADER_BYTES - 32);
    if !told.starts_with(&MAGIC) {
        return Err(SnapshotError::NoSnapshot);
    }
    let version = big_endian(&told[8..12]) as u32;
    if !(FORMAT_VERSION..=Level::NEWEST.0).contains(&version) {
        return Err(SnapshotError::Format(version));
    }
    if hash(told, packed) != *written {
        return Err(SnapshotError::Damaged);
    }
    let length = big_endian(&told[12..20]);
    if length > limits::SNAPSHOT_BYTES_MAX {
        return Err(SnapshotError::TooLarge(length));
    }
    let message = unpack(packed, length)?;
    let (partition, position) =
        decode::partition(wire::Snapshot::decode(message.as_slice()).map_err(SnapshotError::Message)?)?;
    if partition.level.0 != version {
        return Err(SnapshotError::Impossible { what: "the log".to_owned(), field: "log_level" });
    }
    Ok((partition, position))
}

fn hash(told: &[u8], packed: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("downbeat snapshot v1");
    hasher.update(told).update(packed);
    *hasher.finalize().as_bytes()
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Never more than `length` bytes, which the caller has held against the limit.
fn unpack(packed: &[u8], length: u64) -> Result<Vec<u8>, SnapshotError> {
    let decoder = zstd::stream::read::Decoder::new(packed).map_err(SnapshotError::Packed)?;
    let mut message = Vec::new();
    decoder.take(length + 1).read_to_end(&mut message).map_err(SnapshotError::Packed)?;
    if message.len() as u64 == length { Ok(message) } else { Err(SnapshotError::Damaged) }
}
