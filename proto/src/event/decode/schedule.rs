//! What became of instants of schedules.

use downbeat_domain::{Event, PassedInstants, ScheduleDecided};

use super::fields::Fields;
use crate::{
    convert,
    event::{DecodeError, words},
    events::v1 as wire,
};

pub(super) fn decided(fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let decided: wire::ScheduleDecided = fields.parse(payload)?;
    Ok(Event::ScheduleDecided(Box::new(ScheduleDecided {
        pipeline: fields.pipeline(&decided.pipeline_id)?,
        schedule: decided.schedule,
        passed: decided.passed.into_iter().map(passed).collect::<Option<_>>().ok_or(fields.missing("passed"))?,
        up_to: fields.at(decided.up_to)?,
        at: fields.at(decided.at)?,
    })))
}

/// Instants that get no run of their own; `None` = an instant or a reason is none.
pub fn passed(passed: wire::PassedInstants) -> Option<PassedInstants> {
    Some(PassedInstants {
        reason: words::pass_reason_of(passed.reason)?,
        count: passed.count,
        first: convert::instant(passed.first)?,
        last: convert::instant(passed.last)?,
        listed: passed.listed.into_iter().map(convert::instant).collect::<Option<_>>()?,
        message: passed.message,
    })
}
