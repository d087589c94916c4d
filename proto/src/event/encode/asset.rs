//! Assets that were materialised, ages, deadlines.

use bytes::Bytes;
use downbeat_domain::{Event, RunId, RunStatus, Trigger};

use super::{attempt_ref, chain};
use crate::{
    convert::{id_bytes, micros},
    event::{event, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::AssetsMaterialised(done) => event(
            EventKind::AssetsMaterialised,
            &wire::AssetsMaterialised {
                attempt: Some(attempt_ref(done.attempt)),
                chunk: done.chunk,
                assets: done.assets.clone(),
                chain: chain(&done.chain),
                depth: done.depth,
                at: micros(done.at),
            },
        ),
        Event::AssetTriggerDeclined(declined) => event(
            EventKind::AssetTriggerDeclined,
            &wire::AssetTriggerDeclined {
                pipeline_id: id_bytes(&declined.pipeline.0),
                trigger: declined.trigger.clone(),
                reason: declined.reason.clone(),
                at: micros(declined.at),
            },
        ),
        Event::FreshnessBreached(breached) => event(
            EventKind::FreshnessBreached,
            &wire::FreshnessBreached {
                pipeline_id: id_bytes(&breached.pipeline.0),
                rule: breached.rule.clone(),
                asset: breached.asset.clone(),
                last_run_id: run_or_none(breached.last.map(|(run, _)| run)),
                last_at: breached.last.map_or(0, |(_, at)| micros(at)),
                at: micros(breached.at),
            },
        ),
        Event::FreshnessRestored(restored) => event(
            EventKind::FreshnessRestored,
            &wire::FreshnessRestored {
                pipeline_id: id_bytes(&restored.pipeline.0),
                rule: restored.rule.clone(),
                asset: restored.asset.clone(),
                run_id: run_or_none(restored.run),
                at: micros(restored.at),
            },
        ),
        Event::DeadlineMet(met) => event(
            EventKind::DeadlineMet,
            &wire::DeadlineMet {
                pipeline_id: id_bytes(&met.pipeline.0),
                deadline: met.deadline.clone(),
                instant: micros(met.instant),
                run_id: run_or_none(met.run),
                at: micros(met.at),
            },
        ),
        Event::DeadlineBreached(breached) => event(
            EventKind::DeadlineBreached,
            &wire::DeadlineBreached {
                pipeline_id: id_bytes(&breached.pipeline.0),
                deadline: breached.deadline.clone(),
                instant: micros(breached.instant),
                live_run_id: run_or_none(breached.live.map(|(run, _)| run)),
                live_status: breached
                    .live
                    .map_or(0, |(_, status): (RunId, RunStatus)| words::run_status(status) as i32),
                at: micros(breached.at),
            },
        ),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}

fn run_or_none(run: Option<RunId>) -> Bytes {
    run.map(|run| id_bytes(&run.0)).unwrap_or_default()
}

/// The wire form of such a trigger; empty for any other.
pub(super) fn trigger(trigger: &Trigger) -> wire::trigger::Assets {
    match trigger {
        Trigger::Asset { trigger, assets, runs: of, chain: led, depth } => wire::trigger::Assets {
            trigger: trigger.clone(),
            assets: assets.clone(),
            runs: runs(of),
            chain: chain(led),
            depth: *depth,
        },
        _ => wire::trigger::Assets::default(),
    }
}

/// Ids without anything between.
pub(crate) fn runs(runs: &[RunId]) -> Bytes {
    runs.iter().flat_map(|run| run.0).collect::<Vec<u8>>().into()
}
