//! Backfills and their instants.

use downbeat_domain::{BackfillId, RunId};
use downbeat_proto::metadata::v1 as wire;
use prost::Message;

use super::{
    Refusal,
    page::{self, Page, Paged},
    runs,
};
use crate::{
    engine::{
        backfills::{DROPPED, LEFT, LIVE, RUNNING, pipeline_of},
        keys,
        rows::{self, BackfillInstant},
    },
    published::View,
};

/// Backfills, newest first; of one pipeline (id or alias), or of all.
///
/// # Errors
/// `NotFound` for an unknown pipeline; `Invalid`, `Store`.
pub fn list(view: &View<'_>, pipeline: &str, page: Page<'_>) -> Result<Paged<wire::Backfill>, Refusal> {
    let prefix = match pipeline {
        "" => keys::BACKFILLS_BY_AGE.to_vec(),
        named => keys::backfills_of(runs::find_pipeline(view, named)?),
    };
    page::read(view.store, &prefix, page, |key, _| {
        let Some(backfill) = keys::indexed_backfill(key) else { return Ok(None) };
        let Some(row) = view.get::<wire::Backfill>(&keys::backfill(backfill))? else { return Ok(None) };
        let row = shown(view, row)?;
        let length = row.encoded_len();
        Ok(Some((row, length)))
    })
}

/// A backfill by its id, or by an unambiguous beginning of it, with a page of its instants.
///
/// # Errors
/// `NotFound`, `Invalid`, `Store`.
pub fn get(
    view: &View<'_>,
    beginning: &str,
    page: Page<'_>,
) -> Result<(wire::Backfill, Paged<wire::BackfillInstant>), Refusal> {
    let (id, row) = runs::by_beginning::<wire::Backfill>(view, keys::BACKFILLS, "backfill", beginning)?;
    let is_cancelled = row.dropped > 0;
    let instants = page::read(view.store, &keys::instants(BackfillId(id)), page, |key, bytes| {
        let Some(instant) = keys::instant_in(key) else { return Ok(None) };
        let row: BackfillInstant = rows::read(key, bytes)?;
        let run = RunId::from_slice(&row.run);
        let outcome = match (row.outcome.as_str(), run) {
            (LEFT, _) if is_cancelled => DROPPED.to_owned(),
            (LIVE, Some(run)) => view.get::<wire::Run>(&keys::run(run))?.map_or(row.outcome, |run| run.status),
            _ => row.outcome,
        };
        let run_id = run.map(|run| run.to_string()).unwrap_or_default();
        Ok(Some((wire::BackfillInstant { instant, outcome, run_id, reason: row.reason }, bytes.len())))
    })?;
    Ok((shown(view, row)?, instants))
}

/// With what its pipeline makes of it at this moment.
fn shown(view: &View<'_>, mut row: wire::Backfill) -> Result<wire::Backfill, Refusal> {
    if row.status != RUNNING || row.left == 0 {
        return Ok(row);
    }
    let Some(pipeline) = pipeline_of(&row) else { return Ok(row) };
    if let Some(pipeline) = view.get::<wire::Pipeline>(&keys::pipeline(pipeline))?.filter(|pipeline| pipeline.paused) {
        row.status = "HELD".to_owned();
        row.message = match pipeline.paused_reason.as_str() {
            "" => "its pipeline is paused".to_owned(),
            reason => format!("its pipeline is paused: {reason}"),
        };
    }
    Ok(row)
}
