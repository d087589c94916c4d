//! Tasks that fail, as they do: also in runs that go on.

use downbeat_domain::{Event, FailureClass, PipelineId, RunId, TaskStatus};
use downbeat_proto::metadata::v1 as wire;

use super::{
    classes::{self, How},
    rows::{FailedIn, FailingTask, RunMark, Touched},
    standing,
};
use crate::{
    engine::{
        batch::Batch,
        graph::reporter::Reporter,
        keys::{self, answers},
        plans::Plans,
        rows::{Phase, RunHead, TaskRow},
    },
    error::Error,
    limits,
};

/// How a task may have failed by this event. `None`: by no means.
fn how(event: &Event) -> Option<How> {
    match event {
        Event::AttemptFailed { class: FailureClass::TimedOut, message, .. }
            if message.starts_with("nobody decided") =>
        {
            Some(How::Rejected)
        }
        Event::AttemptFailed { class, retry_at: None, .. } => Some(How::Attempt(*class)),
        Event::AttemptLost { retry_at: None, .. } => Some(How::Lost),
        Event::TaskFailed { .. } => Some(How::BeforeAttempts),
        Event::ApprovalDecided { approved: false, .. } => Some(How::Rejected),
        Event::ChildEnded { retry_at: None, .. } => Some(How::Child),
        // What was marked FAILED ends so, whatever its attempt came to.
        Event::TaskMarked { .. } | Event::AttemptStopped { .. } | Event::AttemptSucceeded { .. } => Some(How::Marked),
        _ => None,
    }
}

/// Folds an event about one task.
pub(super) fn fold(event: &Event, sequence: u64, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
    let Some((how, run, place)) = how(event).and_then(|how| Some((how, event.run()?, event.task()?))) else {
        return Ok(());
    };
    let Some(row) = batch.get::<TaskRow>(&keys::task_run(run, place))? else { return Ok(()) };
    if row.phase() != Phase::Ended || row.shown.status != TaskStatus::Failed.as_str() {
        return Ok(());
    }
    let Some(head) = batch.get::<RunHead>(&keys::run_head(run))?.filter(|head| !head.finished) else { return Ok(()) };
    let key = answers::failed_in(run);
    let mut failed: FailedIn = batch.get(&key)?.unwrap_or_default();
    if failed.tasks.iter().any(|known| known.place == place) {
        return Ok(());
    }
    if failed.tasks.len() >= limits::FAILED_TASKS_PER_RUN_MAX {
        failed.more += 1;
        batch.put(key, &failed);
        return Ok(());
    }
    let how = if row.shown.marked_by.is_empty() || how == How::Rejected { how } else { How::Marked };
    let task = describe((run, place), &head, &row, how, sequence, plans, batch)?;
    failed.tasks.push(task.clone());
    batch.put(key, &failed);
    standing::fails_live(run, &head, task, batch)
}

fn describe(
    (run, place): (RunId, u32),
    head: &RunHead,
    row: &TaskRow,
    how: How,
    sequence: u64,
    plans: &mut Plans,
    batch: &Batch<'_>,
) -> Result<FailingTask, Error> {
    let attempt = downbeat_domain::AttemptRef { run, task: place, number: row.shown.attempts };
    let reporter = Reporter::of(attempt, plans, batch)?.unwrap_or_default();
    let pipeline = PipelineId::from_slice(&head.pipeline).unwrap_or(PipelineId([0; 16]));
    let plan = plans.get(batch, pipeline, head.version)?;
    let planned = head.planned(&plan, place);
    let planned = planned.and_then(|place| plan.tasks.get(place as usize)).cloned().unwrap_or_default();
    let child: Option<RunId> = row.shown.child_run_id.parse().ok().filter(|_| how == How::Child);
    let child: RunHead = match child {
        Some(child) => batch.get(&keys::run_head(child))?.unwrap_or_default(),
        None => RunHead::default(),
    };
    let created: wire::Run = batch.get(&keys::run(run))?.unwrap_or_default();
    let ended: Option<RunId> = created.follows_run_id.parse().ok();
    let follows: RunHead = match ended {
        Some(ended) => batch.get(&keys::run_head(ended))?.unwrap_or_default(),
        None => RunHead::default(),
    };
    let mark = RunMark { run: run.0.to_vec(), version: head.version, at: row.shown.completed_at, sequence };
    let Touched { mut outputs, mut inputs } = batch.get(&answers::touched(reporter.id))?.unwrap_or_default();
    outputs.truncate(limits::FAILING_ASSETS_MAX);
    inputs.truncate(limits::FAILING_ASSETS_MAX);
    Ok(FailingTask {
        task: reporter.task,
        class: classes::of(how, &row.shown.message).name.to_owned(),
        message: cut(&row.shown.message),
        latest: Some(mark.clone()),
        place,
        attempts: row.shown.attempts,
        first: Some(mark),
        failures: 1,
        integration: planned.integration,
        connection: planned.connection,
        child_pipeline: child.pipeline,
        follows: follows.pipeline,
        outputs,
        inputs,
        live: true,
        ..FailingTask::default()
    })
}

/// So much of what was said as a list shows.
pub(super) fn cut(message: &str) -> String {
    message.chars().take(limits::FAILURE_MESSAGE_CHARS_MAX).collect()
}
