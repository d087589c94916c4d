//! Assets that were materialised, ages, deadlines.

use bytes::Bytes;
use downbeat_domain::{
    Event, RunId, Trigger,
    event::{
        AssetTriggerDeclined, AssetsMaterialised, DeadlineBreached, DeadlineMet, FreshnessBreached, FreshnessRestored,
    },
};

use super::{chain_of, fields::Fields};
use crate::{
    event::{DecodeError, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    Ok(match kind {
        EventKind::AssetsMaterialised => {
            let done: wire::AssetsMaterialised = fields.parse(payload)?;
            Event::AssetsMaterialised(Box::new(AssetsMaterialised {
                attempt: fields.attempt(done.attempt)?,
                chunk: done.chunk,
                assets: done.assets,
                chain: chain_of(&done.chain).ok_or(fields.missing("chain"))?,
                depth: done.depth,
                at: fields.at(done.at)?,
            }))
        }
        EventKind::AssetTriggerDeclined => {
            let declined: wire::AssetTriggerDeclined = fields.parse(payload)?;
            Event::AssetTriggerDeclined(Box::new(AssetTriggerDeclined {
                pipeline: fields.pipeline(&declined.pipeline_id)?,
                trigger: declined.trigger,
                reason: declined.reason,
                at: fields.at(declined.at)?,
            }))
        }
        EventKind::FreshnessBreached => {
            let breached: wire::FreshnessBreached = fields.parse(payload)?;
            let last = match run_or_none(fields, &breached.last_run_id)? {
                Some(run) => Some((run, fields.at(breached.last_at)?)),
                None => None,
            };
            Event::FreshnessBreached(Box::new(FreshnessBreached {
                pipeline: fields.pipeline(&breached.pipeline_id)?,
                rule: breached.rule,
                asset: breached.asset,
                last,
                at: fields.at(breached.at)?,
            }))
        }
        EventKind::FreshnessRestored => {
            let restored: wire::FreshnessRestored = fields.parse(payload)?;
            Event::FreshnessRestored(Box::new(FreshnessRestored {
                pipeline: fields.pipeline(&restored.pipeline_id)?,
                rule: restored.rule,
                asset: restored.asset,
                run: run_or_none(fields, &restored.run_id)?,
                at: fields.at(restored.at)?,
            }))
        }
        EventKind::DeadlineMet => {
            let met: wire::DeadlineMet = fields.parse(payload)?;
            Event::DeadlineMet(Box::new(DeadlineMet {
                pipeline: fields.pipeline(&met.pipeline_id)?,
                deadline: met.deadline,
                instant: fields.at(met.instant)?,
                run: run_or_none(fields, &met.run_id)?,
                at: fields.at(met.at)?,
            }))
        }
        EventKind::DeadlineBreached => {
            let breached: wire::DeadlineBreached = fields.parse(payload)?;
            let live = match run_or_none(fields, &breached.live_run_id)? {
                Some(run) => {
                    Some((run, words::run_status_of(breached.live_status).ok_or(fields.missing("live_status"))?))
                }
                None => None,
            };
            Event::DeadlineBreached(Box::new(DeadlineBreached {
                pipeline: fields.pipeline(&breached.pipeline_id)?,
                deadline: breached.deadline,
                instant: fields.at(breached.instant)?,
                live,
                at: fields.at(breached.at)?,
            }))
        }
        _ => return Err(fields.missing("kind")),
    })
}

/// Empty = none.
fn run_or_none(fields: Fields, bytes: &[u8]) -> Result<Option<RunId>, DecodeError> {
    if bytes.is_empty() { Ok(None) } else { fields.run(bytes).map(Some) }
}

pub(super) fn trigger(assets: wire::trigger::Assets) -> Option<Trigger> {
    Some(Trigger::Asset {
        trigger: assets.trigger,
        assets: assets.assets,
        runs: runs(&assets.runs)?,
        chain: chain_of(&assets.chain)?,
        depth: assets.depth,
    })
}

/// Ids without anything between; `None` = they are none.
pub(crate) fn runs(bytes: &Bytes) -> Option<Vec<RunId>> {
    let (ids, rest) = bytes.as_chunks::<16>();
    rest.is_empty().then(|| ids.iter().map(|id| RunId(*id)).collect())
}
