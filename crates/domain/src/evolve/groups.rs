//! Groups open, are skipped, fan out into the iterations of a matrix, and end when their tasks have ended.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    run::{phase, take_over},
    transition::{enter, release},
};
use crate::{
    limits,
    plan::Node,
    state::{Expansion, GroupPhase, Phase, RunState, TaskState, iteration_ids},
    status::TaskStatus,
};

pub(super) fn open(run: &mut RunState, place: u32) {
    let Some(group) = run.groups.get_mut(place as usize).filter(|group| group.phase == GroupPhase::Waiting) else {
        return;
    };
    group.phase = GroupPhase::Open;
    group.waiting_on = 0;
    run.to_consider.remove(&Node::Group(place));
    let plan = Arc::clone(&run.plan);
    let members: Vec<Node> = plan.members[place as usize].iter().map(|member| Node::Task(*member)).collect();
    if run.groups[place as usize].unfinished == 0 {
        return end_together(run, place);
    }
    // Where there is a matrix, the tasks wait for its elements.
    if plan.plan.groups[place as usize].matrix.is_none() {
        release(run, &members);
    }
}

pub(super) fn skip(run: &mut RunState, place: u32, at: Timestamp) {
    let Some(group) = run.groups.get_mut(place as usize).filter(|group| group.phase == GroupPhase::Waiting) else {
        return;
    };
    group.phase = GroupPhase::Open;
    group.waiting_on = 0;
    run.to_consider.remove(&Node::Group(place));
    let plan = Arc::clone(&run.plan);
    if run.groups[place as usize].unfinished == 0 {
        end_together(run, place);
    }
    // What is paused, or not part of this run, is seen as if it had succeeded.
    let seen_as =
        (plan.plan.groups[place as usize].paused || !run.selects_any_of(place)).then_some(TaskStatus::Succeeded);
    for member in &plan.members[place as usize] {
        if phase(run, *member) == Some(Phase::Waiting) {
            run.tasks[*member as usize].seen_as = seen_as;
            enter(run, *member, Phase::Ended(TaskStatus::Skipped), at);
        }
    }
}

/// The elements are known: each planned task stands for its iterations from now on, which follow behind all tasks so far.
pub(super) fn expand(run: &mut RunState, place: u32, axes: &[(String, Vec<Value>)], at: Timestamp) {
    let open = run
        .groups
        .get(place as usize)
        .is_some_and(|group| !matches!(group.phase, GroupPhase::Ended(_)) && group.expansion.is_none());
    let plan = Arc::clone(&run.plan);
    let members = plan.members.get(place as usize).map_or(&[][..], Vec::as_slice);
    let count = Expansion::size(axes).filter(|count| *count as usize * members.len() <= limits::ITERATION_TASKS_MAX);
    let (true, Some(count)) = (open, count) else { return };
    let first = run.tasks.len() as u32;
    run.groups[place as usize].expansion = Some(Box::new(Expansion {
        axes: Arc::new(axes.to_vec()),
        first,
        next: 0,
        live: 0,
        failed: false,
        unfinished: vec![members.len() as u32; count as usize],
    }));
    for iteration in 0..count {
        for planned in members {
            let dependencies = plan.plan.tasks[*planned as usize].depends_on.len() as u32;
            run.tasks.push(TaskState::waiting_on(*planned, Some(iteration), dependencies + 1, at));
        }
    }
    run.unfinished += count * members.len() as u32;
    for planned in members {
        if phase(run, *planned) == Some(Phase::Waiting) {
            if let Some(task) = run.tasks.get_mut(*planned as usize) {
                task.waiting_on = count;
            }
            enter(run, *planned, Phase::Fanned, at);
            if count == 0 {
                run.to_consider.insert(Node::Task(*planned));
            }
        }
    }
    follow_ended(run, members, count, at);
    take_over_iterations(run, place, at);
    consider_again(run, place);
}

/// A planned task that ended before the elements were known (it was carried over as a whole) takes its iterations with it.
fn follow_ended(run: &mut RunState, members: &[u32], count: u32, at: Timestamp) {
    for planned in members {
        let Some(task) = run.tasks.get(*planned as usize).filter(|task| matches!(task.phase, Phase::Ended(_))) else {
            continue;
        };
        let (status, outputs) = (task.seen_status(), task.outputs.as_deref().cloned().unwrap_or_default());
        for iteration in 0..count {
            if let Some(task) = run.place_in(*planned, iteration) {
                take_over(run, task, status, &outputs, at);
            }
        }
    }
}

/// What the run before had done of these iterations.
fn take_over_iterations(run: &mut RunState, place: u32, at: Timestamp) {
    if run.carried.is_empty() && run.resumes.is_empty() {
        return;
    }
    let Some(expansion) = run.groups[place as usize].expansion.as_deref() else { return };
    let ids = iteration_ids(&expansion.axes);
    let plan = Arc::clone(&run.plan);
    for (iteration, id) in (0u32..).zip(ids) {
        for planned in &plan.members[place as usize] {
            let key = (*planned, id.clone());
            let Some(task) = run.place_in(*planned, iteration) else { continue };
            if let Some(operations) = run.resumes.remove(&key)
                && let Some(state) = run.tasks.get_mut(task as usize)
            {
                state.resumes = Some(Box::new(operations));
            }
            if let Some(carried) = run.carried.remove(&key) {
                take_over(run, task, carried.status, &carried.outputs, at);
            }
        }
    }
}

