//! Backfills.

use downbeat_domain::{BackfillCreated, BackfillId, Event, Trigger};

use crate::{
    added::{created, text},
    samples::{PIPELINE, at},
};

const BACKFILL: BackfillId = BackfillId(*b"backfill-0123456");

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let of = |force, instants, skipped| {
        Event::BackfillCreated(Box::new(BackfillCreated {
            backfill: BACKFILL,
            pipeline: PIPELINE,
            schedule: text("hourly"),
            from: at(0),
            to: at(10_800),
            instants,
            skipped,
            max_active: 3,
            force,
            user: text("ada"),
            at: at(20_000),
        }))
    };
    let trigger =
        Trigger::Backfill { backfill: BACKFILL, schedule: text("hourly"), instant: at(3_600), user: text("ada") };
    let (instants, reason) = (vec![at(3_600), at(7_200)], text("the current version has no schedule `hourly`"));
    vec![
        ("BACKFILL_CREATED", of(false, vec![at(3_600), at(7_200)], vec![at(0)])),
        ("BACKFILL_CREATED.forced", of(true, vec![at(0)], Vec::new())),
        ("BACKFILL_CANCELLED", Event::BackfillCancelled { backfill: BACKFILL, reason: text("enough"), at: at(20_001) }),
        ("BACKFILL_DECLINED", Event::BackfillDeclined { backfill: BACKFILL, instants, reason, at: at(20_002) }),
        ("RUN_CREATED.backfill", created(trigger, None)),
    ]
}
