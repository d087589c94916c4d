//! A ready task goes to a worker. Its parameters are resolved at this moment, and what they resolved to is recorded.

use serde_json::{Map, Value};

use crate::{
    command::{Context, Rejection},
    decide::message,
    event::{AttemptRef, Event},
    id::WorkerId,
    limits,
    names::RunNames,
    state::{Phase, RunState},
};

pub(super) fn decide(run: &RunState, task: u32, worker: WorkerId, context: &Context) -> Result<Vec<Event>, Rejection> {
    let not_ready = Rejection::NotReady { run: run.id, task };
    let Some((state, plan)) = run.tasks.get(task as usize).zip(run.plan.plan.tasks.get(task as usize)) else {
        return Err(not_ready);
    };
    if state.phase != Phase::Ready {
        return Err(not_ready);
    }
    let mut parameters = None;
    if run.plan.templated.get(task as usize).copied().unwrap_or(false) {
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
    Ok(vec![Event::AttemptLeased { attempt, worker, parameters, at: context.now }])
}

fn within_limit(parameters: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let bytes = serde_json::to_vec(&parameters).map_or(usize::MAX, |json| json.len());
    let limit = limits::PARAMETER_BYTES_MAX;
    if bytes > limit {
        return Err(format!("the resolved parameters take {bytes} bytes; at most {limit} are allowed"));
    }
    Ok(parameters)
}
