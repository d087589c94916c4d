//! Keys of the lineage over all runs; see the table of [`super`].
//!
//! Assets stand in them as 16 bytes of BLAKE3 of their key: as long for every asset, and nothing in them needs an escape.

use downbeat_domain::PipelineId;

use super::key;

/// An asset as it stands in keys.
pub type Node = [u8; 16];

/// An asset's place in keys.
pub fn node(asset: &str) -> Node {
    let mut node = [0; 16];
    node.copy_from_slice(&blake3::derive_key("downbeat asset v1", asset.as_bytes())[..16]);
    node
}

/// Prefix of the edges that lead to an asset.
pub fn edges_into(to: Node) -> Vec<u8> {
    key(b'L', &[b"e", &to])
}

/// An edge.
pub fn asset_edge(from: Node, to: Node) -> Vec<u8> {
    key(b'L', &[b"e", &to, &from])
}

/// Prefix of the index of edges that lead away from an asset.
pub fn edges_out_of(from: Node) -> Vec<u8> {
    key(b'L', &[b"d", &from])
}

/// An edge in the index by where it comes from.
pub fn edge_by_source(from: Node, to: Node) -> Vec<u8> {
    key(b'L', &[b"d", &from, &to])
}

/// The edge that stands in the index by where it comes from; `None` for a key of another kind.
pub fn indexed_edge(key: &[u8]) -> Option<Vec<u8>> {
    let (from, to) = key.strip_prefix(b"Ld")?.split_at_checked(16)?;
    Some(asset_edge(from.try_into().ok()?, to.try_into().ok()?))
}

/// Prefix of those who write an asset.
pub fn writers(asset: Node) -> Vec<u8> {
    key(b'L', &[b"w", &asset])
}

/// What one reporter said last about how an asset is made.
pub fn writer(asset: Node, reporter: [u8; 16]) -> Vec<u8> {
    key(b'L', &[b"w", &asset, &reporter])
}

/// Prefix of all aliases.
pub const ALIASES: &[u8] = b"La";

/// The alias of a key of one.
pub fn aliased(key: &[u8]) -> Option<Node> {
    key.strip_prefix(ALIASES)?.try_into().ok()
}

/// The asset that an alias means.
pub fn alias_of_asset(alias: Node) -> Vec<u8> {
    key(b'L', &[b"a", &alias])
}

/// The aliases of an asset.
pub fn aliases(asset: Node) -> Vec<u8> {
    key(b'L', &[b"g", &asset])
}

/// When people removed an asset.
pub fn removed(asset: Node) -> Vec<u8> {
    key(b'L', &[b"x", &asset])
}

/// What a pipeline declares, and what was reported of it.
pub fn declared(pipeline: PipelineId) -> Vec<u8> {
    key(b'L', &[b"f", &pipeline.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_found_from_both_ends() {
        let (raw, orders) = (node("db/raw"), node("db/orders"));
        assert!(asset_edge(raw, orders).starts_with(&edges_into(orders)));
        assert!(edge_by_source(raw, orders).starts_with(&edges_out_of(raw)));
        assert_eq!(indexed_edge(&edge_by_source(raw, orders)), Some(asset_edge(raw, orders)));
        assert_eq!((indexed_edge(b"Ld12"), indexed_edge(&edges_into(raw))), (None, None));
    }
}
