//! Task runs: the row of what happened, completed with what the plan says.

use downbeat_domain::{PipelineId, RunId, TaskRunId, TaskStatus};
use downbeat_proto::metadata::v1 as wire;
use prost::Message;

use super::{Refusal, runs::shortened};
use crate::{
    engine::{
        batch::ReadRows,
        keys,
        rows::{self, Phase, Plan, TaskRow},
    },
    error::Error,
    limits,
    published::View,
};

/// The plan that a run follows; empty when the log never told it.
///
/// # Errors
/// `Damaged`.
pub fn plan_of(view: &View<'_>, run: &wire::Run) -> Result<Plan, Error> {
    let pipeline: Option<PipelineId> = run.pipeline_id.parse().ok();
    let Some(pipeline) = pipeline else { return Ok(Plan::default()) };
    match view.store.get(&keys::plan(pipeline, run.pipeline_version))? {
        Some(bytes) => rows::unpack_plan(&bytes),
        None => Ok(Plan::default()),
    }
}

/// Every task run of a run, in the order of its plan.
///
/// # Errors
/// `TooLarge` above the limit of one answer; `Store`.
pub fn all(view: &View<'_>, run: RunId, row: &wire::Run, plan: &Plan) -> Result<Vec<wire::TaskRun>, Refusal> {
    let prefix = keys::task_runs(run);
    let mut stored = view.store.scan(&prefix, None).peekable();
    let mut tasks = Vec::new();
    let mut bytes = 0;
    for place in 0..row.tasks {
        let key = keys::task_run(run, place);
        let here = stored.next_if(|found| found.as_ref().map_or(true, |(found, _)| *found == key));
        let found = match here {
            Some(found) => rows::read::<TaskRow>(&key, &found?.1)?,
            None => TaskRow::default(),
        };
        let task = completed(found, run, place, row, plan);
        bytes += task.encoded_len();
        if bytes > limits::ANSWER_BYTES_MAX {
            return Err(Refusal::TooLarge(format!(
                "run {run} has {} task runs, which do not fit into one answer; WatchRun sends them in parts",
                row.tasks
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
pub fn one(view: &View<'_>, run: RunId, place: u32, row: &wire::Run, plan: &Plan) -> Result<wire::TaskRun, Error> {
    let found: Option<TaskRow> = view.get(&keys::task_run(run, place))?;
    Ok(completed(found.unwrap_or_default(), run, place, row, plan))
}

/// The place of a task, by its id in the pipeline file or its task run id.
///
/// # Errors
/// `NotFound`.
pub fn place_of(run: RunId, row: &wire::Run, plan: &Plan, task: &str) -> Result<u32, Refusal> {
    let by_id = |exact: bool| {
        let same = |id: &str| if exact { id == task } else { id.to_lowercase() == task.to_lowercase() };
        plan.tasks.iter().position(|known| same(&known.id)).and_then(|place| u32::try_from(place).ok())
    };
    let by_run_id = || {
        let id: TaskRunId = task.parse().ok()?;
        (0..row.tasks).find(|place| TaskRunId::derive(run, *place) == id)
    };
    by_id(true)
        .or_else(|| by_id(false))
        .or_else(by_run_id)
        .ok_or_else(|| Refusal::NotFound(format!("run {run} has no task `{}`", shortened(task))))
}

/// Has this attempt of the task run ended, or can it never begin?
///
/// # Errors
/// `Damaged`.
pub fn attempt_state(view: &View<'_>, run: RunId, place: u32, attempt: u32) -> Result<AttemptState, Error> {
    let row: TaskRow = view.get(&keys::task_run(run, place))?.unwrap_or_default();
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

fn completed(row: TaskRow, run: RunId, place: u32, of: &wire::Run, plan: &Plan) -> wire::TaskRun {
    let mut task = row.shown;
    task.id = TaskRunId::derive(run, place).to_string();
    task.run_id.clone_from(&of.id);
    task.index = place;
    task.created_at = of.created_at;
    if task.status.is_empty() {
        task.status = TaskStatus::Created.as_str().to_owned();
    }
    if let Some(known) = plan.tasks.get(place as usize) {
        task.task_id.clone_from(&known.id);
        task.name.clone_from(&known.name);
        task.integration.clone_from(&known.integration);
        task.integration_job.clone_from(&known.integration_job);
        task.depends_on.clone_from(&known.depends_on);
        let group = known.group_plus_one.checked_sub(1).and_then(|group| plan.groups.get(group as usize));
        task.group_id = group.cloned().unwrap_or_default();
        if task.attempts > 0 && task.parameters.is_empty() {
            task.parameters.clone_from(&known.parameters);
        }
    }
    task
}
