//! What workers say. A report of any attempt but the current one is stale and recorded nowhere (INV-01).

use serde_json::{Map, Value};

use crate::{
    command::{Context, Rejection, Report},
    decide::{held, json_bytes, later, lose_attempt, message, retry},
    event::{AttemptRef, Event},
    limits,
    plan::PlanTask,
    state::{Phase, RunState, TaskState},
    status::{FailureClass, StopReason},
};

pub(super) fn decide(
    run: &RunState,
    attempt: AttemptRef,
    report: &Report,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let (task, plan) = held(run, attempt)?;
    let at = context.now;
    let events = match report {
        Report::Started { handle, external_id, link } => match task.phase {
            Phase::Leased(_) if handle.len() > limits::HANDLE_BYTES_MAX => {
                let (bytes, limit) = (handle.len(), limits::HANDLE_BYTES_MAX);
                let text = format!("the connector's handle takes {bytes} bytes; at most {limit} are allowed");
                failure(run, attempt, FailureClass::Misconfigured, &text, &Map::new(), context)?
            }
            Phase::Leased(_) => vec![Event::AttemptStarted {
                attempt,
                at,
                handle: handle.clone(),
                external_id: message(external_id),
                link: message(link),
                deadline: deadline(task, plan, context),
            }],
            // Said twice, or on the way when the stop was decided: nothing new.
            _ => Vec::new(),
        },
        Report::Succeeded { outcome, outputs, message: text } => match outputs_too_large(outputs) {
            Some(reason) => failure(run, attempt, FailureClass::Misconfigured, &reason, &Map::new(), context)?,
            None => vec![Event::AttemptSucceeded {
                attempt,
                outcome: *outcome,
                outputs: outputs.clone(),
                message: message(text),
                at,
            }],
        },
        Report::Failed { class, message: text, outputs } => {
            let kept = if outputs_too_large(outputs).is_some() { &Map::new() } else { outputs };
            failure(run, attempt, *class, text, kept, context)?
        }
        Report::Stopped { unconfirmed } => match task.phase {
            Phase::Stopping(_, StopReason::Cancelled | StopReason::Marked) => {
                vec![Event::AttemptStopped { attempt, unconfirmed: message(unconfirmed), at }]
            }
            Phase::Stopping(_, StopReason::TimedOut) => {
                let seconds = plan.timeout_seconds.unwrap_or_default();
                let (class, text) = if unconfirmed.is_empty() {
                    (FailureClass::TimedOut, format!("stopped after its timeout of {seconds} s"))
                } else {
                    let text = format!("took longer than its timeout of {seconds} s, and may still run: {unconfirmed}");
                    (FailureClass::UnknownOutcome, text)
                };
                failure(run, attempt, class, &text, &Map::new(), context)?
            }
            // Nobody asked: the worker is going down.
            _ => lose_attempt::decide(run, attempt, "the worker stopped while it ran", context)?,
        },
        Report::Abandoned => lose_attempt::decide(run, attempt, "the worker let go of it", context)?,
        // Said twice: a worker that heard no acknowledgement before its connection broke says it again.
        Report::Collected { chunk, .. } if *chunk < task.chunks => Vec::new(),
        Report::Collected { chunk, collected } => vec![Event::OperationsCollected {
            attempt,
            chunk: *chunk,
            collected: std::sync::Arc::new(collected.clone()),
        }],
    };
    Ok(events)
}

/// When it will be asked to stop. One that carries on with the job of a lost attempt has the time of that job.
fn deadline(task: &TaskState, plan: &PlanTask, context: &Context) -> Option<jiff::Timestamp> {
    let begun = task.unsettled.as_deref().and_then(|unsettled| unsettled.deadline);
    begun.or_else(|| plan.timeout_seconds.map(|seconds| later(context.now, i64::from(seconds))))
}

fn failure(
    run: &RunState,
    attempt: AttemptRef,
    class: FailureClass,
    text: &str,
    outputs: &Map<String, Value>,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let (task, plan) = held(run, attempt)?;
    let worth_it = !matches!(class, FailureClass::Misconfigured | FailureClass::UnknownOutcome);
    let retry_at = retry::after_failure(run, task, plan, context).filter(|_| worth_it);
    Ok(vec![Event::AttemptFailed {
        attempt,
        class,
        message: message(text),
        outputs: outputs.clone(),
        retry_at,
        as_warning: retry_at.is_none() && plan.treat_failure_as_warning,
        at: context.now,
    }])
}

fn outputs_too_large(outputs: &Map<String, Value>) -> Option<String> {
    let bytes = json_bytes(outputs);
    let limit = limits::OUTPUT_BYTES_MAX;
    (bytes > limit).then(|| format!("the outputs take {bytes} bytes; at most {limit} are allowed"))
}
