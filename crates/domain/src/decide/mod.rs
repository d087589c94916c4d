//! `decide` answers a command with events or a rejection; `advance` says what follows from the state by itself; `execute` does
//! both and folds. All facts that depend on the moment (values of expressions, retry instants) are fixed here and recorded.

mod advance;
mod apply_pipeline;
mod cancel_run;
mod condition;
mod inputs;
mod lease_task;
mod lose_attempt;
mod report;
mod start_run;
mod wake_run;

pub use advance::advance;

use jiff::{SignedDuration, Timestamp};

use crate::{
    command::{Command, Context, Rejection},
    event::{AttemptRef, Event},
    evolve::evolve,
    limits,
    plan::PlanTask,
    state::{Partition, RunState, TaskState},
};

/// The events that this command makes true, or why it does not. An empty answer means that it was true already.
pub fn decide(partition: &Partition, command: &Command, context: &Context) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::ApplyPipeline(applied) => Ok(apply_pipeline::decide(partition, applied)),
        Command::StartRun(start) => start_run::decide(partition, start, context),
        Command::FireSchedule(fire) => start_run::fire(partition, fire, context),
        Command::CancelRun { run, reason } => cancel_run::decide(partition.live_run(*run)?, reason, context),
        Command::LeaseTask { run, task, worker } => {
            lease_task::decide(partition.live_run(*run)?, *task, *worker, context)
        }
        Command::Report { attempt, report } => {
            report::decide(partition.live_run(attempt.run)?, *attempt, report, context)
        }
        Command::LoseAttempt { attempt, reason } => {
            lose_attempt::decide(partition.live_run(attempt.run)?, *attempt, reason, context)
        }
        Command::WakeRun { run } => Ok(wake_run::decide(partition.live_run(*run)?, context)),
    }
}

/// Decides, folds, and lets the run go on as far as it can in one step. What is left over is found by [`RunState::to_consider`].
pub fn execute(partition: &mut Partition, command: &Command, context: &Context) -> Result<Vec<Event>, Rejection> {
    let mut events = decide(partition, command, context)?;
    for event in &events {
        evolve(partition, event);
    }
    if let Some(run) = events.first().and_then(Event::run) {
        events.extend(settle(partition, run, context));
    }
    Ok(events)
}

/// Lets a run go on by itself, at most [`limits::EVENTS_PER_ADVANCE_MAX`] events far.
pub fn settle(partition: &mut Partition, run: crate::RunId, context: &Context) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < limits::EVENTS_PER_ADVANCE_MAX {
        let Some(state) = partition.runs.get(&run) else { break };
        let next = advance(state, context, limits::EVENTS_PER_ADVANCE_MAX - events.len());
        if next.is_empty() {
            break;
        }
        for event in &next {
            evolve(partition, event);
        }
        events.extend(next);
    }
    events
}

/// The task and its plan, if the attempt is the current one and a worker holds it.
fn held(run: &RunState, attempt: AttemptRef) -> Result<(&TaskState, &PlanTask), Rejection> {
    let task = run.tasks.get(attempt.task as usize).zip(run.plan.plan.tasks.get(attempt.task as usize));
    task.filter(|(task, _)| task.attempt == attempt.number && task.holder().is_some())
        .ok_or(Rejection::StaleAttempt(attempt))
}

/// When the next attempt may go after a failed one; `None` = there is none.
fn retry_after_failure(run: &RunState, task: &TaskState, plan: &PlanTask, now: Timestamp) -> Option<Timestamp> {
    let again = !run.cancel_requested && task.failures < plan.retries;
    again.then(|| later(now, i64::from(plan.retry_delay_seconds)))
}

/// `seconds` after `from`; the end of time where there is none.
fn later(from: Timestamp, seconds: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_secs(seconds.max(0))).unwrap_or(Timestamp::MAX)
}

/// Messages come from outside: cut to their limit.
fn message(text: &str) -> String {
    cut(text, limits::MESSAGE_BYTES_MAX)
}

/// Texts of which one decision may hold hundreds: cut shorter.
fn brief(text: &str) -> String {
    cut(text, limits::BRIEF_BYTES_MAX)
}

/// Cuts at a character boundary.
fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let at = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..at])
}
