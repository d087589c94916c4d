//! Runs: one row each, and two indexes by age.

use downbeat_domain::{AttemptRef, Event, RunCreated, RunId, RunStatus, Trigger};
use downbeat_proto::{
    convert::{micros, object_text},
    metadata::v1 as wire,
};
use jiff::Timestamp;

use super::{
    batch::Batch,
    keys,
    plans::Plans,
    projection::{Fact, Projection},
    rows::{Phase, TaskRow},
};
use crate::error::Error;

/// The projection.
pub(super) struct Runs;

impl Projection for Runs {
    const NAME: &'static str = "runs";
    const VERSION: u32 = 1;

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::RunCreated(created) => create(created, batch),
            Event::AttemptStarted { attempt, at, .. } => begin(attempt, *at, batch, |task| {
                task.phase() == Phase::Leased && task.shown.attempts == attempt.number
            }),
            Event::WaitStarted { attempt, at, .. } => begin(attempt, *at, batch, |task| task.phase() == Phase::Waiting),
            Event::RunCancelRequested { run, reason, .. } => change(*run, batch, |row| {
                row.status = RunStatus::Cancelling.as_str().to_owned();
                row.message = reason.clone();
            }),
            Event::RunFinished { run, status, message, at } => change(*run, batch, |row| {
                row.status = status.as_str().to_owned();
                row.completed_at = micros(*at);
                // The reason of a cancel stays unless the end says more.
                if !message.is_empty() {
                    row.message = message.clone();
                }
            }),
            _ => Ok(()),
        }
    }
}

fn create(created: &RunCreated, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::run(created.run);
    if batch.bytes(&key)?.is_some() {
        return Ok(());
    }
    let pipeline: wire::Pipeline = batch.get(&keys::pipeline(created.pipeline))?.unwrap_or_default();
    let created_at = micros(created.at);
    let (trigger, user, schedule, schedule_instant) = match &created.trigger {
        Trigger::Manual { user } => ("MANUAL", user.clone(), String::new(), 0),
        Trigger::Scheduled { schedule, instant } => ("SCHEDULED", String::new(), schedule.clone(), micros(*instant)),
    };
    let row = wire::Run {
        id: created.run.to_string(),
        pipeline_id: created.pipeline.to_string(),
        pipeline_name: pipeline.name,
        pipeline_version: created.version,
        status: RunStatus::Created.as_str().to_owned(),
        message: String::new(),
        trigger: trigger.to_owned(),
        schedule,
        schedule_instant,
        user,
        created_at,
        started_at: 0,
        completed_at: 0,
        tasks: pipeline.tasks,
        inputs: object_text(&created.inputs),
        pipeline_alias: pipeline.alias,
    };
    batch.put(key, &row);
    batch.put_bytes(keys::run_by_age(created_at, created.run), Vec::new());
    batch.put_bytes(keys::run_of(created.pipeline, created_at, created.run), Vec::new());
    Ok(())
}

/// A run begins with the first attempt that does: with an event that the task's life cycle accepts, see `task_runs`, whose
/// row here is still that of before the event.
fn begin(
    attempt: &AttemptRef,
    at: Timestamp,
    batch: &mut Batch<'_>,
    accepts: impl FnOnce(&TaskRow) -> bool,
) -> Result<(), Error> {
    let key = keys::run(attempt.run);
    let begins = |row: &wire::Run| row.completed_at == 0 && row.started_at == 0 && attempt.task < row.tasks;
    let Some(mut row) = batch.get::<wire::Run>(&key)?.filter(begins) else { return Ok(()) };
    let task: TaskRow = batch.get(&keys::task_run(attempt.run, attempt.task))?.unwrap_or_default();
    if !accepts(&task) {
        return Ok(());
    }
    row.started_at = micros(at);
    if row.status == RunStatus::Created.as_str() {
        row.status = RunStatus::Running.as_str().to_owned();
    }
    batch.put(key, &row);
    Ok(())
}

/// Changes a run that has not ended (INV-02).
fn change(run: RunId, batch: &mut Batch<'_>, change: impl FnOnce(&mut wire::Run)) -> Result<(), Error> {
    let key = keys::run(run);
    if let Some(mut row) = batch.get::<wire::Run>(&key)?.filter(|row| row.completed_at == 0) {
        change(&mut row);
        batch.put(key, &row);
    }
    Ok(())
}
