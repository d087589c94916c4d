//! Folds the events of a run. See the table in [`crate::state::TaskState`]'s module.

use serde_json::{Map, Value};

use crate::{
    event::Event,
    plan::Node,
    state::{GroupPhase, Phase, RunState},
    status::{Outcome, TaskStatus},
};

pub(super) fn evolve(run: &mut RunState, event: &Event) {
    match event {
        Event::RunCancelRequested { .. } => cancel(run),
        Event::GroupOpened { group, .. } => open_group(run, *group),
        Event::GroupSkipped { group, .. } => skip_group(run, *group),
        Event::TaskReady { task, .. } => {
            if matches!(phase(run, *task), Some(Phase::Waiting | Phase::Backoff(_))) {
                enter(run, *task, Phase::Ready);
            }
        }
        Event::TaskSkipped { task, .. } => {
            if phase(run, *task) == Some(Phase::Waiting) {
                enter(run, *task, Phase::Ended(TaskStatus::Skipped));
            }
        }
        Event::TaskFailed { task, as_warning, .. } => {
            if matches!(phase(run, *task), Some(Phase::Waiting | Phase::Ready)) {
                enter(run, *task, Phase::Ended(failed(*as_warning)));
            }
        }
        attempt_event => attempt(run, attempt_event),
    }
}

/// Events of an attempt count only for the current one (INV-01).
fn attempt(run: &mut RunState, event: &Event) {
    match event {
        Event::AttemptLeased { attempt, worker, parameters, .. } => {
            if phase(run, attempt.task) == Some(Phase::Ready) {
                enter(run, attempt.task, Phase::Leased(*worker));
                if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                    task.attempt = attempt.number;
                    task.chunks = 0;
                    task.parameters = parameters.clone().map(Box::new);
                }
            }
        }
        Event::WaitStarted { attempt, until, .. } => {
            if phase(run, attempt.task) == Some(Phase::Waiting) {
                run.began = true;
                enter(run, attempt.task, Phase::Sleeping(*until));
                if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                    task.attempt = attempt.number;
                }
            }
        }
        Event::AttemptStarted { attempt, deadline, .. } => {
            if let (true, Some(Phase::Leased(worker))) = (is_current(run, event), phase(run, attempt.task)) {
                run.began = true;
                if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                    task.deadline = *deadline;
                }
                enter(run, attempt.task, Phase::Running(worker));
            }
        }
        Event::AttemptStopRequested { attempt, reason, .. } => {
            if let (true, Some(Phase::Leased(worker) | Phase::Running(worker))) =
                (is_current(run, event), phase(run, attempt.task))
            {
                enter(run, attempt.task, Phase::Stopping(worker, *reason));
            }
        }
        ending => end_attempt(run, ending),
    }
}

/// Everything else counts while a worker holds the attempt; most of it ends it.
fn end_attempt(run: &mut RunState, event: &Event) {
    if !is_current(run, event) {
        return;
    }
    match event {
        Event::AttemptSucceeded { attempt, outcome, outputs, .. } => {
            let held = is_held(run, attempt.task) || matches!(phase(run, attempt.task), Some(Phase::Sleeping(_)));
            if held {
                set_outputs(run, attempt.task, outputs);
                let status = match outcome {
                    Outcome::Succeeded => TaskStatus::Succeeded,
                    Outcome::Warning => TaskStatus::Warning,
                };
                enter(run, attempt.task, Phase::Ended(status));
            }
        }
        Event::AttemptFailed { attempt, outputs, retry_at, as_warning, .. } if is_held(run, attempt.task) => {
            set_outputs(run, attempt.task, outputs);
            if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                task.failures += 1;
            }
            let next = retry_at.map_or(Phase::Ended(failed(*as_warning)), Phase::Backoff);
            enter(run, attempt.task, next);
        }
        Event::AttemptLost { attempt, retry_at, as_warning, .. } if is_held(run, attempt.task) => {
            if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                task.losses += 1;
            }
            let ended = if run.cancel_requested { TaskStatus::Cancelled } else { failed(*as_warning) };
            enter(run, attempt.task, retry_at.map_or(Phase::Ended(ended), Phase::Backoff));
        }
        Event::OperationsCollected { attempt, chunk, .. } if is_held(run, attempt.task) => {
            if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                task.chunks = task.chunks.max(chunk.saturating_add(1));
            }
        }
        Event::AttemptStopped { attempt, .. } if is_held(run, attempt.task) => {
            enter(run, attempt.task, Phase::Ended(TaskStatus::Cancelled));
        }
        _ => {}
    }
}

/// Changes the phase and keeps every index true.
fn enter(run: &mut RunState, place: u32, next: Phase) {
    let Some(task) = run.tasks.get_mut(place as usize) else { return };
    if let Some(due) = task.due() {
        run.deadlines.remove(&(due, place));
    }
    task.phase = next;
    if !matches!(next, Phase::Running(_)) {
        task.deadline = None;
    }
    if let Some(due) = task.due() {
        run.deadlines.insert((due, place));
    }
    let held = task.holder().is_some();
    run.to_consider.remove(&Node::Task(place));
    set_membership(&mut run.ready, place, next == Phase::Ready);
    set_membership(&mut run.held, place, held);
    if let Phase::Ended(status) = next {
        run.unfinished = run.unfinished.saturating_sub(1);
        *run.ended.entry(status).or_insert(0) += 1;
        let plan = std::sync::Arc::clone(&run.plan);
        release(run, plan.task_dependents.get(place as usize).map_or(&[], Vec::as_slice));
        if let Some(group) = plan.plan.tasks.get(place as usize).and_then(|task| task.group) {
            member_ended(run, group);
        }
    }
}

