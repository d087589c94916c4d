//! Folds the events of a run. See the table in [`crate::state::TaskState`]'s module.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{groups, transition::enter};
use crate::{
    event::{Event, TaskCarriedOver},
    metadata::Collected,
    plan::Node,
    state::{Carried, GroupPhase, Halt, Phase, RunState, Told, Unsettled},
    status::{Mark, Outcome, StopReason, TaskStatus},
};

pub(super) fn evolve(run: &mut RunState, event: &Event) {
    match event {
        Event::RunCancelRequested { at, .. } => halt(run, Halt::Cancelled, *at),
        Event::RunTimedOut { at, .. } => halt(run, Halt::TimedOut, *at),
        Event::CarryCompleted { .. } => run.awaits_carry = false,
        Event::GroupOpened { group, .. } => groups::open(run, *group),
        Event::GroupSkipped { group, at, .. } => groups::skip(run, *group, *at),
        Event::MatrixExpanded { group, axes, at, .. } => groups::expand(run, *group, axes, *at),
        Event::IterationOpened { group, iteration, .. } => groups::open_iteration(run, *group, *iteration),
        Event::IterationSkipped { group, iteration, at, .. } => groups::skip_iteration(run, *group, *iteration, *at),
        Event::IterationsEnded { task, status, at, .. } => {
            if phase(run, *task) == Some(Phase::Fanned) {
                groups::see_as_iterations(run, *task, *status);
                enter(run, *task, Phase::Ended(*status), *at);
            }
        }
        Event::TaskCarriedOver(carried) => carry(run, carried),
        Event::TaskResumes { task, iteration, operations, .. } => resume(run, *task, iteration.as_deref(), operations),
        Event::TaskMarked { task, mark, outputs, at, .. } => take_mark(run, *task, *mark, outputs, *at),
        Event::TaskReady { task, at, .. } => {
            if matches!(phase(run, *task), Some(Phase::Waiting | Phase::Backoff(_))) {
                enter(run, *task, Phase::Ready, *at);
            }
        }
        Event::TaskSkipped { task, seen_as, at, .. } => {
            if phase(run, *task) == Some(Phase::Waiting) {
                if let Some(task) = run.tasks.get_mut(*task as usize) {
                    task.seen_as = *seen_as;
                }
                enter(run, *task, Phase::Ended(TaskStatus::Skipped), *at);
            }
        }
        Event::TaskFailed { task, as_warning, at, .. } => {
            if matches!(phase(run, *task), Some(Phase::Waiting | Phase::Ready | Phase::Backoff(_))) {
                enter(run, *task, Phase::Ended(failed(*as_warning)), *at);
            }
        }
        attempt_event => attempt(run, attempt_event),
    }
}

