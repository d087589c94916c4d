//! What is under way is to stop: a worker is asked to, a run that was started is cancelled.

use crate::{
    command::Context,
    decide::child,
    event::Event,
    state::{Partition, Phase, RunState},
    status::StopReason,
};

/// The events that stop the current attempt of a task; none if nothing of it is under way.
pub(super) fn events(
    partition: &Partition,
    run: &RunState,
    place: u32,
    reason: StopReason,
    context: &Context,
) -> Vec<Event> {
    let Some((task, attempt)) = run.tasks.get(place as usize).zip(run.attempt(place)) else { return Vec::new() };
    let at = context.now;
    match task.phase {
        Phase::Leased(_) | Phase::Running(_) => vec![Event::AttemptStopRequested { attempt, reason, at }],
        // A detached run has begun, and that was the task; one that has ended already is not to be stopped but to be taken as it ended.
        Phase::Delegated(id) if !partition.children.contains_key(&id) => {
            child::ended(partition, run, place, id, context)
        }
        Phase::Delegated(child) => {
            let mut events = vec![Event::AttemptStopRequested { attempt, reason, at }];
            events.extend(cancel_child(partition, child, run, context));
            events
        }
        _ => Vec::new(),
    }
}

/// The cancel of a run that a task waits for; none if it goes no further anyway.
pub(super) fn cancel_child(
    partition: &Partition,
    child: crate::RunId,
    parent: &RunState,
    context: &Context,
) -> Option<Event> {
    let live = partition.runs.get(&child).is_some_and(|child| child.halt.is_none());
    let reason = format!("run {} that started it goes no further with it", parent.id);
    live.then_some(Event::RunCancelRequested { run: child, reason, at: context.now })
}
