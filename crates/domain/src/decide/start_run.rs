//! A new run. Its inputs are completed, converted and frozen here.

use serde_json::{Map, Value};

use crate::{
    command::{Context, Rejection, StartRun},
    cost,
    decide::{inputs, json_bytes, later_ms, select},
    event::{Event, RunCreated, Selection, Trigger},
    id::{PipelineId, RunId},
    limits,
    state::{Partition, PipelineState},
};

pub(super) fn decide(partition: &Partition, start: &StartRun, context: &Context) -> Result<Vec<Event>, Rejection> {
    if is_known(partition, start.run, start.pipeline)? {
        return Ok(Vec::new());
    }
    let pipeline = startable(partition, start.pipeline)?;
    // Who asks for the run may say single variables otherwise.
    let mut used = partition.environments.used(&start.environment_name)?;
    used.variables.extend(start.environment.clone());
    let of = inputs::Of { run: start.run, environment: &used.variables, environment_name: &used.name };
    let inputs = inputs::complete(&pipeline.plan.plan.inputs, &start.inputs, &of, context)?;
    let environment_bytes = json_bytes(&used.variables);
    if environment_bytes > limits::INPUT_BYTES_MAX {
        return Err(Rejection::InvalidInputs(format!(
            "the environment variables take {environment_bytes} bytes; at most {} are allowed",
            limits::INPUT_BYTES_MAX
        )));
    }
    let selection = start.selection.as_ref().filter(|selection| !selection.ids.is_empty());
    let selection = selection.map(|named| select::places(pipeline, &named.ids, named.downstream)).transpose()?;
    let given = Given { inputs, environment: used.variables, environment_name: used.name, selection };
    Ok(vec![created(partition, start.run, (start.pipeline, pipeline), start.trigger.clone(), given, context)])
}

/// The same id again is answered from state; the id of another pipeline's run is refused.
pub(super) fn is_known(partition: &Partition, run: RunId, pipeline: PipelineId) -> Result<bool, Rejection> {
    let live = partition.runs.get(&run).map(|run| run.pipeline);
    match live.or_else(|| partition.finished.get(&run).map(|(pipeline, _)| *pipeline)) {
        Some(owner) if owner == pipeline => Ok(true),
        Some(_) => Err(Rejection::RunExists(run)),
        None => Ok(false),
    }
}

/// The pipeline, unless nothing of it may start.
pub(super) fn startable(partition: &Partition, pipeline: PipelineId) -> Result<&PipelineState, Rejection> {
    let state = partition.live_pipeline(pipeline)?;
    match state.paused {
        Some(_) => Err(Rejection::PipelinePaused { alias: state.alias.clone() }),
        None => Ok(state),
    }
}

/// What a new run is given.
pub(super) struct Given {
    pub(super) inputs: Map<String, Value>,
    pub(super) environment: Map<String, Value>,
    pub(super) environment_name: String,
    pub(super) selection: Option<Selection>,
}

pub(super) fn created(
    partition: &Partition,
    run: RunId,
    (id, pipeline): (PipelineId, &PipelineState),
    trigger: Trigger,
    given: Given,
    context: &Context,
) -> Event {
    let plan = &pipeline.plan.plan;
    let gated = plan.concurrency.is_some() || cost::held(partition, id, pipeline, context.now).is_some();
    Event::RunCreated(Box::new(RunCreated {
        run,
        pipeline: id,
        version: pipeline.version,
        trigger,
        inputs: given.inputs,
        environment: given.environment,
        environment_name: given.environment_name,
        gated,
        deadline: plan.timeout_ms.filter(|_| !gated).map(|timeout| later_ms(context.now, timeout)),
        selection: given.selection,
        at: context.now,
    }))
}