/// Events of an attempt count only for the current one (INV-01).
fn attempt(run: &mut RunState, event: &Event) {
    match event {
        Event::AttemptLeased { attempt, worker, parameters, remote, at } => {
            if phase(run, attempt.task) == Some(Phase::Ready) {
                enter(run, attempt.task, Phase::Leased(*worker), *at);
                begin(run, attempt.task, attempt.number);
                if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                    task.parameters = parameters.clone().map(Box::new);
                    if *remote && task.unsettled.is_none() {
                        task.unsettled = Some(Box::new(Unsettled { token: attempt.number, ..Unsettled::default() }));
                    }
                }
            }
        }
        Event::WaitStarted { attempt, at, until } => {
            if phase(run, attempt.task) == Some(Phase::Waiting) {
                run.began = true;
                enter(run, attempt.task, Phase::Sleeping(*until), *at);
                begin(run, attempt.task, attempt.number);
            }
        }
        Event::ApprovalRequested { attempt, approvers, until, at, .. } => {
            if phase(run, attempt.task) == Some(Phase::Waiting) {
                run.began = true;
                enter(run, attempt.task, Phase::Approving(*until), *at);
                begin(run, attempt.task, attempt.number);
                // Who may decide stands where the resolved parameters of other jobs do.
                let list = approvers.iter().cloned().map(Value::String).collect();
                let parameters = Map::from_iter([("approvers".to_owned(), Value::Array(list))]);
                if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                    task.parameters = Some(Box::new(parameters));
                }
            }
        }
        Event::ChildStarted { attempt, child, detached, deadline, at, .. } => {
            if matches!(phase(run, attempt.task), Some(Phase::Waiting | Phase::Backoff(_))) {
                run.began = true;
                if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                    task.deadline = *deadline;
                }
                enter(run, attempt.task, Phase::Delegated(*child), *at);
                begin(run, attempt.task, attempt.number);
                if *detached {
                    run.to_consider.insert(Node::Task(attempt.task));
                }
            }
        }
        Event::AttemptStarted { attempt, handle, external_id, link, deadline, at } => {
            if let (true, Some(Phase::Leased(worker))) = (is_current(run, event), phase(run, attempt.task)) {
                run.began = true;
                if let Some(task) = run.tasks.get_mut(attempt.task as usize) {
                    task.deadline = *deadline;
                    if let Some(job) = &mut task.unsettled {
                        job.handle.clone_from(handle);
                        job.external_id.clone_from(external_id);
                        job.link.clone_from(link);
                        job.deadline = *deadline;
                    }
                }
                enter(run, attempt.task, Phase::Running(worker), *at);
            }
        }
        Event::AttemptStopRequested { attempt, reason, at } if is_current(run, event) => {
            stop(run, attempt.task, *reason, *at);
        }
        ending => end_attempt(run, ending),
    }
}

fn begin(run: &mut RunState, task: u32, number: u32) {
    if let Some(task) = run.tasks.get_mut(task as usize) {
        task.attempt = number;
        task.chunks = 0;
        task.told = None;
    }
}

fn stop(run: &mut RunState, task: u32, reason: StopReason, at: Timestamp) {
    match phase(run, task) {
        Some(Phase::Leased(worker) | Phase::Running(worker)) => enter(run, task, Phase::Stopping(worker, reason), at),
        Some(Phase::Delegated(child)) => enter(run, task, Phase::Recalling(child, reason), at),
        _ => {}
    }
}

/// Everything else counts while the attempt is under way; most of it ends it.
fn end_attempt(run: &mut RunState, event: &Event) {
    let Some(attempt) = event.attempt().filter(|_| is_current(run, event)) else { return };
    let place = attempt.task;
    let Some(now) = phase(run, place) else { return };
    let held = matches!(now, Phase::Leased(_) | Phase::Running(_) | Phase::Stopping(..));
    match event {
        Event::AttemptSucceeded { outcome, outputs, at, .. } if held || matches!(now, Phase::Sleeping(_)) => {
            set_outputs(run, place, outputs);
            let status = match outcome {
                Outcome::Succeeded => TaskStatus::Succeeded,
                Outcome::Warning => TaskStatus::Warning,
            };
            end(run, place, status, *at);
        }
        Event::AttemptFailed { outputs, retry_at, as_warning, at, .. }
            if held || (matches!(now, Phase::Approving(_)) && retry_at.is_none()) =>
        {
            set_outputs(run, place, outputs);
            count(run, place, |task| {
                task.failures += 1;
                task.unsettled = None;
            });
            end_or_wait(run, place, *retry_at, failed(*as_warning), *at);
        }
        Event::AttemptLost { retry_at, as_warning, at, .. } if held => {
            count(run, place, |task| task.losses += 1);
            match retry_at {
                Some(retry_at) => enter(run, place, Phase::Backoff(*retry_at), *at),
                None if run.halt.is_some() => end(run, place, TaskStatus::Cancelled, *at),
                None => end(run, place, failed(*as_warning), *at),
            }
        }
        Event::OperationsCollected { chunk, collected, .. } if held => {
            count(run, place, |task| task.chunks = task.chunks.max(chunk.saturating_add(1)));
            measure(run, place, collected);
            hear(run, place, collected);
        }
        Event::AttemptStopped { at, .. } if held => end(run, place, TaskStatus::Cancelled, *at),
        Event::ApprovalDecided { approved, outputs, as_warning, at, .. } if matches!(now, Phase::Approving(_)) => {
            set_outputs(run, place, outputs);
            let status = if *approved { TaskStatus::Succeeded } else { failed(*as_warning) };
            end(run, place, status, *at);
        }
        Event::ChildEnded { status, outputs, retry_at, at, .. }
            if matches!(now, Phase::Delegated(_) | Phase::Recalling(..)) =>
        {
            set_outputs(run, place, outputs);
            if *status == TaskStatus::Failed || retry_at.is_some() {
                count(run, place, |task| task.failures += 1);
            }
            end_or_wait(run, place, *retry_at, *status, *at);
        }
        _ => {}
    }
}

