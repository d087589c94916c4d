//! Events as JSON, for people and for `downbeat log cat`. Not a storage format: it may change.

use downbeat_domain::{AttemptRef, ConditionResult, Event, TaskRunId, Trigger};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The fields of an event. Secrets have no place in events, so nothing is left out; definitions are shown by their size.
pub fn to_json(event: &Event) -> Map<String, Value> {
    let value = match event {
        Event::PartitionOwned { owner, software_version } => {
            json!({"owner": owner, "software_version": software_version})
        }
        Event::PipelineApplied(applied) => json!({
            "pipeline_id": applied.pipeline.to_string(),
            "alias": applied.alias,
            "version": applied.version,
            "name": applied.name,
            "source_root": applied.source_root,
            "source_bytes": applied.source.len(),
            "tasks": applied.plan.tasks.len(),
        }),
        Event::RunCreated(created) => json!({
            "run_id": created.run.to_string(),
            "pipeline_id": created.pipeline.to_string(),
            "pipeline_version": created.version,
            "trigger": trigger(&created.trigger),
            "inputs": created.inputs,
            "environment_variables": created.environment,
            "at": at(created.at),
        }),
        Event::RunCancelRequested { run, reason, at: when } => {
            json!({"run_id": run.to_string(), "reason": reason, "at": at(*when)})
        }
        Event::RunFinished { run, status, message, at: when } => {
            json!({"run_id": run.to_string(), "status": status.as_str(), "message": message, "at": at(*when)})
        }
        Event::GroupOpened { run, group, condition: result } => {
            json!({"run_id": run.to_string(), "group": group, "condition": condition(result)})
        }
        Event::GroupSkipped { run, group, reason, condition: result, at: when } => json!({
            "run_id": run.to_string(), "group": group, "reason": reason, "condition": condition(result), "at": at(*when),
        }),
        Event::TaskReady { run, task, condition: result, at: when } => {
            json!({"run_id": run.to_string(), "task": task, "condition": condition(result), "at": at(*when)})
        }
        Event::TaskSkipped { run, task, reason, condition: result, at: when } => json!({
            "run_id": run.to_string(), "task": task, "reason": reason, "condition": condition(result), "at": at(*when),
        }),
        Event::TaskFailed { run, task, message, as_warning, at: when } => json!({
            "run_id": run.to_string(), "task": task, "message": message, "as_warning": as_warning, "at": at(*when),
        }),
        attempt_event => attempt_json(attempt_event),
    };
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn attempt_json(event: &Event) -> Value {
    let (attempt, rest) = match event {
        Event::AttemptLeased { attempt, worker, parameters, at: when } => {
            (attempt, json!({"worker_id": worker.to_string(), "parameters": parameters, "at": at(*when)}))
        }
        Event::AttemptStarted { attempt, at: when, external_id, deadline, .. } => {
            (attempt, json!({"at": at(*when), "external_id": external_id, "deadline": deadline.map(at)}))
        }
        Event::AttemptSucceeded { attempt, outcome, outputs, message, at: when } => {
            (attempt, json!({"outcome": outcome.as_str(), "outputs": outputs, "message": message, "at": at(*when)}))
        }
        Event::AttemptFailed { attempt, class, message, outputs, retry_at, as_warning, at: when } => (
            attempt,
            json!({
                "class": class.as_str(), "message": message, "outputs": outputs,
                "retry_at": retry_at.map(at), "as_warning": as_warning, "at": at(*when),
            }),
        ),
        Event::AttemptLost { attempt, reason, retry_at, as_warning, at: when } => (
            attempt,
            json!({"reason": reason, "retry_at": retry_at.map(at), "as_warning": as_warning, "at": at(*when)}),
        ),
        Event::AttemptStopRequested { attempt, reason, at: when } => {
            (attempt, json!({"reason": reason.as_str(), "at": at(*when)}))
        }
        Event::AttemptStopped { attempt, at: when } => (attempt, json!({"at": at(*when)})),
        Event::WaitStarted { attempt, at: when, until } => (attempt, json!({"at": at(*when), "until": at(*until)})),
        Event::OperationsCollected { attempt, chunk, collected } => (
            attempt,
            json!({
                "chunk": chunk, "operations": collected.operations.len(),
                "assets": collected.assets.len(), "edges": collected.edges.len(),
            }),
        ),
        _ => return Value::Null,
    };
    let mut fields = attempt_fields(*attempt);
    if let Value::Object(rest) = rest {
        fields.extend(rest);
    }
    Value::Object(fields)
}

fn attempt_fields(attempt: AttemptRef) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("run_id".to_owned(), attempt.run.to_string().into());
    fields.insert("task".to_owned(), attempt.task.into());
    fields.insert("task_run_id".to_owned(), TaskRunId::derive(attempt.run, attempt.task).to_string().into());
    fields.insert("attempt".to_owned(), attempt.number.into());
    fields
}

fn at(instant: Timestamp) -> Value {
    Value::String(instant.to_string())
}

fn condition(result: &Option<ConditionResult>) -> Value {
    result.as_ref().map_or(Value::Null, |result| json!({"expression": result.expression, "value": result.value}))
}

fn trigger(trigger: &Trigger) -> Value {
    match trigger {
        Trigger::Manual { user } => json!({"type": "MANUAL", "user": user}),
        Trigger::Scheduled { schedule, instant } => {
            json!({"type": "SCHEDULED", "schedule": schedule, "instant": at(*instant)})
        }
    }
}
