//! Backfills: one row each, with counts, and one row per instant.
//!
//! An instant's own row says whether an event counts, so that the sum of the counts is always the number of instants.

use downbeat_domain::{BackfillCreated, BackfillId, Event, PipelineId, RunCreated, RunId, RunStatus, Trigger};
use downbeat_proto::{convert::micros, metadata::v1 as wire};
use jiff::Timestamp;

use super::{
    batch::Batch,
    keys,
    plans::Plans,
    projection::{Fact, Projection},
    rows::BackfillInstant,
};
use crate::error::Error;

/// Nothing was decided about the instant yet.
pub const LEFT: &str = "LEFT";
/// Its run has not ended.
pub const LIVE: &str = "LIVE";
/// A run of it had succeeded before.
pub const SKIPPED: &str = "SKIPPED";
/// It gets no run, for a reason of its own.
pub const DECLINED: &str = "DECLINED";
/// It was left when the backfill was cancelled. In no row: those stay as they were.
pub const DROPPED: &str = "DROPPED";
/// The backfill goes on.
pub const RUNNING: &str = "RUNNING";

/// The projection.
pub(super) struct Backfills;

impl Projection for Backfills {
    const NAME: &'static str = "backfills";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines"];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::BackfillCreated(created) => create(created, batch),
            Event::BackfillDeclined { backfill, instants, reason, at } => {
                let mut declined = 0;
                for instant in instants {
                    let key = keys::instant(*backfill, micros(*instant));
                    let row = BackfillInstant { outcome: DECLINED.to_owned(), run: Vec::new(), reason: reason.clone() };
                    declined += u32::from(turn(LEFT, key, row, batch)?);
                }
                change(*backfill, *at, batch, |row| {
                    row.left = row.left.saturating_sub(declined);
                    row.declined += declined;
                })
            }
            Event::BackfillCancelled { backfill, reason, at } => change(*backfill, *at, batch, |row| {
                if row.status == RUNNING {
                    row.status = RunStatus::Cancelling.as_str().to_owned();
                    row.message.clone_from(reason);
                    row.dropped = std::mem::take(&mut row.left);
                }
            }),
            Event::RunCreated(created) => begin(created, batch),
            Event::RunFinished { run, status, at, .. } => end(*run, *status, *at, batch),
            _ => Ok(()),
        }
    }
}

fn create(created: &BackfillCreated, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::backfill(created.backfill);
    if batch.bytes(&key)?.is_some() {
        return Ok(());
    }
    let pipeline: wire::Pipeline = batch.get(&keys::pipeline(created.pipeline))?.unwrap_or_default();
    let count = |instants: &[Timestamp]| u32::try_from(instants.len()).unwrap_or(u32::MAX);
    let created_at = micros(created.at);
    let row = wire::Backfill {
        id: created.backfill.to_string(),
        pipeline_id: created.pipeline.to_string(),
        pipeline_alias: pipeline.alias,
        schedule: created.schedule.clone(),
        from: micros(created.from),
        to: micros(created.to),
        max_active: created.max_active,
        force: created.force,
        user: created.user.clone(),
        created_at,
        status: RUNNING.to_owned(),
        total: count(&created.instants).saturating_add(count(&created.skipped)),
        left: count(&created.instants),
        skipped: count(&created.skipped),
        ..wire::Backfill::default()
    };
    for (instants, outcome) in [(&created.instants, LEFT), (&created.skipped, SKIPPED)] {
        for instant in instants {
            let row = BackfillInstant { outcome: outcome.to_owned(), ..BackfillInstant::default() };
            batch.put(keys::instant(created.backfill, micros(*instant)), &row);
        }
    }
    batch.put(key, &row);
    batch.put_bytes(keys::backfill_by_age(created_at, created.backfill), Vec::new());
    batch.put_bytes(keys::backfill_of(created.pipeline, created_at, created.backfill), Vec::new());
    change(created.backfill, created.at, batch, |_| ())
}

fn begin(created: &RunCreated, batch: &mut Batch<'_>) -> Result<(), Error> {
    let Trigger::Backfill { backfill, instant, .. } = &created.trigger else { return Ok(()) };
    let key = keys::instant(*backfill, micros(*instant));
    let row = BackfillInstant { outcome: LIVE.to_owned(), run: created.run.0.to_vec(), ..BackfillInstant::default() };
    if !turn(LEFT, key.clone(), row, batch)? {
        return Ok(());
    }
    batch.put_bytes(keys::run_of_backfill(created.run), key);
    change(*backfill, created.at, batch, |row| {
        row.left = row.left.saturating_sub(1);
        row.live += 1;
    })
}

fn end(run: RunId, status: RunStatus, at: Timestamp, batch: &mut Batch<'_>) -> Result<(), Error> {
    let Some(key) = batch.bytes(&keys::run_of_backfill(run))? else { return Ok(()) };
    let Some(backfill) = key.get(1..17).and_then(BackfillId::from_slice) else { return Ok(()) };
    let row =
        BackfillInstant { outcome: status.as_str().to_owned(), run: run.0.to_vec(), ..BackfillInstant::default() };
    if !turn(LIVE, key, row, batch)? {
        return Ok(());
    }
    change(backfill, at, batch, |row| {
        row.live = row.live.saturating_sub(1);
        match status {
            RunStatus::Succeeded | RunStatus::Warning => row.succeeded += 1,
            RunStatus::Failed => row.failed += 1,
            _ => row.cancelled += 1,
        }
    })
}

/// Replaces the row of an instant, if it is as it should be before; says whether it was.
fn turn(before: &str, key: Vec<u8>, row: BackfillInstant, batch: &mut Batch<'_>) -> Result<bool, Error> {
    let found: Option<BackfillInstant> = batch.get(&key)?;
    let fits = found.is_some_and(|found| found.outcome == before);
    if fits {
        batch.put(key, &row);
    }
    Ok(fits)
}

/// Changes a backfill that has not ended; it ends when nothing is left of it.
fn change(
    backfill: BackfillId,
    at: Timestamp,
    batch: &mut Batch<'_>,
    change: impl FnOnce(&mut wire::Backfill),
) -> Result<(), Error> {
    let key = keys::backfill(backfill);
    let Some(mut row) = batch.get::<wire::Backfill>(&key)?.filter(|row| row.completed_at == 0) else { return Ok(()) };
    change(&mut row);
    if row.left == 0 && row.live == 0 {
        row.completed_at = micros(at);
        row.status = match row.status.as_str() {
            RUNNING if row.failed + row.cancelled + row.declined == 0 => RunStatus::Succeeded,
            RUNNING => RunStatus::Failed,
            _ => RunStatus::Cancelled,
        }
        .as_str()
        .to_owned();
    }
    batch.put(key, &row);
    Ok(())
}

/// The pipeline of a backfill's row.
pub fn pipeline_of(row: &wire::Backfill) -> Option<PipelineId> {
    row.pipeline_id.parse().ok()
}
