//! The worker is gone. Another attempt follows whatever `retries` say, but not for ever. Where a job may go on in another system, one
//! follows even if the task shall go no further: somebody has to end that job.

use crate::{
    command::{Context, Rejection},
    decide::{held, later, message},
    event::{AttemptRef, Event},
    limits,
    state::RunState,
};

pub(super) fn decide(
    run: &RunState,
    attempt: AttemptRef,
    reason: &str,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let (task, plan) = held(run, attempt)?;
    let losses = task.losses + 1;
    let (again, pause) = if task.unsettled.is_some() {
        // The first loss is most often a restart of the worker; many in a row are not.
        (losses < limits::LOST_REMOTE_ATTEMPTS_MAX, i64::from(losses - 1).min(limits::LOST_REMOTE_PAUSE_SECONDS_MAX))
    } else {
        (run.halt.is_none() && task.mark.is_none() && losses < limits::LOST_ATTEMPTS_MAX, 0)
    };
    Ok(vec![Event::AttemptLost {
        attempt,
        reason: message(reason),
        retry_at: again.then(|| later(context.now, pause)),
        as_warning: !again && plan.treat_failure_as_warning,
        at: context.now,
    }])
}
