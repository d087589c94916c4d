//! A node about which something may be decided: its dependencies have all ended, its iterations have, or the run that it waits for.

use std::collections::BTreeSet;

use crate::{
    command::Context,
    decide::{approval, brief, child, condition, lane, later, matrix},
    event::{AttemptRef, Event},
    evolve::worst,
    plan::{CoreJob, Node},
    state::{GroupPhase, Partition, Phase, RunState, TaskState},
    status::TaskStatus,
};

/// At most about `room` events; empty = nothing can be said yet.
pub(super) fn node(partition: &Partition, run: &RunState, node: Node, context: &Context, room: usize) -> Vec<Event> {
    match node {
        Node::Group(place) => match run.groups.get(place as usize) {
            Some(group) if group.phase == GroupPhase::Waiting => group_that_waits(run, place, context),
            Some(group) if group.phase == GroupPhase::Open => matrix::go_on(run, place, context, room),
            _ => Vec::new(),
        },
        Node::Task(place) => match run.tasks.get(place as usize) {
            Some(task) => match task.phase {
                Phase::Waiting => task_that_waits(partition, run, place, context),
                Phase::Fanned => vec![iterations_ended(run, place, context)],
                Phase::Delegated(id) | Phase::Recalling(id, _) => child::ended(partition, run, place, id, context),
                _ => Vec::new(),
            },
            None => Vec::new(),
        },
    }
}

fn group_that_waits(run: &RunState, group: u32, context: &Context) -> Vec<Event> {
    let plan = &run.plan.plan.groups[group as usize];
    let skipped = |reason, condition| Event::GroupSkipped { run: run.id, group, reason, condition, at: context.now };
    if plan.paused {
        return vec![skipped("it is paused".to_owned(), None)];
    }
    if !run.selects_any_of(group) {
        return match carried_matrix(run, group, context) {
            Some(expanded) => vec![Event::GroupOpened { run: run.id, group, condition: None }, expanded],
            None => vec![skipped("it is not part of this run".to_owned(), None)],
        };
    }
    match condition::verdict(run, &plan.depends_on, plan.condition.as_deref(), None, context) {
        condition::Verdict::Go(condition) => {
            let opened = Event::GroupOpened { run: run.id, group, condition };
            match plan.matrix.as_ref().map(|matrix| matrix::expand(run, group, matrix, context)) {
                None => vec![opened],
                Some(Ok(expanded)) => vec![opened, expanded],
                Some(Err(reason)) => vec![group_failed(run, group, "matrix", &reason, context)],
            }
        }
        condition::Verdict::Skip(reason, condition) => vec![skipped(reason, condition)],
        condition::Verdict::Fail(reason) => vec![group_failed(run, group, "condition", &reason, context)],
    }
}

/// A matrix that is not part of this run, but of which the run before did iterations: others read these by its elements.
fn carried_matrix(run: &RunState, group: u32, context: &Context) -> Option<Event> {
    let members = run.plan.members.get(group as usize)?;
    let carried = run.carried.keys().any(|(task, _)| members.contains(task));
    let matrix = run.plan.plan.groups.get(group as usize)?.matrix.as_ref().filter(|_| carried)?;
    matrix::expand(run, group, matrix, context).ok()
}

/// A group has no message of its own: its first task fails with it; asked again, the rest is skipped.
fn group_failed(run: &RunState, group: u32, what: &str, reason: &str, context: &Context) -> Event {
    let plan = &run.plan.plan.groups[group as usize];
    let members = &run.plan.members[group as usize];
    let failed = members.iter().any(|task| run.tasks[*task as usize].phase == Phase::Ended(TaskStatus::Failed));
    let waits = |task: &&u32| run.tasks[**task as usize].phase == Phase::Waiting;
    match members.iter().find(waits) {
        Some(task) if !failed => Event::TaskFailed {
            run: run.id,
            task: *task,
            message: brief(&format!("{what} of group `{}`: {reason}", plan.id)),
            as_warning: false,
            at: context.now,
        },
        _ => Event::GroupSkipped { run: run.id, group, reason: brief(reason), condition: None, at: context.now },
    }
}

fn task_that_waits(partition: &Partition, run: &RunState, task: u32, context: &Context) -> Vec<Event> {
    let Some((state, plan)) = run.tasks.get(task as usize).zip(run.planned(task)) else { return Vec::new() };
    let at = context.now;
    let skipped = |reason: &str, seen_as| {
        vec![Event::TaskSkipped { run: run.id, task, reason: reason.to_owned(), condition: None, seen_as, at }]
    };
    if plan.paused {
        return skipped("it is paused", Some(TaskStatus::Succeeded));
    }
    if !run.selects(state.planned) {
        return skipped("it is not part of this run", Some(TaskStatus::Succeeded));
    }
    let depends_on = run.dependencies_of(task);
    match condition::verdict(run, &depends_on, plan.condition.as_deref(), Some(task), context) {
        condition::Verdict::Go(condition) => match plan.core_job() {
            Some(CoreJob::Wait) => {
                let attempt = AttemptRef { run: run.id, task, number: 1 };
                vec![Event::WaitStarted { attempt, at, until: later(at, wait_seconds(plan)) }]
            }
            Some(CoreJob::Approval) => vec![approval::request(run, task, context)],
            Some(CoreJob::TriggerPipeline) => child::start(partition, run, task, context),
            None => match lane::task_is_refused(partition, run, task, context) {
                Ok(None) => vec![Event::TaskReady { run: run.id, task, condition, at }],
                Ok(Some(reason)) => {
                    vec![Event::TaskSkipped { run: run.id, task, reason: brief(&reason), condition, seen_as: None, at }]
                }
                Err(reason) => vec![failed(run, task, &reason, context)],
            },
        },
        condition::Verdict::Skip(reason, condition) => {
            vec![Event::TaskSkipped { run: run.id, task, reason, condition, seen_as: None, at }]
        }
        condition::Verdict::Fail(reason) => vec![failed(run, task, &format!("condition: {reason}"), context)],
    }
}

/// The task fails before any attempt.
pub(super) fn failed(run: &RunState, task: u32, reason: &str, context: &Context) -> Event {
    Event::TaskFailed {
        run: run.id,
        task,
        message: brief(reason),
        as_warning: run.planned(task).is_some_and(|plan| plan.treat_failure_as_warning),
        at: context.now,
    }
}

/// `ORCHESTRA/WAIT` holds no worker: it is an instant in the state.
fn wait_seconds(plan: &crate::plan::PlanTask) -> i64 {
    plan.parameters.get("wait_minutes").and_then(serde_json::Value::as_i64).unwrap_or(1).saturating_mul(60)
}

fn iterations_ended(run: &RunState, task: u32, context: &Context) -> Event {
    let statuses: BTreeSet<TaskStatus> =
        run.children_of(task).into_iter().filter_map(|child| Some(run.tasks.get(child as usize)?.status())).collect();
    Event::IterationsEnded { run: run.id, task, status: worst(&statuses), at: context.now }
}

/// How a task run is called in messages: its id, and its iteration in brackets.
pub(crate) fn name_of(run: &RunState, task: &TaskState) -> String {
    let id = run.plan.plan.tasks.get(task.planned as usize).map_or("?", |plan| plan.id.as_str());
    match task.iteration {
        Some(iteration) => format!("{id}[{iteration}]"),
        None => id.to_owned(),
    }
}
