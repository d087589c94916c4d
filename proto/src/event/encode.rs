//! Domain to wire.

use bytes::Bytes;
use downbeat_domain::{
    AttemptRef, ConditionResult, Event, FailureClass, Outcome, PipelineApplied, RunCreated, RunStatus, StopReason,
    Trigger,
};

use super::{event, metadata, plan};
use crate::{
    convert::{id_bytes, micros, micros_or_zero, object_text},
    events::v1::{self as wire, EventKind},
};

/// The wire form of an event.
pub fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::PartitionOwned { owner, software_version } => event(
            EventKind::PartitionOwned,
            &wire::PartitionOwned { owner: owner.clone(), software_version: software_version.clone() },
        ),
        Event::PipelineApplied(applied) => event(EventKind::PipelineApplied, &pipeline_applied(applied)),
        Event::RunCreated(created) => event(EventKind::RunCreated, &run_created(created)),
        Event::RunCancelRequested { run, reason, at } => event(
            EventKind::RunCancelRequested,
            &wire::RunCancelRequested { run_id: id_bytes(&run.0), reason: reason.clone(), at: micros(*at) },
        ),
        Event::RunFinished { run, status, message, at } => event(
            EventKind::RunFinished,
            &wire::RunFinished {
                run_id: id_bytes(&run.0),
                status: run_status(*status) as i32,
                message: message.clone(),
                finished_at: micros(*at),
            },
        ),
        Event::GroupOpened { run, group, condition: result } => event(
            EventKind::GroupOpened,
            &wire::GroupOpened { run_id: id_bytes(&run.0), group: *group, condition: condition(result) },
        ),
        Event::GroupSkipped { run, group, reason, condition: result, at } => event(
            EventKind::GroupSkipped,
            &wire::GroupSkipped {
                run_id: id_bytes(&run.0),
                group: *group,
                reason: reason.clone(),
                condition: condition(result),
                at: micros(*at),
            },
        ),
        task @ (Event::TaskReady { .. } | Event::TaskSkipped { .. } | Event::TaskFailed { .. }) => encode_task(task),
        other => encode_attempt(other),
    }
}

fn encode_task(fact: &Event) -> wire::Event {
    match fact {
        Event::TaskReady { run, task, condition: result, at } => event(
            EventKind::TaskReady,
            &wire::TaskReady { run_id: id_bytes(&run.0), task: *task, condition: condition(result), at: micros(*at) },
        ),
        Event::TaskSkipped { run, task, reason, condition: result, at } => event(
            EventKind::TaskSkipped,
            &wire::TaskSkipped {
                run_id: id_bytes(&run.0),
                task: *task,
                reason: reason.clone(),
                condition: condition(result),
                at: micros(*at),
            },
        ),
        Event::TaskFailed { run, task, message, as_warning, at } => event(
            EventKind::TaskFailed,
            &wire::TaskFailed {
                run_id: id_bytes(&run.0),
                task: *task,
                message: message.clone(),
                at: micros(*at),
                as_warning: *as_warning,
            },
        ),
        _ => wire::Event::default(),
    }
}

fn encode_attempt(fact: &Event) -> wire::Event {
    match fact {
        Event::AttemptLeased { attempt, worker, parameters, at } => event(
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
            },
        ),
        Event::AttemptStarted { attempt, at, handle, external_id, deadline } => event(
            EventKind::AttemptStarted,
            &wire::AttemptStarted {
                attempt: Some(attempt_ref(*attempt)),
                started_at: micros(*at),
                handle: Bytes::copy_from_slice(handle),
                external_id: external_id.clone(),
                deadline: micros_or_zero(*deadline),
            },
        ),
        Event::AttemptSucceeded { attempt, outcome: how, outputs, message, at } => event(
            EventKind::AttemptSucceeded,
            &wire::AttemptSucceeded {
                attempt: Some(attempt_ref(*attempt)),
                outcome: outcome(*how) as i32,
                outputs: object_text(outputs),
                message: message.clone(),
                finished_at: micros(*at),
            },
        ),
        Event::AttemptFailed { attempt, class, message, outputs, retry_at, as_warning, at } => event(
            EventKind::AttemptFailed,
            &wire::AttemptFailed {
                attempt: Some(attempt_ref(*attempt)),
                failure_class: failure_class(*class) as i32,
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
                reason: stop_reason(*reason) as i32,
                at: micros(*at),
            },
        ),
        Event::AttemptStopped { attempt, at } => event(
            EventKind::AttemptStopped,
            &wire::AttemptStopped { attempt: Some(attempt_ref(*attempt)), stopped_at: micros(*at) },
        ),
        Event::WaitStarted { attempt, at, until } => event(
            EventKind::WaitStarted,
            &wire::WaitStarted { attempt: Some(attempt_ref(*attempt)), started_at: micros(*at), until: micros(*until) },
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
        // Every other kind is encoded by the two functions above, which only hand on events of an attempt.
        _ => wire::Event::default(),
    }
}

