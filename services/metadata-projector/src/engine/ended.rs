//! Attempts that a worker held, at the event that ends them: of which task, for how long, and how they ended.
//!
//! Reads the rows of `task_runs` as they were before the event: only what counts there counts here (INV-01). Waits, approvals and runs of
//! other pipelines hold no worker, and are no attempts here.

use std::sync::Arc;

use downbeat_domain::{AttemptRef, Event, FailureClass, PipelineId};
use downbeat_proto::convert::micros;

use super::{
    batch::Batch,
    keys,
    plans::Plans,
    projection::Fact,
    rows::{Plan, PlanTask, RunHead, TaskRow},
    statistics::span,
};
use crate::error::Error;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Well.
    Good,
    /// Not: by which class, and what was said.
    Failed(&'static str, String),
}

/// The class of an attempt whose worker was lost.
pub(super) const LOST: &str = "LOST";

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    /// Which.
    pub(super) attempt: AttemptRef,
    /// Whose.
    pub(super) pipeline: PipelineId,
    /// How.
    pub(super) how: How,
    /// When, microseconds since the epoch.
    pub(super) at: i64,
    /// How long it ran, microseconds; `None` = it never began.
    pub(super) ran: Option<u64>,
    /// Of a first attempt: how long the task waited for it, microseconds.
    pub(super) waited: u64,
    plan: Arc<Plan>,
    place: usize,
}

impl Ended {
    /// What the plan says of the task.
    pub(super) fn task(&self) -> Option<&PlanTask> {
        self.plan.tasks.get(self.place)
    }
}

/// The attempt that ends with this event. `None`: none does, or it is a stale report.
///
/// # Errors
/// `Damaged`.
pub(super) fn of(fact: &Fact<'_>, plans: &mut Plans, batch: &Batch<'_>) -> Result<Option<Ended>, Error> {
    let (attempt, at, how) = match fact.event {
        Event::AttemptSucceeded { attempt, at, .. } => (*attempt, at, How::Good),
        Event::AttemptFailed { attempt, class, message, at, .. } => {
            (*attempt, at, How::Failed(FailureClass::as_str(*class), message.clone()))
        }
        Event::AttemptLost { attempt, reason, at, .. } => (*attempt, at, How::Failed(LOST, reason.clone())),
        _ => return Ok(None),
    };
    let Some(head) = batch.get::<RunHead>(&keys::run_head(attempt.run))?.filter(|head| !head.finished) else {
        return Ok(None);
    };
    let Some(row) = batch.get::<TaskRow>(&keys::task_run(attempt.run, attempt.task))? else { return Ok(None) };
    if !row.phase().is_held() || row.shown.attempts != attempt.number {
        return Ok(None);
    }
    let Some(pipeline) = PipelineId::from_slice(&head.pipeline) else { return Ok(None) };
    let plan = plans.get(batch, pipeline, head.version)?;
    let Some(place) = head.planned(&plan, attempt.task) else { return Ok(None) };
    let at = micros(*at);
    let began = row.attempt_started_at;
    let first = attempt.number == 1 && began != 0 && row.shown.queued_at != 0;
    Ok(Some(Ended {
        attempt,
        pipeline,
        how,
        at,
        ran: (began != 0).then(|| span(began, at)),
        waited: if first { span(row.shown.queued_at, began) } else { 0 },
        plan,
        place: place as usize,
    }))
}
