//! From entries of the log to what the engine hears. Only pipelines matter here; kinds of events that this version does not know
//! are none of its business. Knows nothing about how entries come in.

use downbeat_domain::Event;
use downbeat_event_log::Entry;
use downbeat_proto::{event::Decoded, record};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    engine::{Engine, Input, Output},
    error::Error,
};

/// Tells the engine what the entry says about pipelines, and gives back what follows.
///
/// # Errors
/// `Unreadable`.
pub fn take_in(engine: &mut Engine, entry: &Entry, now: Timestamp) -> Result<Vec<Output>, Error> {
    let unreadable = |source| Error::Unreadable { sequence: entry.sequence, source };
    let record = record::decode(&entry.payload).map_err(unreadable)?;
    let mut outputs = Vec::new();
    let pipelines = record
        .decisions
        .iter()
        .flat_map(|decision| &decision.events)
        .filter(|event| event.kind() == downbeat_proto::events::v1::EventKind::PipelineApplied);
    for event in pipelines {
        if let Decoded::Known(Event::PipelineApplied(applied)) =
            downbeat_proto::event::decode(event).map_err(unreadable)?
        {
            let schedules = applied
                .plan
                .schedules
                .into_iter()
                .map(|schedule| {
                    let zone = TimeZone::get(&schedule.timezone).ok();
                    (schedule, zone)
                })
                .collect();
            let input = Input::PipelineApplied { pipeline: applied.pipeline, version: applied.version, schedules };
            outputs.extend(engine.handle(now, input));
        }
    }
    Ok(outputs)
}
