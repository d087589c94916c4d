//! Task runs: the row of what happened, completed with what the plan says.

use downbeat_domain::{RunId, TaskRunId, TaskStatus};
use downbeat_proto::{convert::object_text, metadata::v1 as wire};
use prost::Message;

use super::{Refusal, shape::Shape};
use crate::{
    engine::{
        keys,
        rows::{self, Phase, TaskRow},
    },
    error::Error,
    limits,
    store::ScanRows,
};

/// Every task run of a run: in the order of its plan, then iteration by iteration.
///
/// # Errors
/// `TooLarge` above the limit of one answer; `Store`.
pub fn all(store: &dyn ScanRows, row: &wire::Run, shape: &Shape) -> Result<Vec<wire::TaskRun>, Refusal> {
    let run = shape.run;
    let prefix = keys::task_runs(run);
    let mut stored = store.rows(&prefix).peekable();
    let mut tasks = Vec::new();
    let mut bytes = 0;
    for place in 0..shape.head.total() {
        let key = keys::task_run(run, place);
        let here = stored.next_if(|found| found.as_ref().map_or(true, |(found, _)| *found == key));
        let found = match here {
            Some(found) => rows::read::<TaskRow>(&key, &found?.1)?,
            None => TaskRow::default(),
        };
        let task = completed(found, place, row, shape);
        bytes += task.encoded_len();
        if bytes > limits::ANSWER_BYTES_MAX {
            return Err(Refusal::TooLarge(format!(
                "run {run} has {} task runs, which do not fit into one answer; WatchRun sends them in parts",
                shape.head.total()
            )));
        }
        tasks.push(task);
    }
    Ok(tasks)
}

/// The task run at this place.
///
/// # Errors
/// `Damaged`.
pub fn one(store: &dyn ScanRows, place: u32, row: &wire::Run, shape: &Shape) -> Result<wire::TaskRun, Error> {
    Ok(completed(row_of(store, shape.run, place)?, place, row, shape))
}

fn row_of(store: &dyn ScanRows, run: RunId, place: u32) -> Result<TaskRow, Error> {
    let key = keys::task_run(run, place);
    Ok(store.get(&key)?.map(|bytes| rows::read(&key, &bytes)).transpose()?.unwrap_or_default())
}

/// Has this attempt of the task run ended, or can it never begin?
///
/// # Errors
/// `Damaged`.
pub fn attempt_state(store: &dyn ScanRows, run: RunId, place: u32, attempt: u32) -> Result<AttemptState, Error> {
    let row = row_of(store, run, place)?;
    let wanted = if attempt == 0 { row.shown.attempts } else { attempt };
    let over = matches!(row.phase(), Phase::Ended | Phase::Backoff | Phase::Ready);
    Ok(AttemptState {
        attempt: wanted,
        known: wanted > 0 && wanted <= row.shown.attempts,
        ended: wanted < row.shown.attempts || over,
        last: row.phase() == Phase::Ended,
        status: if row.shown.status.is_empty() { TaskStatus::Created.as_str().to_owned() } else { row.shown.status },
    })
}

/// See [`attempt_state`].
#[derive(Debug)]
pub struct AttemptState {
    /// Its number; 0 = the last one was asked for and there is none yet.
    pub attempt: u32,
    /// It was given to a worker.
    pub known: bool,
    /// It has ended, if it is known.
    pub ended: bool,
    /// No further attempt follows.
    pub last: bool,
    /// Of the task run.
    pub status: String,
}

fn completed(row: TaskRow, place: u32, of: &wire::Run, shape: &Shape) -> wire::TaskRun {
    let mut task = row.shown;
    task.id = TaskRunId::derive(shape.run, place).to_string();
    task.run_id.clone_from(&of.id);
    task.index = place;
    task.created_at = of.created_at;
    if task.status.is_empty() {
        task.status = TaskStatus::Created.as_str().to_owned();
    }
    let iteration = shape.iteration(place);
    match iteration {
        Some(iteration) => {
            task.matrix_parent_id = TaskRunId::derive(shape.run, iteration.planned).to_string();
            task.iteration = iteration.name.to_owned();
            task.matrix = object_text(&shape.values(iteration));
        }
        None => task.matrix_parent = shape.stands_for_iterations(place),
    }
    let planned = iteration.map_or(place, |iteration| iteration.planned);
    if let Some(known) = shape.plan.tasks.get(planned as usize) {
        task.task_id.clone_from(&known.id);
        task.name.clone_from(&known.name);
        task.integration.clone_from(&known.integration);
        task.integration_job.clone_from(&known.integration_job);
        task.depends_on.clone_from(&known.depends_on);
        let group = known.group_plus_one.checked_sub(1).and_then(|group| shape.plan.groups.get(group as usize));
        task.group_id = group.map(|group| group.id.clone()).unwrap_or_default();
        if task.attempts > 0 && task.parameters.is_empty() {
            task.parameters.clone_from(&known.parameters);
        }
    }
    task
}
