//! What follows from the state by itself: nodes whose dependencies have all ended go, are skipped or fail; a run whose nodes have
//! all ended ends.

use crate::{
    command::Context,
    decide::{brief, condition, later, message as cut_message},
    event::{AttemptRef, Event},
    plan::Node,
    state::{GroupPhase, Phase, RunState},
    status::{RunStatus, StopReason, TaskStatus},
};

/// At most `events_max` events that are due now; empty = nothing is. Folding them may make more due.
pub fn advance(run: &RunState, context: &Context, events_max: usize) -> Vec<Event> {
    if run.to_consider.is_empty() && run.is_complete() {
        return vec![finish(run, context)];
    }
    let stops: Vec<Event> = run
        .to_stop()
        .take(events_max)
        .map(|attempt| Event::AttemptStopRequested { attempt, reason: StopReason::Cancelled, at: context.now })
        .collect();
    if !stops.is_empty() {
        return stops;
    }
    run.to_consider.iter().take(events_max).filter_map(|node| consider(run, *node, context)).collect()
}

fn consider(run: &RunState, node: Node, context: &Context) -> Option<Event> {
    match node {
        Node::Group(group) => {
            let state = run.groups.get(group as usize)?;
            (state.phase == GroupPhase::Waiting).then(|| consider_group(run, group, context))
        }
        Node::Task(task) => {
            let state = run.tasks.get(task as usize)?;
            (state.phase == Phase::Waiting).then(|| consider_task(run, task, context))
        }
    }
}

fn consider_group(run: &RunState, group: u32, context: &Context) -> Event {
    let plan = &run.plan.plan.groups[group as usize];
    let skipped = |reason, condition| Event::GroupSkipped { run: run.id, group, reason, condition, at: context.now };
    match condition::verdict(run, &plan.depends_on, plan.condition.as_deref(), None, context) {
        condition::Verdict::Go(condition) => Event::GroupOpened { run: run.id, group, condition },
        condition::Verdict::Skip(reason, condition) => skipped(reason, condition),
        // A group has no message of its own: its first task fails with it, the rest is skipped by the default rule.
        condition::Verdict::Fail(reason) => match run.plan.members[group as usize].first() {
            Some(task) if run.tasks[*task as usize].phase == Phase::Waiting => Event::TaskFailed {
                run: run.id,
                task: *task,
                message: brief(&format!("condition of group `{}`: {reason}", plan.id)),
                as_warning: false,
                at: context.now,
            },
            _ => skipped(brief(&reason), None),
        },
    }
}

fn consider_task(run: &RunState, task: u32, context: &Context) -> Event {
    let plan = &run.plan.plan.tasks[task as usize];
    let at = context.now;
    match condition::verdict(run, &plan.depends_on, plan.condition.as_deref(), Some(task), context) {
        condition::Verdict::Go(condition) => match wait_seconds(run, task) {
            Some(seconds) => Event::WaitStarted {
                attempt: AttemptRef { run: run.id, task, number: 1 },
                at,
                until: later(at, seconds),
            },
            None => Event::TaskReady { run: run.id, task, condition, at },
        },
        condition::Verdict::Skip(reason, condition) => Event::TaskSkipped { run: run.id, task, reason, condition, at },
        condition::Verdict::Fail(reason) => Event::TaskFailed {
            run: run.id,
            task,
            message: brief(&format!("condition: {reason}")),
            as_warning: plan.treat_failure_as_warning,
            at,
        },
    }
}

/// `ORCHESTRA/WAIT` holds no worker: it is an instant in the state.
fn wait_seconds(run: &RunState, task: u32) -> Option<i64> {
    let plan = &run.plan.plan.tasks[task as usize];
    if plan.integration != "ORCHESTRA" || plan.integration_job != "WAIT" {
        return None;
    }
    Some(plan.parameters.get("wait_minutes").and_then(serde_json::Value::as_i64).unwrap_or(1).saturating_mul(60))
}

fn finish(run: &RunState, context: &Context) -> Event {
    let status = run.verdict();
    let named = |status: TaskStatus| -> String {
        let ended = |task: &&(usize, &crate::state::TaskState)| task.1.phase == Phase::Ended(status);
        let tasks: Vec<_> = run.tasks.iter().enumerate().collect();
        let names: Vec<&str> =
            tasks.iter().filter(ended).take(5).map(|(place, _)| run.plan.plan.tasks[*place].id.as_str()).collect();
        names.join(", ")
    };
    let message = match status {
        RunStatus::Failed => format!("failed: {}", named(TaskStatus::Failed)),
        RunStatus::Warning => format!("warning: {}", named(TaskStatus::Warning)),
        _ => String::new(),
    };
    Event::RunFinished { run: run.id, status, message: cut_message(&message), at: context.now }
}
