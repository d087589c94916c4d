//! Task runs: where each is in its life and what it left behind.
//!
//! The transitions are those of `downbeat_domain::evolve`; every other pair of phase and event changes nothing. A task run
//! has no row until something happens to it, so that a run of 100,000 tasks begins at no cost; `GroupSkipped`,
//! `IterationSkipped`, `RunCancelRequested` and `RunTimedOut`, which speak of many, write them all.

use std::sync::Arc;

use downbeat_domain::{Event, PipelineId, RunCreated, RunId, TaskStatus, Trigger};
use downbeat_proto::convert::{micros, object_text};
use jiff::Timestamp;

use super::{
    attempts,
    batch::Batch,
    iterations, keys, marks,
    plans::Plans,
    projection::{Fact, Projection},
    rows::{Kept, Phase, Plan, RunHead, Selected, TaskRow, VersionRow},
    selection,
};
use crate::error::Error;

/// The projection.
pub(super) struct TaskRuns;

/// What is decided after its end belongs to the history of a run as well.
fn tell_after(run: RunId, sequence: u64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::run_head(run);
    if let Some(mut head) = batch.get::<RunHead>(&key)?.filter(|head| head.finished) {
        head.last_sequence = head.last_sequence.max(sequence);
        batch.put(key, &head);
    }
    Ok(())
}

impl Projection for TaskRuns {
    const NAME: &'static str = "task_runs";
    const VERSION: u32 = 4;
    const READS: &'static [&'static str] = &["pipelines"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        if let Event::FollowerDeclined { ended, .. } = fact.event {
            return tell_after(*ended, fact.sequence, batch);
        }
        let Some(run) = fact.event.run() else { return Ok(()) };
        if let Event::RunCreated(created) = fact.event {
            return create(created, fact.sequence, plans, batch);
        }
        let head_key = keys::run_head(run);
        let Some(mut head) = batch.get::<RunHead>(&head_key)?.filter(|head| !head.finished) else { return Ok(()) };
        match fact.event {
            Event::RunFinished { .. } => {
                head.finished = true;
                head.last_sequence = fact.sequence;
                batch.put(head_key, &head);
                Ok(())
            }
            Event::RunAdmitted { .. } => {
                head.admitted = true;
                batch.put(head_key, &head);
                Ok(())
            }
            Event::RunCancelRequested { reason, at, .. } => {
                let message = if reason.is_empty() { "cancelled".to_owned() } else { format!("cancelled: {reason}") };
                halt(run, &mut head, &message, *at, batch)
            }
            Event::RunTimedOut { at, .. } => {
                halt(run, &mut head, "cancelled: its run took longer than its timeout", *at, batch)
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
                let plan = plan_of(&head, plans, batch)?;
                skip_group(run, &head, &plan, *group, (reason, *at), batch)
            }
            Event::MatrixExpanded { group, axes, at, .. } => {
                let plan = plan_of(&head, plans, batch)?;
                match iterations::fan(run, &head, &plan, *group, axes, batch)? {
                    Some(fan) => iterations::expand(run, &mut head, &plan, fan, (axes, *at), batch),
                    None => Ok(()),
                }
            }
            Event::IterationOpened { group, iteration, .. } => {
                iterations::begin(run, &mut head, *group, *iteration, batch);
                Ok(())
            }
            Event::IterationSkipped { group, iteration, reason, at, .. } => {
                let Some(fan) = iterations::begin(run, &mut head, *group, *iteration, batch) else { return Ok(()) };
                let tasks = fan.place(*iteration, 0)..fan.place(*iteration, fan.members);
                tasks.into_iter().try_for_each(|task| {
                    update(run, &head, task, batch, |row| match row.phase() {
                        Phase::Waiting => end(row, TaskStatus::Skipped, reason, *at),
                        _ => false,
                    })
                })
            }
            Event::TaskCarriedOver(carried) => {
                let kept = Kept {
                    status: carried.status.as_str().to_owned(),
                    outputs: object_text(&carried.outputs),
                    operations: 0,
                };
                keep(run, &mut head, (carried.task, carried.iteration.as_deref()), &kept, carried.at, batch)
            }
            Event::TaskResumes { task, iteration, operations, .. } => {
                let operations = u32::try_from(operations.len()).unwrap_or(u32::MAX);
                let kept = Kept { operations, ..Kept::default() };
                keep(run, &mut head, (*task, iteration.as_deref()), &kept, Timestamp::UNIX_EPOCH, batch)
            }
            Event::IterationsEnded { task, status, .. } => {
                let plan = plan_of(&head, plans, batch)?;
                let seen_as = iterations::seen_as(run, &head, &plan, (*task, *status), batch)?;
                update(run, &head, *task, batch, |row| {
                    let ended = apply(row, fact.event, head.halted);
                    if ended {
                        row.shown.seen_as = seen_as.map_or_else(String::new, |seen| seen.as_str().to_owned());
                    }
                    ended
                })
            }
            single => match single.task() {
                Some(task) => update(run, &head, task, batch, |row| apply(row, single, head.halted)),
                None => Ok(()),
            },
        }
    }
}

fn plan_of(head: &RunHead, plans: &mut Plans, batch: &Batch<'_>) -> Result<Arc<Plan>, Error> {
    let pipeline = PipelineId::from_slice(&head.pipeline).unwrap_or(PipelineId([0; 16]));
    plans.get(batch, pipeline, head.version)
}

