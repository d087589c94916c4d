//! A ready task goes to a worker. Its parameters are resolved at this moment, and what they resolved to is recorded.

use serde_json::{Map, Value};

use crate::{
    command::{Context, Rejection},
    decide::{json_bytes, lane, message},
    event::{AttemptRef, Event},
    id::WorkerId,
    limits,
    names::RunNames,
    state::{Partition, Phase, RunState},
};

pub(super) fn decide(
    partition: &Partition,
    run: &RunState,
    task: u32,
    worker: WorkerId,
    remote: bool,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let not_ready = Rejection::NotReady { run: run.id, task };
    let Some((state, plan)) = run.tasks.get(task as usize).zip(run.planned(task)) else {
        return Err(not_ready);
    };
    if state.phase != Phase::Ready {
        return Err(not_ready);
    }
    if let Some(pool) = full_pool(partition, run, task, context) {
        return Err(Rejection::PoolFull { run: run.id, task, pool });
    }
    let mut parameters = None;
    if state.unsettled.is_some() {
        // It is about the job that the attempt before began, as that was written.
        parameters = state.parameters.as_deref().cloned();
    } else if run.plan.templated.get(state.planned as usize).copied().unwrap_or(false) {
        let names = RunNames { run, task: Some(task), now: context.now };
        match names.render_parameters(&plan.parameters).and_then(within_limit) {
            Ok(rendered) => parameters = Some(rendered),
            Err(reason) => {
                return Ok(vec![Event::TaskFailed {
                    run: run.id,
                    task,
                    message: message(&reason),
                    as_warning: plan.treat_failure_as_warning,
                    at: context.now,
                }]);
            }
        }
    }
    let attempt = AttemptRef { run: run.id, task, number: state.attempt + 1 };
    Ok(vec![Event::AttemptLeased { attempt, worker, parameters, remote, at: context.now }])
}

/// The pool, or the task's own limit, that has no room for one more attempt of it.
pub(crate) fn full_pool(partition: &Partition, run: &RunState, task: u32, context: &Context) -> Option<String> {
    let plan = run.planned(task)?;
    let state = run.tasks.get(task as usize)?;
    if state.unsettled.is_some() && (run.halt.is_some() || state.mark.is_some()) {
        // It is leased to be stopped, and that frees what others wait for.
        return None;
    }
    if let Some(pool) = &plan.pool
        && !partition.pools.named.get(&pool.name).is_some_and(|named| named.fits(pool.slots))
    {
        return Some(format!("pool `{}`", pool.name));
    }
    (!lane::task_has_room(partition, run, task, context)).then(|| format!("the concurrency of task `{}`", plan.id))
}

fn within_limit(parameters: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let bytes = json_bytes(&parameters);
    let limit = limits::PARAMETER_BYTES_MAX;
    if bytes > limit {
        return Err(format!("the resolved parameters take {bytes} bytes; at most {limit} are allowed"));
    }
    Ok(parameters)
}
