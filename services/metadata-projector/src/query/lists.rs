//! Operations, assets and lineage.

use downbeat_domain::RunId;
use downbeat_proto::{events::v1::LineageEdge, metadata::v1 as wire};
use prost::Message;

use super::{
    Refusal,
    page::{self, Page, Paged},
    runs,
    shape::Shape,
};
use crate::{
    engine::{alerts, batch::ReadRows, keys, rows},
    limits,
    published::View,
};

/// Operations of a run, in the order of its plan and then of their reports.
///
/// # Errors
/// `Invalid`, `Store`.
pub fn operations(
    view: &View<'_>,
    run: RunId,
    row: &wire::Run,
    page: Page<'_>,
) -> Result<Paged<wire::Operation>, Refusal> {
    let shape = Shape::read(view.store, run, row)?;
    let prefix = keys::operations(run);
    page::read(view.store, &prefix, page, |key, bytes| {
        let mut operation: wire::Operation = rows::read(key, bytes)?;
        // It has gone to its task.
        if operation.operation.is_none() {
            return Ok(None);
        }
        let place = key.get(17..21).and_then(|place| place.try_into().ok()).map(u32::from_be_bytes);
        if let Some(task) = place.and_then(|place| shape.plan.tasks.get(shape.planned(place) as usize)) {
            operation.task_id.clone_from(&task.id);
            operation.integration.clone_from(&task.integration);
        }
        Ok(Some((operation, bytes.len())))
    })
}

/// Assets over all runs, by key; an alias is none of its own.
///
/// # Errors
/// `Invalid`, `Store`.
pub fn assets(view: &View<'_>, page: Page<'_>) -> Result<Paged<wire::Asset>, Refusal> {
    page::read(view.store, keys::ASSETS, page, |key, bytes| {
        let row: wire::Asset = rows::read(key, bytes)?;
        let named = row.asset.as_ref().map(|asset| asset.key.as_str()).unwrap_or_default();
        let alias = view.store.get(&keys::graph::alias_of_asset(keys::graph::node(named)))?.is_some();
        Ok((!alias).then_some((row, bytes.len())))
    })
}

/// Breaches, newest first; of one pipeline (id or alias), or of all.
///
/// # Errors
/// `NotFound` for an unknown pipeline; `Invalid`, `Store`.
pub fn breaches(view: &View<'_>, pipeline: &str, page: Page<'_>) -> Result<Paged<wire::Breach>, Refusal> {
    if !pipeline.is_empty() {
        let prefix = keys::breaches_of(runs::find_pipeline(view, pipeline)?);
        return page::read(view.store, &prefix, page, |key, bytes| {
            Ok(Some((rows::read::<wire::Breach>(key, bytes)?, bytes.len())))
        });
    }
    page::read(view.store, keys::BREACHES_BY_AGE, page, |key, _| {
        let Some(key) = keys::indexed_breach(key) else { return Ok(None) };
        let row: Option<wire::Breach> = view.get(&key)?;
        Ok(row.map(|row| {
            let length = row.encoded_len();
            (row, length)
        }))
    })
}

/// Alerts, newest first; of one pipeline (id or alias), or of all; in one state, or in any.
///
/// # Errors
/// `NotFound` for an unknown pipeline; `Invalid` for a state that is none; `Store`.
pub fn alerts(view: &View<'_>, pipeline: &str, state: &str, page: Page<'_>) -> Result<Paged<wire::Alert>, Refusal> {
    let states = [alerts::PENDING, alerts::DELIVERED, alerts::DEAD];
    if !state.is_empty() && !states.contains(&state) {
        return Err(Refusal::Invalid(format!("state: `{state}` is none of {}", states.join(", "))));
    }
    let of = if pipeline.is_empty() { None } else { Some(runs::find_pipeline(view, pipeline)?.to_string()) };
    page::read(view.store, keys::ALERTS_BY_AGE, page, |key, _| {
        let Some(alert) = keys::indexed_alert(key) else { return Ok(None) };
        let row: Option<wire::Alert> = view.get(&keys::alert(alert))?;
        let row = row.filter(|row| state.is_empty() || row.state == state);
        let row = row.filter(|row| of.as_ref().is_none_or(|of| row.pipeline_id == *of));
        Ok(row.map(|row| {
            let length = row.encoded_len();
            (row, length)
        }))
    })
}

/// Assets of a run as it left them, by key, and its edges, by their two ends.
///
/// # Errors
/// `TooLarge`, `Store`.
pub fn lineage(view: &View<'_>, run: RunId) -> Result<(Vec<wire::Asset>, Vec<LineageEdge>), Refusal> {
    let mut bytes = 0;
    let assets = whole::<wire::Asset>(view, &keys::run_assets(run), &mut bytes)?;
    let mut edges = whole::<LineageEdge>(view, &keys::edges(run), &mut bytes)?;
    edges.sort_by(|a, b| (&a.from, &a.to, &a.operation).cmp(&(&b.from, &b.to, &b.operation)));
    Ok((assets, edges))
}

fn whole<M: prost::Message + Default>(view: &View<'_>, prefix: &[u8], bytes: &mut usize) -> Result<Vec<M>, Refusal> {
    let mut found = Vec::new();
    for row in view.store.scan(prefix, None) {
        let (key, value) = row?;
        *bytes += value.len();
        if found.len() >= limits::LINEAGE_ENTRIES_MAX || *bytes > limits::ANSWER_BYTES_MAX {
            return Err(Refusal::TooLarge("the lineage of this run does not fit into one answer".to_owned()));
        }
        found.push(rows::read(&key, &value)?);
    }
    Ok(found)
}
