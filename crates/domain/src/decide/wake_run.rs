//! Time has passed: waits end, attempts that ran too long are stopped, failed tasks get their next attempt.

use serde_json::Map;

use crate::{
    command::Context,
    event::{AttemptRef, Event},
    limits,
    state::{Phase, RunState},
    status::{Outcome, StopReason},
};

pub(super) fn decide(run: &RunState, context: &Context) -> Vec<Event> {
    let at = context.now;
    let due = run.deadlines.iter().take_while(|(due, _)| *due <= at).take(limits::EVENTS_PER_ADVANCE_MAX);
    due.filter_map(|(_, place)| {
        let task = run.tasks.get(*place as usize)?;
        let attempt = AttemptRef { run: run.id, task: *place, number: task.attempt };
        match task.phase {
            Phase::Backoff(_) => Some(Event::TaskReady { run: run.id, task: *place, condition: None, at }),
            Phase::Running(_) => Some(Event::AttemptStopRequested { attempt, reason: StopReason::TimedOut, at }),
            Phase::Sleeping(_) => Some(Event::AttemptSucceeded {
                attempt,
                outcome: Outcome::Succeeded,
                outputs: Map::new(),
                message: String::new(),
                at,
            }),
            _ => None,
        }
    })
    .collect()
}
