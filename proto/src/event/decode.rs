//! Wire to domain. Total: bytes from anywhere give an event, an unknown kind or an error.

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, ConditionResult, Event, FailureClass, Outcome, PipelineApplied, PipelineId, RunCreated, RunId,
    RunStatus, StopReason, Trigger, WorkerId,
};
use jiff::Timestamp;
use prost::Message;
use serde_json::{Map, Value};

use super::{DecodeError, Decoded, metadata, plan};
use crate::{
    convert,
    events::v1::{self as wire, EventKind},
};

/// What this event is.
pub fn decode(event: &wire::Event) -> Result<Decoded, DecodeError> {
    let fields = Fields { kind: event.kind };
    let known = match EventKind::try_from(event.kind) {
        Err(_) | Ok(EventKind::Unspecified) => {
            return Ok(Decoded::Unknown { kind: event.kind, payload: event.payload.clone() });
        }
        Ok(kind) => kind,
    };
    let payload = event.payload.as_ref();
    let decoded = match known {
        EventKind::PartitionOwned => {
            let owned: wire::PartitionOwned = fields.parse(payload)?;
            Event::PartitionOwned { owner: owned.owner, software_version: owned.software_version }
        }
        EventKind::PipelineApplied => {
            Event::PipelineApplied(Box::new(pipeline_applied(fields, fields.parse(payload)?)?))
        }
        EventKind::RunCreated => Event::RunCreated(Box::new(run_created(fields, fields.parse(payload)?)?)),
        EventKind::RunCancelRequested => {
            let event: wire::RunCancelRequested = fields.parse(payload)?;
            Event::RunCancelRequested {
                run: fields.run(&event.run_id)?,
                reason: event.reason,
                at: fields.at(event.at)?,
            }
        }
        EventKind::RunFinished => {
            let event: wire::RunFinished = fields.parse(payload)?;
            let status = run_status(event.status()).ok_or(fields.missing("status"))?;
            let at = fields.at(event.finished_at)?;
            Event::RunFinished { run: fields.run(&event.run_id)?, status, message: event.message, at }
        }
        EventKind::GroupOpened => {
            let event: wire::GroupOpened = fields.parse(payload)?;
            let condition = fields.condition(event.condition)?;
            Event::GroupOpened { run: fields.run(&event.run_id)?, group: event.group, condition }
        }
        EventKind::GroupSkipped => {
            let event: wire::GroupSkipped = fields.parse(payload)?;
            Event::GroupSkipped {
                run: fields.run(&event.run_id)?,
                group: event.group,
                reason: event.reason,
                condition: fields.condition(event.condition)?,
                at: fields.at(event.at)?,
            }
        }
        EventKind::TaskReady => {
            let event: wire::TaskReady = fields.parse(payload)?;
            let condition = fields.condition(event.condition)?;
            Event::TaskReady { run: fields.run(&event.run_id)?, task: event.task, condition, at: fields.at(event.at)? }
        }
        EventKind::TaskSkipped => {
            let event: wire::TaskSkipped = fields.parse(payload)?;
            Event::TaskSkipped {
                run: fields.run(&event.run_id)?,
                task: event.task,
                reason: event.reason,
                condition: fields.condition(event.condition)?,
                at: fields.at(event.at)?,
            }
        }
        EventKind::TaskFailed => {
            let event: wire::TaskFailed = fields.parse(payload)?;
            Event::TaskFailed {
                run: fields.run(&event.run_id)?,
                task: event.task,
                message: event.message,
                as_warning: event.as_warning,
                at: fields.at(event.at)?,
            }
        }
        attempt_kind => decode_attempt(attempt_kind, fields, payload)?,
    };
    Ok(Decoded::Known(decoded))
}

