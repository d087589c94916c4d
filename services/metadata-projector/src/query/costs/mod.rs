//! What runs cost: sums by what somebody asks for, entries, budgets, prices.

mod filter;
mod sums;
mod verify;

use downbeat_domain::{CostId, PipelineId, RunId};
use downbeat_proto::{events::v1 as events, metadata::v1 as wire};
use prost::Message as _;

pub use sums::get;
pub use verify::verify;

use self::filter::Filter;
use super::{
    Refusal,
    page::{self, Page, Paged},
};
use crate::{
    engine::{
        costs::rows::EntryRow,
        keys::{self as all_keys, cost as keys},
        rows,
    },
    published::View,
};

/// Entries that fit, those used last first.
///
/// # Errors
/// `NotFound`, `Invalid`, `Store`.
pub fn entries(view: &View<'_>, asked: &wire::CostFilter, page: Page<'_>) -> Result<Paged<wire::CostLine>, Refusal> {
    let filter = Filter::read(view, asked)?;
    let first = filter.to.map(|to| page::token(&keys::before_entries(to))).unwrap_or_default();
    let page = Page { token: if page.token.is_empty() { &first } else { page.token }, ..page };
    page::read_until(view.store, keys::ENTRIES, page, |key, bytes| {
        let row: EntryRow = rows::read(key, bytes)?;
        let (Some(entry), Some(origin)) = (&row.entry, &row.origin) else { return Ok(page::Found::Not) };
        if filter.from.is_some_and(|from| entry.incurred_at < from) {
            return Ok(page::Found::NoMore);
        }
        if !filter.takes_entry(origin, entry) {
            return Ok(page::Found::Not);
        }
        let line = line(view, &row, origin, entry)?;
        let length = line.encoded_len();
        Ok(page::Found::Row(line, length))
    })
}

fn line(
    view: &View<'_>,
    row: &EntryRow,
    origin: &events::CostOrigin,
    entry: &events::CostEntry,
) -> Result<wire::CostLine, Refusal> {
    let shown = |bytes: &[u8]| CostId::from_slice(bytes).map(|id| id.to_string()).unwrap_or_default();
    let pipeline = PipelineId::from_slice(&origin.pipeline_id);
    let run = origin.attempt.as_ref().and_then(|attempt| RunId::from_slice(&attempt.run_id));
    Ok(wire::CostLine {
        entry: Some(entry.clone()),
        id: shown(&entry.cost_id),
        corrects: shown(&entry.corrects),
        pipeline_id: pipeline.map(|id| id.to_string()).unwrap_or_default(),
        pipeline: alias(view, pipeline)?,
        run_id: run.map(|id| id.to_string()).unwrap_or_default(),
        task: origin.task.clone(),
        owner: origin.owner.clone(),
        integration: origin.integration.clone(),
        prices: row.prices,
        recorded_at: row.recorded_at,
    })
}

/// The alias of a pipeline at this moment; empty = there is none.
fn alias(view: &View<'_>, pipeline: Option<PipelineId>) -> Result<String, Refusal> {
    let Some(pipeline) = pipeline else { return Ok(String::new()) };
    let row: Option<wire::Pipeline> = view.get(&all_keys::pipeline(pipeline))?;
    Ok(row.map(|row| row.alias).unwrap_or_default())
}

/// Budgets, those of pipelines last.
///
/// # Errors
/// `Invalid`, `Store`.
pub fn budgets(view: &View<'_>, page: Page<'_>) -> Result<Paged<wire::BudgetStatus>, Refusal> {
    page::read(view.store, keys::BUDGETS, page, |key, bytes| {
        let row: wire::BudgetStatus = rows::read(key, bytes)?;
        if row.budget.is_none() {
            return Ok(None);
        }
        let pipeline = alias(view, row.pipeline_id.parse().ok())?;
        Ok(Some((wire::BudgetStatus { pipeline, ..row }, bytes.len())))
    })
}

/// The prices that count.
///
/// # Errors
/// `Store`.
pub fn prices(view: &View<'_>) -> Result<events::PricesSet, Refusal> {
    Ok(view.get(keys::PRICES)?.unwrap_or_default())
}
