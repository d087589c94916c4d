//! What follows from the state of a run by itself: a halted run stops what is under way; nodes whose dependencies have all ended go,
//! are skipped or fail; a run whose nodes have all ended ends.

use crate::{
    command::Context,
    decide::{consider, is_large, message as cut_message, stop},
    event::Event,
    state::{Halt, Partition, Phase, RunState},
    status::{RunStatus, StopReason, TaskStatus},
};

/// About `events_max` events that are due now; empty = nothing is. Folding them may make more due.
pub fn advance(partition: &Partition, run: &RunState, context: &Context, events_max: usize) -> Vec<Event> {
    if !run.to_stop.is_empty() {
        let stops = run.to_stop.iter().take(events_max);
        return stops.flat_map(|place| stop::events(partition, run, *place, StopReason::Cancelled, context)).collect();
    }
    if run.is_complete() {
        return vec![finish(run, context)];
    }
    if !run.is_moving() {
        return Vec::new();
    }
    let mut events = Vec::new();
    for node in &run.to_consider {
        let room = events_max.saturating_sub(events.len());
        if room == 0 {
            break;
        }
        let next = consider::node(partition, run, *node, context, room);
        let large = next.iter().any(is_large);
        if large && !events.is_empty() {
            break;
        }
        events.extend(next);
        if large {
            break;
        }
    }
    events
}

fn finish(run: &RunState, context: &Context) -> Event {
    let status = run.verdict();
    let named = |status: TaskStatus| -> String {
        let ended =
            run.tasks.iter().filter(|task| task.phase == Phase::Ended(status) && !stands_for_iterations(task, run));
        let names: Vec<String> = ended.take(5).map(|task| consider::name_of(run, task)).collect();
        names.join(", ")
    };
    let message = match status {
        RunStatus::Failed if run.halt == Some(Halt::TimedOut) => {
            let seconds = run.plan.plan.timeout_ms.unwrap_or(0) as f64 / 1_000.0;
            format!("took longer than its timeout of {seconds} s")
        }
        RunStatus::Failed => format!("failed: {}", named(TaskStatus::Failed)),
        RunStatus::Warning => format!("warning: {}", named(TaskStatus::Warning)),
        RunStatus::Cancelled if run.halt.is_none() => format!("cancelled: {}", named(TaskStatus::Cancelled)),
        _ => String::new(),
    };
    Event::RunFinished { run: run.id, status, message: cut_message(&message), at: context.now }
}

fn stands_for_iterations(task: &crate::state::TaskState, run: &RunState) -> bool {
    let group = run.plan.plan.tasks.get(task.planned as usize).and_then(|plan| plan.group);
    let fans = group.and_then(|group| run.groups.get(group as usize)).is_some_and(|group| group.expansion.is_some());
    task.iteration.is_none() && fans
}
