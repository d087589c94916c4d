//! The bytes of one range of records. Reading is total: any input gives a range, the end of a file, or says what is wrong with it.
//!
//! ```text
//! DOWNBEAT-LOG | version (1) | length of the header (4, little endian) | header, JSON | body | BLAKE3 of all before (32)
//! ```
//! The header names the log, the first and the last sequence, the hash before the first record and that of the last, and the lengths of the
//! body. The body is zstd over the records' frames (`frame.rs`), each behind its length (4, little endian). A frame holds the record's id, the
//! hash before it and its own. The end of a file is a header with `"end": true` and no body.

use std::io::Read;

use bytes::{Buf, Bytes};
use serde_json::{Value, json};

use super::ArchiveError;
use crate::frame;
use crate::limits::{RANGE_BYTES_MAX, RANGE_HEADER_BYTES_MAX, RANGE_PACKED_BYTES_MAX, SEQUENCE_MAX};
use crate::types::{Entry, Hash, LogId, Record, Tail};

const MAGIC: &[u8; 12] = b"DOWNBEAT-LOG";
const VERSION: u8 = 1;
const HEADER_AT: usize = MAGIC.len() + 1 + 4;
const HASH_BYTES: usize = 32;
/// Of the compression: fast, and JSON-like records shrink to a third all the same.
const LEVEL: i32 = 3;

/// Consecutive records of a log; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The log.
    pub log: LogId,
    /// The place before the first record.
    pub before: Tail,
    /// The records, chained to each other and to `before`.
    pub entries: Vec<Entry>,
}

/// What a file consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Records.
    Records(Range),
    /// Nothing comes any more.
    End {
        /// The log.
        log: LogId,
        /// The place behind the last record.
        at: Tail,
    },
}

impl Range {
    /// The place behind the last record.
    pub fn tail(&self) -> Tail {
        self.entries.last().map_or(self.before, Entry::tail)
    }

    /// Its bytes.
    ///
    /// # Errors
    /// The compression fails.
    pub fn encode(&self) -> Result<Vec<u8>, std::io::Error> {
        let mut frames = Vec::new();
        for entry in &self.entries {
            let record = Record { id: entry.id, payload: entry.payload.clone() };
            let (frame, _) = frame::encode(&entry.previous, &record);
            frames.extend_from_slice(&u32::try_from(frame.len()).unwrap_or(u32::MAX).to_le_bytes());
            frames.extend_from_slice(&frame);
        }
        let body = zstd::bulk::compress(&frames, LEVEL)?;
        let tail = self.tail();
        let header = json!({
            "log": self.log.0, "first": self.before.sequence + 1, "last": tail.sequence, "before": self.before.hash.to_string(),
            "after": tail.hash.to_string(), "compression": "zstd", "bytes": frames.len(), "packed_bytes": body.len(),
        });
        Ok(block(&header, &body))
    }
}

/// The bytes of the end of a file.
pub fn encode_end(log: &LogId, at: Tail) -> Vec<u8> {
    let hash = at.hash.to_string();
    block(&json!({"log": log.0, "end": true, "last": at.sequence, "after": hash, "bytes": 0, "packed_bytes": 0}), &[])
}

