//! Attempts that no worker holds: waits, approvals, runs of other pipelines. And what people decide about tasks.

use downbeat_domain::{Event, TaskStatus};
use downbeat_proto::convert::micros_or_zero;

use super::{
    attempts::{back_off, begin, end_marked, failed, set_outputs, summarise},
    rows::{Phase, TaskRow},
    task_runs::{end, enter},
};

/// Folds an event about such an attempt; says whether it changed anything.
pub(super) fn apply(row: &mut TaskRow, event: &Event) -> bool {
    let phase = row.phase();
    match event {
        Event::WaitStarted { attempt, at, until } if phase == Phase::Waiting => {
            row.shown.attempts = attempt.number;
            row.shown.message = format!("waiting until {until}");
            begin(row, *at);
            enter(row, Phase::Sleeping, TaskStatus::Running);
            true
        }
        Event::ApprovalRequested { attempt, approvers, message, until, at } if phase == Phase::Waiting => {
            row.shown.attempts = attempt.number;
            row.shown.approvers.clone_from(approvers);
            row.shown.approval_until = micros_or_zero(*until);
            row.shown.message = match message.as_str() {
                "" => "waiting for an approval".to_owned(),
                message => format!("waiting for an approval: {message}"),
            };
            begin(row, *at);
            enter(row, Phase::Approving, TaskStatus::Running);
            true
        }
        Event::ApprovalDecided { attempt, approved, by, comment, outputs, as_warning, at }
            if phase == Phase::Approving && attempt.number == row.shown.attempts =>
        {
            set_outputs(row, outputs);
            let (status, verb) = match approved {
                true => (TaskStatus::Succeeded, "approved"),
                false => (failed(*as_warning), "rejected"),
            };
            let message = match comment.as_str() {
                "" => format!("{verb} by {by}"),
                comment => format!("{verb} by {by}: {comment}"),
            };
            summarise(row, if *approved { "SUCCEEDED" } else { "FAILED" }, &message, *at);
            end_marked(row, status, &message, *at)
        }
        Event::ChildStarted { attempt, child, detached, at, .. }
            if matches!(phase, Phase::Waiting | Phase::Backoff) =>
        {
            row.shown.attempts = attempt.number;
            row.shown.child_run_id = child.to_string();
            row.shown.retry_at = 0;
            row.shown.message = match detached {
                true => format!("started run {child}"),
                false => format!("waiting for run {child}"),
            };
            begin(row, *at);
            enter(row, Phase::Delegated, TaskStatus::Running);
            true
        }
        Event::ChildEnded { attempt, status, message, outputs, retry_at, at }
            if phase.has_child() && attempt.number == row.shown.attempts =>
        {
            set_outputs(row, outputs);
            summarise(row, status.as_str(), message, *at);
            match retry_at.filter(|_| row.mark.is_empty()) {
                Some(retry_at) => back_off(row, "failed", message, retry_at),
                None => end_marked(row, *status, message, *at),
            }
        }
        Event::TaskMarked { mark, outputs, reason, by, at, .. } => {
            let stopped = matches!(phase, Phase::Leased | Phase::Running | Phase::Delegated)
                || (row.unsettled && matches!(phase, Phase::Ready | Phase::Backoff));
            if !stopped && (!phase.ends_with_a_halt() || phase == Phase::Fanned) {
                return false;
            }
            set_outputs(row, outputs);
            row.shown.marked_by.clone_from(by);
            row.mark = mark.as_str().to_owned();
            row.shown.retry_at = 0;
            let message = match reason.as_str() {
                "" => format!("marked {mark} by {by}"),
                reason => format!("marked {mark} by {by}: {reason}"),
            };
            if !stopped {
                if matches!(phase, Phase::Sleeping | Phase::Approving) {
                    summarise(row, "STOPPED", &message, *at);
                }
                return end(row, TaskStatus::from(*mark), &message, *at);
            }
            row.shown.message = message;
            if matches!(phase, Phase::Ready | Phase::Backoff) {
                // It is stopped once a worker has it again.
                return true;
            }
            let stopping = if phase == Phase::Delegated { Phase::Recalling } else { Phase::Stopping };
            enter(row, stopping, TaskStatus::Cancelling);
            true
        }
        Event::IterationsEnded { status, at, .. } if phase == Phase::Fanned => end(row, *status, "", *at),
        _ => false,
    }
}

/// When the event asks to stop a run that the task waits for; says whether it did.
pub(super) fn recall(row: &mut TaskRow, for_timeout: bool) -> bool {
    if for_timeout {
        row.shown.message = "stopping the run that it started: its timeout has passed".to_owned();
        enter(row, Phase::RecallingForTimeout, TaskStatus::Running);
    } else {
        enter(row, Phase::Recalling, TaskStatus::Cancelling);
    }
    true
}