fn decode_attempt(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    Ok(match kind {
        EventKind::AttemptLeased => {
            let event: wire::AttemptLeased = fields.parse(payload)?;
            let parameters = match event.parameters.as_str() {
                "" => None,
                text => Some(fields.object(text, "parameters")?),
            };
            let worker = WorkerId::from_slice(&event.worker_id).ok_or(fields.missing("worker_id"))?;
            let at = fields.at(event.leased_at)?;
            Event::AttemptLeased { attempt: fields.attempt(event.attempt)?, worker, parameters, at }
        }
        EventKind::AttemptStarted => {
            let event: wire::AttemptStarted = fields.parse(payload)?;
            Event::AttemptStarted {
                attempt: fields.attempt(event.attempt)?,
                at: fields.at(event.started_at)?,
                handle: event.handle.to_vec(),
                external_id: event.external_id,
                deadline: convert::instant_or_none(event.deadline),
            }
        }
        EventKind::AttemptSucceeded => {
            let event: wire::AttemptSucceeded = fields.parse(payload)?;
            Event::AttemptSucceeded {
                outcome: outcome(event.outcome()).ok_or(fields.missing("outcome"))?,
                attempt: fields.attempt(event.attempt)?,
                outputs: fields.object(&event.outputs, "outputs")?,
                message: event.message,
                at: fields.at(event.finished_at)?,
            }
        }
        EventKind::AttemptFailed => {
            let event: wire::AttemptFailed = fields.parse(payload)?;
            Event::AttemptFailed {
                class: failure_class(event.failure_class()).ok_or(fields.missing("failure_class"))?,
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
            let reason = stop_reason(event.reason()).ok_or(fields.missing("reason"))?;
            Event::AttemptStopRequested { attempt: fields.attempt(event.attempt)?, reason, at: fields.at(event.at)? }
        }
        EventKind::AttemptStopped => {
            let event: wire::AttemptStopped = fields.parse(payload)?;
            Event::AttemptStopped { attempt: fields.attempt(event.attempt)?, at: fields.at(event.stopped_at)? }
        }
        EventKind::WaitStarted => {
            let event: wire::WaitStarted = fields.parse(payload)?;
            let (at, until) = (fields.at(event.started_at)?, fields.at(event.until)?);
            Event::WaitStarted { attempt: fields.attempt(event.attempt)?, at, until }
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

fn pipeline_applied(fields: Fields, applied: wire::PipelineApplied) -> Result<PipelineApplied, DecodeError> {
    let source = plan::decompress(&applied.source_zstd).ok_or(fields.missing("source_zstd"))?;
    let plan_bytes = plan::decompress(&applied.plan_zstd).ok_or(fields.missing("plan_zstd"))?;
    let plan_message: wire::Plan = fields.parse(&plan_bytes)?;
    Ok(PipelineApplied {
        pipeline: PipelineId::from_slice(&applied.pipeline_id).ok_or(fields.missing("pipeline_id"))?,
        alias: applied.alias,
        version: applied.version,
        name: applied.name,
        source: String::from_utf8(source).map_err(|_| fields.missing("source_zstd"))?,
        source_root: applied.source_root,
        digest: applied.digest.as_ref().try_into().map_err(|_| fields.missing("digest"))?,
        plan: plan::decode(plan_message).ok_or(fields.missing("plan_zstd"))?,
    })
}

fn run_created(fields: Fields, created: wire::RunCreated) -> Result<RunCreated, DecodeError> {
    let trigger = match created.trigger.and_then(|trigger| trigger.trigger).ok_or(fields.missing("trigger"))? {
        wire::trigger::Trigger::Manual(manual) => Trigger::Manual { user: manual.user },
        wire::trigger::Trigger::Scheduled(scheduled) => {
            Trigger::Scheduled { schedule: scheduled.schedule, instant: fields.at(scheduled.instant)? }
        }
    };
    Ok(RunCreated {
        run: fields.run(&created.run_id)?,
        pipeline: PipelineId::from_slice(&created.pipeline_id).ok_or(fields.missing("pipeline_id"))?,
        version: created.pipeline_version,
        trigger,
        inputs: fields.object(&created.inputs, "inputs")?,
        environment: fields.object(&created.environment_variables, "environment_variables")?,
        at: fields.at(created.created_at)?,
    })
}

/// Reads fields and knows, for errors, of which kind.
#[derive(Clone, Copy)]
struct Fields {
    kind: i32,
}

impl Fields {
    fn parse<M: Message + Default>(self, payload: &[u8]) -> Result<M, DecodeError> {
        M::decode(payload).map_err(|source| DecodeError::Payload { kind: self.kind, source })
    }

    fn missing(self, field: &'static str) -> DecodeError {
        DecodeError::Field { kind: self.kind, field }
    }

    fn run(self, bytes: &[u8]) -> Result<RunId, DecodeError> {
        RunId::from_slice(bytes).ok_or(self.missing("run_id"))
    }

    fn at(self, micros: i64) -> Result<Timestamp, DecodeError> {
        convert::instant(micros).ok_or(self.missing("at"))
    }

    fn object(self, text: &str, field: &'static str) -> Result<Map<String, Value>, DecodeError> {
        convert::object(text).ok_or(self.missing(field))
    }

    fn attempt(self, attempt: Option<wire::Attempt>) -> Result<AttemptRef, DecodeError> {
        attempt.as_ref().and_then(attempt_of).ok_or(self.missing("attempt"))
    }

    fn condition(self, result: Option<wire::ConditionResult>) -> Result<Option<ConditionResult>, DecodeError> {
        let Some(result) = result else { return Ok(None) };
        let value = serde_json::from_str(&result.value).map_err(|_| self.missing("condition"))?;
        Ok(Some(ConditionResult { expression: result.expression, value }))
    }
}

/// The attempt in a message, if its run id has 16 bytes.
pub fn attempt_of(attempt: &wire::Attempt) -> Option<AttemptRef> {
    Some(AttemptRef { run: RunId::from_slice(&attempt.run_id)?, task: attempt.task, number: attempt.number })
}

fn run_status(status: wire::RunStatus) -> Option<RunStatus> {
    Some(match status {
        wire::RunStatus::Unspecified => return None,
        wire::RunStatus::RunCreatedStatus => RunStatus::Created,
        wire::RunStatus::RunRunning => RunStatus::Running,
        wire::RunStatus::RunSucceeded => RunStatus::Succeeded,
        wire::RunStatus::RunWarning => RunStatus::Warning,
        wire::RunStatus::RunFailed => RunStatus::Failed,
        wire::RunStatus::RunCancelling => RunStatus::Cancelling,
        wire::RunStatus::RunCancelled => RunStatus::Cancelled,
    })
}

/// The domain's outcome.
pub fn outcome(outcome: wire::Outcome) -> Option<Outcome> {
    match outcome {
        wire::Outcome::Unspecified => None,
        wire::Outcome::Succeeded => Some(Outcome::Succeeded),
        wire::Outcome::Warning => Some(Outcome::Warning),
    }
}

/// The domain's failure class.
pub fn failure_class(class: wire::FailureClass) -> Option<FailureClass> {
    match class {
        wire::FailureClass::Unspecified => None,
        wire::FailureClass::JobFailed => Some(FailureClass::JobFailed),
        wire::FailureClass::Misconfigured => Some(FailureClass::Misconfigured),
        wire::FailureClass::TimedOut => Some(FailureClass::TimedOut),
        wire::FailureClass::Transient => Some(FailureClass::Transient),
    }
}

fn stop_reason(reason: wire::StopReason) -> Option<StopReason> {
    match reason {
        wire::StopReason::Unspecified => None,
        wire::StopReason::StopCancelled => Some(StopReason::Cancelled),
        wire::StopReason::StopTimedOut => Some(StopReason::TimedOut),
    }
}
