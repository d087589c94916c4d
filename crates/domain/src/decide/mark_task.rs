//! A person decides the outcome of a task. What a worker holds is stopped first; the task ends once that is confirmed.

use serde_json::{Map, Value};

use crate::{
    command::{Context, Rejection},
    decide::{brief, child, json_bytes, message},
    event::Event,
    limits,
    state::{Partition, Phase, RunState},
    status::Mark,
};

/// What is decided, by whom, why.
pub(super) struct Marking<'a> {
    pub(super) mark: Mark,
    pub(super) outputs: &'a Map<String, Value>,
    pub(super) reason: &'a str,
    pub(super) by: &'a str,
}

pub(super) fn decide(
    partition: &Partition,
    run: &RunState,
    task: u32,
    marking: &Marking<'_>,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let Some((state, plan)) = run.tasks.get(task as usize).zip(run.planned(task)) else {
        return Err(Rejection::NotReady { run: run.id, task });
    };
    let unfit = |reason: &str| Rejection::TaskUnfit { run: run.id, id: plan.id.clone(), reason: reason.to_owned() };
    let repeats = plan.group.is_some_and(|group| run.plan.plan.groups[group as usize].matrix.is_some());
    match state.phase {
        Phase::Ended(status) => return Err(Rejection::TaskEnded { run: run.id, id: plan.id.clone(), status }),
        _ if repeats && state.iteration.is_none() => return Err(unfit("stands for iterations; name one of them")),
        // Said twice.
        _ if state.mark == Some(marking.mark) => return Ok(Vec::new()),
        Phase::Stopping(..) | Phase::Recalling(..) => return Err(unfit("is being stopped")),
        _ if run.halt.is_some() => return Err(unfit("belongs to a run that is being cancelled")),
        _ if run.awaits_carry => return Err(unfit("waits for what the restart takes over")),
        _ => {}
    }
    let bytes = json_bytes(marking.outputs);
    if bytes > limits::OUTPUT_BYTES_MAX {
        return Err(unfit(&format!(
            "cannot take outputs of {bytes} bytes; at most {} are allowed",
            limits::OUTPUT_BYTES_MAX
        )));
    }
    let mut events = vec![Event::TaskMarked {
        run: run.id,
        task,
        mark: marking.mark,
        outputs: marking.outputs.clone(),
        reason: message(marking.reason),
        by: brief(marking.by),
        at: context.now,
    }];
    events.extend(child::recall(partition, run, task, context));
    Ok(events)
}
