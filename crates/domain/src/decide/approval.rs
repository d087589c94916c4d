//! `ORCHESTRA/APPROVAL`: waits for a person, holds no worker.

use serde_json::{Map, Value};

use crate::{
    command::{Context, Rejection},
    decide::{brief, consider, later, later_ms, message},
    event::{AttemptRef, Event},
    names::RunNames,
    state::{Phase, RunState},
};

/// The approval begins to wait, or fails because its parameters do not evaluate.
pub(super) fn request(run: &RunState, task: u32, context: &Context) -> Event {
    let Some(plan) = run.planned(task) else { return consider::failed(run, task, "it has no plan", context) };
    let names = RunNames { run, task: Some(task), now: context.now };
    let parameters = match names.render_parameters(&plan.parameters) {
        Ok(parameters) => parameters,
        Err(reason) => return consider::failed(run, task, &reason, context),
    };
    let approvers = parameters.get("approvers").and_then(Value::as_array);
    let approvers: Vec<String> =
        approvers.into_iter().flatten().filter_map(Value::as_str).map(|address| address.trim().to_owned()).collect();
    let until = match (plan.approval_expires_ms, plan.timeout_seconds) {
        (Some(milliseconds), _) => Some(later_ms(context.now, milliseconds)),
        (None, Some(seconds)) => Some(later(context.now, i64::from(seconds))),
        (None, None) => None,
    };
    Event::ApprovalRequested {
        attempt: AttemptRef { run: run.id, task, number: 1 },
        approvers,
        message: brief(parameters.get("message").and_then(Value::as_str).unwrap_or_default()),
        until,
        at: context.now,
    }
}

pub(super) fn decide(
    run: &RunState,
    task: u32,
    approved: bool,
    by: &str,
    comment: &str,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let Some((state, plan)) = run.tasks.get(task as usize).zip(run.planned(task)) else {
        return Err(Rejection::NotReady { run: run.id, task });
    };
    match state.phase {
        Phase::Approving(_) => {}
        Phase::Ended(status) => return Err(Rejection::TaskEnded { run: run.id, id: plan.id.clone(), status }),
        _ => {
            let reason = "does not wait for an approval".to_owned();
            return Err(Rejection::TaskUnfit { run: run.id, id: plan.id.clone(), reason });
        }
    }
    let approvers: Vec<&str> = state
        .parameters
        .as_deref()
        .and_then(|parameters| parameters.get("approvers")?.as_array())
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if !approvers.is_empty() && !approvers.iter().any(|approver| approver.eq_ignore_ascii_case(by.trim())) {
        return Err(Rejection::NotAnApprover {
            by: by.to_owned(),
            id: plan.id.clone(),
            approvers: approvers.join(", "),
        });
    }
    Ok(vec![Event::ApprovalDecided {
        attempt: AttemptRef { run: run.id, task, number: state.attempt },
        approved,
        by: brief(by),
        comment: message(comment),
        outputs: outputs(plan.parameters.get("set_outputs"), approved, by, comment),
        as_warning: !approved && plan.treat_failure_as_warning,
        at: context.now,
    }])
}

/// What others read of it; on unless `set_outputs` says no.
fn outputs(set_outputs: Option<&Value>, approved: bool, by: &str, comment: &str) -> Map<String, Value> {
    if set_outputs == Some(&Value::Bool(false)) {
        return Map::new();
    }
    let decision = if approved { "APPROVED" } else { "REJECTED" };
    [("decision", decision.to_owned()), ("approver", brief(by)), ("comment", message(comment))]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}
