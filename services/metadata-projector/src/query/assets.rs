//! What is known of one asset: who writes it, who uses it, what its tests said, what became of its columns.

use downbeat_proto::metadata::v1 as wire;
use prost::Message as _;

use super::{
    Refusal,
    lineage::{self, Neighbourhood},
    page::{self, Page, Paged},
};
use crate::{
    engine::{
        batch::ReadRows,
        keys::{
            asset,
            graph::{Node, node},
            quality as keys,
        },
        rows,
        usage::{ConsumerRow, UsageRow},
    },
    limits,
    published::View,
};

/// An asset with who writes it and who uses it.
///
/// # Errors
/// `NotFound`, `Invalid`, `Store`.
pub fn get(view: &View<'_>, named: &str) -> Result<wire::GetAssetResponse, Refusal> {
    let key = lineage::asset(view, named)?;
    // An empty row. Its lineage of before can still be asked for.
    if view.store.get(&asset(&key))?.is_some_and(|row| row.is_empty()) {
        let shown = super::runs::shortened(named);
        return Err(Refusal::NotFound(format!("asset `{shown}` was removed, and nothing has told of it since")));
    }
    let Neighbourhood { asset, names, writers, upstream, downstream } = lineage::neighbourhood(view, &key)?;
    let (mut consumers, mut usage) = (Vec::new(), wire::AssetUsage::default());
    for name in &names {
        consumers.extend(self::consumers(view, node(name))?);
        if let Some(row) = view.get::<UsageRow>(&keys::usage(node(name)))? {
            add(&mut usage, row.shown);
        }
    }
    consumers.sort_by(|a, b| (b.last_used_at, &a.name).cmp(&(a.last_used_at, &b.name)));
    Ok(wire::GetAssetResponse {
        asset: Some(asset),
        writers,
        consumers,
        usage: Some(usage),
        upstream,
        downstream,
        position: None,
    })
}

fn alias(view: &View<'_>, pipeline: &str) -> Result<String, Refusal> {
    pipeline.parse().map_or_else(|_| Ok(String::new()), |pipeline| lineage::alias_of(view, pipeline))
}

fn consumers(view: &View<'_>, asset: Node) -> Result<Vec<wire::AssetConsumer>, Refusal> {
    let mut found = Vec::new();
    for row in view.store.scan(&keys::consumers(asset), None).take(limits::CONSUMERS_MAX) {
        let (key, bytes) = row?;
        let mut shown = rows::read::<ConsumerRow>(&key, &bytes)?.shown;
        shown.pipeline_alias = alias(view, &shown.pipeline_id)?;
        found.push(shown);
    }
    Ok(found)
}

/// Uses under one name of an asset and under another are uses of it.
fn add(sum: &mut wire::AssetUsage, other: wire::AssetUsage) {
    sum.last_used_at = sum.last_used_at.max(other.last_used_at);
    sum.uses += other.uses;
    for day in other.days {
        match sum.days.binary_search_by_key(&day.day, |known| known.day) {
            Ok(place) => sum.days[place].uses += day.uses,
            Err(place) => sum.days.insert(place, day),
        }
    }
}

/// Results of the tests of an asset, newest first; of one test, or of all.
///
/// # Errors
/// `NotFound`, `Invalid`, `Store`.
pub fn test_results(
    view: &View<'_>,
    named: &str,
    test: &str,
    page: Page<'_>,
) -> Result<Paged<wire::AssetTest>, Refusal> {
    let asset = lineage::asset(view, named)?;
    page::read(view.store, &keys::results(node(&asset)), page, |key, bytes| {
        let row: wire::AssetTest = rows::read(key, bytes)?;
        Ok((test.is_empty() || row.name == test).then_some((row, bytes.len())))
    })
}

/// Changes of columns, newest first; of one asset, or of all.
///
/// # Errors
/// `NotFound`, `Invalid`, `Store`.
pub fn schema_changes(view: &View<'_>, named: &str, page: Page<'_>) -> Result<Paged<wire::SchemaChange>, Refusal> {
    if !named.is_empty() {
        let prefix = keys::schema_changes_of(node(&lineage::asset(view, named)?));
        return page::read(view.store, &prefix, page, |key, bytes| {
            let mut row: wire::SchemaChange = rows::read(key, bytes)?;
            row.pipeline_alias = alias(view, &row.pipeline_id)?;
            Ok(Some((row, bytes.len())))
        });
    }
    page::read(view.store, keys::SCHEMA_CHANGES_BY_AGE, page, |key, _| {
        let Some(key) = keys::indexed_schema_change(key) else { return Ok(None) };
        let Some(mut row) = view.get::<wire::SchemaChange>(&key)? else { return Ok(None) };
        row.pipeline_alias = alias(view, &row.pipeline_id)?;
        let length = row.encoded_len();
        Ok(Some((row, length)))
    })
}
