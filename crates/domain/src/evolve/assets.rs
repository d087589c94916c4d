//! Assets that were materialised, ages, deadlines.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    event::{AssetsMaterialised, Event, Trigger},
    id::{PipelineId, RunId},
    plan::PlanDeadline,
    state::{AssetState, DeadlineOutcome, Partition, PipelineState},
    status::RunStatus,
};

pub(super) fn evolve(partition: &mut Partition, event: &Event) {
    match event {
        Event::AssetsMaterialised(done) => materialise(partition, done),
        Event::AssetTriggerDeclined(declined) => {
            if let Some(assets) = assets_of(partition, declined.pipeline) {
                assets.gathered.remove(&declined.trigger);
            }
        }
        Event::FreshnessBreached(breached) => {
            if let Some(assets) = assets_of(partition, breached.pipeline) {
                assets.fresh.entry(breached.rule.clone()).or_default().breached = Some(breached.at);
            }
        }
        Event::FreshnessRestored(restored) => {
            let rule = assets_of(partition, restored.pipeline).and_then(|assets| assets.fresh.get_mut(&restored.rule));
            if let Some(rule) = rule {
                rule.breached = None;
            }
        }
        Event::DeadlineMet(met) => {
            let outcome = DeadlineOutcome { instant: met.instant, met: true, run: met.run };
            decide_deadline(partition, met.pipeline, &met.deadline, outcome);
        }
        Event::DeadlineBreached(breached) => {
            let run = breached.live.map(|(run, _)| run);
            let outcome = DeadlineOutcome { instant: breached.instant, met: false, run };
            decide_deadline(partition, breached.pipeline, &breached.deadline, outcome);
        }
        _ => {}
    }
}

fn live(partition: &mut Partition, pipeline: PipelineId) -> Option<&mut PipelineState> {
    partition.pipelines.get_mut(&pipeline).filter(|state| !state.deleted)
}

fn assets_of(partition: &mut Partition, pipeline: PipelineId) -> Option<&mut AssetState> {
    live(partition, pipeline).map(|state| &mut state.assets)
}

fn materialise(partition: &mut Partition, done: &AssetsMaterialised) {
    let candidates = done.assets.iter().flat_map(|asset| partition.asset_listeners.candidates(asset));
    for id in candidates.collect::<BTreeSet<_>>() {
        if let Some(state) = live(partition, id) {
            state.assets.take(id, &state.plan.plan, done);
        }
    }
}

fn decide_deadline(partition: &mut Partition, pipeline: PipelineId, name: &str, outcome: DeadlineOutcome) {
    let Some(state) = live(partition, pipeline) else { return };
    if state.plan.plan.deadline(name).is_none() {
        return;
    }
    super::decide_up_to(state, &PlanDeadline::schedule_name(name), outcome.instant);
    state.assets.deadlines.insert(name.to_owned(), outcome);
}

/// The run that came of what a trigger had gathered begins to exist.
pub(super) fn consume(pipeline: &mut PipelineState, trigger: &Trigger) {
    if let Trigger::Asset { trigger, .. } = trigger {
        pipeline.assets.gathered.remove(trigger);
    }
}

/// Deadlines ask for runs that ended well.
pub(super) fn note_end(pipeline: &mut PipelineState, run: RunId, status: RunStatus, at: Timestamp) {
    if matches!(status, RunStatus::Succeeded | RunStatus::Warning) && !pipeline.plan.plan.deadlines.is_empty() {
        pipeline.assets.note_good_end(run, at);
    }
}
