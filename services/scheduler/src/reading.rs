//! From entries of the log to what the engine hears. Only pipelines and their schedules matter here; kinds of events that this version
//! does not know are none of its business. Knows nothing about how entries come in.

use downbeat_domain::{
    Event, PipelineId, Trigger,
    plan::{PlanDeadline, PlanSensor},
};
use downbeat_event_log::Entry;
use downbeat_proto::{convert, event::Decoded, events::v1::EventKind, record};
use downbeat_runtime::zones::zones;
use jiff::Timestamp;

use crate::{
    engine::{Engine, Input, Output},
    error::Error,
};

/// Tells the engine what the entry says about schedules, and gives back what follows. Nothing is asked before a tick: what this entry
/// leaves open may be decided in a later one.
///
/// # Errors
/// `Unreadable`.
pub fn take_in(engine: &mut Engine, entry: &Entry, now: Timestamp) -> Result<Vec<Output>, Error> {
    let unreadable = |source| Error::Unreadable { sequence: entry.sequence, source };
    let record = record::decode(&entry.payload).map_err(unreadable)?;
    let mut outputs = Vec::new();
    for decision in &record.decisions {
        // The clock of whoever decided may have been ahead: a schedule does not wait until the others have caught up with it.
        let at = convert::instant(decision.decided_at).map_or(now, |at| at.min(now));
        for event in decision.events.iter().filter(|event| concerns(event.kind())) {
            if let Decoded::Known(event) = downbeat_proto::event::decode(event).map_err(unreadable)?
                && let Some(input) = input(event, at)
            {
                outputs.extend(engine.handle(now, input));
            }
        }
    }
    Ok(outputs)
}

/// Whether a kind is worth decoding.
fn concerns(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::PipelineApplied
            | EventKind::PipelinePaused
            | EventKind::PipelineResumed
            | EventKind::PipelineDeleted
            | EventKind::ScheduleDecided
            | EventKind::RunCreated
            | EventKind::SensorOpened
            | EventKind::DeadlineMet
            | EventKind::DeadlineBreached
    )
}

fn input(event: Event, at: Timestamp) -> Option<Input> {
    Some(match event {
        Event::PipelineApplied(applied) => {
            let with_zone = applied.plan.timed().map(|schedule| (schedule.clone(), zones().get(&schedule.timezone)));
            let schedules = with_zone.collect();
            Input::PipelineApplied { pipeline: applied.pipeline, version: applied.version, at, schedules }
        }
        Event::PipelinePaused { pipeline, at, .. } => Input::Paused { pipeline, paused: true, at },
        Event::PipelineResumed { pipeline, at } => Input::Paused { pipeline, paused: false, at },
        Event::PipelineDeleted { pipeline, .. } => Input::Deleted { pipeline },
        Event::ScheduleDecided(decided) => {
            Input::Decided { pipeline: decided.pipeline, schedule: decided.schedule, up_to: decided.up_to }
        }
        Event::SensorOpened(opened) => Input::Decided {
            pipeline: opened.window.pipeline,
            schedule: PlanSensor::schedule_name(&opened.window.sensor),
            up_to: opened.window.instant,
        },
        Event::DeadlineMet(met) => decided(met.pipeline, &met.deadline, met.instant),
        Event::DeadlineBreached(breached) => decided(breached.pipeline, &breached.deadline, breached.instant),
        Event::RunCreated(created) => match created.trigger {
            Trigger::Scheduled { schedule, instant, .. } => {
                Input::Decided { pipeline: created.pipeline, schedule, up_to: instant }
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// An instant of a deadline.
fn decided(pipeline: PipelineId, deadline: &str, instant: Timestamp) -> Input {
    Input::Decided { pipeline, schedule: PlanDeadline::schedule_name(deadline), up_to: instant }
}
