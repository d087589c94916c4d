//! Backfills.

use downbeat_domain::Event;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::at;

pub(super) fn to_json(event: &Event) -> Option<Value> {
    Some(match event {
        Event::BackfillCreated(created) => json!({
            "backfill_id": created.backfill.to_string(), "pipeline_id": created.pipeline.to_string(),
            "schedule": created.schedule, "from": at(created.from), "to": at(created.to),
            "instants": instants(&created.instants), "skipped": instants(&created.skipped),
            "max_active": created.max_active, "force": created.force, "user": created.user, "at": at(created.at),
        }),
        Event::BackfillCancelled { backfill, reason, at: when } => {
            json!({"backfill_id": backfill.to_string(), "reason": reason, "at": at(*when)})
        }
        Event::BackfillDeclined { backfill, instants: declined, reason, at: when } => json!({
            "backfill_id": backfill.to_string(), "instants": instants(declined), "reason": reason, "at": at(*when),
        }),
        _ => return None,
    })
}

fn instants(instants: &[Timestamp]) -> Vec<Value> {
    instants.iter().map(|instant| at(*instant)).collect()
}
