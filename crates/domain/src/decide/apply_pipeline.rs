//! A new version of a pipeline, current or a draft; the same text again is the same version. Pipelines that would start each other for
//! ever are refused. A draft that is applied gets a number of its own: what a number stands for never changes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    command::{ApplyPipeline, Context, Rejection},
    decide::{promises, sensor, versions},
    event::{Event, PipelineApplied},
    id::PipelineId,
    limits,
    plan::{CoreJob, Plan},
    state::Partition,
};

pub(super) fn decide(partition: &Partition, apply: &ApplyPipeline, context: &Context) -> Result<Vec<Event>, Rejection> {
    let applied = &apply.applied;
    let current = partition.pipelines.get(&applied.pipeline);
    let live = current.filter(|current| !current.deleted);
    if apply.create && live.is_some() {
        return Err(Rejection::PipelineExists { alias: applied.alias.clone() });
    }
    if let Some(kept) = &apply.kept {
        versions::check_kept(partition.live_pipeline(applied.pipeline)?, kept)?;
    }
    versions::check_places(applied)?;
    let known = live.and_then(|live| live.with_digest(&applied.digest));
    let is_current = |number: u32| live.is_some_and(|live| live.version == number);
    if known.is_some_and(|number| apply.draft || is_current(number)) {
        return Ok(versions::kept_elsewhere(live, applied, context));
    }
    let newest = live.map_or(0, |live| live.latest);
    if let Some(base) = apply.base.filter(|base| *base != newest) {
        return Err(Rejection::ChangedMeanwhile { alias: applied.alias.clone(), base, newest });
    }
    let version = current.map_or(1, |current| current.latest + 1);
    if apply.draft {
        // It starts nothing by itself: what it says of others is looked at when it is applied.
        return Ok(vec![Event::PipelineDrafted(Box::new(PipelineApplied { version, ..applied.clone() }))]);
    }
    too_many_followers(partition, applied)?;
    if let Some(circle) = circle(partition, applied) {
        return Err(Rejection::TriggerCircle(circle.join(" -> ")));
    }
    let mut events = Vec::new();
    if let Some(current) = current {
        events.extend(sensor::ended_with(current, applied.pipeline, Some(&applied.plan), context));
        events.extend(promises::ended_with(current, applied.pipeline, Some(&applied.plan), context));
    }
    let mut next = PipelineApplied { version, ..applied.clone() };
    promises::set_beginnings(current, &mut next.plan, context);
    events.push(Event::PipelineApplied(Box::new(next)));
    Ok(events)
}

/// The end of one run starts at most [`limits::FOLLOWERS_MAX`] pipelines.
fn too_many_followers(partition: &Partition, applied: &PipelineApplied) -> Result<(), Rejection> {
    let before = partition.pipelines.get(&applied.pipeline).filter(|before| !before.deleted);
    for trigger in &applied.plan.pipeline_triggers {
        let named = trigger.pipeline;
        let counted =
            before.is_some_and(|before| before.plan.plan.pipeline_triggers.iter().any(|other| other.pipeline == named));
        let any = if named.is_some() { partition.followers.count(None) } else { partition.followers.most_named() };
        if partition.followers.count(named) + any + usize::from(!counted) > limits::FOLLOWERS_MAX {
            let most = limits::FOLLOWERS_MAX;
            let what = named.map_or("any pipeline".to_owned(), |named| format!("pipeline {named}"));
            return Err(Rejection::TooManyFollowers(format!(
                "the end of a run may start at most {most} pipelines, and so many have trigger_events on {what} already"
            )));
        }
    }
    Ok(())
}

/// The aliases on the way from a pipeline back to itself through `ORCHESTRA/TRIGGER_PIPELINE` and `trigger_events`. Ids that are expressions
/// are only known when a run evaluates them: then the task fails. Whoever follows any pipeline is stopped by the chain of its run.
fn circle(partition: &Partition, applied: &PipelineApplied) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<(PipelineId, Vec<String>)> = successors(partition, applied.pipeline, &applied.plan, applied)
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
            let targets = successors(partition, pipeline, &state.plan.plan, applied);
            open.extend(targets.into_iter().map(|target| (target, path.clone())));
        }
    }
    None
}

/// Pipelines that a run of this one starts, by its tasks or by its end, once the new version counts.
fn successors(partition: &Partition, pipeline: PipelineId, plan: &Plan, applied: &PipelineApplied) -> Vec<PipelineId> {
    let mut found = started_by(partition, plan, applied);
    found.extend(partition.followers.naming(pipeline).filter(|follower| *follower != applied.pipeline));
    if applied.plan.pipeline_triggers.iter().any(|trigger| trigger.pipeline == Some(pipeline)) {
        found.push(applied.pipeline);
    }
    found
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
            // One that is not there yet counts as well: it may come later.
            named.parse().ok().or_else(|| partition.pipeline_named(named))
        })
        .collect()
}
