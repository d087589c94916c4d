//! What follows from the state of a run by itself: a halted run stops what is under way; nodes whose dependencies have all ended go,
//! are skipped or fail; a run whose nodes have all ended ends.

use crate::{
    command::Context,
    decide::{alert, consider, follow, is_large, message as cut_message, stop},
    event::Event,
    state::{Halt, Partition, Phase, RunState},
    status::{RunStatus, StopReason, TaskStatus},
};

/// About `events_max` events that are due now; empty = nothing is. Folding them may make more due.
pub fn advance(partition: &Partition, run: &RunState, context: &Context, events_max: usize) -> Vec<Event> {
    if !run.to_stop.is_empty() {
        let stops = run.to_stop.iter().take(events_max);
        return stops
            .flat_map(|place| stop::events(partition, run, *place, reason_to_stop(run, *place), context))
            .collect();
    }
    if !run.to_alert.is_empty() {
        return alert::of_tasks(partition, run, context, events_max);
    }
    if run.is_complete() {
        return finish(partition, run, context);
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

fn reason_to_stop(run: &RunState, place: u32) -> StopReason {
    match run.tasks.get(place as usize) {
        Some(task) if run.halt.is_none() && task.mark.is_some() => StopReason::Marked,
        _ => StopReason::Cancelled,
    }
}

fn finish(partition: &Partition, run: &RunState, context: &Context) -> Vec<Event> {
    let status = run.verdict();
    let named = |status: TaskStatus| -> String {
        let ended = (0u32..).zip(&run.tasks).filter(|(_, task)| task.phase == Phase::Ended(status));
        let own = ended.filter(|(place, _)| !run.stands_for_iterations(*place));
        let names: Vec<String> = own.take(5).map(|(_, task)| consider::name_of(run, task)).collect();
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
    let told = alert::of_run(partition, run, status, &message, context);
    let finished = Event::RunFinished { run: run.id, status, message: cut_message(&message), at: context.now };
    follow::due(partition, run, status, context).into_iter().chain(told).chain([finished]).collect()
}
