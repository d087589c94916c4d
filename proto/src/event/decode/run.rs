//! Events of runs and of their groups.

use downbeat_domain::{BackfillId, Event, EventOrigin, EventTaken, PipelineId, RunCreated, RunId, Selection, Trigger};
use serde_json::Value;

use super::{attempt_of, fields::Fields};
use crate::{
    convert,
    event::{DecodeError, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    Ok(match kind {
        EventKind::RunCreated => Event::RunCreated(Box::new(run_created(fields, fields.parse(payload)?)?)),
        EventKind::RunCancelRequested => {
            let event: wire::RunCancelRequested = fields.parse(payload)?;
            Event::RunCancelRequested {
                run: fields.run(&event.run_id)?,
                reason: event.reason,
                at: fields.at(event.at)?,
            }
        }
        EventKind::RunQueued => {
            let event: wire::RunQueued = fields.parse(payload)?;
            Event::RunQueued { run: fields.run(&event.run_id)?, reason: event.reason, at: fields.at(event.at)? }
        }
        EventKind::RunAdmitted => {
            let event: wire::RunAdmitted = fields.parse(payload)?;
            let deadline = convert::instant_or_none(event.deadline);
            Event::RunAdmitted { run: fields.run(&event.run_id)?, deadline, at: fields.at(event.at)? }
        }
        EventKind::RunTimedOut => {
            let event: wire::RunTimedOut = fields.parse(payload)?;
            Event::RunTimedOut { run: fields.run(&event.run_id)?, at: fields.at(event.at)? }
        }
        EventKind::CarryCompleted => {
            let event: wire::CarryCompleted = fields.parse(payload)?;
            Event::CarryCompleted { run: fields.run(&event.run_id)?, at: fields.at(event.at)? }
        }
        EventKind::RunFinished => {
            let event: wire::RunFinished = fields.parse(payload)?;
            let status = words::run_status_of(event.status).ok_or(fields.missing("status"))?;
            let at = fields.at(event.finished_at)?;
            Event::RunFinished { run: fields.run(&event.run_id)?, status, message: event.message, at }
        }
        _ => return Err(fields.missing("kind")),
    })
}

pub(super) fn decode_group(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    Ok(match kind {
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
        EventKind::MatrixExpanded => {
            let event: wire::MatrixExpanded = fields.parse(payload)?;
            Event::MatrixExpanded {
                run: fields.run(&event.run_id)?,
                group: event.group,
                axes: axes(event.axes).ok_or(fields.missing("axes"))?,
                at: fields.at(event.at)?,
            }
        }
        EventKind::IterationOpened => {
            let event: wire::IterationOpened = fields.parse(payload)?;
            let run = fields.run(&event.run_id)?;
            Event::IterationOpened { run, group: event.group, iteration: event.iteration }
        }
        EventKind::IterationSkipped => {
            let event: wire::IterationSkipped = fields.parse(payload)?;
            Event::IterationSkipped {
                run: fields.run(&event.run_id)?,
                group: event.group,
                iteration: event.iteration,
                reason: event.reason,
                at: fields.at(event.at)?,
            }
        }
        EventKind::IterationsEnded => {
            let event: wire::IterationsEnded = fields.parse(payload)?;
            let status = fields.task_status(event.status)?;
            Event::IterationsEnded {
                run: fields.run(&event.run_id)?,
                task: event.task,
                status,
                at: fields.at(event.at)?,
            }
        }
        _ => return Err(fields.missing("kind")),
    })
}

/// The axes of a matrix; `None` = the values of one are no list.
pub(crate) fn axes(axes: Vec<wire::MatrixAxis>) -> Option<Vec<(String, Vec<Value>)>> {
    axes.into_iter().map(|axis| Some((axis.name, serde_json::from_str(&axis.values).ok()?))).collect()
}

fn run_created(fields: Fields, created: wire::RunCreated) -> Result<RunCreated, DecodeError> {
    Ok(RunCreated {
        run: fields.run(&created.run_id)?,
        pipeline: fields.pipeline(&created.pipeline_id)?,
        version: created.pipeline_version,
        trigger: created.trigger.and_then(trigger).ok_or(fields.missing("trigger"))?,
        inputs: fields.object(&created.inputs, "inputs")?,
        environment: fields.object(&created.environment_variables, "environment_variables")?,
        environment_name: created.environment_name,
        gated: created.gated,
        deadline: convert::instant_or_none(created.deadline),
        selection: created.selection.map(|it| Selection { tasks: it.tasks, downstream: it.downstream }),
        at: fields.at(created.created_at)?,
    })
}

pub(super) fn event_taken(fields: Fields, taken: wire::EventTaken) -> Result<EventTaken, DecodeError> {
    Ok(EventTaken {
        pipeline: fields.pipeline(&taken.pipeline_id)?,
        trigger: taken.trigger,
        part: taken.part,
        origin: taken.origin.and_then(origin).ok_or(fields.missing("origin"))?,
        depth: taken.depth,
        inputs: fields.object(&taken.inputs, "inputs")?,
        at: fields.at(taken.at)?,
    })
}

/// Where an event comes from; `None` = its time is none.
pub(crate) fn origin(origin: wire::EventOrigin) -> Option<EventOrigin> {
    let time = match origin.time {
        None => None,
        Some(micros) => Some(convert::instant(micros)?),
    };
    Some(EventOrigin { id: origin.id, source: origin.source, address: origin.address, time })
}

/// What started a run; `None` = it does not say, or says what this version does not know.
pub(crate) fn trigger(trigger: wire::Trigger) -> Option<Trigger> {
    Some(match trigger.trigger? {
        wire::trigger::Trigger::Manual(manual) => Trigger::Manual { user: manual.user },
        wire::trigger::Trigger::Scheduled(scheduled) => Trigger::Scheduled {
            schedule: scheduled.schedule,
            instant: convert::instant(scheduled.instant)?,
            coalesced: scheduled.coalesced.into_iter().map(convert::instant).collect::<Option<_>>()?,
            coalesced_count: scheduled.coalesced_count,
        },
        wire::trigger::Trigger::Parent(parent) => Trigger::Parent {
            attempt: attempt_of(parent.attempt.as_ref()?)?,
            pipeline: PipelineId::from_slice(&parent.pipeline_id)?,
            depth: parent.depth,
        },
        wire::trigger::Trigger::Event(event) => Trigger::Event {
            trigger: event.trigger,
            events: event.events.into_iter().map(origin).collect::<Option<_>>()?,
            depth: event.depth,
        },
        wire::trigger::Trigger::Sensor(sensor) => {
            Trigger::Sensor { sensor: sensor.sensor, instant: convert::instant(sensor.instant)? }
        }
        wire::trigger::Trigger::Asset(assets) => super::asset::trigger(assets)?,
        wire::trigger::Trigger::Webhook(webhook) => {
            Trigger::Webhook { delivery: webhook.delivery, signature: webhook.signature }
        }
        wire::trigger::Trigger::Restart(restart) => Trigger::Restart {
            user: restart.user,
            run: RunId::from_slice(&restart.run_id)?,
            mode: words::restart_mode_of(restart.mode)?,
        },
        wire::trigger::Trigger::Backfill(backfill) => Trigger::Backfill {
            backfill: BackfillId::from_slice(&backfill.backfill_id)?,
            schedule: backfill.schedule,
            instant: convert::instant(backfill.instant)?,
            user: backfill.user,
        },
        wire::trigger::Trigger::PipelineEnded(ended) => Trigger::PipelineEnded {
            run: RunId::from_slice(&ended.run_id)?,
            status: words::run_status_of(ended.status)?,
            trigger: ended.trigger,
            chain: super::chain_of(&ended.chain)?,
        },
    })
}
