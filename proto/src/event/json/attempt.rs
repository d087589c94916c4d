//! Events of attempts as JSON.

use downbeat_domain::{AttemptRef, Event, TaskRunId};
use serde_json::{Map, Value, json};

use super::at;

pub(super) fn to_json(event: &Event) -> Value {
    let Some((attempt, rest)) = fields(event).or_else(|| fields_without_worker(event)) else { return Value::Null };
    let mut fields = attempt_fields(attempt);
    if let Value::Object(rest) = rest {
        fields.extend(rest);
    }
    Value::Object(fields)
}

fn fields(event: &Event) -> Option<(AttemptRef, Value)> {
    Some(match event {
        Event::AttemptLeased { attempt, worker, parameters, remote, at: when } => (
            *attempt,
            json!({"worker_id": worker.to_string(), "parameters": parameters, "remote": remote, "at": at(*when)}),
        ),
        Event::AttemptStarted { attempt, at: when, external_id, link, deadline, .. } => {
            (*attempt, json!({"at": at(*when), "external_id": external_id, "link": link, "deadline": deadline.map(at)}))
        }
        Event::AttemptSucceeded { attempt, outcome, outputs, message, at: when } => {
            (*attempt, json!({"outcome": outcome.as_str(), "outputs": outputs, "message": message, "at": at(*when)}))
        }
        Event::AttemptFailed { attempt, class, message, outputs, retry_at, as_warning, at: when } => (
            *attempt,
            json!({
                "class": class.as_str(), "message": message, "outputs": outputs,
                "retry_at": retry_at.map(at), "as_warning": as_warning, "at": at(*when),
            }),
        ),
        Event::AttemptLost { attempt, reason, retry_at, as_warning, at: when } => (
            *attempt,
            json!({"reason": reason, "retry_at": retry_at.map(at), "as_warning": as_warning, "at": at(*when)}),
        ),
        Event::AttemptStopRequested { attempt, reason, at: when } => {
            (*attempt, json!({"reason": reason.as_str(), "at": at(*when)}))
        }
        Event::AttemptStopped { attempt, unconfirmed, at: when } => {
            (*attempt, json!({"unconfirmed": unconfirmed, "at": at(*when)}))
        }
        Event::OperationsCollected { attempt, chunk, collected } => (
            *attempt,
            json!({
                "chunk": chunk, "operations": collected.operations.len(),
                "assets": collected.assets.len(), "edges": collected.edges.len(),
            }),
        ),
        _ => return None,
    })
}

fn fields_without_worker(event: &Event) -> Option<(AttemptRef, Value)> {
    Some(match event {
        Event::WaitStarted { attempt, at: when, until } => (*attempt, json!({"at": at(*when), "until": at(*until)})),
        Event::ApprovalRequested { attempt, approvers, message, until, at: when } => {
            (*attempt, json!({"approvers": approvers, "message": message, "until": until.map(at), "at": at(*when)}))
        }
        Event::ApprovalDecided { attempt, approved, by, comment, outputs, as_warning, at: when } => (
            *attempt,
            json!({
                "approved": approved, "by": by, "comment": comment, "outputs": outputs, "as_warning": as_warning,
                "at": at(*when),
            }),
        ),
        Event::ChildStarted { attempt, child, pipeline, detached, deadline, at: when } => (
            *attempt,
            json!({
                "child_run_id": child.to_string(), "pipeline_id": pipeline.to_string(), "detached": detached,
                "deadline": deadline.map(at), "at": at(*when),
            }),
        ),
        Event::ChildEnded { attempt, status, message, outputs, retry_at, at: when } => (
            *attempt,
            json!({
                "status": status.as_str(), "message": message, "outputs": outputs, "retry_at": retry_at.map(at),
                "at": at(*when),
            }),
        ),
        _ => return None,
    })
}

fn attempt_fields(attempt: AttemptRef) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("run_id".to_owned(), attempt.run.to_string().into());
    fields.insert("task".to_owned(), attempt.task.into());
    fields.insert("task_run_id".to_owned(), TaskRunId::derive(attempt.run, attempt.task).to_string().into());
    fields.insert("attempt".to_owned(), attempt.number.into());
    fields
}
