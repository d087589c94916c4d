//! Breaches, alerts, and what one run says of assets.

use downbeat_domain::RunId;
use downbeat_proto::{events::v1::LineageEdge, metadata::v1 as wire};
use prost::Message;

use super::{
    Refusal,
    page::{self, Page, Paged},
    runs,
};
use crate::{
    engine::{alerts, keys, rows},
    limits,
    published::View,
};

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
