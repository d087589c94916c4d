//! The worker is gone. Another attempt follows whatever `retries` say, but not for ever.

use crate::{
    command::{Context, Rejection},
    decide::{held, message},
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
    let again = run.halt.is_none() && task.mark.is_none() && task.losses + 1 < limits::LOST_ATTEMPTS_MAX;
    Ok(vec![Event::AttemptLost {
        attempt,
        reason: message(reason),
        retry_at: again.then_some(context.now),
        as_warning: !again && plan.treat_failure_as_warning,
        at: context.now,
    }])
}
