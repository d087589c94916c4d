//! Assets by their key, by an alias, or by an end of their key.

use downbeat_proto::metadata::v1 as wire;

use super::neighbours::Graph;
use crate::{
    engine::batch::ReadRows,
    engine::{graph::aliases, keys, known},
    limits,
    published::View,
    query::{Refusal, runs::shortened},
};

/// The key of the asset that is meant.
///
/// # Errors
/// `NotFound`; `Invalid` when several assets end so; `Store`.
pub fn asset(view: &View<'_>, named: &str) -> Result<String, Refusal> {
    if named.is_empty() || named.len() > limits::ASSET_NAME_BYTES_MAX {
        return Err(Refusal::Invalid(format!("asset: give 1 to {} bytes of its key", limits::ASSET_NAME_BYTES_MAX)));
    }
    let meant = aliases::meant(named, |key| view.store.get(key))?;
    if meant != named || is_known(view, &meant)? {
        return Ok(meant);
    }
    let wanted = named.to_lowercase();
    let mut found: Option<String> = None;
    for row in view.store.scan(keys::ASSETS, None) {
        let (key, bytes) = row?;
        // It was removed.
        if bytes.is_empty() {
            continue;
        }
        let Some(key) = key.strip_prefix(keys::ASSETS).and_then(|key| std::str::from_utf8(key).ok()) else { continue };
        if !ends_with(key, &wanted) {
            continue;
        }
        let key = aliases::meant(key, |row| view.store.get(row))?;
        match &found {
            Some(first) if *first != key => {
                return Err(Refusal::Invalid(format!(
                    "asset: `{}` is the end of several keys ({first}, {key}, ...); give more of it",
                    shortened(named)
                )));
            }
            _ => found = Some(key),
        }
    }
    found.ok_or_else(|| Refusal::NotFound(format!("there is no asset `{}`", shortened(named))))
}

/// Somebody described it, or it is an end of an edge.
fn is_known(view: &View<'_>, key: &str) -> Result<bool, Refusal> {
    if view.store.get(&keys::asset(key))?.is_some_and(|row| !row.is_empty()) {
        return Ok(true);
    }
    let node = keys::graph::node(key);
    let prefixes = [keys::graph::edges_into(node), keys::graph::edges_out_of(node), keys::graph::writers(node)];
    for prefix in prefixes {
        if view.store.scan(&prefix, None).next().transpose()?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Is `wanted` the last parts of `key`? Parts are set off by dots and slashes.
fn ends_with(key: &str, wanted: &str) -> bool {
    let key = key.to_lowercase();
    let Some(before) = key.strip_suffix(wanted) else { return false };
    before.is_empty() || before.ends_with(['.', '/']) || wanted.starts_with(['.', '/'])
}

/// What is known of an asset, its aliases among it.
///
/// # Errors
/// `Store`.
pub(super) fn described(graph: &Graph<'_>, key: &str) -> Result<Option<wire::Asset>, Refusal> {
    let mut row: Option<wire::Asset> = known(graph.view.get(&keys::asset(key))?);
    for alias in graph.aliases(key)? {
        let row = match row.as_mut() {
            Some(row) => row,
            // Only an alias of it was ever described.
            None => match known(graph.view.get(&keys::asset(&alias))?) {
                Some(other) => row.insert(other),
                None => continue,
            },
        };
        let asset = row.asset.get_or_insert_default();
        asset.key = key.to_owned();
        if !asset.aliases.contains(&alias) {
            asset.aliases.push(alias);
        }
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_a_key_are_whole_parts() {
        let key = "postgres://db:5432/Shop.public.orders";
        let cases = [
            ("orders", true),
            ("public.orders", true),
            ("shop.public.orders", true),
            (".orders", true),
            ("postgres://db:5432/shop.public.orders", true),
            ("rders", false),
            ("orders2", false),
        ];
        for (wanted, expected) in cases {
            assert_eq!(ends_with(key, wanted), expected, "{wanted}");
        }
    }
}
