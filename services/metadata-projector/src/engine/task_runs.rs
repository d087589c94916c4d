//! Task runs: where each is in its life and what it left behind.
//!
//! The transitions are those of `downbeat_domain::evolve`; every other pair of phase and event changes nothing. A task run
//! has no row until something happens to it, so that a run of 100,000 tasks begins at no cost; `GroupSkipped` and
//! `RunCancelRequested`, which speak of many, write them all.

use downbeat_domain::{Event, PipelineId, RunCreated, RunId, TaskStatus};
use downbeat_proto::{convert::micros, metadata::v1 as wire};
use jiff::Timestamp;

use super::{
    attempts,
    batch::Batch,
    keys,
    plans::Plans,
    projection::{Fact, Projection},
    rows::{Phase, Plan, RunHead, TaskRow},
};
use crate::error::Error;

/// The projection.
pub(super) struct TaskRuns;

impl Projection for TaskRuns {
    const NAME: &'static str = "task_runs";
    const VERSION: u32 = 1;

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Some(run) = fact.event.run() else { return Ok(()) };
        if let Event::RunCreated(created) = fact.event {
            return create(created, batch);
        }
        let head_key = keys::run_head(run);
        let Some(mut head) = batch.get::<RunHead>(&head_key)?.filter(|head| !head.finished) else { return Ok(()) };
        match fact.event {
            Event::RunFinished { .. } => {
                head.finished = true;
                batch.put(head_key, &head);
                Ok(())
            }
            Event::RunCancelRequested { reason, at, .. } => {
                head.cancel_requested = true;
                batch.put(head_key, &head);
                cancel(run, &head, reason, *at, batch)
            }
            Event::GroupOpened { group, .. } => {
                batch.put_bytes(keys::decided_group(run, *group), Vec::new());
                Ok(())
            }
            Event::GroupSkipped { group, reason, at, .. } => {
                let decided = keys::decided_group(run, *group);
                if batch.bytes(&decided)?.is_some() {
                    return Ok(());
                }
                batch.put_bytes(decided, Vec::new());
                let pipeline = PipelineId::from_slice(&head.pipeline).unwrap_or(PipelineId([0; 16]));
                let plan = plans.get(batch, pipeline, head.version)?;
                skip_group(run, &head, &plan, *group, (reason, *at), batch)
            }
            single => match task_of(single) {
                Some(task) => update(run, &head, task, batch, |row| apply(row, single, head.cancel_requested)),
                None => Ok(()),
            },
        }
    }
}

fn create(created: &RunCreated, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::run_head(created.run);
    if batch.bytes(&key)?.is_some() {
        return Ok(());
    }
    let pipeline: wire::Pipeline = batch.get(&keys::pipeline(created.pipeline))?.unwrap_or_default();
    let head = RunHead {
        pipeline: created.pipeline.0.to_vec(),
        version: created.version,
        tasks: pipeline.tasks,
        ..RunHead::default()
    };
    batch.put(key, &head);
    Ok(())
}

fn task_of(event: &Event) -> Option<u32> {
    match event {
        Event::TaskReady { task, .. } | Event::TaskSkipped { task, .. } | Event::TaskFailed { task, .. } => Some(*task),
        Event::AttemptLeased { attempt, .. }
        | Event::AttemptStarted { attempt, .. }
        | Event::AttemptSucceeded { attempt, .. }
        | Event::AttemptFailed { attempt, .. }
        | Event::AttemptLost { attempt, .. }
        | Event::AttemptStopRequested { attempt, .. }
        | Event::AttemptStopped { attempt, .. }
        | Event::WaitStarted { attempt, .. } => Some(attempt.task),
        _ => None,
    }
}

/// Changes the row of one task run, if `change` says that it did.
fn update(
    run: RunId,
    head: &RunHead,
    task: u32,
    batch: &mut Batch<'_>,
    change: impl FnOnce(&mut TaskRow) -> bool,
) -> Result<(), Error> {
    if task >= head.tasks {
        return Ok(());
    }
    let key = keys::task_run(run, task);
    let mut row: TaskRow = batch.get(&key)?.unwrap_or_default();
    if change(&mut row) {
        batch.put(key, &row);
    }
    Ok(())
}

/// Skips every task of a group that waits.
fn skip_group(
    run: RunId,
    head: &RunHead,
    plan: &Plan,
    group: u32,
    (reason, at): (&str, Timestamp),
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    for (task, planned) in (0u32..).zip(&plan.tasks) {
        if planned.group_plus_one.checked_sub(1) == Some(group) {
            update(run, head, task, batch, |row| match row.phase() {
                Phase::Waiting => end(row, TaskStatus::Skipped, reason, at),
                _ => false,
            })?;
        }
    }
    Ok(())
}

/// Cancels every task that no worker holds; those that one holds are asked to stop by events of their own.
fn cancel(run: RunId, head: &RunHead, reason: &str, at: Timestamp, batch: &mut Batch<'_>) -> Result<(), Error> {
    let message = if reason.is_empty() { "cancelled".to_owned() } else { format!("cancelled: {reason}") };
    for task in 0..head.tasks {
        update(run, head, task, batch, |row| match row.phase() {
            Phase::Sleeping => {
                attempts::summarise(row, "STOPPED", &message, at);
                end(row, TaskStatus::Cancelled, &message, at)
            }
            Phase::Waiting | Phase::Ready | Phase::Backoff => end(row, TaskStatus::Cancelled, &message, at),
            _ => false,
        })?;
    }
    Ok(())
}

/// Folds an event about one task; says whether it changed anything.
fn apply(row: &mut TaskRow, event: &Event, cancel_requested: bool) -> bool {
    match event {
        Event::TaskReady { condition, at, .. } if matches!(row.phase(), Phase::Waiting | Phase::Backoff) => {
            set_condition(row, condition);
            enter(row, Phase::Ready, TaskStatus::Queued);
            row.shown.retry_at = 0;
            if row.shown.queued_at == 0 {
                row.shown.queued_at = micros(*at);
            }
            true
        }
        Event::TaskSkipped { reason, condition, at, .. } if row.phase() == Phase::Waiting => {
            set_condition(row, condition);
            end(row, TaskStatus::Skipped, reason, *at)
        }
        Event::TaskFailed { message, as_warning, at, .. } if matches!(row.phase(), Phase::Waiting | Phase::Ready) => {
            end(row, attempts::failed(*as_warning), message, *at)
        }
        Event::TaskReady { .. } | Event::TaskSkipped { .. } | Event::TaskFailed { .. } => false,
        attempt => attempts::apply(row, attempt, cancel_requested),
    }
}

fn set_condition(row: &mut TaskRow, condition: &Option<downbeat_domain::ConditionResult>) {
    if let Some(condition) = condition {
        row.shown.condition.clone_from(&condition.expression);
        row.shown.condition_value = condition.value.to_string();
    }
}

/// Changes the phase and with it the public status.
pub(super) fn enter(row: &mut TaskRow, phase: Phase, status: TaskStatus) {
    row.set_phase(phase);
    row.shown.status = status.as_str().to_owned();
}

/// The end of a task run.
pub(super) fn end(row: &mut TaskRow, status: TaskStatus, message: &str, at: Timestamp) -> bool {
    enter(row, Phase::Ended, status);
    row.shown.message = message.to_owned();
    row.shown.completed_at = micros(at);
    row.shown.retry_at = 0;
    true
}