fn pipeline_applied(applied: &PipelineApplied) -> wire::PipelineApplied {
    wire::PipelineApplied {
        pipeline_id: id_bytes(&applied.pipeline.0),
        version: applied.version,
        name: applied.name.clone(),
        source_zstd: plan::compress(applied.source.as_bytes()),
        plan_zstd: plan::compress(&prost::Message::encode_to_vec(&plan::encode(&applied.plan))),
        digest: Bytes::copy_from_slice(&applied.digest),
        source_root: applied.source_root.clone(),
        alias: applied.alias.clone(),
    }
}

fn run_created(created: &RunCreated) -> wire::RunCreated {
    let trigger = match &created.trigger {
        Trigger::Manual { user } => wire::trigger::Trigger::Manual(wire::trigger::Manual { user: user.clone() }),
        Trigger::Scheduled { schedule, instant } => {
            let instant = micros(*instant);
            wire::trigger::Trigger::Scheduled(wire::trigger::Scheduled { schedule: schedule.clone(), instant })
        }
    };
    wire::RunCreated {
        run_id: id_bytes(&created.run.0),
        pipeline_id: id_bytes(&created.pipeline.0),
        pipeline_version: created.version,
        trigger: Some(wire::Trigger { trigger: Some(trigger) }),
        inputs: object_text(&created.inputs),
        environment_variables: object_text(&created.environment),
        created_at: micros(created.at),
    }
}

fn condition(result: &Option<ConditionResult>) -> Option<wire::ConditionResult> {
    result
        .as_ref()
        .map(|result| wire::ConditionResult { expression: result.expression.clone(), value: result.value.to_string() })
}

/// The wire form of an attempt.
pub fn attempt_ref(attempt: AttemptRef) -> wire::Attempt {
    wire::Attempt { run_id: id_bytes(&attempt.run.0), task: attempt.task, number: attempt.number }
}

fn run_status(status: RunStatus) -> wire::RunStatus {
    match status {
        RunStatus::Created => wire::RunStatus::RunCreatedStatus,
        RunStatus::Running => wire::RunStatus::RunRunning,
        RunStatus::Succeeded => wire::RunStatus::RunSucceeded,
        RunStatus::Warning => wire::RunStatus::RunWarning,
        RunStatus::Failed => wire::RunStatus::RunFailed,
        RunStatus::Cancelling => wire::RunStatus::RunCancelling,
        RunStatus::Cancelled => wire::RunStatus::RunCancelled,
    }
}

fn outcome(outcome: Outcome) -> wire::Outcome {
    match outcome {
        Outcome::Succeeded => wire::Outcome::Succeeded,
        Outcome::Warning => wire::Outcome::Warning,
    }
}

fn failure_class(class: FailureClass) -> wire::FailureClass {
    match class {
        FailureClass::JobFailed => wire::FailureClass::JobFailed,
        FailureClass::Misconfigured => wire::FailureClass::Misconfigured,
        FailureClass::TimedOut => wire::FailureClass::TimedOut,
        FailureClass::Transient => wire::FailureClass::Transient,
    }
}

/// The wire form of a stop reason.
pub fn stop_reason(reason: StopReason) -> wire::StopReason {
    match reason {
        StopReason::Cancelled => wire::StopReason::StopCancelled,
        StopReason::TimedOut => wire::StopReason::StopTimedOut,
    }
}
