//! The values of the log: identities, hashes, records, positions. They do no I/O.

use std::fmt;

use bytes::Bytes;

use crate::frame;

/// Context of the key derivation of [`Hash::genesis`]; changing it changes every log.
const GENESIS_CONTEXT: &str = "downbeat event-log 2026 genesis hash of a log";

/// Identity of one log: its name and its creation. A log that was deleted and made again has another one, one that was restored says so
/// ([`LogId::restored_from`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogId(pub String);

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A BLAKE3 hash: 32 bytes, displayed as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash that the first record of `log` names as its previous one. It binds the chain to the identity of the log that began it.
    pub fn genesis(log: &LogId) -> Self {
        Self(blake3::derive_key(GENESIS_CONTEXT, log.origin().0.as_bytes()))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Identity of a record, chosen by its writer. Never reuse one for other content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub [u8; 16]);

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({self})")
    }
}

/// What a writer appends: an id and at most [`crate::limits::RECORD_BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Identity by which a re-sent record is recognised.
    pub id: RecordId,
    /// The caller's bytes.
    pub payload: Bytes,
}

/// The end of a log, or a reader's position in it: the last sequence and the hash of the record there.
///
/// Sequence 0 with [`Hash::genesis`] is the empty log, or the position before the first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tail {
    /// Sequence of the last record; the first record has sequence 1.
    pub sequence: u64,
    /// Hash of the record at `sequence`.
    pub hash: Hash,
}

impl Tail {
    /// The position before the first record of `log`.
    pub fn start(log: &LogId) -> Self {
        Self { sequence: 0, hash: Hash::genesis(log) }
    }

    /// The tail of a log that ended here once `record` is appended. Lets a writer predict its next position.
    pub fn next(&self, record: &Record) -> Self {
        Self { sequence: self.sequence + 1, hash: frame::encode(&self.hash, record).1 }
    }
}

/// One record as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place: 1, 2, 3, ... without gaps.
    pub sequence: u64,
    /// The writer's id of the record.
    pub id: RecordId,
    /// Hash of the entry before it; [`Hash::genesis`] for the first.
    pub previous: Hash,
    /// Hash of this entry's frame.
    pub hash: Hash,
    /// The caller's bytes.
    pub payload: Bytes,
}

impl Entry {
    /// The position after this entry.
    pub fn tail(&self) -> Tail {
        Tail { sequence: self.sequence, hash: self.hash }
    }
}
