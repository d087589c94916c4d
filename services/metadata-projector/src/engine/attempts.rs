//! Attempts of a task run. Events of an attempt count only for the current one (INV-01).

use downbeat_domain::{AttemptRef, Event, Outcome, StopReason, TaskStatus};
use downbeat_proto::{
    convert::{micros, object_text},
    metadata::v1 as wire,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    rows::{Phase, TaskRow},
    task_runs::{end, enter},
    without_worker,
};
use crate::limits;

/// Folds an event about an attempt; says whether it changed anything.
pub(super) fn apply(row: &mut TaskRow, event: &Event, halted: bool) -> bool {
    let phase = row.phase();
    let current = |attempt: &AttemptRef| attempt.number == row.shown.attempts;
    match event {
        Event::AttemptLeased { attempt, worker, parameters, remote, .. } if phase == Phase::Ready => {
            row.shown.attempts = attempt.number;
            row.shown.worker_id = worker.to_string();
            if !row.unsettled {
                row.shown.external_id.clear();
                row.shown.link.clear();
            }
            row.unsettled |= *remote;
            // Present even when empty: `{}` says that they were resolved, no text that they stand in the plan.
            row.shown.parameters = parameters.as_ref().map(written).unwrap_or_default();
            row.attempt_started_at = 0;
            enter(row, Phase::Leased, TaskStatus::Queued);
            true
        }
        Event::AttemptStarted { attempt, at, external_id, link, .. } if phase == Phase::Leased && current(attempt) => {
            row.shown.external_id.clone_from(external_id);
            row.shown.link.clone_from(link);
            row.shown.message.clear();
            begin(row, *at);
            enter(row, Phase::Running, TaskStatus::Running);
            true
        }
        Event::AttemptStopRequested { attempt, reason, .. }
            if matches!(phase, Phase::Leased | Phase::Running) && current(attempt) =>
        {
            match reason {
                StopReason::Cancelled | StopReason::Marked => enter(row, Phase::Stopping, TaskStatus::Cancelling),
                StopReason::TimedOut => {
                    row.shown.message = "stopping: its timeout has passed".to_owned();
                    enter(row, Phase::StoppingForTimeout, TaskStatus::Running);
                }
            }
            true
        }
        Event::AttemptStopRequested { attempt, reason, .. } if phase == Phase::Delegated && current(attempt) => {
            without_worker::recall(row, *reason == StopReason::TimedOut)
        }
        Event::AttemptSucceeded { attempt, .. }
            if (phase.is_held() || phase == Phase::Sleeping) && current(attempt) =>
        {
            end_attempt(row, event, halted)
        }
        // An approval that nobody decided in time.
        Event::AttemptFailed { attempt, retry_at: None, .. } if phase == Phase::Approving && current(attempt) => {
            end_attempt(row, event, halted)
        }
        Event::AttemptFailed { attempt, .. }
        | Event::AttemptLost { attempt, .. }
        | Event::AttemptStopped { attempt, .. }
            if phase.is_held() && current(attempt) =>
        {
            end_attempt(row, event, halted)
        }
        other => without_worker::apply(row, other),
    }
}

fn end_attempt(row: &mut TaskRow, event: &Event, halted: bool) -> bool {
    match event {
        Event::AttemptSucceeded { outcome, outputs, message, at, .. } => {
            let status = match outcome {
                Outcome::Succeeded => TaskStatus::Succeeded,
                Outcome::Warning => TaskStatus::Warning,
            };
            set_outputs(row, outputs);
            summarise(row, status.as_str(), message, *at);
            end_marked(row, status, message, *at)
        }
        Event::AttemptFailed { message, outputs, retry_at, as_warning, at, .. } => {
            set_outputs(row, outputs);
            row.unsettled = false;
            summarise(row, "FAILED", message, *at);
            match retry_at.filter(|_| row.mark.is_empty()) {
                Some(retry_at) => back_off(row, "failed", message, retry_at),
                None => end_marked(row, failed(*as_warning), message, *at),
            }
        }
        Event::AttemptLost { reason, retry_at, as_warning, at, .. } => {
            summarise(row, "LOST", reason, *at);
            let ended = if halted { TaskStatus::Cancelled } else { failed(*as_warning) };
            match *retry_at {
                Some(retry_at) => back_off(row, "was lost", reason, retry_at),
                None => end_marked(row, ended, reason, *at),
            }
        }
        Event::AttemptStopped { unconfirmed, at, .. } => {
            summarise(row, "STOPPED", unconfirmed, *at);
            let message = match unconfirmed.as_str() {
                "" => "cancelled".to_owned(),
                why => format!("cancelled, but that was not confirmed: {why}"),
            };
            end_marked(row, TaskStatus::Cancelled, &message, *at)
        }
        _ => false,
    }
}

pub(super) fn back_off(row: &mut TaskRow, what: &str, message: &str, retry_at: Timestamp) -> bool {
    row.shown.message = format!("attempt {} {what}: {message}; retrying at {retry_at}", row.shown.attempts);
    row.shown.retry_at = micros(retry_at);
    enter(row, Phase::Backoff, TaskStatus::Queued);
    true
}

pub(super) fn begin(row: &mut TaskRow, at: Timestamp) {
    row.attempt_started_at = micros(at);
    if row.shown.started_at == 0 {
        row.shown.started_at = micros(at);
    }
}

/// A marked task ends as its mark says, whatever its attempt came to, and says by whom.
pub(super) fn end_marked(row: &mut TaskRow, status: TaskStatus, message: &str, at: Timestamp) -> bool {
    match TaskStatus::from_word(&row.mark) {
        Some(mark) => {
            let message = row.shown.message.clone();
            end(row, mark, &message, at)
        }
        None => end(row, status, message, at),
    }
}

/// Lists the current attempt among those that ended.
pub(super) fn summarise(row: &mut TaskRow, outcome: &str, message: &str, at: Timestamp) {
    let ended = &mut row.shown.ended_attempts;
    if ended.len() >= limits::ENDED_ATTEMPTS_MAX {
        ended.remove(0);
    }
    ended.push(wire::AttemptSummary {
        number: row.shown.attempts,
        outcome: outcome.to_owned(),
        message: message.to_owned(),
        started_at: row.attempt_started_at,
        ended_at: micros(at),
    });
}

/// How a task ends that failed for good.
pub(super) fn failed(as_warning: bool) -> TaskStatus {
    if as_warning { TaskStatus::Warning } else { TaskStatus::Failed }
}

/// Of a marked task those of the mark stand, whatever its attempt set afterwards.
pub(super) fn set_outputs(row: &mut TaskRow, outputs: &Map<String, Value>) {
    if row.mark.is_empty() && !outputs.is_empty() {
        row.shown.outputs = object_text(outputs);
    }
}

fn written(object: &Map<String, Value>) -> String {
    serde_json::to_string(object).unwrap_or_default()
}
