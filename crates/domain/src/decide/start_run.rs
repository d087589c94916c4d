//! A new run. Its inputs are completed, converted and frozen here.

use serde_json::{Map, Value};

use crate::{
    command::{Context, FireSchedule, Rejection, StartRun},
    decide::{inputs, json_bytes, later, later_ms, select},
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
    let of = inputs::Of { run: start.run, environment: &start.environment, environment_name: &start.environment_name };
    let inputs = inputs::complete(&pipeline.plan.plan.inputs, &start.inputs, &of, context)?;
    let environment_bytes = json_bytes(&start.environment);
    if environment_bytes > limits::INPUT_BYTES_MAX {
        return Err(Rejection::InvalidInputs(format!(
            "the environment variables take {environment_bytes} bytes; at most {} are allowed",
            limits::INPUT_BYTES_MAX
        )));
    }
    let selection = start.selection.as_ref().filter(|selection| !selection.ids.is_empty());
    let selection = selection.map(|named| select::places(pipeline, &named.ids, named.downstream)).transpose()?;
    let given = Given {
        inputs,
        environment: start.environment.clone(),
        environment_name: start.environment_name.clone(),
        selection,
    };
    Ok(vec![created(start.run, (start.pipeline, pipeline), start.trigger.clone(), given, context)])
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
    run: RunId,
    (id, pipeline): (PipelineId, &PipelineState),
    trigger: Trigger,
    given: Given,
    context: &Context,
) -> Event {
    let plan = &pipeline.plan.plan;
    let gated = plan.concurrency.is_some();
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

/// One run per instant: its id is derived, and the watermark of the schedule refuses what was decided before (INV-05).
pub(super) fn fire(partition: &Partition, fire: &FireSchedule, context: &Context) -> Result<Vec<Event>, Rejection> {
    let pipeline = startable(partition, fire.pipeline)?;
    let schedule = pipeline
        .plan
        .plan
        .schedules
        .iter()
        .find(|schedule| schedule.name == fire.schedule)
        .ok_or_else(|| Rejection::UnknownSchedule { pipeline: fire.pipeline, schedule: fire.schedule.clone() })?;
    // A watermark in the future would silence the schedule until then.
    if fire.instant > later(context.now, limits::SCHEDULE_AHEAD_SECONDS_MAX) {
        return Err(Rejection::NotDue { schedule: fire.schedule.clone(), instant: fire.instant });
    }
    if let Some(watermark) = pipeline.watermarks.get(&fire.schedule).filter(|watermark| fire.instant <= **watermark) {
        return Err(Rejection::AlreadyFired { schedule: fire.schedule.clone(), watermark: *watermark });
    }
    let run = RunId::of_schedule(fire.pipeline, &fire.schedule, fire.instant);
    let of = inputs::Of { run, environment: &Map::new(), environment_name: "" };
    let start = StartRun {
        run,
        pipeline: fire.pipeline,
        trigger: Trigger::Scheduled { schedule: fire.schedule.clone(), instant: fire.instant },
        inputs: inputs::of_trigger(&schedule.run_inputs, &of, None, context)?,
        environment: Map::new(),
        environment_name: String::new(),
        selection: None,
    };
    decide(partition, &start, context)
}
