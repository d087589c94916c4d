//! Pipelines are paused, resumed and deleted. None of it takes a slot away from a live run, or gives one twice.

use crate::{
    command::{Context, Rejection},
    decide::{brief, promises, sensor},
    event::Event,
    id::PipelineId,
    state::Partition,
};

pub(super) fn pause(
    partition: &Partition,
    pipeline: PipelineId,
    reason: &str,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let state = partition.live_pipeline(pipeline)?;
    if state.paused.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PipelinePaused { pipeline, reason: brief(reason), at: context.now }])
}

pub(super) fn resume(partition: &Partition, pipeline: PipelineId, context: &Context) -> Result<Vec<Event>, Rejection> {
    let state = partition.live_pipeline(pipeline)?;
    if state.paused.is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PipelineResumed { pipeline, at: context.now }])
}

/// Its lanes cancel the runs that are live, and refuse those that wait.
pub(super) fn delete(partition: &Partition, pipeline: PipelineId, context: &Context) -> Result<Vec<Event>, Rejection> {
    let known = partition.pipelines.get(&pipeline).ok_or(Rejection::UnknownPipeline(pipeline))?;
    if known.deleted {
        return Ok(Vec::new());
    }
    let mut events = sensor::ended_with(known, pipeline, None, context);
    events.extend(promises::ended_with(known, pipeline, None, context));
    events.push(Event::PipelineDeleted { pipeline, at: context.now });
    Ok(events)
}
