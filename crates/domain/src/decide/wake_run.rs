//! Time has passed: waits end, attempts that ran too long are stopped, failed tasks get their next attempt, approvals expire, a run
//! that takes longer than its timeout is stopped.

use serde_json::Map;

use crate::{
    command::Context,
    decide::{child, declared, stop},
    event::{AttemptRef, Event},
    limits,
    plan::CoreJob,
    state::{Partition, Phase, RunState},
    status::{FailureClass, Outcome, StopReason},
};

pub(super) fn decide(partition: &Partition, run: &RunState, context: &Context) -> Vec<Event> {
    let due = run.deadlines.iter().take_while(|(due, _)| *due <= context.now);
    let mut events = Vec::new();
    for (_, place) in due.take(limits::EVENTS_PER_ADVANCE_MAX) {
        match place {
            None if run.halt.is_none() => return vec![Event::RunTimedOut { run: run.id, at: context.now }],
            None => {}
            Some(place) => {
                let next = wake_task(partition, run, *place, context);
                // A run that is started may be of any size: it goes alone.
                let large = next.iter().any(super::is_large);
                if large && !events.is_empty() {
                    break;
                }
                events.extend(next);
                if large {
                    break;
                }
            }
        }
    }
    events
}

fn wake_task(partition: &Partition, run: &RunState, place: u32, context: &Context) -> Vec<Event> {
    let Some((task, plan)) = run.tasks.get(place as usize).zip(run.planned(place)) else { return Vec::new() };
    let attempt = AttemptRef { run: run.id, task: place, number: task.attempt };
    let at = context.now;
    match task.phase {
        Phase::Backoff(_) if plan.core_job() == Some(CoreJob::TriggerPipeline) => {
            child::start(partition, run, place, context)
        }
        Phase::Backoff(_) => vec![Event::TaskReady { run: run.id, task: place, condition: None, at }],
        Phase::Running(_) | Phase::Delegated(_) => stop::events(partition, run, place, StopReason::TimedOut, context),
        Phase::Sleeping(_) => {
            let succeeded = Event::AttemptSucceeded {
                attempt,
                outcome: Outcome::Succeeded,
                outputs: Map::new(),
                message: String::new(),
                at,
            };
            declared::before_the_end(partition, run, vec![succeeded], context)
        }
        Phase::Approving(_) => vec![Event::AttemptFailed {
            attempt,
            class: FailureClass::TimedOut,
            message: "nobody decided before it expired".to_owned(),
            outputs: Map::new(),
            retry_at: None,
            as_warning: plan.treat_failure_as_warning,
            at,
        }],
        _ => Vec::new(),
    }
}
