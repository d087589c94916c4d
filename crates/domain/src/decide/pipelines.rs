//! Pipelines are paused, resumed and deleted. None of it takes a slot away from a live run, or gives one twice.

use crate::{
    command::{Context, Rejection},
    decide::brief,
    event::Event,
    id::PipelineId,
    limits,
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

/// Live runs are cancelled; those that wait are refused by their lane. Said again it is true already, and cancels what is still live.
pub(super) fn delete(partition: &Partition, pipeline: PipelineId, context: &Context) -> Result<Vec<Event>, Rejection> {
    let known = partition.pipelines.get(&pipeline).ok_or(Rejection::UnknownPipeline(pipeline))?;
    let mut events = Vec::new();
    if !known.deleted {
        events.push(Event::PipelineDeleted { pipeline, at: context.now });
    }
    let lanes =
        partition.lanes.lanes.range((pipeline, String::new())..).take_while(|((owner, _), _)| *owner == pipeline);
    let live = lanes.flat_map(|(_, lane)| &lane.live).filter_map(|(_, run)| partition.runs.get(run));
    let cancelled = live.filter(|run| run.halt.is_none()).take(limits::EVENTS_PER_ADVANCE_MAX).map(|run| {
        let reason = "its pipeline was deleted".to_owned();
        Event::RunCancelRequested { run: run.id, reason, at: context.now }
    });
    events.extend(cancelled);
    Ok(events)
}
