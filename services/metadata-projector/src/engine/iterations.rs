//! The iterations of a matrix: planned tasks stand for them, their task runs follow behind all others.

use std::collections::BTreeSet;

use downbeat_domain::{
    RunId, TaskStatus, limits,
    state::{Expansion, iteration_ids},
    worst,
};
use downbeat_proto::{convert::micros, events::v1 as events};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    batch::Batch,
    keys,
    rows::{Fan, Kept, Matrix, Phase, Plan, RunHead, TaskRow},
    task_runs::{end, enter, update},
};
use crate::error::Error;

/// Values by name.
type Axes = [(String, Vec<Value>)];

/// The iterations that these elements make; `None` when the event does not count: they are known, or the group has ended.
///
/// # Errors
/// `Damaged`.
pub(super) fn fan(
    run: RunId,
    head: &RunHead,
    plan: &Plan,
    group: u32,
    axes: &Axes,
    batch: &Batch<'_>,
) -> Result<Option<Fan>, Error> {
    if group as usize >= plan.groups.len() || head.fan(group).is_some() {
        return Ok(None);
    }
    let members = plan.members(group);
    let mut open = members.is_empty();
    for member in &members {
        let row: TaskRow = batch.get(&keys::task_run(run, *member))?.unwrap_or_default();
        open |= row.phase() != Phase::Ended;
    }
    let count = Expansion::size(axes);
    let count = count.filter(|count| *count as usize * members.len() <= limits::ITERATION_TASKS_MAX);
    Ok(count.filter(|_| open).map(|count| Fan {
        group,
        first: head.total(),
        count,
        members: u32::try_from(members.len()).unwrap_or(u32::MAX),
        next: 0,
    }))
}

/// Each planned task stands for its iterations from now on; one that ended before takes them with it.
///
/// # Errors
/// `Damaged`.
pub(super) fn expand(
    run: RunId,
    head: &mut RunHead,
    plan: &Plan,
    fan: Fan,
    (axes, at): (&Axes, Timestamp),
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let names = iteration_ids(axes);
    let mut fanned = head.clone();
    fanned.fans.push(fan.clone());
    for (index, planned) in (0u32..).zip(plan.members(fan.group)) {
        let row: TaskRow = batch.get(&keys::task_run(run, planned))?.unwrap_or_default();
        let carried = (row.phase() == Phase::Ended).then(|| Kept {
            status: if row.shown.seen_as.is_empty() { row.shown.status.clone() } else { row.shown.seen_as.clone() },
            outputs: row.shown.outputs.clone(),
            operations: 0,
        });
        update(run, &fanned, planned, batch, |row| {
            let waits = row.phase() == Phase::Waiting;
            if waits {
                enter(row, Phase::Fanned, TaskStatus::Running);
                row.shown.started_at = micros(at);
            }
            waits
        })?;
        for (iteration, name) in (0u32..).zip(&names) {
            let kept = match head.keeps {
                true => batch.get::<Kept>(&keys::kept(run, planned, name))?,
                false => None,
            };
            // What is said of the iteration itself counts more than what is said of its task as a whole.
            let told = kept.as_ref().filter(|kept| !kept.status.is_empty()).or(carried.as_ref()).or(kept.as_ref());
            if let Some(told) = told {
                update(run, &fanned, fan.place(iteration, index), batch, |row| {
                    take_over(row, told, &head.restart_of, at);
                    true
                })?;
            }
        }
    }
    let axes = axes.iter().map(|(name, values)| events::MatrixAxis {
        name: name.clone(),
        values: serde_json::to_string(values).unwrap_or_default(),
    });
    batch.put(keys::matrix(run, fan.group), &Matrix { axes: axes.collect(), names });
    *head = fanned;
    batch.put(keys::run_head(run), head);
    Ok(())
}

/// What the run before had done of a task: it is SKIPPED and seen as what it was; or it runs again for what failed.
pub(super) fn take_over(row: &mut TaskRow, kept: &Kept, before: &str, at: Timestamp) {
    if kept.status.is_empty() {
        let (count, what) = (kept.operations, if kept.operations == 1 { "operation" } else { "operations" });
        row.shown.message =
            format!("runs again for {count} {what} that did not end well in run {before}, and what follows");
        if row.shown.status.is_empty() {
            enter(row, Phase::Waiting, TaskStatus::Created);
        }
        return;
    }
    if !kept.outputs.is_empty() {
        row.shown.outputs.clone_from(&kept.outputs);
    }
    row.shown.seen_as.clone_from(&kept.status);
    let message = format!("carried over from run {before}: it ended {} there", kept.status);
    end(row, TaskStatus::Skipped, &message, at);
}

/// How the task that stands for iterations is seen, where that is not how they ended together: some were carried over.
///
/// # Errors
/// `Damaged`.
pub(super) fn seen_as(
    run: RunId,
    head: &RunHead,
    plan: &Plan,
    (task, status): (u32, TaskStatus),
    batch: &Batch<'_>,
) -> Result<Option<TaskStatus>, Error> {
    let group = plan.tasks.get(task as usize).and_then(|planned| planned.group_plus_one.checked_sub(1));
    let Some((fan, group)) = group.and_then(|group| Some((head.fan(group)?, group))) else { return Ok(None) };
    let Some(index) = (0u32..).zip(plan.members(group)).find_map(|(index, member)| (member == task).then_some(index))
    else {
        return Ok(None);
    };
    let mut seen = BTreeSet::new();
    for iteration in 0..fan.count {
        let row: TaskRow = batch.get(&keys::task_run(run, fan.place(iteration, index)))?.unwrap_or_default();
        let word = if row.shown.seen_as.is_empty() { &row.shown.status } else { &row.shown.seen_as };
        seen.extend(TaskStatus::from_word(word));
    }
    let seen = worst(&seen);
    Ok((seen != status).then_some(seen))
}

/// Iterations begin in their order; says whether this one is the next.
pub(super) fn begin(run: RunId, head: &mut RunHead, group: u32, iteration: u32, batch: &mut Batch<'_>) -> Option<Fan> {
    let fan = head.fans.iter_mut().find(|fan| fan.group == group)?;
    if fan.next != iteration || iteration >= fan.count {
        return None;
    }
    fan.next += 1;
    let fan = fan.clone();
    batch.put(keys::run_head(run), head);
    Some(fan)
}
