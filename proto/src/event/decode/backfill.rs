//! Backfills.

use downbeat_domain::{BackfillCreated, BackfillId, Event};
use jiff::Timestamp;

use super::fields::Fields;
use crate::{
    convert,
    event::DecodeError,
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let backfill = |bytes: &[u8]| BackfillId::from_slice(bytes).ok_or(fields.missing("backfill_id"));
    let instants = |micros: Vec<i64>, field| -> Result<Vec<Timestamp>, DecodeError> {
        micros.into_iter().map(convert::instant).collect::<Option<_>>().ok_or(fields.missing(field))
    };
    Ok(match kind {
        EventKind::BackfillCreated => {
            let event: wire::BackfillCreated = fields.parse(payload)?;
            Event::BackfillCreated(Box::new(BackfillCreated {
                backfill: backfill(&event.backfill_id)?,
                pipeline: fields.pipeline(&event.pipeline_id)?,
                schedule: event.schedule,
                from: fields.at(event.from)?,
                to: fields.at(event.to)?,
                instants: instants(event.instants, "instants")?,
                skipped: instants(event.skipped, "skipped")?,
                max_active: event.max_active,
                force: event.force,
                user: event.user,
                at: fields.at(event.at)?,
            }))
        }
        EventKind::BackfillCancelled => {
            let event: wire::BackfillCancelled = fields.parse(payload)?;
            let backfill = backfill(&event.backfill_id)?;
            Event::BackfillCancelled { backfill, reason: event.reason, at: fields.at(event.at)? }
        }
        EventKind::BackfillDeclined => {
            let event: wire::BackfillDeclined = fields.parse(payload)?;
            Event::BackfillDeclined {
                backfill: backfill(&event.backfill_id)?,
                instants: instants(event.instants, "instants")?,
                reason: event.reason,
                at: fields.at(event.at)?,
            }
        }
        _ => return Err(fields.missing("kind")),
    })
}
