//! Cancel: what no worker holds ends at once; what a worker holds is asked to stop and ends when that is confirmed.

use crate::{
    command::{Context, Rejection},
    decide::message,
    event::{AttemptRef, Event},
    state::{Phase, RunState},
    status::StopReason,
};

pub(super) fn decide(run: &RunState, reason: &str, context: &Context) -> Result<Vec<Event>, Rejection> {
    if run.cancel_requested {
        return Ok(Vec::new());
    }
    let mut events = vec![Event::RunCancelRequested { run: run.id, reason: message(reason), at: context.now }];
    for place in &run.held {
        let Some(task) = run.tasks.get(*place as usize) else { continue };
        if matches!(task.phase, Phase::Leased(_) | Phase::Running(_)) {
            events.push(Event::AttemptStopRequested {
                attempt: AttemptRef { run: run.id, task: *place, number: task.attempt },
                reason: StopReason::Cancelled,
                at: context.now,
            });
        }
    }
    Ok(events)
}
