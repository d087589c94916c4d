//! What a restart takes over from the run before: tasks that ended well and do not run again are SKIPPED, with their outputs, and seen
//! by others as what they were; of a task that can be resumed, only what failed runs again.
//!
//! Decided in portions that fit into a record; the state says (`awaits_carry`) until when there is more, and which tasks are done.

use std::sync::Arc;

use crate::{
    command::{Context, Rejection},
    decide::json_bytes,
    event::{Event, TaskCarriedOver, Trigger},
    limits,
    replay::{PriorRun, PriorTask},
    state::{Phase, RunState},
    status::{RestartMode, TaskStatus},
};

pub(super) fn decide(run: &RunState, prior: &Arc<PriorRun>, context: &Context) -> Result<Vec<Event>, Rejection> {
    let Trigger::Restart { run: of, mode, .. } = &run.trigger else { return Ok(Vec::new()) };
    if !run.awaits_carry {
        return Ok(Vec::new());
    }
    if *of != prior.run {
        return Err(Rejection::UnknownRun(prior.run));
    }
    let mut events = Vec::new();
    let mut bytes = 0;
    if run.halt.is_none() && *mode != RestartMode::All {
        for task in &prior.tasks {
            let Some(event) = of_task(run, task, *mode, context) else { continue };
            bytes += match &event {
                Event::TaskCarriedOver(carried) => json_bytes(&carried.outputs),
                _ => 0,
            };
            let full = bytes > limits::CARRIED_BYTES_PER_DECISION || events.len() >= limits::CARRIED_PER_DECISION_MAX;
            if full && !events.is_empty() {
                return Ok(events);
            }
            events.push(event);
        }
    }
    events.push(Event::CarryCompleted { run: run.id, at: context.now });
    Ok(events)
}

/// What is to be said of one task; nothing if it runs again as a whole, or was said before.
fn of_task(run: &RunState, task: &PriorTask, mode: RestartMode, context: &Context) -> Option<Event> {
    let planned = *run.plan.task_by_id.get(&task.id)?;
    let plan = run.plan.plan.tasks.get(planned as usize)?;
    let repeats = plan.group.is_some_and(|group| run.plan.plan.groups[group as usize].matrix.is_some());
    if repeats != task.iteration.is_some() {
        // The structure is another one by now: it runs again.
        return None;
    }
    let runs_again = match mode {
        RestartMode::FromFailed | RestartMode::All => !task.ended_well(),
        RestartMode::FromTasks | RestartMode::FromSelected => run.selects(planned) || !task.ended_well(),
    };
    if !runs_again {
        let said = match &task.iteration {
            Some(iteration) => run.carried.contains_key(&(planned, iteration.clone())),
            None => run.tasks.get(planned as usize)?.phase != Phase::Waiting,
        };
        return (!said).then(|| {
            Event::TaskCarriedOver(Box::new(TaskCarriedOver {
                run: run.id,
                task: planned,
                iteration: task.iteration.clone(),
                status: if task.status == TaskStatus::Warning { TaskStatus::Warning } else { TaskStatus::Succeeded },
                outputs: task.outputs.clone(),
                at: context.now,
            }))
        });
    }
    let resumable = mode == RestartMode::FromFailed && !task.unfinished_operations.is_empty();
    let said = match &task.iteration {
        Some(iteration) => run.resumes.contains_key(&(planned, iteration.clone())),
        None => run.tasks.get(planned as usize)?.resumes.is_some(),
    };
    (resumable && !said).then(|| Event::TaskResumes {
        run: run.id,
        task: planned,
        iteration: task.iteration.clone(),
        operations: task.unfinished_operations.clone(),
    })
}
