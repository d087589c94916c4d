//! A new run. Its inputs are completed, converted and frozen here.

use serde_json::{Map, Value};

use crate::{
    command::{Context, Rejection, StartRun},
    cost,
    decide::{inputs, json_bytes, later_ms, select},
    event::{Event, RunCreated, Selection, Trigger},
    id::{PipelineId, RunId},
    limits,
    state::{Partition, PipelineState, Version},
};

pub(super) fn decide(partition: &Partition, start: &StartRun, context: &Context) -> Result<Vec<Event>, Rejection> {
    if is_known(partition, start.run, start.pipeline)? {
        return Ok(Vec::new());
    }
    let pipeline = unpaused(partition, start.pipeline)?;
    let version = version_of(pipeline, start.version)?;
    // Who asks for the run may say single variables otherwise.
    let mut used = partition.environments.used(&start.environment_name)?;
    used.variables.extend(start.environment.clone());
    let of = inputs::Of { run: start.run, environment: &used.variables, environment_name: &used.name };
    let inputs = inputs::complete(&version.plan.plan.inputs, &start.inputs, &of, context)?;
    let environment_bytes = json_bytes(&used.variables);
    if environment_bytes > limits::INPUT_BYTES_MAX {
        return Err(Rejection::InvalidInputs(format!(
            "the environment variables take {environment_bytes} bytes; at most {} are allowed",
            limits::INPUT_BYTES_MAX
        )));
    }
    let selection = start.selection.as_ref().filter(|selection| !selection.ids.is_empty());
    let selection = selection
        .map(|named| select::places(&pipeline.alias, &version.plan, &named.ids, named.downstream))
        .transpose()?;
    let given = Given { inputs, environment: used.variables, environment_name: used.name, selection };
    let of = (start.pipeline, pipeline);
    Ok(vec![created_of(partition, start.run, of, &version, start.trigger.clone(), given, context)])
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

/// The pipeline, unless nothing of its current version may start.
pub(super) fn startable(partition: &Partition, pipeline: PipelineId) -> Result<&PipelineState, Rejection> {
    let state = unpaused(partition, pipeline)?;
    version_of(state, 0).map(|_| state)
}

/// The version of this number; 0 = the current one.
pub(super) fn version_of(pipeline: &PipelineState, number: u32) -> Result<Version, Rejection> {
    let (alias, latest) = (pipeline.alias.clone(), pipeline.latest);
    match number {
        0 if pipeline.version == 0 => Err(Rejection::OnlyDrafts { alias, latest }),
        0 => Ok(pipeline.current()),
        version if version > latest => Err(Rejection::UnknownVersion { alias, version, latest }),
        version => pipeline.at_hand(version).ok_or(Rejection::VersionUnread { alias, version }),
    }
}

/// The pipeline, unless nothing of it may start.
pub(super) fn unpaused(partition: &Partition, pipeline: PipelineId) -> Result<&PipelineState, Rejection> {
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

/// A run of the current version.
pub(super) fn created(
    partition: &Partition,
    run: RunId,
    of: (PipelineId, &PipelineState),
    trigger: Trigger,
    given: Given,
    context: &Context,
) -> Event {
    created_of(partition, run, of, &of.1.current(), trigger, given, context)
}

/// A run of a version. Whether it has to wait the current one says, which stands for all runs of the pipeline.
pub(super) fn created_of(
    partition: &Partition,
    run: RunId,
    (id, pipeline): (PipelineId, &PipelineState),
    version: &Version,
    trigger: Trigger,
    given: Given,
    context: &Context,
) -> Event {
    let plan = &version.plan.plan;
    let gated = pipeline.plan.plan.concurrency.is_some() || cost::held(partition, id, pipeline, context.now).is_some();
    Event::RunCreated(Box::new(RunCreated {
        run,
        pipeline: id,
        version: version.number,
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
