//! Events as JSON, for people and for `downbeat log cat`. Not a storage format: it may change.

mod access;
mod alert;
mod asset;
mod attempt;
mod audit;
mod backfill;
mod connection;
mod cost;
mod endpoints;
mod environment;
mod file_commit;
mod foreign;
mod inventory;
mod login;
mod pipeline;
mod sensor;

pub use inventory::details as asset_details_to_json;

use downbeat_domain::{
    ConditionResult, Event, EventOrigin, PipelineId, RunCreated, ScheduleDecided, TaskRunId, Trigger,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The fields of an event. Secrets have no place in events, so nothing is left out; definitions are shown by their size.
pub fn to_json(event: &Event) -> Map<String, Value> {
    let value = match event {
        Event::PartitionOwned { owner, software_version } => {
            json!({"owner": owner, "software_version": software_version})
        }
        Event::PipelineApplied(stored) | Event::PipelineDrafted(stored) | Event::PipelineRecalled(stored) => {
            pipeline::version(stored)
        }
        Event::PipelineStorageSet { pipeline, storage, at: when } => {
            json!({"pipeline_id": pipeline.to_string(), "storage": pipeline::storage(storage), "at": at(*when)})
        }
        Event::PipelinePaused { pipeline, reason, at: when } => {
            json!({"pipeline_id": pipeline.to_string(), "reason": reason, "at": at(*when)})
        }
        Event::PipelineResumed { pipeline, at: when } | Event::PipelineDeleted { pipeline, at: when } => {
            json!({"pipeline_id": pipeline.to_string(), "at": at(*when)})
        }
        Event::PoolSet { name, slots, at: when } => json!({"name": name, "slots": slots, "at": at(*when)}),
        Event::TimeZonesChanged { before, release, at: when } => {
            json!({"before": before, "release": release, "at": at(*when)})
        }
        Event::LevelRaised { before, level, at: when } => json!({"before": before, "level": level, "at": at(*when)}),
        Event::ScheduleDecided(decided) => schedule_decided(decided),
        Event::EventTaken(taken) => json!({
            "pipeline_id": taken.pipeline.to_string(), "trigger": taken.trigger, "part": taken.part,
            "event": origin(&taken.origin), "depth": taken.depth, "inputs": taken.inputs, "at": at(taken.at),
        }),
        Event::RunCreated(created) => run_created(created),
        Event::RunCancelRequested { run, reason, at: when } | Event::RunQueued { run, reason, at: when } => {
            json!({"run_id": run.to_string(), "reason": reason, "at": at(*when)})
        }
        Event::RunAdmitted { run, deadline, at: when } => {
            json!({"run_id": run.to_string(), "deadline": deadline.map(at), "at": at(*when)})
        }
        Event::RunTimedOut { run, at: when } | Event::CarryCompleted { run, at: when } => {
            json!({"run_id": run.to_string(), "at": at(*when)})
        }
        Event::RunFinished { run, status, message, at: when } => {
            json!({"run_id": run.to_string(), "status": status.as_str(), "message": message, "at": at(*when)})
        }
        Event::FollowersDue { run, status, chain, followers, at: when } => {
            let followers: Vec<Value> = followers
                .iter()
                .map(|it| json!({"pipeline_id": it.pipeline.to_string(), "trigger": it.trigger}))
                .collect();
            json!({
                "run_id": run.to_string(), "status": status.as_str(), "chain": ids(chain), "followers": followers,
                "at": at(*when),
            })
        }
        Event::FollowerDeclined { ended, pipeline, reason, at: when } => json!({
            "ended_run_id": ended.to_string(), "pipeline_id": pipeline.to_string(), "reason": reason, "at": at(*when),
        }),
        Event::GroupOpened { run, group, condition: result } => {
            json!({"run_id": run.to_string(), "group": group, "condition": condition(result)})
        }
        Event::GroupSkipped { run, group, reason, condition: result, at: when } => json!({
            "run_id": run.to_string(), "group": group, "reason": reason, "condition": condition(result), "at": at(*when),
        }),
        Event::MatrixExpanded { run, group, axes, at: when } => {
            let axes: Map<String, Value> =
                axes.iter().map(|(name, values)| (name.clone(), Value::Array(values.clone()))).collect();
            json!({"run_id": run.to_string(), "group": group, "axes": axes, "at": at(*when)})
        }
        Event::IterationOpened { run, group, iteration } => {
            json!({"run_id": run.to_string(), "group": group, "iteration": iteration})
        }
        Event::IterationSkipped { run, group, iteration, reason, at: when } => json!({
            "run_id": run.to_string(), "group": group, "iteration": iteration, "reason": reason, "at": at(*when),
        }),
        Event::Environment(fact) => environment::fact(fact),
        Event::Inventory(fact) => inventory::fact(fact),
        Event::FileCommit(fact) => file_commit::fact(fact),
        Event::ToolStateKept(kept) => environment::kept(kept),
        other => {
            let of_task = || task(other).unwrap_or_else(|| attempt::to_json(other));
            sensor::to_json(other)
                .or_else(|| backfill::to_json(other))
                .or_else(|| asset::to_json(other))
                .or_else(|| alert::to_json(other))
                .or_else(|| audit::to_json(other))
                .or_else(|| cost::to_json(other))
                .or_else(|| access::to_json(other))
                .or_else(|| endpoints::to_json(other))
                .or_else(|| connection::to_json(other))
                .or_else(|| foreign::to_json(other))
                .unwrap_or_else(of_task)
        }
    };
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn task(event: &Event) -> Option<Value> {
    Some(match event {
        Event::TaskReady { run, task, condition: result, at: when } => {
            json!({"run_id": run.to_string(), "task": task, "condition": condition(result), "at": at(*when)})
        }
        Event::TaskSkipped { run, task, reason, condition: result, seen_as, at: when } => json!({
            "run_id": run.to_string(), "task": task, "reason": reason, "condition": condition(result),
            "seen_as": seen_as.map(|status| status.as_str()), "at": at(*when),
        }),
        Event::TaskFailed { run, task, message, as_warning, at: when } => json!({
            "run_id": run.to_string(), "task": task, "message": message, "as_warning": as_warning, "at": at(*when),
        }),
        Event::IterationsEnded { run, task, status, at: when } => {
            json!({"run_id": run.to_string(), "task": task, "status": status.as_str(), "at": at(*when)})
        }
        Event::TaskCarriedOver(carried) => json!({
            "run_id": carried.run.to_string(), "task": carried.task, "iteration": carried.iteration,
            "status": carried.status.as_str(), "outputs": carried.outputs, "at": at(carried.at),
        }),
        Event::TaskResumes { run, task, iteration, operations } => json!({
            "run_id": run.to_string(), "task": task, "iteration": iteration, "operations": operations,
        }),
        Event::TaskMarked { run, task, mark, outputs, reason, by, at: when } => json!({
            "run_id": run.to_string(), "task": task, "task_run_id": TaskRunId::derive(*run, *task).to_string(),
            "mark": mark.as_str(), "outputs": outputs, "reason": reason, "by": by, "at": at(*when),
        }),
        _ => return None,
    })
}

fn run_created(created: &RunCreated) -> Value {
    let selection = created
        .selection
        .as_ref()
        .map(|selection| json!({"tasks": selection.tasks, "downstream": selection.downstream}));
    json!({
        "run_id": created.run.to_string(),
        "pipeline_id": created.pipeline.to_string(),
        "pipeline_version": created.version,
        "trigger": trigger(&created.trigger),
        "inputs": created.inputs,
        "environment_variables": created.environment,
        "environment": created.environment_name,
        "gated": created.gated,
        "deadline": created.deadline.map(at),
        "selection": selection,
        "at": at(created.at),
    })
}

fn ids(pipelines: &[PipelineId]) -> Vec<String> {
    pipelines.iter().map(ToString::to_string).collect()
}

fn schedule_decided(decided: &ScheduleDecided) -> Value {
    let passed = decided.passed.iter().map(|passed| {
        let listed: Vec<Value> = passed.listed.iter().map(|instant| at(*instant)).collect();
        json!({
            "reason": passed.reason.as_str(), "count": passed.count, "first": at(passed.first), "last": at(passed.last),
            "listed": listed, "message": passed.message,
        })
    });
    json!({
        "pipeline_id": decided.pipeline.to_string(), "schedule": decided.schedule,
        "passed": passed.collect::<Vec<_>>(), "up_to": at(decided.up_to), "at": at(decided.at),
    })
}

fn at(instant: Timestamp) -> Value {
    Value::String(instant.to_string())
}

fn condition(result: &Option<ConditionResult>) -> Value {
    result.as_ref().map_or(Value::Null, |result| json!({"expression": result.expression, "value": result.value}))
}

fn origin(origin: &EventOrigin) -> Value {
    json!({"id": origin.id, "source": origin.source, "address": origin.address, "time": origin.time.map(at)})
}

fn trigger(trigger: &Trigger) -> Value {
    match trigger {
        Trigger::Manual { user } => json!({"type": "MANUAL", "user": user}),
        Trigger::Scheduled { schedule, instant, coalesced_count: 0, .. } => {
            json!({"type": "SCHEDULED", "schedule": schedule, "instant": at(*instant)})
        }
        Trigger::Scheduled { schedule, instant, coalesced, coalesced_count } => json!({
            "type": "SCHEDULED", "schedule": schedule, "instant": at(*instant), "coalesced_count": coalesced_count,
            "coalesced": coalesced.iter().map(|instant| at(*instant)).collect::<Vec<_>>(),
        }),
        Trigger::Parent { attempt, pipeline, depth } => json!({
            "type": "PIPELINE", "run_id": attempt.run.to_string(), "task": attempt.task, "attempt": attempt.number,
            "pipeline_id": pipeline.to_string(), "depth": depth,
        }),
        Trigger::PipelineEnded { run, status, trigger, chain } => json!({
            "type": "PIPELINE_EVENT", "run_id": run.to_string(), "status": status.as_str(), "trigger": trigger,
            "chain": ids(chain),
        }),
        Trigger::Event { trigger, events, depth } => json!({
            "type": "EVENT", "trigger": trigger, "events": events.iter().map(origin).collect::<Vec<_>>(), "depth": depth,
        }),
        Trigger::Backfill { backfill, schedule, instant, user } => json!({
            "type": "BACKFILL", "backfill_id": backfill.to_string(), "schedule": schedule, "instant": at(*instant),
            "user": user,
        }),
        Trigger::Sensor { sensor, instant } => json!({"type": "SENSOR", "sensor": sensor, "instant": at(*instant)}),
        Trigger::Asset { .. } => asset::trigger(trigger),
        Trigger::Webhook { delivery, signature } => {
            json!({"type": "WEBHOOK", "delivery": delivery, "signature": signature})
        }
        Trigger::Restart { user, run, mode } => {
            json!({"type": mode.as_str(), "user": user, "run_id": run.to_string()})
        }
    }
}
