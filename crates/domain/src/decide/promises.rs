//! What pipelines promise about time: an asset is not older than so much, a run has ended well by an instant. Whether it is so is
//! decided once per change and once per instant, and recorded; nothing else follows from it.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::{
    command::{Context, FireSchedule},
    decide::later_ms,
    event::{DeadlineBreached, DeadlineMet, Event, FreshnessBreached, FreshnessRestored},
    id::{PipelineId, RunId},
    limits,
    plan::{Plan, PlanDeadline},
    state::{self, Partition, PipelineState},
    status::RunStatus,
};

/// Rules of the pipeline whose asset became too old, or is no longer.
pub(super) fn freshness_due(partition: &Partition, id: PipelineId, context: &Context) -> Vec<Event> {
    let Ok(state) = partition.live_pipeline(id) else { return Vec::new() };
    let due = state.plan.plan.freshness.iter().filter_map(|rule| {
        let known = state.assets.freshness(&rule.name);
        known.due(rule).filter(|due| *due <= context.now)?;
        let (pipeline, rule, asset, at) = (id, rule.name.clone(), rule.asset.clone(), context.now);
        Some(match known.breached {
            None => {
                Event::FreshnessBreached(Box::new(FreshnessBreached { pipeline, rule, asset, last: known.last, at }))
            }
            Some(_) => {
                let run = known.last.map(|(run, _)| run);
                Event::FreshnessRestored(Box::new(FreshnessRestored { pipeline, rule, asset, run, at }))
            }
        })
    });
    due.collect()
}

/// Breaches of rules that a new version of the pipeline does not go on with, or its end.
pub(super) fn ended_with(state: &PipelineState, id: PipelineId, next: Option<&Plan>, context: &Context) -> Vec<Event> {
    let old = &state.plan.plan;
    let gone = old.freshness.iter().filter(|rule| {
        let breached = state.assets.freshness(&rule.name).breached.is_some();
        breached && !state.deleted && !next.is_some_and(|next| state::goes_on(old, next, &rule.name))
    });
    gone.map(|rule| {
        Event::FreshnessRestored(Box::new(FreshnessRestored {
            pipeline: id,
            rule: rule.name.clone(),
            asset: rule.asset.clone(),
            run: None,
            at: context.now,
        }))
    })
    .collect()
}

/// Since when the rules of a new version count.
pub(super) fn set_beginnings(before: Option<&PipelineState>, plan: &mut Plan, context: &Context) {
    let before = before.filter(|before| !before.deleted).map(|before| &before.plan.plan);
    for rule in &mut plan.freshness {
        let same = before.and_then(|before| before.freshness_rule(&rule.name)).filter(|same| same.goes_on_as(rule));
        rule.since = same.and_then(|same| same.since).or(Some(context.now));
    }
}

/// The schedule of a deadline is due.
pub(super) fn deadline(
    partition: &Partition,
    state: &PipelineState,
    deadline: &PlanDeadline,
    fire: &FireSchedule,
    context: &Context,
) -> Event {
    let (pipeline, name, instant, at) = (fire.pipeline, deadline.name.clone(), fire.instant, context.now);
    match good_end(state, deadline, instant) {
        Some(run) => Event::DeadlineMet(Box::new(DeadlineMet { pipeline, deadline: name, instant, run, at })),
        None => {
            let live = newest_live(partition, pipeline);
            Event::DeadlineBreached(Box::new(DeadlineBreached { pipeline, deadline: name, instant, live, at }))
        }
    }
}

/// The last run that had ended well by the instant, and not too long before it; `None` = there is none. More runs may have ended since
/// than are remembered: then one had for all that is known, and it cannot be named.
fn good_end(state: &PipelineState, deadline: &PlanDeadline, instant: Timestamp) -> Option<Option<RunId>> {
    let ends: &VecDeque<(Timestamp, RunId)> = &state.assets.good_ends;
    let last = [RunStatus::Succeeded, RunStatus::Warning].map(|status| state.ends.get(&status));
    let last = last.into_iter().flatten().map(|(run, at)| (*at, *run));
    let counts = |(at, _): &(Timestamp, RunId)| *at <= instant && later_ms(*at, deadline.within_ms) >= instant;
    let found = ends.iter().copied().chain(last).filter(counts).max();
    let forgotten = ends.len() >= limits::GOOD_ENDS_MAX && ends.front().is_some_and(|(at, _)| *at > instant);
    found.map(|(_, run)| Some(run)).or_else(|| forgotten.then_some(None))
}

fn newest_live(partition: &Partition, pipeline: PipelineId) -> Option<(RunId, RunStatus)> {
    let first = (pipeline, String::new());
    let lanes = partition.lanes.lanes.range(first..).take_while(|((owner, _), _)| *owner == pipeline);
    let runs = lanes.flat_map(|(_, lane)| lane.live.iter().chain(&lane.waiting));
    let (_, run) = runs.max()?;
    partition.runs.get(run).map(|state| (*run, state.status()))
}
