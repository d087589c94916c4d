//! Runs: one row each, and two indexes by age, which hold what runs are filtered by.

use downbeat_domain::{AttemptRef, Event, EventOrigin, PipelineId, RunCreated, RunId, RunStatus, TaskRunId, Trigger};
use downbeat_proto::{
    convert::{micros, object_text},
    metadata::v1 as wire,
};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    batch::Batch,
    iterations, keys,
    marks::RunMark,
    plans::Plans,
    projection::{Fact, Projection},
    rows::{Phase, RunHead, TaskRow, VersionRow},
    selection,
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Runs;

impl Projection for Runs {
    const NAME: &'static str = "runs";
    const VERSION: u32 = 5;
    const READS: &'static [&'static str] = &["pipelines", "task_runs"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::RunCreated(created) => create(created, plans, batch),
            Event::AttemptStarted { attempt, at, .. } => begin(attempt, *at, batch, |task| {
                task.phase() == Phase::Leased && task.shown.attempts == attempt.number
            }),
            Event::WaitStarted { attempt, at, .. } | Event::ApprovalRequested { attempt, at, .. } => {
                begin(attempt, *at, batch, |task| task.phase() == Phase::Waiting)
            }
            Event::ChildStarted { attempt, child, at, .. } => {
                let goes = |task: &TaskRow| matches!(task.phase(), Phase::Waiting | Phase::Backoff);
                if !counts(attempt, batch, goes)? {
                    return Ok(());
                }
                change(attempt.run, batch, |row| {
                    row.child_run_ids.push(child.to_string());
                    row.child_run_ids.truncate(limits::CHILD_RUNS_LISTED_MAX);
                })?;
                begin(attempt, *at, batch, goes)
            }
            Event::MatrixExpanded { run, group, axes, .. } => expand(*run, *group, axes, plans, batch),
            Event::RunQueued { run, reason, .. } => {
                let head: RunHead = batch.get(&keys::run_head(*run))?.unwrap_or_default();
                change(*run, batch, |row| {
                    if !head.admitted && row.status == RunStatus::Created.as_str() {
                        row.status = RunStatus::Queued.as_str().to_owned();
                        row.message.clone_from(reason);
                    }
                })
            }
            Event::RunAdmitted { run, .. } => change(*run, batch, |row| {
                if row.status == RunStatus::Queued.as_str() {
                    row.status = RunStatus::Created.as_str().to_owned();
                    row.message.clear();
                }
            }),
            Event::RunCancelRequested { run, reason, .. } => change(*run, batch, |row| halt(row, reason)),
            Event::RunTimedOut { run, .. } => change(*run, batch, |row| halt(row, "it took longer than its timeout")),
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

fn halt(row: &mut wire::Run, reason: &str) {
    // The first reason counts.
    if row.status != RunStatus::Cancelling.as_str() {
        row.status = RunStatus::Cancelling.as_str().to_owned();
        row.message = reason.to_owned();
    }
}

/// Iterations are task runs too.
fn expand(
    run: RunId,
    group: u32,
    axes: &[(String, Vec<Value>)],
    plans: &mut Plans,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let Some(head) = batch.get::<RunHead>(&keys::run_head(run))?.filter(|head| !head.finished) else { return Ok(()) };
    let plan = plans.get(batch, PipelineId::from_slice(&head.pipeline).unwrap_or(PipelineId([0; 16])), head.version)?;
    match iterations::fan(run, &head, &plan, group, axes, batch)? {
        Some(fan) => change(run, batch, |row| row.tasks += fan.size()),
        None => Ok(()),
    }
}

fn create(created: &RunCreated, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::run(created.run);
    if batch.bytes(&key)?.is_some() {
        return Ok(());
    }
    let pipeline: wire::Pipeline = batch.get(&keys::pipeline(created.pipeline))?.unwrap_or_default();
    let version: VersionRow = batch.get(&keys::version(created.pipeline, created.version))?.unwrap_or_default();
    let created_at = micros(created.at);
    let selected_tasks = match &created.selection {
        Some(selection) => {
            let plan = plans.get(batch, created.pipeline, created.version)?;
            let places = selection::places(&plan, selection);
            places.into_iter().filter_map(|place| Some(plan.tasks.get(place as usize)?.id.clone())).collect()
        }
        None => Vec::new(),
    };
    let mut row = wire::Run {
        id: created.run.to_string(),
        pipeline_id: created.pipeline.to_string(),
        pipeline_name: version.name,
        pipeline_version: created.version,
        status: RunStatus::Created.as_str().to_owned(),
        created_at,
        tasks: version.tasks,
        origin: version.origin,
        inputs: object_text(&created.inputs),
        pipeline_alias: pipeline.alias,
        environment: created.environment_name.clone(),
        selected_tasks,
        ..wire::Run::default()
    };
    set_trigger(&mut row, &created.trigger);
    batch.put(key, &row);
    note(created.run, &row, batch);
    Ok(())
}

/// Writes what the run is filtered by.
fn note(run: RunId, row: &wire::Run, batch: &mut Batch<'_>) {
    let mark = RunMark::of(row);
    let pipeline = PipelineId::from_slice(&mark.pipeline).unwrap_or(PipelineId([0; 16]));
    batch.put(keys::run_by_age(row.created_at, run), &mark);
    batch.put(keys::run_of(pipeline, row.created_at, run), &mark);
}

fn set_trigger(row: &mut wire::Run, trigger: &Trigger) {
    row.trigger = match trigger {
        Trigger::Manual { user } => {
            row.user.clone_from(user);
            "MANUAL"
        }
        Trigger::Scheduled { schedule, instant, .. } => {
            row.schedule.clone_from(schedule);
            row.schedule_instant = micros(*instant);
            "SCHEDULED"
        }
        Trigger::Backfill { backfill, schedule, instant, user } => {
            row.backfill_id = backfill.to_string();
            row.schedule.clone_from(schedule);
            row.schedule_instant = micros(*instant);
            row.user.clone_from(user);
            "BACKFILL"
        }
        Trigger::Event { trigger, events, .. } => {
            row.event_trigger.clone_from(trigger);
            let event = |event: &EventOrigin| wire::StartingEvent {
                id: event.id.clone(),
                source: event.source.clone(),
                address: event.address.clone(),
                time: event.time.map_or(0, micros),
            };
            row.events = events.iter().map(event).collect();
            "EVENT"
        }
        Trigger::Parent { attempt, .. } => {
            row.parent_run_id = attempt.run.to_string();
            row.parent_task_run_id = TaskRunId::derive(attempt.run, attempt.task).to_string();
            "PIPELINE"
        }
        Trigger::PipelineEnded { run, .. } => {
            row.follows_run_id = run.to_string();
            "TRIGGER_EVENT"
        }
        Trigger::Sensor { sensor, instant } => {
            row.sensor.clone_from(sensor);
            row.schedule_instant = micros(*instant);
            "SENSOR"
        }
        Trigger::Asset { trigger, assets, runs, .. } => {
            row.event_trigger.clone_from(trigger);
            row.assets.clone_from(assets);
            row.materialised_by_run_ids = runs.iter().map(ToString::to_string).collect();
            "ASSET"
        }
        Trigger::Webhook { delivery, signature } => {
            row.webhook_delivery.clone_from(delivery);
            row.webhook_signature.clone_from(signature);
            "WEBHOOK"
        }
        Trigger::Restart { user, run, mode } => {
            row.user.clone_from(user);
            row.restart_of = run.to_string();
            mode.as_str()
        }
    }
    .to_owned();
}

/// Whether the task's life cycle takes an event: `task_runs` has not seen it yet, its row is that of before.
fn counts(attempt: &AttemptRef, batch: &Batch<'_>, accepts: impl FnOnce(&TaskRow) -> bool) -> Result<bool, Error> {
    let head: RunHead = batch.get(&keys::run_head(attempt.run))?.unwrap_or_default();
    if head.finished || attempt.task >= head.total() {
        return Ok(false);
    }
    let task: TaskRow = batch.get(&keys::task_run(attempt.run, attempt.task))?.unwrap_or_default();
    Ok(accepts(&task))
}

/// A run begins with the first attempt that does.
fn begin(
    attempt: &AttemptRef,
    at: Timestamp,
    batch: &mut Batch<'_>,
    accepts: impl FnOnce(&TaskRow) -> bool,
) -> Result<(), Error> {
    let key = keys::run(attempt.run);
    let begins = |row: &wire::Run| row.completed_at == 0 && row.started_at == 0;
    let Some(mut row) = batch.get::<wire::Run>(&key)?.filter(begins) else { return Ok(()) };
    if !counts(attempt, batch, accepts)? {
        return Ok(());
    }
    row.started_at = micros(at);
    let before = row.status.clone();
    if [RunStatus::Created, RunStatus::Queued].iter().any(|status| row.status == status.as_str()) {
        row.status = RunStatus::Running.as_str().to_owned();
    }
    batch.put(key, &row);
    if row.status != before {
        note(attempt.run, &row, batch);
    }
    Ok(())
}

/// Changes a run that has not ended (INV-02).
fn change(run: RunId, batch: &mut Batch<'_>, change: impl FnOnce(&mut wire::Run)) -> Result<(), Error> {
    let key = keys::run(run);
    if let Some(mut row) = batch.get::<wire::Run>(&key)?.filter(|row| row.completed_at == 0) {
        let before = (row.status.clone(), row.tasks);
        change(&mut row);
        batch.put(key, &row);
        if (&row.status, row.tasks) != (&before.0, before.1) {
            note(run, &row, batch);
        }
    }
    Ok(())
}