fn set_membership(set: &mut std::collections::BTreeSet<u32>, place: u32, member: bool) {
    if member {
        set.insert(place);
    } else {
        set.remove(&place);
    }
}

/// One dependency less for each of these nodes; those that wait for nothing more are to be considered.
fn release(run: &mut RunState, dependents: &[Node]) {
    for node in dependents {
        let (waiting_on, waits) = match *node {
            Node::Task(place) => match run.tasks.get_mut(place as usize) {
                Some(task) => (&mut task.waiting_on, task.phase == Phase::Waiting),
                None => continue,
            },
            Node::Group(place) => match run.groups.get_mut(place as usize) {
                Some(group) => (&mut group.waiting_on, group.phase == GroupPhase::Waiting),
                None => continue,
            },
        };
        *waiting_on = waiting_on.saturating_sub(1);
        if *waiting_on == 0 && waits {
            run.to_consider.insert(*node);
        }
    }
}

fn open_group(run: &mut RunState, place: u32) {
    let Some(group) = run.groups.get_mut(place as usize).filter(|group| group.phase == GroupPhase::Waiting) else {
        return;
    };
    group.phase = GroupPhase::Open;
    run.to_consider.remove(&Node::Group(place));
    let plan = std::sync::Arc::clone(&run.plan);
    let members: Vec<Node> = plan.members[place as usize].iter().map(|member| Node::Task(*member)).collect();
    if members.is_empty() {
        end_group(run, place, TaskStatus::Succeeded);
    }
    release(run, &members);
}

fn skip_group(run: &mut RunState, place: u32) {
    let Some(group) = run.groups.get_mut(place as usize).filter(|group| group.phase == GroupPhase::Waiting) else {
        return;
    };
    group.phase = GroupPhase::Open;
    run.to_consider.remove(&Node::Group(place));
    let plan = std::sync::Arc::clone(&run.plan);
    let members = &plan.members[place as usize];
    if members.is_empty() {
        end_group(run, place, TaskStatus::Skipped);
    }
    for member in members {
        if phase(run, *member) == Some(Phase::Waiting) {
            enter(run, *member, Phase::Ended(TaskStatus::Skipped));
        }
    }
}

fn member_ended(run: &mut RunState, place: u32) {
    let Some(group) = run.groups.get_mut(place as usize) else { return };
    group.unfinished = group.unfinished.saturating_sub(1);
    if group.unfinished == 0 {
        let status = together(run, place);
        end_group(run, place, status);
    }
}

fn end_group(run: &mut RunState, place: u32, status: TaskStatus) {
    if let Some(group) = run.groups.get_mut(place as usize) {
        group.phase = GroupPhase::Ended(status);
    }
    run.to_consider.remove(&Node::Group(place));
    let plan = std::sync::Arc::clone(&run.plan);
    release(run, plan.group_dependents.get(place as usize).map_or(&[], Vec::as_slice));
}

/// How a group ended, seen by those that depend on it: the worst of its tasks, and SKIPPED only when all of them were.
fn together(run: &RunState, group: u32) -> TaskStatus {
    let statuses: std::collections::BTreeSet<TaskStatus> = run.plan.members[group as usize]
        .iter()
        .filter_map(|member| run.tasks.get(*member as usize).map(crate::state::TaskState::status))
        .collect();
    let worst_first = [TaskStatus::Failed, TaskStatus::Cancelled, TaskStatus::Warning, TaskStatus::Succeeded];
    worst_first.into_iter().find(|status| statuses.contains(status)).unwrap_or(TaskStatus::Skipped)
}

fn cancel(run: &mut RunState) {
    run.cancel_requested = true;
    for place in 0..run.tasks.len() as u32 {
        if matches!(phase(run, place), Some(Phase::Waiting | Phase::Ready | Phase::Sleeping(_) | Phase::Backoff(_))) {
            enter(run, place, Phase::Ended(TaskStatus::Cancelled));
        }
    }
    for place in 0..run.groups.len() as u32 {
        let empty_and_waiting =
            run.groups[place as usize].phase == GroupPhase::Waiting && run.groups[place as usize].unfinished == 0;
        if empty_and_waiting {
            end_group(run, place, TaskStatus::Cancelled);
        }
    }
    run.to_consider.clear();
}

fn phase(run: &RunState, task: u32) -> Option<Phase> {
    run.tasks.get(task as usize).map(|task| task.phase)
}

fn is_held(run: &RunState, task: u32) -> bool {
    run.tasks.get(task as usize).is_some_and(|task| task.holder().is_some())
}

fn is_current(run: &RunState, event: &Event) -> bool {
    let attempt = match event {
        Event::AttemptStarted { attempt, .. }
        | Event::AttemptSucceeded { attempt, .. }
        | Event::AttemptFailed { attempt, .. }
        | Event::AttemptLost { attempt, .. }
        | Event::AttemptStopRequested { attempt, .. }
        | Event::AttemptStopped { attempt, .. }
        | Event::OperationsCollected { attempt, .. } => attempt,
        _ => return false,
    };
    run.tasks.get(attempt.task as usize).is_some_and(|task| task.attempt == attempt.number)
}

fn set_outputs(run: &mut RunState, task: u32, outputs: &Map<String, Value>) {
    if let Some(task) = run.tasks.get_mut(task as usize).filter(|_| !outputs.is_empty()) {
        task.outputs = Some(Box::new(outputs.clone()));
    }
}

fn failed(as_warning: bool) -> TaskStatus {
    if as_warning { TaskStatus::Warning } else { TaskStatus::Failed }
}
