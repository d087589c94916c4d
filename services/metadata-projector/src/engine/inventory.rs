//! What people declare of assets, over what was reported of them.
//!
//! Promises: a field that somebody declares is shown whatever is reported of it, and once nobody does any more, what was reported is
//! shown again: that is kept beside the row of an asset that somebody declares. Of the status the worse one counts, so that nobody hides a test that
//! failed. What was declared under several names of an asset is shown together, field by field: its own key goes first. Knows nothing about edges.

use downbeat_domain::inventory::{InventoryEvent, STATUSES};
use downbeat_proto::{
    event::{asset_details, asset_details_of},
    events::v1::AssetDetails,
    metadata::v1 as wire,
};

use super::{
    assets,
    batch::Batch,
    collected::{existing_or_new, known},
    graph::aliases,
    keys::{self, graph::node},
};
use crate::error::Error;

/// Folds what people say.
///
/// # Errors
/// `Damaged`.
pub(super) fn fold(said: &InventoryEvent, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    match said {
        InventoryEvent::Declared { asset: named, details, .. } => {
            let key = keys::reported_asset(node(named));
            let mut own: wire::Asset = batch.get(&key)?.unwrap_or_default();
            own.declared = Some(asset_details(details)).filter(|details| *details != AssetDetails::default());
            batch.put(key, &own);
            let asset = aliases::meant(named, |row| batch.bytes(row))?;
            let mut row = existing_or_new(reported(&asset, batch)?, &asset, at);
            row.updated_at = row.updated_at.max(at);
            let declared = declared(&asset, batch)?;
            write(&asset, &row, declared, batch)
        }
        InventoryEvent::Removed { asset, .. } => {
            for name in aliases::names(asset, batch)? {
                remove(&name, batch)?;
            }
            Ok(())
        }
        // What only an edge names is an asset as well.
        InventoryEvent::Depend { dependencies, .. } => {
            for named in dependencies.iter().flat_map(|one| [&one.from, &one.to]) {
                let asset = aliases::meant(named, |row| batch.bytes(row))?;
                if reported(&asset, batch)?.is_none() {
                    let mut row = existing_or_new(None, &asset, at);
                    row.updated_at = at;
                    write(&asset, &row, None, batch)?;
                }
            }
            Ok(())
        }
    }
}

/// What was reported of an asset, without what people declare of it; `None` = there is no such asset.
///
/// # Errors
/// `Damaged`.
pub(super) fn reported(asset: &str, batch: &Batch<'_>) -> Result<Option<wire::Asset>, Error> {
    match known(batch.get(&keys::asset(asset))?) {
        Some(row) if row.declared.is_some() => {
            let row = known(batch.get(&keys::reported_asset(node(asset)))?);
            Ok(row.map(|row| wire::Asset { declared: None, ..row }))
        }
        row => Ok(row),
    }
}

/// What is declared under this very name; `None` = nothing.
///
/// # Errors
/// `Damaged`.
pub(super) fn declared_as(name: &str, batch: &Batch<'_>) -> Result<Option<AssetDetails>, Error> {
    let row: Option<wire::Asset> = batch.get(&keys::reported_asset(node(name)))?;
    Ok(row.and_then(|row| row.declared))
}

/// What is declared under all names of an asset, its own key first.
fn declared(asset: &str, batch: &Batch<'_>) -> Result<Option<AssetDetails>, Error> {
    let mut declared: Option<AssetDetails> = None;
    for name in aliases::names(asset, batch)? {
        let Some(own) = declared_as(&name, batch)? else { continue };
        declared = Some(match declared.and_then(asset_details_of).zip(asset_details_of(own.clone())) {
            Some((first, own)) => asset_details(&own.changed_by(&first)),
            None => own,
        });
    }
    Ok(declared)
}

/// A report may have said that an asset has other names: what was declared under them is declared of it.
///
/// # Errors
/// `Damaged`.
pub(super) fn join(named: &str, batch: &mut Batch<'_>) -> Result<(), Error> {
    let asset = aliases::meant(named, |row| batch.bytes(row))?;
    let Some(row) = known(batch.get(&keys::asset(&asset))?) else { return Ok(()) };
    let declared = declared(&asset, batch)?;
    if declared == row.declared {
        return Ok(());
    }
    let Some(reported) = reported(&asset, batch)? else { return Ok(()) };
    write(&asset, &reported, declared, batch)
}

/// Writes an asset of which this was reported and that is declared.
///
/// # Errors
/// `Damaged`.
pub(super) fn write(
    asset: &str,
    reported: &wire::Asset,
    declared: Option<AssetDetails>,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let declared = declared.filter(|declared| *declared != AssetDetails::default());
    let row = match declared {
        None => reported.clone(),
        Some(declared) => {
            // What is declared under its own key stands there, too, since this may be more.
            let own = declared_as(asset, batch)?;
            batch.put(keys::reported_asset(node(asset)), &wire::Asset { declared: own, ..reported.clone() });
            shown(reported.clone(), declared)
        }
    };
    batch.put(keys::asset(asset), &row);
    assets::note(&row, batch)
}

/// Rows are never taken away: an empty one is none.
fn remove(asset: &str, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::asset(asset);
    if let Some(row) = known(batch.get(&key)?) {
        assets::unlist(&row, batch);
        batch.put_bytes(key, Vec::new());
    }
    // An alias may have nothing else.
    let key = keys::reported_asset(node(asset));
    if batch.bytes(&key)?.is_some_and(|row| !row.is_empty()) {
        batch.put_bytes(key, Vec::new());
    }
    Ok(())
}

fn shown(mut row: wire::Asset, declared: AssetDetails) -> wire::Asset {
    let asset = row.asset.get_or_insert_default();
    for (field, said) in [
        (&mut asset.name, &declared.name),
        (&mut asset.r#type, &declared.r#type),
        (&mut asset.integration, &declared.integration),
        (&mut asset.description, &declared.description),
        (&mut asset.link, &declared.url),
    ] {
        if let Some(said) = said {
            field.clone_from(said);
        }
    }
    if let Some(owners) = &declared.owners {
        asset.owners.clone_from(&owners.owners);
    }
    let badness = |status: &str| STATUSES.iter().position(|known| *known == status);
    if let Some(status) = declared.status.as_ref().filter(|status| badness(status) > badness(&row.status)) {
        row.status.clone_from(status);
    }
    row.declared = Some(declared);
    row
}
