//! A new version of a pipeline; the same text again is the same version. Pipelines that would start each other for ever are refused.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    command::Rejection,
    event::{Event, PipelineApplied},
    id::PipelineId,
    plan::{CoreJob, Plan},
    state::Partition,
};

pub(super) fn decide(partition: &Partition, applied: &PipelineApplied) -> Result<Vec<Event>, Rejection> {
    let current = partition.pipelines.get(&applied.pipeline);
    if current.is_some_and(|current| current.digest == applied.digest && !current.deleted) {
        return Ok(Vec::new());
    }
    if let Some(circle) = circle(partition, applied) {
        return Err(Rejection::TriggerCircle(circle.join(" -> ")));
    }
    let version = current.map_or(1, |current| current.version + 1);
    Ok(vec![Event::PipelineApplied(Box::new(PipelineApplied { version, ..applied.clone() }))])
}

/// The aliases on the way from a pipeline back to itself through `ORCHESTRA/TRIGGER_PIPELINE`. Ids that are expressions are only known
/// when a run evaluates them: then the task fails.
fn circle(partition: &Partition, applied: &PipelineApplied) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<(PipelineId, Vec<String>)> = started_by(partition, &applied.plan, applied)
        .into_iter()
        .map(|target| (target, vec![applied.alias.clone()]))
        .collect();
    while let Some((pipeline, mut path)) = open.pop() {
        if pipeline == applied.pipeline {
            path.push(applied.alias.clone());
            return Some(path);
        }
        let Some(state) = partition.pipelines.get(&pipeline).filter(|state| !state.deleted) else { continue };
        if seen.insert(pipeline) {
            path.push(state.alias.clone());
            let targets = started_by(partition, &state.plan.plan, applied);
            open.extend(targets.into_iter().map(|target| (target, path.clone())));
        }
    }
    None
}

/// Pipelines that tasks of a plan start, whether they wait for them or not: runs that start each other for ever help nobody.
fn started_by(partition: &Partition, plan: &Plan, applied: &PipelineApplied) -> Vec<PipelineId> {
    let starters = plan.tasks.iter().filter(|task| task.core_job() == Some(CoreJob::TriggerPipeline));
    let named = starters.filter_map(|task| task.parameters.get("pipeline_id").and_then(Value::as_str));
    named
        .filter_map(|named| {
            if named == applied.alias {
                return Some(applied.pipeline);
            }
            let by_alias = || partition.pipelines.iter().find(|(_, state)| state.alias == named).map(|(id, _)| *id);
            named.parse().ok().or_else(by_alias)
        })
        .collect()
}
