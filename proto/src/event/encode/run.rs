//! Events of runs and of their groups.

use downbeat_domain::{Event, EventOrigin, EventTaken, RunCreated, Trigger};
use serde_json::Value;

use super::{attempt_ref, condition};
use crate::{
    convert::{id_bytes, micros, micros_or_zero, object_text},
    event::{event, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::RunCreated(created) => event(EventKind::RunCreated, &run_created(created)),
        Event::RunCancelRequested { run, reason, at } => event(
            EventKind::RunCancelRequested,
            &wire::RunCancelRequested { run_id: id_bytes(&run.0), reason: reason.clone(), at: micros(*at) },
        ),
        Event::RunQueued { run, reason, at } => event(
            EventKind::RunQueued,
            &wire::RunQueued { run_id: id_bytes(&run.0), reason: reason.clone(), at: micros(*at) },
        ),
        Event::RunAdmitted { run, deadline, at } => event(
            EventKind::RunAdmitted,
            &wire::RunAdmitted { run_id: id_bytes(&run.0), deadline: micros_or_zero(*deadline), at: micros(*at) },
        ),
        Event::RunTimedOut { run, at } => {
            event(EventKind::RunTimedOut, &wire::RunTimedOut { run_id: id_bytes(&run.0), at: micros(*at) })
        }
        Event::CarryCompleted { run, at } => {
            event(EventKind::CarryCompleted, &wire::CarryCompleted { run_id: id_bytes(&run.0), at: micros(*at) })
        }
        Event::RunFinished { run, status, message, at } => event(
            EventKind::RunFinished,
            &wire::RunFinished {
                run_id: id_bytes(&run.0),
                status: words::run_status(*status) as i32,
                message: message.clone(),
                finished_at: micros(*at),
            },
        ),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}

pub(super) fn encode_group(fact: &Event) -> wire::Event {
    match fact {
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
        Event::MatrixExpanded { run, group, axes, at } => event(
            EventKind::MatrixExpanded,
            &wire::MatrixExpanded { run_id: id_bytes(&run.0), group: *group, axes: self::axes(axes), at: micros(*at) },
        ),
        Event::IterationOpened { run, group, iteration } => event(
            EventKind::IterationOpened,
            &wire::IterationOpened { run_id: id_bytes(&run.0), group: *group, iteration: *iteration },
        ),
        Event::IterationSkipped { run, group, iteration, reason, at } => event(
            EventKind::IterationSkipped,
            &wire::IterationSkipped {
                run_id: id_bytes(&run.0),
                group: *group,
                iteration: *iteration,
                reason: reason.clone(),
                at: micros(*at),
            },
        ),
        Event::IterationsEnded { run, task, status, at } => event(
            EventKind::IterationsEnded,
            &wire::IterationsEnded {
                run_id: id_bytes(&run.0),
                task: *task,
                status: words::task_status(*status) as i32,
                at: micros(*at),
            },
        ),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}

/// The wire form of the axes of a matrix.
pub(crate) fn axes(axes: &[(String, Vec<Value>)]) -> Vec<wire::MatrixAxis> {
    let text = |values: &[Value]| serde_json::to_string(values).unwrap_or_default();
    axes.iter().map(|(name, values)| wire::MatrixAxis { name: name.clone(), values: text(values) }).collect()
}

fn run_created(created: &RunCreated) -> wire::RunCreated {
    wire::RunCreated {
        run_id: id_bytes(&created.run.0),
        pipeline_id: id_bytes(&created.pipeline.0),
        pipeline_version: created.version,
        trigger: Some(trigger(&created.trigger)),
        inputs: object_text(&created.inputs),
        environment_variables: object_text(&created.environment),
        created_at: micros(created.at),
        environment_name: created.environment_name.clone(),
        gated: created.gated,
        deadline: micros_or_zero(created.deadline),
        selection: created
            .selection
            .as_ref()
            .map(|selection| wire::Selection { tasks: selection.tasks.clone(), downstream: selection.downstream }),
    }
}

pub(super) fn event_taken(taken: &EventTaken) -> wire::EventTaken {
    wire::EventTaken {
        pipeline_id: id_bytes(&taken.pipeline.0),
        trigger: taken.trigger.clone(),
        part: taken.part,
        origin: Some(origin(&taken.origin)),
        depth: taken.depth,
        inputs: object_text(&taken.inputs),
        at: micros(taken.at),
    }
}

/// The wire form of where an event comes from.
pub(crate) fn origin(origin: &EventOrigin) -> wire::EventOrigin {
    wire::EventOrigin {
        id: origin.id.clone(),
        source: origin.source.clone(),
        address: origin.address.clone(),
        time: origin.time.map(micros),
    }
}

/// The wire form of what started a run.
pub(crate) fn trigger(trigger: &Trigger) -> wire::Trigger {
    let kind = match trigger {
        Trigger::Manual { user } => wire::trigger::Trigger::Manual(wire::trigger::Manual { user: user.clone() }),
        Trigger::Scheduled { schedule, instant, coalesced, coalesced_count } => {
            wire::trigger::Trigger::Scheduled(wire::trigger::Scheduled {
                schedule: schedule.clone(),
                instant: micros(*instant),
                coalesced: coalesced.iter().map(|instant| micros(*instant)).collect(),
                coalesced_count: *coalesced_count,
            })
        }
        Trigger::Parent { attempt, pipeline, depth } => wire::trigger::Trigger::Parent(wire::trigger::Parent {
            attempt: Some(attempt_ref(*attempt)),
            pipeline_id: id_bytes(&pipeline.0),
            depth: *depth,
        }),
        Trigger::Event { trigger, events, depth } => wire::trigger::Trigger::Event(wire::trigger::Events {
            trigger: trigger.clone(),
            events: events.iter().map(origin).collect(),
            depth: *depth,
        }),
        Trigger::Sensor { sensor, instant } => {
            wire::trigger::Trigger::Sensor(wire::trigger::Sensor { sensor: sensor.clone(), instant: micros(*instant) })
        }
        Trigger::Asset { .. } => wire::trigger::Trigger::Asset(super::asset::trigger(trigger)),
        Trigger::Webhook { delivery, signature } => wire::trigger::Trigger::Webhook(wire::trigger::Webhook {
            delivery: delivery.clone(),
            signature: signature.clone(),
        }),
        Trigger::Restart { user, run, mode } => wire::trigger::Trigger::Restart(wire::trigger::Restart {
            user: user.clone(),
            run_id: id_bytes(&run.0),
            mode: words::restart_mode(*mode) as i32,
        }),
        Trigger::Backfill { backfill, schedule, instant, user } => {
            wire::trigger::Trigger::Backfill(wire::trigger::Backfill {
                backfill_id: id_bytes(&backfill.0),
                schedule: schedule.clone(),
                instant: micros(*instant),
                user: user.clone(),
            })
        }
        Trigger::PipelineEnded { run, status, trigger, chain } => {
            wire::trigger::Trigger::PipelineEnded(wire::trigger::PipelineEnded {
                run_id: id_bytes(&run.0),
                status: words::run_status(*status) as i32,
                trigger: *trigger,
                chain: super::chain(chain),
            })
        }
    };
    wire::Trigger { trigger: Some(kind) }
}
