//! What collected metadata does to the rows of assets, the same for the newest state of all and for that of one run.
//!
//! Tests are attributes of the asset that they test, never assets.

use downbeat_domain::{RunId, id::with_version_4, metadata};
use downbeat_proto::{events::v1 as events, metadata::v1 as wire};

use super::{
    batch::Batch,
    checks::{self, Ran},
    keys::graph::node,
};
use crate::error::Error;

/// The type of operations that test an asset.
pub(super) const TEST: &str = "TEST";
/// The type of operations that look how new an asset is: they write nothing.
const SOURCE: &str = "SOURCE";

pub(super) fn count(number: Option<u64>) -> i64 {
    number.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1)
}

/// Where rows of assets stand.
pub(super) trait Home {
    /// The key under which what is said of this one stands.
    ///
    /// # Errors
    /// `Damaged`.
    fn named(&self, asset: &str, batch: &Batch<'_>) -> Result<String, Error>;

    /// What was reported of it so far; `None` = nothing.
    ///
    /// # Errors
    /// `Damaged`.
    fn read(&self, asset: &str, batch: &Batch<'_>) -> Result<Option<wire::Asset>, Error>;

    /// That is what was reported of it.
    ///
    /// # Errors
    /// `Damaged`.
    fn write(&self, asset: &str, row: &wire::Asset, batch: &mut Batch<'_>) -> Result<(), Error>;
}

/// Folds a report into the assets that it names.
///
/// `ran` says who made the tests of it.
///
/// # Errors
/// `Damaged`.
pub(super) fn fold_assets(
    collected: &metadata::Collected,
    ran: &Ran<'_>,
    home: &impl Home,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let at = ran.at;
    for reported in &collected.assets {
        let key = home.named(&reported.key, batch)?;
        let mut row = existing_or_new(home.read(&key, batch)?, &key, at);
        touch(&mut row, ran.run_id, at);
        merge(row.asset.get_or_insert_default(), reported);
        home.write(&key, &row, batch)?;
    }
    // Large reports come in chunks: an operation may name an asset that only a later chunk describes.
    for done in collected.operations.iter().filter(|operation| !operation.asset.is_empty()) {
        let key = home.named(&done.asset, batch)?;
        let mut row = existing_or_new(home.read(&key, batch)?, &key, at);
        touch(&mut row, ran.run_id, at);
        if done.kind == TEST {
            checks::note(&mut row, checks::of(done, ran));
        } else if done.kind != SOURCE {
            row.rows_affected = count(done.rows_affected);
        }
        if done.materialises() {
            row.materialised_at = row.materialised_at.max(at);
        }
        home.write(&key, &row, batch)?;
    }
    // What only an edge names is an asset as well.
    for named in collected.edges.iter().flat_map(|edge| [&edge.from, &edge.to]).filter(|named| !named.is_empty()) {
        let key = home.named(named, batch)?;
        if home.read(&key, batch)?.is_none() {
            let mut row = existing_or_new(None, &key, at);
            touch(&mut row, ran.run_id, at);
            home.write(&key, &row, batch)?;
        }
    }
    Ok(())
}

/// The row of an asset, unless that was removed.
pub fn known(row: Option<wire::Asset>) -> Option<wire::Asset> {
    row.filter(|row| row.asset.is_some())
}

pub(super) fn existing_or_new(row: Option<wire::Asset>, key: &str, at: i64) -> wire::Asset {
    row.unwrap_or_else(|| wire::Asset { first_seen_at: at, ..unknown_asset(key) })
}

/// The id of the asset of this key.
pub fn asset_id(key: &str) -> RunId {
    RunId(with_version_4(node(key)))
}

/// The row of an asset of which nothing but its key is known.
pub fn unknown_asset(key: &str) -> wire::Asset {
    wire::Asset {
        asset: Some(events::Asset {
            key: key.to_owned(),
            name: key.rsplit('/').next().unwrap_or(key).to_owned(),
            row_count: -1,
            ..events::Asset::default()
        }),
        rows_affected: -1,
        status: "UNKNOWN".to_owned(),
        id: asset_id(key).to_string(),
        ..wire::Asset::default()
    }
}

fn touch(row: &mut wire::Asset, run_id: &str, at: i64) {
    row.updated_at = row.updated_at.max(at);
    // What is said of a dataset is said in no run.
    if !run_id.is_empty() {
        run_id.clone_into(&mut row.last_run_id);
    }
}

/// What the new report knows wins; what it leaves open stays: a task that only reads an asset knows less than its owner.
fn merge(known: &mut events::Asset, reported: &metadata::Asset) {
    let texts = [
        (&mut known.name, &reported.name),
        (&mut known.r#type, &reported.kind),
        (&mut known.namespace, &reported.namespace),
        (&mut known.description, &reported.description),
        (&mut known.integration, &reported.integration),
        (&mut known.link, &reported.link),
    ];
    for (known, reported) in texts {
        if !reported.is_empty() {
            known.clone_from(reported);
        }
    }
    texts_of(&mut known.owners, &reported.owners);
    texts_of(&mut known.tags, &reported.tags);
    texts_of(&mut known.aliases, &reported.aliases);
    if reported.row_count.is_some() {
        known.row_count = count(reported.row_count);
    }
    let loaded_at = reported.loaded_at.map_or(0, jiff::Timestamp::as_microsecond);
    known.loaded_at = known.loaded_at.max(loaded_at);
    if !reported.columns.is_empty() {
        known.columns = reported.columns.iter().map(|column| merged_column(column, &known.columns)).collect();
    }
}

fn texts_of(known: &mut Vec<String>, reported: &[String]) {
    if !reported.is_empty() {
        known.clear();
        known.extend_from_slice(reported);
    }
}

/// A column as it is told now; what its teller leaves open stays as it was.
fn merged_column(told: &metadata::AssetColumn, known: &[events::AssetColumn]) -> events::AssetColumn {
    let before = known.iter().find(|column| column.name == told.name);
    let or_before = |told: &str, before: Option<&String>| match (told, before) {
        ("", Some(before)) => before.clone(),
        (told, _) => told.to_owned(),
    };
    events::AssetColumn {
        name: told.name.clone(),
        r#type: or_before(&told.kind, before.map(|column| &column.r#type)),
        description: or_before(&told.description, before.map(|column| &column.description)),
    }
}