pub(super) fn open_iteration(run: &mut RunState, place: u32, iteration: u32) {
    let Some(expansion) = next_iteration(run, place, iteration) else { return };
    if expansion.unfinished[iteration as usize] > 0 {
        expansion.live += 1;
    }
    let tasks = tasks_of(run, place, iteration);
    let waiting: Vec<Node> =
        tasks.into_iter().filter(|task| phase(run, *task) == Some(Phase::Waiting)).map(Node::Task).collect();
    release(run, &waiting);
    consider_again(run, place);
}

pub(super) fn skip_iteration(run: &mut RunState, place: u32, iteration: u32, at: Timestamp) {
    let Some(expansion) = next_iteration(run, place, iteration) else { return };
    if expansion.unfinished[iteration as usize] > 0 {
        expansion.live += 1;
    }
    for task in tasks_of(run, place, iteration) {
        if phase(run, task) == Some(Phase::Waiting) {
            enter(run, task, Phase::Ended(TaskStatus::Skipped), at);
        }
    }
    consider_again(run, place);
}

/// Others see the task that stands for iterations as the worst that they see of these: some may have been carried over, or paused.
pub(super) fn see_as_iterations(run: &mut RunState, place: u32, status: TaskStatus) {
    let iterations = run.children_of(place);
    let seen: BTreeSet<TaskStatus> =
        iterations.into_iter().filter_map(|task| run.tasks.get(task as usize).map(TaskState::seen_status)).collect();
    let seen = worst(&seen);
    if let Some(task) = run.tasks.get_mut(place as usize) {
        task.seen_as = (seen != status).then_some(seen);
    }
}

/// Iterations begin in their order; anything else changes nothing.
fn next_iteration(run: &mut RunState, place: u32, iteration: u32) -> Option<&mut Expansion> {
    let expansion = run.groups.get_mut(place as usize)?.expansion.as_deref_mut()?;
    if expansion.next != iteration || iteration >= expansion.count() {
        return None;
    }
    expansion.next += 1;
    Some(expansion)
}

fn tasks_of(run: &RunState, place: u32, iteration: u32) -> Vec<u32> {
    let members = run.plan.members.get(place as usize).map_or(&[][..], Vec::as_slice);
    members.iter().filter_map(|planned| run.place_in(*planned, iteration)).collect()
}

pub(super) fn iteration_task_ended(run: &mut RunState, place: u32, iteration: u32, planned: u32, status: TaskStatus) {
    if let Some(expansion) = run.groups.get_mut(place as usize).and_then(|group| group.expansion.as_deref_mut()) {
        expansion.failed |= matches!(status, TaskStatus::Failed | TaskStatus::Cancelled);
        if let Some(left) = expansion.unfinished.get_mut(iteration as usize) {
            *left = left.saturating_sub(1);
            if *left == 0 && iteration < expansion.next {
                expansion.live = expansion.live.saturating_sub(1);
            }
        }
    }
    // The task that stands for the iterations waits for one less.
    release(run, &[Node::Task(planned)]);
    consider_again(run, place);
}

/// An iteration may be opened or skipped: the group has something to consider again.
fn consider_again(run: &mut RunState, place: u32) {
    let Some(group) = run.groups.get(place as usize) else { return };
    let Some(expansion) = group.expansion.as_deref() else { return };
    if group.phase == GroupPhase::Open && run.halt.is_none() && has_room(run, place, expansion) {
        run.to_consider.insert(Node::Group(place));
    } else {
        run.to_consider.remove(&Node::Group(place));
    }
}

fn has_room(run: &RunState, place: u32, expansion: &Expansion) -> bool {
    run.plan.plan.groups[place as usize].matrix.as_ref().is_some_and(|matrix| expansion.has_room(matrix))
}

pub(super) fn member_ended(run: &mut RunState, place: u32) {
    let Some(group) = run.groups.get_mut(place as usize) else { return };
    group.unfinished = group.unfinished.saturating_sub(1);
    if group.unfinished == 0 {
        end_together(run, place);
    }
}

fn end_together(run: &mut RunState, place: u32) {
    let status = together(run, place);
    end(run, place, status);
}

pub(super) fn end(run: &mut RunState, place: u32, status: TaskStatus) {
    if let Some(group) = run.groups.get_mut(place as usize)
        && !matches!(group.phase, GroupPhase::Ended(_))
    {
        group.phase = GroupPhase::Ended(status);
        group.waiting_on = 0;
        run.open_groups = run.open_groups.saturating_sub(1);
    }
    run.to_consider.remove(&Node::Group(place));
    let plan = Arc::clone(&run.plan);
    release(run, plan.group_dependents.get(place as usize).map_or(&[][..], Vec::as_slice));
}

/// How a group ended, seen by those that depend on it: the worst of its tasks as they are seen, and SKIPPED only when all of them were.
fn together(run: &RunState, group: u32) -> TaskStatus {
    let members = &run.plan.members[group as usize];
    let statuses: BTreeSet<TaskStatus> =
        members.iter().filter_map(|member| run.tasks.get(*member as usize).map(TaskState::seen_status)).collect();
    worst(&statuses)
}

/// The worst of these statuses; SKIPPED only when all of them are, SUCCEEDED when there is none.
pub fn worst(statuses: &BTreeSet<TaskStatus>) -> TaskStatus {
    let worst_first = [TaskStatus::Failed, TaskStatus::Cancelled, TaskStatus::Warning, TaskStatus::Succeeded];
    let found = worst_first.into_iter().find(|status| statuses.contains(status));
    found.unwrap_or(if statuses.is_empty() { TaskStatus::Succeeded } else { TaskStatus::Skipped })
}
