//! Backfills.

use downbeat_domain::Event;
use jiff::Timestamp;

use super::event;
use crate::{
    convert::{id_bytes, micros},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::BackfillCreated(created) => event(
            EventKind::BackfillCreated,
            &wire::BackfillCreated {
                backfill_id: id_bytes(&created.backfill.0),
                pipeline_id: id_bytes(&created.pipeline.0),
                schedule: created.schedule.clone(),
                from: micros(created.from),
                to: micros(created.to),
                instants: instants(&created.instants),
                skipped: instants(&created.skipped),
                max_active: created.max_active,
                force: created.force,
                user: created.user.clone(),
                at: micros(created.at),
            },
        ),
        Event::BackfillCancelled { backfill, reason, at } => event(
            EventKind::BackfillCancelled,
            &wire::BackfillCancelled { backfill_id: id_bytes(&backfill.0), reason: reason.clone(), at: micros(*at) },
        ),
        Event::BackfillDeclined { backfill, instants: declined, reason, at } => event(
            EventKind::BackfillDeclined,
            &wire::BackfillDeclined {
                backfill_id: id_bytes(&backfill.0),
                instants: instants(declined),
                reason: reason.clone(),
                at: micros(*at),
            },
        ),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}

fn instants(instants: &[Timestamp]) -> Vec<i64> {
    instants.iter().map(|instant| micros(*instant)).collect()
}
