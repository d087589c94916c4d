//! Keys of the audit: entries in the order of the log, and indexes that give the newest first.

use downbeat_domain::EnvironmentId;

use super::{key, newest_first};

/// Prefix of all entries, in the order of the log.
pub const ENTRIES: &[u8] = b"y";
/// Prefix of all entries by age.
pub const BY_AGE: &[u8] = b"Y";
/// Bytes of what stands behind the prefix of an index: the instant, the sequence, the ordinal.
const AGE_BYTES: usize = 8 + 8 + 4;

/// What an index is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Index {
    /// Who.
    Actor = b'a',
    /// Which kind of who.
    ActorKind = b'k',
    /// About what.
    Target = b't',
}

/// An entry.
pub fn entry(sequence: u64, ordinal: u32) -> Vec<u8> {
    key(b'y', &[&sequence.to_be_bytes(), &ordinal.to_be_bytes()])
}

/// An entry among all, by age.
pub fn by_age(at: i64, sequence: u64, ordinal: u32) -> Vec<u8> {
    key(b'Y', &[&age(at, sequence, ordinal)])
}

/// Prefix of the entries of one actor, kind of actor or target, by age.
pub fn indexed(index: Index, value: &str) -> Vec<u8> {
    let hash = blake3::derive_key("downbeat audit index v1", value.as_bytes());
    key(b'z', &[&[index as u8], &hash[..16]])
}

/// An entry among those.
pub fn indexed_by_age(index: Index, value: &str, at: i64, sequence: u64, ordinal: u32) -> Vec<u8> {
    let mut key = indexed(index, value);
    key.extend(age(at, sequence, ordinal));
    key
}

/// Behind this key of an index stand the entries that are older than this instant.
pub fn before(prefix: &[u8], instant: i64) -> Vec<u8> {
    // An entry of this very instant is not older, whatever its sequence.
    let mut key = prefix.to_vec();
    key.extend(newest_first(instant));
    key.extend([0xff; 12]);
    key
}

/// The key of the entry that stands in an index; `None` for a key that is too short.
pub fn entry_of(key: &[u8]) -> Option<Vec<u8>> {
    let age = key.get(key.len().checked_sub(AGE_BYTES)?..)?;
    let sequence = u64::from_be_bytes(age.get(8..16)?.try_into().ok()?);
    let ordinal = u32::from_be_bytes(age.get(16..)?.try_into().ok()?);
    Some(entry(!sequence, !ordinal))
}

/// An environment as it is.
pub fn environment(id: EnvironmentId) -> Vec<u8> {
    key(b'M', &[b"e", &id.0])
}

/// The slots of a pool.
pub fn pool(name: &str) -> Vec<u8> {
    key(b'Z', &[name.as_bytes()])
}

fn age(at: i64, sequence: u64, ordinal: u32) -> [u8; AGE_BYTES] {
    let mut age = [0; AGE_BYTES];
    age[..8].copy_from_slice(&newest_first(at));
    age[8..16].copy_from_slice(&(!sequence).to_be_bytes());
    age[16..].copy_from_slice(&(!ordinal).to_be_bytes());
    age
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_gives_the_newest_first_and_leads_to_its_entries() {
        let places = [(30, 9, 1), (30, 9, 0), (30, 8, 7), (20, 10, 0)];
        for prefix in [BY_AGE.to_vec(), indexed(Index::Actor, "user:ada")] {
            let at = |(at, sequence, ordinal): (i64, u64, u32)| match prefix.as_slice() {
                b"Y" => by_age(at, sequence, ordinal),
                _ => indexed_by_age(Index::Actor, "user:ada", at, sequence, ordinal),
            };
            let keys: Vec<_> = places.iter().map(|place| at(*place)).collect();
            assert!(keys.is_sorted() && keys.iter().all(|key| key.starts_with(&prefix)));
            assert!(keys.iter().zip(places).all(|(key, place)| entry_of(key) == Some(entry(place.1, place.2))));
            let older: Vec<_> = keys.iter().map(|key| *key > before(&prefix, 30)).collect();
            assert_eq!(older, [false, false, false, true]);
        }
        assert_eq!(entry_of(b"Y123"), None);
        assert_ne!(indexed(Index::Actor, "x"), indexed(Index::Target, "x"));
    }
}
