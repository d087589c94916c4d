//! What two runs did differently.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_proto::{events::v1::LineageEdge, metadata::v1 as wire};

use crate::{
    engine::schema,
    published::View,
    query::{Refusal, lists, runs},
};

/// Assets, edges, rows, columns and tests of one run against those of another.
///
/// # Errors
/// `NotFound`, `Invalid`, `TooLarge`, `Store`.
pub fn diff(view: &View<'_>, before: &str, after: &str) -> Result<wire::DiffRunsResponse, Refusal> {
    let (before_id, before) = runs::find(view, before)?;
    let (after_id, after) = runs::find(view, after)?;
    let (assets_before, edges_before) = lists::lineage(view, before_id)?;
    let (assets_after, edges_after) = lists::lineage(view, after_id)?;
    let (was, is) = (by_key(assets_before), by_key(assets_after));
    let only = |these: &BTreeMap<String, wire::Asset>, others: &BTreeMap<String, wire::Asset>| {
        these.keys().filter(|key| !others.contains_key(*key)).cloned().collect()
    };
    let both = was.iter().filter_map(|(key, was)| Some((key, was, is.get(key)?)));
    Ok(wire::DiffRunsResponse {
        assets_added: only(&is, &was),
        assets_removed: only(&was, &is),
        edges_added: missing(&edges_after, &edges_before),
        edges_removed: missing(&edges_before, &edges_after),
        changed: both.filter_map(|(key, was, is)| change(key, was, is)).collect(),
        before: Some(before),
        after: Some(after),
        position: None,
    })
}

fn by_key(assets: Vec<wire::Asset>) -> BTreeMap<String, wire::Asset> {
    let key = |row: &wire::Asset| row.asset.as_ref().map(|asset| asset.key.clone()).unwrap_or_default();
    assets.into_iter().map(|row| (key(&row), row)).collect()
}

/// Edges of `these` whose ends no edge of `others` connects. Which operation did it may be called otherwise in every run.
fn missing(these: &[LineageEdge], others: &[LineageEdge]) -> Vec<LineageEdge> {
    let ends = |edge: &LineageEdge| (edge.from.clone(), edge.to.clone(), edge.kind);
    let known: BTreeSet<_> = others.iter().map(ends).collect();
    these.iter().filter(|edge| !known.contains(&ends(edge))).cloned().collect()
}

fn change(key: &str, was: &wire::Asset, is: &wire::Asset) -> Option<wire::AssetChange> {
    let (before, after) = (was.asset.clone().unwrap_or_default(), is.asset.clone().unwrap_or_default());
    let change = wire::AssetChange {
        key: key.to_owned(),
        rows_affected_before: was.rows_affected,
        rows_affected_after: is.rows_affected,
        row_count_before: before.row_count,
        row_count_after: after.row_count,
        status_before: was.status.clone(),
        status_after: is.status.clone(),
        columns: schema::changes(&before.columns, &after.columns),
        tests: tests(&was.tests, &is.tests),
    };
    let same = change.rows_affected_before == change.rows_affected_after
        && change.row_count_before == change.row_count_after
        && change.status_before == change.status_after
        && change.columns.is_empty()
        && change.tests.is_empty();
    (!same).then_some(change)
}

fn tests(before: &[wire::AssetTest], after: &[wire::AssetTest]) -> Vec<wire::TestChange> {
    let statuses = |tests: &[wire::AssetTest]| -> BTreeMap<(String, String), String> {
        tests.iter().map(|test| ((test.name.clone(), test.column.clone()), test.status.clone())).collect()
    };
    let (was, is) = (statuses(before), statuses(after));
    let all: BTreeSet<_> = was.keys().chain(is.keys()).collect();
    let change = |test: &(String, String)| {
        let status = |statuses: &BTreeMap<(String, String), String>| statuses.get(test).cloned().unwrap_or_default();
        let (status_before, status_after) = (status(&was), status(&is));
        let (name, column) = test.clone();
        (status_before != status_after).then_some(wire::TestChange { name, column, status_before, status_after })
    };
    all.into_iter().filter_map(change).collect()
}
