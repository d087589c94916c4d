//! Assets that were materialised, ages, deadlines.

use downbeat_domain::{Event, Trigger};
use serde_json::{Value, json};

use super::{at, ids};

pub(super) fn to_json(event: &Event) -> Option<Value> {
    Some(match event {
        Event::AssetsMaterialised(done) => json!({
            "source_run_id": done.attempt.run.to_string(), "task": done.attempt.task, "attempt": done.attempt.number,
            "chunk": done.chunk, "assets": done.assets, "chain": ids(&done.chain), "depth": done.depth,
            "at": at(done.at),
        }),
        Event::AssetTriggerDeclined(declined) => json!({
            "pipeline_id": declined.pipeline.to_string(), "trigger": declined.trigger, "reason": declined.reason,
            "at": at(declined.at),
        }),
        Event::FreshnessBreached(breached) => json!({
            "pipeline_id": breached.pipeline.to_string(), "rule": breached.rule, "asset": breached.asset,
            "last_run_id": breached.last.map(|(run, _)| run.to_string()),
            "last_at": breached.last.map(|(_, last)| at(last)), "at": at(breached.at),
        }),
        Event::FreshnessRestored(restored) => json!({
            "pipeline_id": restored.pipeline.to_string(), "rule": restored.rule, "asset": restored.asset,
            "source_run_id": restored.run.map(|run| run.to_string()), "at": at(restored.at),
        }),
        Event::DeadlineMet(met) => json!({
            "pipeline_id": met.pipeline.to_string(), "deadline": met.deadline, "instant": at(met.instant),
            "met_by_run_id": met.run.map(|run| run.to_string()), "at": at(met.at),
        }),
        Event::DeadlineBreached(breached) => json!({
            "pipeline_id": breached.pipeline.to_string(), "deadline": breached.deadline,
            "instant": at(breached.instant), "live_run_id": breached.live.map(|(run, _)| run.to_string()),
            "live_status": breached.live.map(|(_, status)| status.as_str()), "at": at(breached.at),
        }),
        _ => return None,
    })
}

/// Such a trigger.
pub(super) fn trigger(trigger: &Trigger) -> Value {
    match trigger {
        Trigger::Asset { trigger, assets, runs, chain, depth } => json!({
            "type": "ASSET", "trigger": trigger, "assets": assets, "depth": depth, "chain": ids(chain),
            "runs": runs.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
        _ => Value::Null,
    }
}