fn count(run: &mut RunState, place: u32, change: impl FnOnce(&mut crate::state::TaskState)) {
    if let Some(task) = run.tasks.get_mut(place as usize) {
        change(task);
    }
}

fn is_unsettled(run: &RunState, place: u32) -> bool {
    run.tasks.get(place as usize).is_some_and(|task| task.unsettled.is_some())
}

/// A marked task ends as its mark says, whatever its attempt came to.
fn end(run: &mut RunState, place: u32, status: TaskStatus, at: Timestamp) {
    let mark = run.tasks.get(place as usize).and_then(|task| task.mark);
    enter(run, place, Phase::Ended(mark.map_or(status, TaskStatus::from)), at);
}

fn end_or_wait(run: &mut RunState, place: u32, retry_at: Option<Timestamp>, ended: TaskStatus, at: Timestamp) {
    let marked = run.tasks.get(place as usize).is_some_and(|task| task.mark.is_some());
    match retry_at {
        Some(retry_at) if !marked => enter(run, place, Phase::Backoff(retry_at), at),
        _ => end(run, place, ended, at),
    }
}

fn take_mark(run: &mut RunState, place: u32, mark: Mark, outputs: &Map<String, Value>, at: Timestamp) {
    let Some(now) = phase(run, place) else { return };
    if matches!(now, Phase::Fanned | Phase::Ended(_) | Phase::Stopping(..) | Phase::Recalling(..)) {
        return;
    }
    set_outputs(run, place, outputs);
    if let Some(task) = run.tasks.get_mut(place as usize) {
        task.mark = Some(mark);
    }
    match now {
        Phase::Leased(_) | Phase::Running(_) | Phase::Delegated(_) => stop(run, place, StopReason::Marked, at),
        // It is stopped once a worker has it again.
        Phase::Ready | Phase::Backoff(_) if is_unsettled(run, place) => {}
        _ => enter(run, place, Phase::Ended(mark.into()), at),
    }
}

/// The run goes no further: what nobody holds ends, what somebody holds is to be stopped.
fn halt(run: &mut RunState, halt: Halt, at: Timestamp) {
    if run.halt.is_some() {
        return;
    }
    run.halt = Some(halt);
    // Its own timeout has nothing to end any more.
    if let Some(deadline) = run.deadline.take() {
        run.deadlines.remove(&(deadline, None));
    }
    for place in 0..run.tasks.len() as u32 {
        match phase(run, place) {
            Some(Phase::Ready | Phase::Backoff(_)) if is_unsettled(run, place) => {}
            Some(
                Phase::Waiting
                | Phase::Ready
                | Phase::Sleeping(_)
                | Phase::Approving(_)
                | Phase::Backoff(_)
                | Phase::Fanned,
            ) => enter(run, place, Phase::Ended(TaskStatus::Cancelled), at),
            Some(Phase::Leased(_) | Phase::Running(_) | Phase::Delegated(_)) => {
                run.to_stop.insert(place);
            }
            _ => {}
        }
    }
    for place in 0..run.groups.len() as u32 {
        let group = &run.groups[place as usize];
        if group.phase == GroupPhase::Waiting && group.unfinished == 0 {
            groups::end(run, place, TaskStatus::Cancelled);
        }
    }
    // Of a task that waits for a run, the end of that run may be noted already.
    let waits_for_a_run = |node: &Node| matches!(node, Node::Task(task) if run.delegated.contains(task));
    run.to_consider.retain(waits_for_a_run);
}

