//! Events of attempts, with and without a worker.

use bytes::Bytes;
use downbeat_domain::Event;

use super::attempt_ref;
use crate::{
    convert::{id_bytes, micros, micros_or_zero, object_text},
    event::{event, metadata, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::AttemptLeased { attempt, worker, parameters, remote, at } => event(
            EventKind::AttemptLeased,
            &wire::AttemptLeased {
                attempt: Some(attempt_ref(*attempt)),
                worker_id: id_bytes(&worker.0),
                // An empty object that was resolved is still `{}`; no text at all means "as the plan has them".
                parameters: parameters
                    .as_ref()
                    .map(|object| serde_json::to_string(object).unwrap_or_default())
                    .unwrap_or_default(),
                leased_at: micros(*at),
                remote: *remote,
            },
        ),
        Event::AttemptStarted { attempt, at, handle, external_id, link, deadline } => event(
            EventKind::AttemptStarted,
            &wire::AttemptStarted {
                attempt: Some(attempt_ref(*attempt)),
                started_at: micros(*at),
                handle: Bytes::copy_from_slice(handle),
                external_id: external_id.clone(),
                link: link.clone(),
                deadline: micros_or_zero(*deadline),
            },
        ),
        Event::AttemptSucceeded { attempt, outcome, outputs, message, at } => event(
            EventKind::AttemptSucceeded,
            &wire::AttemptSucceeded {
                attempt: Some(attempt_ref(*attempt)),
                outcome: words::outcome_word(*outcome) as i32,
                outputs: object_text(outputs),
                message: message.clone(),
                finished_at: micros(*at),
            },
        ),
        Event::AttemptFailed { attempt, class, message, outputs, retry_at, as_warning, at } => event(
            EventKind::AttemptFailed,
            &wire::AttemptFailed {
                attempt: Some(attempt_ref(*attempt)),
                failure_class: words::failure_class_word(*class) as i32,
                message: message.clone(),
                finished_at: micros(*at),
                retry_at: micros_or_zero(*retry_at),
                as_warning: *as_warning,
                outputs: object_text(outputs),
            },
        ),
        Event::AttemptLost { attempt, reason, retry_at, as_warning, at } => event(
            EventKind::AttemptLost,
            &wire::AttemptLost {
                attempt: Some(attempt_ref(*attempt)),
                reason: reason.clone(),
                lost_at: micros(*at),
                retry_at: micros_or_zero(*retry_at),
                as_warning: *as_warning,
            },
        ),
        Event::AttemptStopRequested { attempt, reason, at } => event(
            EventKind::AttemptStopRequested,
            &wire::AttemptStopRequested {
                attempt: Some(attempt_ref(*attempt)),
                reason: words::stop_reason(*reason) as i32,
                at: micros(*at),
            },
        ),
        Event::AttemptStopped { attempt, unconfirmed, at } => event(
            EventKind::AttemptStopped,
            &wire::AttemptStopped {
                attempt: Some(attempt_ref(*attempt)),
                stopped_at: micros(*at),
                unconfirmed: unconfirmed.clone(),
            },
        ),
        Event::OperationsCollected { attempt, chunk, collected } => event(
            EventKind::OperationsCollected,
            &wire::OperationsCollected {
                attempt: Some(attempt_ref(*attempt)),
                chunk: *chunk,
                operations: collected.operations.iter().map(metadata::operation).collect(),
                assets: collected.assets.iter().map(metadata::asset).collect(),
                edges: collected.edges.iter().map(metadata::edge).collect(),
            },
        ),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}

/// Attempts that no worker holds.
pub(super) fn encode_without_worker(fact: &Event) -> wire::Event {
    match fact {
        Event::WaitStarted { attempt, at, until } => event(
            EventKind::WaitStarted,
            &wire::WaitStarted { attempt: Some(attempt_ref(*attempt)), started_at: micros(*at), until: micros(*until) },
        ),
        Event::ApprovalRequested { attempt, approvers, message, until, at } => event(
            EventKind::ApprovalRequested,
            &wire::ApprovalRequested {
                attempt: Some(attempt_ref(*attempt)),
                approvers: approvers.clone(),
                message: message.clone(),
                until: micros_or_zero(*until),
                at: micros(*at),
            },
        ),
        Event::ApprovalDecided { attempt, approved, by, comment, outputs, as_warning, at } => event(
            EventKind::ApprovalDecided,
            &wire::ApprovalDecided {
                attempt: Some(attempt_ref(*attempt)),
                approved: *approved,
                by: by.clone(),
                comment: comment.clone(),
                outputs: object_text(outputs),
                as_warning: *as_warning,
                at: micros(*at),
            },
        ),
        Event::ChildStarted { attempt, child, pipeline, detached, deadline, at } => event(
            EventKind::ChildStarted,
            &wire::ChildStarted {
                attempt: Some(attempt_ref(*attempt)),
                child_run_id: id_bytes(&child.0),
                pipeline_id: id_bytes(&pipeline.0),
                detached: *detached,
                deadline: micros_or_zero(*deadline),
                at: micros(*at),
            },
        ),
        Event::ChildEnded { attempt, status, message, outputs, retry_at, at } => event(
            EventKind::ChildEnded,
            &wire::ChildEnded {
                attempt: Some(attempt_ref(*attempt)),
                status: words::task_status(*status) as i32,
                message: message.clone(),
                outputs: object_text(outputs),
                retry_at: micros_or_zero(*retry_at),
                at: micros(*at),
            },
        ),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}
