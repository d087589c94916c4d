//! A new run. Its inputs are completed, converted and frozen here.

use crate::{
    command::{Context, FireSchedule, Rejection, StartRun},
    decide::{inputs, later},
    event::{Event, RunCreated, Trigger},
    id::RunId,
    limits,
    state::Partition,
};

pub(super) fn decide(partition: &Partition, start: &StartRun, context: &Context) -> Result<Vec<Event>, Rejection> {
    let pipeline = partition.pipelines.get(&start.pipeline).ok_or(Rejection::UnknownPipeline(start.pipeline))?;
    let known = partition
        .runs
        .get(&start.run)
        .map(|run| run.pipeline)
        .or_else(|| partition.finished.get(&start.run).map(|(pipeline, _)| *pipeline));
    match known {
        Some(owner) if owner == start.pipeline => return Ok(Vec::new()),
        Some(_) => return Err(Rejection::RunExists(start.run)),
        None => {}
    }
    let inputs = inputs::complete(&pipeline.plan.plan.inputs, &start.inputs)?;
    let environment_bytes = serde_json::to_vec(&start.environment).map_or(usize::MAX, |json| json.len());
    if environment_bytes > limits::INPUT_BYTES_MAX {
        return Err(Rejection::InvalidInputs(format!(
            "the environment variables take {environment_bytes} bytes; at most {} are allowed",
            limits::INPUT_BYTES_MAX
        )));
    }
    Ok(vec![Event::RunCreated(Box::new(RunCreated {
        run: start.run,
        pipeline: start.pipeline,
        version: pipeline.version,
        trigger: start.trigger.clone(),
        inputs,
        environment: start.environment.clone(),
        at: context.now,
    }))])
}

/// One run per instant: its id is derived, and the watermark of the schedule refuses what was decided before (INV-05).
pub(super) fn fire(partition: &Partition, fire: &FireSchedule, context: &Context) -> Result<Vec<Event>, Rejection> {
    let pipeline = partition.pipelines.get(&fire.pipeline).ok_or(Rejection::UnknownPipeline(fire.pipeline))?;
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
    let start = StartRun {
        run: RunId::of_schedule(fire.pipeline, &fire.schedule, fire.instant),
        pipeline: fire.pipeline,
        trigger: Trigger::Scheduled { schedule: fire.schedule.clone(), instant: fire.instant },
        inputs: schedule.run_inputs.clone(),
        environment: serde_json::Map::new(),
    };
    decide(partition, &start, context)
}
