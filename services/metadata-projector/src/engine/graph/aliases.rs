//! Assets with several names: whatever is said of an alias is said of the asset that it means.

use super::rows::{AliasRow, AliasesRow};
use crate::{
    engine::{
        batch::{Batch, ReadRows},
        keys::graph::{alias_of_asset, aliases, node},
        rows,
    },
    error::Error,
    limits,
};

/// Links that are followed from an alias to its asset.
const LINKS_MAX: usize = 8;

/// The asset that a key means: its own, unless it is an alias. `read` reads a row.
///
/// # Errors
/// `Damaged`.
pub fn meant(key: &str, read: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, Error>) -> Result<String, Error> {
    let mut asset = key.to_owned();
    for _ in 0..LINKS_MAX {
        let at = alias_of_asset(node(&asset));
        let Some(bytes) = read(&at)? else { break };
        asset = rows::read::<AliasRow>(&at, &bytes)?.asset;
    }
    Ok(asset)
}

/// The keys that mean this asset, besides its own.
///
/// # Errors
/// `Damaged`.
pub fn known(asset: &str, store: &dyn ReadRows) -> Result<Vec<String>, Error> {
    let at = aliases(node(asset));
    Ok(store.get(&at)?.map(|bytes| rows::read::<AliasesRow>(&at, &bytes)).transpose()?.unwrap_or_default().aliases)
}

/// The keys of an asset: its own first, then its aliases.
///
/// # Errors
/// `Damaged`.
pub(in crate::engine) fn names(asset: &str, batch: &Batch<'_>) -> Result<Vec<String>, Error> {
    let mut names = vec![meant(asset, |row| batch.bytes(row))?];
    names.extend(batch.get::<AliasesRow>(&aliases(node(&names[0])))?.unwrap_or_default().aliases);
    Ok(names)
}

/// Learns that `alias` means the same as `asset`, the key under which its reporter knows it.
///
/// # Errors
/// `Damaged`.
pub(super) fn learn(asset: &str, alias: &str, batch: &mut Batch<'_>) -> Result<(), Error> {
    let read = |key: &[u8]| batch.bytes(key);
    let (asset, alias) = (meant(asset, read)?, meant(alias, read)?);
    if asset == alias || alias.is_empty() {
        return Ok(());
    }
    let key = aliases(node(&asset));
    let mut own: AliasesRow = batch.get(&key)?.unwrap_or_default();
    let theirs: AliasesRow = batch.get(&aliases(node(&alias)))?.unwrap_or_default();
    let room = limits::ALIASES_PER_ASSET_MAX.saturating_sub(own.aliases.len());
    if theirs.aliases.len() >= room {
        return Ok(());
    }
    own.aliases.push(alias.clone());
    own.aliases.extend(theirs.aliases);
    batch.put(key, &own);
    batch.put(alias_of_asset(node(&alias)), &AliasRow { asset });
    Ok(())
}