fn block(header: &Value, body: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    let mut bytes = Vec::with_capacity(HEADER_AT + header.len() + body.len() + HASH_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.push(VERSION);
    bytes.extend_from_slice(&u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(body);
    let hash = blake3::hash(&bytes);
    bytes.extend_from_slice(hash.as_bytes());
    bytes
}

/// Reads the next block; `None` where the input ends before it begins. `place` names the input in errors.
///
/// # Errors
/// `Damaged`.
pub fn read_block(input: &mut impl Read, place: &str) -> Result<Option<Block>, ArchiveError> {
    let damaged = |reason: String| ArchiveError::Damaged { place: place.to_owned(), reason };
    let read = |input: &mut dyn Read, length: usize| -> Result<Vec<u8>, ArchiveError> {
        let mut bytes = Vec::new();
        // Grows with what is there, whatever the header claims.
        let taken = input.take(length as u64).read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
        if taken < length && taken > 0 || taken == 0 && length > 0 {
            return Err(damaged(format!("it is cut off: {taken} bytes stand where {length} have to")));
        }
        Ok(bytes)
    };
    let mut first = [0; 1];
    match input.read(&mut first) {
        Ok(0) => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(damaged(error.to_string())),
    }
    let mut bytes = first.to_vec();
    bytes.extend(read(input, HEADER_AT - 1)?);
    if !bytes.starts_with(MAGIC) {
        return Err(damaged("it holds no records of a log (it does not begin with DOWNBEAT-LOG)".to_owned()));
    }
    let version = bytes[MAGIC.len()];
    if version != VERSION {
        let reason = format!(
            "its format is version {version}, this program knows {VERSION}: use the version that wrote it, or a later one"
        );
        return Err(damaged(reason));
    }
    let length = (&bytes[MAGIC.len() + 1..]).get_u32_le() as usize;
    if length > RANGE_HEADER_BYTES_MAX {
        return Err(damaged(format!("a header of {length} bytes is impossible")));
    }
    let header_bytes = read(input, length)?;
    bytes.extend_from_slice(&header_bytes);
    let header: Value =
        serde_json::from_slice(&header_bytes).map_err(|error| damaged(format!("its header: {error}")))?;
    let packed = header["packed_bytes"].as_u64().unwrap_or(u64::MAX);
    if packed > RANGE_PACKED_BYTES_MAX as u64 {
        return Err(damaged(format!("its header: packed_bytes is {}", header["packed_bytes"])));
    }
    let body = read(input, usize::try_from(packed).unwrap_or(usize::MAX))?;
    bytes.extend_from_slice(&body);
    let hash = read(input, HASH_BYTES)?;
    if blake3::hash(&bytes).as_bytes() != hash.as_slice() {
        return Err(damaged("its checksum does not fit its bytes".to_owned()));
    }
    content(&header, &body).map(Some).map_err(damaged)
}

/// What a block with a fitting checksum holds. Whoever writes a checksum may still write nonsense.
fn content(header: &Value, body: &[u8]) -> Result<Block, String> {
    let number = |name: &str| {
        let number = header[name].as_u64().filter(|number| *number <= SEQUENCE_MAX);
        number.ok_or_else(|| format!("its header: {name} is {}", header[name]))
    };
    let hash = |name: &str| {
        let hash = blake3::Hash::from_hex(header[name].as_str().unwrap_or_default());
        hash.map(|hash| Hash(*hash.as_bytes())).map_err(|_| format!("its header: {name} is {}", header[name]))
    };
    let log = header["log"].as_str().filter(|log| !log.is_empty()).ok_or("its header names no log")?;
    let log = LogId(log.to_owned());
    let after = Tail { sequence: number("last")?, hash: hash("after")? };
    if header["end"].as_bool() == Some(true) {
        return Ok(Block::End { log, at: after });
    }
    let first = number("first")?;
    let before = Tail { sequence: first.checked_sub(1).ok_or("its header: first is 0")?, hash: hash("before")? };
    if before.sequence == 0 && before != Tail::start(&log) {
        return Err(format!("its first record does not begin the chain of log {log}"));
    }
    if header["compression"] != "zstd" {
        return Err(format!("its header: compression is {}", header["compression"]));
    }
    let length = usize::try_from(number("bytes")?).unwrap_or(usize::MAX);
    if length > RANGE_BYTES_MAX {
        return Err(format!("its header: bytes is {length}"));
    }
    let frames =
        zstd::bulk::decompress(body, length).map_err(|error| format!("its records cannot be unpacked: {error}"))?;
    if frames.len() != length {
        return Err(format!("its records have {} bytes and not {length}", frames.len()));
    }
    let mut frames = Bytes::from(frames);
    let (mut entries, mut at) = (Vec::new(), before);
    while frames.has_remaining() {
        let length = if frames.len() < 4 { usize::MAX } else { frames.get_u32_le() as usize };
        if length > frames.len() {
            return Err(format!("record {} is cut off", at.sequence + 1));
        }
        let entry = frame::decode(at.sequence + 1, &frames.split_to(length))
            .map_err(|reason| format!("record {}: {reason}", at.sequence + 1))?;
        frame::check_link("", at.sequence, &at.hash, &entry).map_err(|_| {
            format!("record {} names {} as the hash before it, which is {}", entry.sequence, entry.previous, at.hash)
        })?;
        at = entry.tail();
        entries.push(entry);
    }
    if entries.is_empty() || at != after {
        return Err(format!("its records end at {} and not at {}, or with another hash", at.sequence, after.sequence));
    }
    Ok(Block::Records(Range { log, before, entries }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_that_no_log_comes_to_are_refused() {
        let zeros = "0".repeat(64);
        let header = |first: u64, last: u64| json!({"log": "a", "first": first, "last": last, "before": zeros, "after": zeros, "bytes": 0, "compression": "zstd"});
        for (first, last, word) in [(u64::MAX, 1, "first is"), (2, u64::MAX, "last is"), (0, 1, "first is 0")] {
            let refused = content(&header(first, last), b"").unwrap_err();
            assert!(refused.contains(word), "{first} {last}: {refused}");
        }
    }
}
