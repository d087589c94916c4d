//! Keys of results of tests, of changed columns and of who uses an asset; see the table of [`super`].

use super::{graph::Node, key, newest_first};

/// Prefix of all results of tests of an asset.
pub fn results(asset: Node) -> Vec<u8> {
    key(b'Q', &[b"h", &asset])
}

/// One result; `test` tells those of one instant apart.
pub fn result(asset: Node, at: i64, test: [u8; 16]) -> Vec<u8> {
    key(b'Q', &[b"h", &asset, &newest_first(at), &test])
}

/// The columns of an asset as they were told last.
pub fn columns(asset: Node) -> Vec<u8> {
    key(b'Q', &[b"c", &asset])
}

/// Prefix of the changes of an asset's columns.
pub fn schema_changes_of(asset: Node) -> Vec<u8> {
    key(b'Q', &[b"s", &asset])
}

/// A change of an asset's columns.
pub fn schema_change(asset: Node, at: i64, ordinal: u32) -> Vec<u8> {
    key(b'Q', &[b"s", &asset, &newest_first(at), &(!ordinal).to_be_bytes()])
}

/// Prefix of all changes of columns, by age.
pub const SCHEMA_CHANGES_BY_AGE: &[u8] = b"Qt";

/// A change of columns among all, by age.
pub fn schema_change_by_age(asset: Node, at: i64, ordinal: u32) -> Vec<u8> {
    key(b'Q', &[b"t", &newest_first(at), &(!ordinal).to_be_bytes(), &asset])
}

/// The change that stands in the index by age; `None` for a key of another kind.
pub fn indexed_schema_change(key: &[u8]) -> Option<Vec<u8>> {
    let (when, asset) = key.strip_prefix(SCHEMA_CHANGES_BY_AGE)?.split_at_checked(12)?;
    Some(self::key(b'Q', &[b"s", asset, when]))
}

/// Prefix of those who use an asset.
pub fn consumers(asset: Node) -> Vec<u8> {
    key(b'Q', &[b"u", &asset])
}

/// One who uses an asset.
pub fn consumer(asset: Node, consumer: [u8; 16]) -> Vec<u8> {
    key(b'Q', &[b"u", &asset, &consumer])
}

/// How much an asset is used.
pub fn usage(asset: Node) -> Vec<u8> {
    key(b'Q', &[b"d", &asset])
}

#[cfg(test)]
mod tests {
    use super::{super::graph::node, *};

    #[test]
    fn newer_changes_come_first_in_both_orders() {
        let asset = node("db/t");
        let (old, new) = (schema_change(asset, 1, 0), schema_change(asset, 2, 0));
        assert!(new < old && schema_change(asset, 2, 1) < new);
        assert!(schema_change_by_age(asset, 2, 0) < schema_change_by_age(asset, 1, 0));
        assert_eq!(indexed_schema_change(&schema_change_by_age(asset, 2, 7)), Some(schema_change(asset, 2, 7)));
        assert_eq!(indexed_schema_change(&old), None);
    }
}
