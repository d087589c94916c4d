//! `evolve` folds one event into the state. It is total: whatever the log says, it neither fails nor panics; a pair of state and
//! event that the life cycle does not know changes nothing.

mod run;

use std::sync::Arc;

use crate::{
    event::{Event, PipelineApplied, RunCreated, Trigger},
    plan::PreparedPlan,
    state::{Partition, PipelineState, RunState},
};

/// Folds one event.
pub fn evolve(partition: &mut Partition, event: &Event) {
    match event {
        Event::PartitionOwned { .. } => {}
        Event::PipelineApplied(applied) => apply_pipeline(partition, applied),
        Event::RunCreated(created) => create_run(partition, created),
        Event::RunFinished { run, status, .. } => {
            if let Some(state) = partition.runs.remove(run) {
                partition.finished.insert(*run, (state.pipeline, *status));
            }
        }
        other => {
            if let Some(run) = other.run().and_then(|run| partition.runs.get_mut(&run)) {
                run::evolve(run, other);
            }
        }
    }
}

fn apply_pipeline(partition: &mut Partition, applied: &PipelineApplied) {
    let watermarks = partition.pipelines.remove(&applied.pipeline).map(|before| before.watermarks).unwrap_or_default();
    let state = PipelineState {
        alias: applied.alias.clone(),
        name: applied.name.as_str().into(),
        version: applied.version,
        digest: applied.digest,
        source_root: applied.source_root.as_str().into(),
        plan: Arc::new(PreparedPlan::new(applied.plan.clone())),
        watermarks,
    };
    partition.pipelines.insert(applied.pipeline, state);
}

fn create_run(partition: &mut Partition, created: &RunCreated) {
    let known = partition.runs.contains_key(&created.run) || partition.finished.contains_key(&created.run);
    let Some(pipeline) = partition.pipelines.get_mut(&created.pipeline).filter(|_| !known) else { return };
    if let Trigger::Scheduled { schedule, instant } = &created.trigger {
        let watermark = pipeline.watermarks.entry(schedule.clone()).or_insert(*instant);
        *watermark = (*watermark).max(*instant);
    }
    partition.runs.insert(created.run, RunState::new(created, pipeline));
}