fn create(created: &RunCreated, sequence: u64, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::run_head(created.run);
    if batch.bytes(&key)?.is_some() {
        return Ok(());
    }
    let version: VersionRow = batch.get(&keys::version(created.pipeline, created.version))?.unwrap_or_default();
    let head = RunHead {
        pipeline: created.pipeline.0.to_vec(),
        version: created.version,
        tasks: version.tasks,
        admitted: !created.gated,
        selects: created.selection.is_some(),
        first_sequence: sequence,
        created_at: micros(created.at),
        restart_of: match &created.trigger {
            Trigger::Restart { run, .. } => run.to_string(),
            _ => String::new(),
        },
        ..RunHead::default()
    };
    if let Some(selection) = &created.selection {
        let tasks = selection::places(&*plan_of(&head, plans, batch)?, selection);
        batch.put(keys::selected(created.run), &Selected { tasks });
    }
    batch.put(key, &head);
    Ok(())
}

/// What a restart keeps of a task; that of an iteration waits until its matrix is known.
fn keep(
    run: RunId,
    head: &mut RunHead,
    (task, iteration): (u32, Option<&str>),
    kept: &Kept,
    at: Timestamp,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let Some(iteration) = iteration else {
        return update(run, head, task, batch, |row| {
            let waits = row.phase() == Phase::Waiting;
            if waits {
                iterations::take_over(row, kept, &head.restart_of, at);
            }
            waits
        });
    };
    let key = keys::kept(run, task, iteration);
    let mut row: Kept = batch.get(&key)?.unwrap_or_default();
    // The two say different things; what is carried over counts.
    if kept.status.is_empty() {
        row.operations = kept.operations;
    } else {
        row = kept.clone();
    }
    batch.put(key, &row);
    if !head.keeps {
        head.keeps = true;
        batch.put(keys::run_head(run), head);
    }
    Ok(())
}

/// Changes the row of one task run, if `change` says that it did, and what it is filtered by.
///
/// # Errors
/// `Damaged`.
pub(super) fn update(
    run: RunId,
    head: &RunHead,
    task: u32,
    batch: &mut Batch<'_>,
    change: impl FnOnce(&mut TaskRow) -> bool,
) -> Result<(), Error> {
    if task >= head.total() {
        return Ok(());
    }
    let key = keys::task_run(run, task);
    let known: Option<TaskRow> = batch.get(&key)?;
    let before = marks::noted(known.as_ref());
    let mut row = known.unwrap_or_default();
    if change(&mut row) {
        batch.put(key, &row);
        marks::note_task((run, head.created_at), task, before, &row, batch)?;
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
    let members = plan.members(group);
    let left_out = match head.selects {
        true => {
            let selected: Selected = batch.get(&keys::selected(run))?.unwrap_or_default();
            !members.iter().any(|member| selected.tasks.binary_search(member).is_ok())
        }
        false => false,
    };
    // What is paused, or not part of this run, is seen as if it had succeeded.
    let unseen = left_out || plan.groups.get(group as usize).is_some_and(|group| group.paused);
    for task in members {
        update(run, head, task, batch, |row| {
            let waits = row.phase() == Phase::Waiting;
            if waits {
                see_as(row, unseen.then_some(TaskStatus::Succeeded));
                end(row, TaskStatus::Skipped, reason, at);
            }
            waits
        })?;
    }
    Ok(())
}

fn see_as(row: &mut TaskRow, seen_as: Option<TaskStatus>) {
    row.shown.seen_as = seen_as.map(|status| status.as_str().to_owned()).unwrap_or_default();
}

/// The run goes no further: what nobody holds ends; what somebody holds is asked to stop by events of its own.
fn halt(run: RunId, head: &mut RunHead, message: &str, at: Timestamp, batch: &mut Batch<'_>) -> Result<(), Error> {
    if head.halted {
        return Ok(());
    }
    head.halted = true;
    batch.put(keys::run_head(run), head);
    for task in 0..head.total() {
        update(run, head, task, batch, |row| {
            let settles_first = row.unsettled && matches!(row.phase(), Phase::Ready | Phase::Backoff);
            if !row.phase().ends_with_a_halt() || settles_first {
                return false;
            }
            if matches!(row.phase(), Phase::Sleeping | Phase::Approving) {
                attempts::summarise(row, "STOPPED", message, at);
            }
            end(row, TaskStatus::Cancelled, message, at)
        })?;
    }
    Ok(())
}

/// Folds an event about one task; says whether it changed anything.
fn apply(row: &mut TaskRow, event: &Event, halted: bool) -> bool {
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
        Event::TaskSkipped { reason, condition, seen_as, at, .. } if row.phase() == Phase::Waiting => {
            set_condition(row, condition);
            see_as(row, *seen_as);
            end(row, TaskStatus::Skipped, reason, *at)
        }
        Event::TaskFailed { message, as_warning, at, .. }
            if matches!(row.phase(), Phase::Waiting | Phase::Ready | Phase::Backoff) =>
        {
            end(row, attempts::failed(*as_warning), message, *at)
        }
        Event::TaskReady { .. } | Event::TaskSkipped { .. } | Event::TaskFailed { .. } => false,
        attempt => attempts::apply(row, attempt, halted),
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
    row.unsettled = false;
    row.shown.message = message.to_owned();
    row.shown.completed_at = micros(at);
    row.shown.retry_at = 0;
    true
}