fn carry(run: &mut RunState, carried: &TaskCarriedOver) {
    if let Some(iteration) = &carried.iteration {
        let kept = Carried { status: carried.status, outputs: carried.outputs.clone() };
        run.carried.insert((carried.task, iteration.clone()), kept);
    } else if phase(run, carried.task) == Some(Phase::Waiting) {
        take_over(run, carried.task, carried.status, &carried.outputs, carried.at);
    }
}

/// The task run is SKIPPED, and seen as what it was in the run before.
pub(super) fn take_over(
    run: &mut RunState,
    place: u32,
    status: TaskStatus,
    outputs: &Map<String, Value>,
    at: Timestamp,
) {
    set_outputs(run, place, outputs);
    if let Some(task) = run.tasks.get_mut(place as usize) {
        task.seen_as = Some(status);
    }
    enter(run, place, Phase::Ended(TaskStatus::Skipped), at);
}

fn resume(run: &mut RunState, place: u32, iteration: Option<&str>, operations: &[String]) {
    if let Some(iteration) = iteration {
        run.resumes.insert((place, iteration.to_owned()), operations.to_vec());
    } else if let Some(task) = run.tasks.get_mut(place as usize).filter(|task| task.phase == Phase::Waiting) {
        task.resumes = Some(Box::new(operations.to_vec()));
    }
}

pub(super) fn phase(run: &RunState, task: u32) -> Option<Phase> {
    run.tasks.get(task as usize).map(|task| task.phase)
}

fn is_current(run: &RunState, event: &Event) -> bool {
    let Some(attempt) = event.attempt() else { return false };
    run.tasks.get(attempt.task as usize).is_some_and(|task| task.attempt == attempt.number)
}

/// Of a marked task those of the mark stand, whatever its attempt set afterwards.
fn set_outputs(run: &mut RunState, task: u32, outputs: &Map<String, Value>) {
    if let Some(task) = run.tasks.get_mut(task as usize).filter(|task| task.mark.is_none() && !outputs.is_empty()) {
        task.outputs = Some(Box::new(outputs.clone()));
    }
}

fn failed(as_warning: bool) -> TaskStatus {
    if as_warning { TaskStatus::Warning } else { TaskStatus::Failed }
}

/// What an attempt says of the outputs that its task declares.
fn hear(run: &mut RunState, place: u32, collected: &Collected) {
    let plan = Arc::clone(&run.plan);
    let Some(task) = run.tasks.get_mut(place as usize) else { return };
    let declared = plan.plan.tasks.get(task.planned as usize).and_then(|plan| plan.declared.as_deref());
    if let Some(declared) = declared.filter(|declared| !declared.writes.is_empty()) {
        let mut told = task.told.as_deref().copied().unwrap_or_default();
        told.take(declared, collected);
        task.told = (told != Told::default()).then(|| Box::new(told));
    }
}

/// Somebody may watch how long operations take.
fn measure(run: &mut RunState, place: u32, collected: &Collected) {
    let plan = Arc::clone(&run.plan);
    let planned = run.tasks.get(place as usize).and_then(|task| plan.plan.tasks.get(task.planned as usize));
    let Some(task) = planned.filter(|task| task.anomalies.iter().any(|it| it.operations.is_some())) else { return };
    let mut measured = run.measured.remove(&place).unwrap_or_default();
    measured.take(&task.anomalies, &collected.operations);
    if !measured.0.is_empty() {
        run.measured.insert(place, measured);
    }
}
