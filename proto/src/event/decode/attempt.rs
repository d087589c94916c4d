//! Events of attempts, with and without a worker.

use std::sync::Arc;

use downbeat_domain::{Event, RunId, WorkerId};

use super::fields::Fields;
use crate::{
    convert,
    event::{DecodeError, metadata, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    Ok(match kind {
        EventKind::AttemptLeased => {
            let event: wire::AttemptLeased = fields.parse(payload)?;
            let parameters = match event.parameters.as_str() {
                "" => None,
                text => Some(fields.object(text, "parameters")?),
            };
            let worker = WorkerId::from_slice(&event.worker_id).ok_or(fields.missing("worker_id"))?;
            let at = fields.at(event.leased_at)?;
            let attempt = fields.attempt(event.attempt)?;
            Event::AttemptLeased { attempt, worker, parameters, remote: event.remote, at }
        }
        EventKind::AttemptStarted => {
            let event: wire::AttemptStarted = fields.parse(payload)?;
            Event::AttemptStarted {
                attempt: fields.attempt(event.attempt)?,
                at: fields.at(event.started_at)?,
                handle: event.handle.to_vec(),
                external_id: event.external_id,
                link: event.link,
                deadline: convert::instant_or_none(event.deadline),
            }
        }
        EventKind::AttemptSucceeded => {
            let event: wire::AttemptSucceeded = fields.parse(payload)?;
            Event::AttemptSucceeded {
                outcome: words::outcome_of(event.outcome).ok_or(fields.missing("outcome"))?,
                attempt: fields.attempt(event.attempt)?,
                outputs: fields.object(&event.outputs, "outputs")?,
                message: event.message,
                at: fields.at(event.finished_at)?,
            }
        }
        EventKind::AttemptFailed => {
            let event: wire::AttemptFailed = fields.parse(payload)?;
            Event::AttemptFailed {
                class: words::failure_class_of(event.failure_class).ok_or(fields.missing("failure_class"))?,
                attempt: fields.attempt(event.attempt)?,
                message: event.message,
                outputs: fields.object(&event.outputs, "outputs")?,
                retry_at: convert::instant_or_none(event.retry_at),
                as_warning: event.as_warning,
                at: fields.at(event.finished_at)?,
            }
        }
        EventKind::AttemptLost => {
            let event: wire::AttemptLost = fields.parse(payload)?;
            Event::AttemptLost {
                attempt: fields.attempt(event.attempt)?,
                reason: event.reason,
                retry_at: convert::instant_or_none(event.retry_at),
                as_warning: event.as_warning,
                at: fields.at(event.lost_at)?,
            }
        }
        EventKind::AttemptStopRequested => {
            let event: wire::AttemptStopRequested = fields.parse(payload)?;
            let reason = words::stop_reason_of(event.reason).ok_or(fields.missing("reason"))?;
            Event::AttemptStopRequested { attempt: fields.attempt(event.attempt)?, reason, at: fields.at(event.at)? }
        }
        EventKind::AttemptStopped => {
            let event: wire::AttemptStopped = fields.parse(payload)?;
            let at = fields.at(event.stopped_at)?;
            Event::AttemptStopped { attempt: fields.attempt(event.attempt)?, unconfirmed: event.unconfirmed, at }
        }
        EventKind::OperationsCollected => {
            let event: wire::OperationsCollected = fields.parse(payload)?;
            let collected = metadata::collected_of(event.operations, event.assets, event.edges);
            let attempt = fields.attempt(event.attempt)?;
            Event::OperationsCollected { attempt, chunk: event.chunk, collected: Arc::new(collected) }
        }
        _ => return Err(fields.missing("kind")),
    })
}

/// Attempts that no worker holds.
pub(super) fn decode_without_worker(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    Ok(match kind {
        EventKind::WaitStarted => {
            let event: wire::WaitStarted = fields.parse(payload)?;
            let (at, until) = (fields.at(event.started_at)?, fields.at(event.until)?);
            Event::WaitStarted { attempt: fields.attempt(event.attempt)?, at, until }
        }
        EventKind::ApprovalRequested => {
            let event: wire::ApprovalRequested = fields.parse(payload)?;
            Event::ApprovalRequested {
                attempt: fields.attempt(event.attempt)?,
                approvers: event.approvers,
                message: event.message,
                until: convert::instant_or_none(event.until),
                at: fields.at(event.at)?,
            }
        }
        EventKind::ApprovalDecided => {
            let event: wire::ApprovalDecided = fields.parse(payload)?;
            Event::ApprovalDecided {
                attempt: fields.attempt(event.attempt)?,
                approved: event.approved,
                by: event.by,
                comment: event.comment,
                outputs: fields.object(&event.outputs, "outputs")?,
                as_warning: event.as_warning,
                at: fields.at(event.at)?,
            }
        }
        EventKind::ChildStarted => {
            let event: wire::ChildStarted = fields.parse(payload)?;
            Event::ChildStarted {
                attempt: fields.attempt(event.attempt)?,
                child: RunId::from_slice(&event.child_run_id).ok_or(fields.missing("child_run_id"))?,
                pipeline: fields.pipeline(&event.pipeline_id)?,
                detached: event.detached,
                deadline: convert::instant_or_none(event.deadline),
                at: fields.at(event.at)?,
            }
        }
        EventKind::ChildEnded => {
            let event: wire::ChildEnded = fields.parse(payload)?;
            Event::ChildEnded {
                attempt: fields.attempt(event.attempt)?,
                status: fields.task_status(event.status)?,
                message: event.message,
                outputs: fields.object(&event.outputs, "outputs")?,
                retry_at: convert::instant_or_none(event.retry_at),
                at: fields.at(event.at)?,
            }
        }
        _ => return Err(fields.missing("kind")),
    })
}
