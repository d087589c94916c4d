//! Schedules: the last runs of each, when they were due and when they came, what they did to data; and instants without a run.

use std::collections::BTreeMap;

use downbeat_domain::{
    Event, PipelineId, RunId, RunStatus, ScheduleDecided, Trigger,
    metadata::{Collected, Operation},
};
use downbeat_proto::{convert::micros, metadata::v1 as wire};

use super::{
    batch::Batch,
    candidates::{self, Kind},
    keys::{self, savings, trends},
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Schedules;

/// See [`wire::Firing::data`].
pub const CHANGED: &str = "CHANGED";
/// See [`wire::Firing::data`].
pub const UNCHANGED: &str = "UNCHANGED";
/// See [`wire::Firing::data`].
pub const UNKNOWN: &str = "UNKNOWN";

/// A schedule of a pipeline.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScheduleRow {
    /// Runs of all times.
    #[prost(uint64, tag = "1")]
    pub fired: u64,
    /// The last of them, the oldest first. `status` and `data` are empty while it is live.
    #[prost(message, repeated, tag = "2")]
    pub firings: Vec<wire::Firing>,
    /// Instants without a run, by reason.
    #[prost(btree_map = "string, message", tag = "3")]
    pub passed: BTreeMap<String, wire::PassedCount>,
    /// Everything up to here was counted as passed, microseconds since the epoch.
    #[prost(int64, optional, tag = "4")]
    pub up_to: Option<i64>,
}

/// What operations of a run did to data.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WorkRow {
    /// Operations that wrote rows.
    #[prost(uint64, tag = "1")]
    pub changed: u64,
    /// Those that wrote none, or reused what was there.
    #[prost(uint64, tag = "2")]
    pub unchanged: u64,
    /// Those that may have written and do not say.
    #[prost(uint64, tag = "3")]
    pub unknown: u64,
}

impl Projection for Schedules {
    const NAME: &'static str = "schedules";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["runs"];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::RunCreated(created) => match &created.trigger {
                Trigger::Scheduled { schedule, instant, .. } => {
                    let firing = wire::Firing {
                        instant: micros(*instant),
                        run_id: created.run.to_string(),
                        created_at: micros(created.at),
                        sequence: fact.sequence,
                        ..wire::Firing::default()
                    };
                    fired(created.pipeline, created.run, schedule, firing, batch)
                }
                _ => Ok(()),
            },
            Event::ScheduleDecided(decided) => passed(decided, batch),
            Event::OperationsCollected { attempt, collected, .. } => worked(attempt.run, collected, batch),
            Event::RunFinished { run, status, at, .. } => finished(*run, *status, micros(*at), batch),
            _ => Ok(()),
        }
    }
}

fn fired(
    pipeline: PipelineId,
    run: RunId,
    schedule: &str,
    firing: wire::Firing,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    // One run is created once.
    if batch.bytes(&keys::run(run))?.is_some() {
        return Ok(());
    }
    let key = trends::schedule(pipeline, schedule);
    let mut row: ScheduleRow = batch.get(&key)?.unwrap_or_default();
    row.fired = row.fired.saturating_add(1);
    if row.firings.len() >= limits::FIRINGS_KEPT {
        row.firings.remove(0);
    }
    row.firings.push(firing);
    batch.put(key, &row);
    Ok(())
}

fn passed(decided: &ScheduleDecided, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = trends::schedule(decided.pipeline, &decided.schedule);
    let mut row: ScheduleRow = batch.get(&key)?.unwrap_or_default();
    let up_to = micros(decided.up_to);
    // Decisions about a schedule form a chain: each instant is decided once.
    if row.up_to.is_some_and(|before| up_to <= before) {
        return Ok(());
    }
    row.up_to = Some(up_to);
    for passed in &decided.passed {
        let reason = passed.reason.as_str();
        let count = row.passed.entry(reason.to_owned()).or_default();
        reason.clone_into(&mut count.reason);
        count.count = count.count.saturating_add(passed.count);
        count.last_instant = micros(passed.last);
        count.message.clone_from(&passed.message);
    }
    batch.put(key, &row);
    Ok(())
}

/// The schedule of a run that is live, where it has one; reads the row of the run as it was before.
fn schedule_of(run: RunId, batch: &Batch<'_>) -> Result<Option<(PipelineId, wire::Run)>, Error> {
    let scheduled = |row: &wire::Run| row.trigger == "SCHEDULED" && row.completed_at == 0;
    let Some(row) = batch.get::<wire::Run>(&keys::run(run))?.filter(scheduled) else { return Ok(None) };
    Ok(row.pipeline_id.parse().ok().map(|pipeline| (pipeline, row)))
}

fn worked(run: RunId, collected: &Collected, batch: &mut Batch<'_>) -> Result<(), Error> {
    if schedule_of(run, batch)?.is_none() {
        return Ok(());
    }
    let key = trends::work(run);
    let mut row: WorkRow = batch.get(&key)?.unwrap_or_default();
    for done in &collected.operations {
        match effect(done, collected) {
            Some(CHANGED) => row.changed += 1,
            Some(UNCHANGED) => row.unchanged += 1,
            Some(_) => row.unknown += 1,
            None => {}
        }
    }
    batch.put(key, &row);
    Ok(())
}

/// What an operation did to data; `None`: it could not do anything, or did not end well.
fn effect(done: &Operation, collected: &Collected) -> Option<&'static str> {
    match (done.status.as_str(), done.kind.as_str(), done.rows_affected) {
        (_, "TEST", _) => None,
        ("REUSED", ..) => Some(UNCHANGED),
        ("SUCCEEDED" | "WARNING", _, Some(0)) => Some(UNCHANGED),
        ("SUCCEEDED" | "WARNING", _, Some(_)) => Some(CHANGED),
        // A view holds no rows of its own.
        ("SUCCEEDED" | "WARNING", _, None) if is_view(&done.asset, collected) => None,
        ("SUCCEEDED" | "WARNING" | "RUNNING" | "UNKNOWN", _, None) => Some(UNKNOWN),
        _ => None,
    }
}

fn is_view(asset: &str, collected: &Collected) -> bool {
    !asset.is_empty() && collected.assets.iter().any(|known| known.key == asset && known.kind == "VIEW")
}

fn finished(run: RunId, status: RunStatus, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let Some((pipeline, shown)) = schedule_of(run, batch)? else { return Ok(()) };
    let key = trends::schedule(pipeline, &shown.schedule);
    let Some(mut row) = batch.get::<ScheduleRow>(&key)? else { return Ok(()) };
    let Some(firing) = row.firings.iter_mut().rev().find(|firing| firing.run_id == shown.id) else { return Ok(()) };
    let work: WorkRow = batch.get(&trends::work(run))?.unwrap_or_default();
    let good = matches!(status, RunStatus::Succeeded | RunStatus::Warning);
    let data = match work {
        WorkRow { changed: 1.., .. } => CHANGED,
        WorkRow { unknown: 0, unchanged: 1.., .. } if good => UNCHANGED,
        _ => UNKNOWN,
    };
    (firing.started_at, firing.ended_at) = (shown.started_at, at);
    status.as_str().clone_into(&mut firing.status);
    data.clone_into(&mut firing.data);
    let unchanged = row.firings.iter().filter(|firing| firing.data == UNCHANGED).count();
    if row.unchanged_in_a_row() >= limits::UNCHANGED_RUNS_MIN {
        let subject = savings::of_pipeline(pipeline, &shown.schedule);
        candidates::note((Kind::Unchanged, ""), unchanged as u64, &subject, batch)?;
    }
    batch.put(key, &row);
    Ok(())
}

impl ScheduleRow {
    /// Runs at the end of the list that changed nothing; live ones behind them are not counted yet.
    pub fn unchanged_in_a_row(&self) -> usize {
        let ended = self.firings.iter().rev().skip_while(|firing| firing.data.is_empty());
        ended.take_while(|firing| firing.data == UNCHANGED).count()
    }
}

#[cfg(test)]
mod tests {
    use downbeat_domain::metadata::Asset;

    use super::*;

    #[test]
    fn what_an_operation_did_to_data() {
        let cases = [
            ("MATERIALISATION", "SUCCEEDED", Some(3), "db/t", Some(CHANGED)),
            ("MATERIALISATION", "SUCCEEDED", Some(0), "db/t", Some(UNCHANGED)),
            ("MATERIALISATION", "WARNING", Some(0), "db/t", Some(UNCHANGED)),
            ("MATERIALISATION", "REUSED", None, "db/t", Some(UNCHANGED)),
            ("MATERIALISATION", "SUCCEEDED", None, "db/t", Some(UNKNOWN)),
            ("MATERIALISATION", "SUCCEEDED", None, "db/v", None),
            ("MATERIALISATION", "FAILED", Some(0), "db/t", None),
            ("MATERIALISATION", "SKIPPED", None, "db/t", None),
            ("QUERY", "SUCCEEDED", None, "", Some(UNKNOWN)),
            ("SYNC", "SUCCEEDED", Some(0), "", Some(UNCHANGED)),
            ("TEST", "SUCCEEDED", Some(0), "db/t", None),
        ];
        let asset = |key: &str, kind: &str| Asset { key: key.into(), kind: kind.into(), ..Asset::default() };
        let collected = Collected { assets: vec![asset("db/t", "TABLE"), asset("db/v", "VIEW")], ..Default::default() };
        for (kind, status, rows_affected, asset, expected) in cases {
            let done = Operation {
                kind: kind.into(),
                status: status.into(),
                rows_affected,
                asset: asset.into(),
                ..Operation::default()
            };
            assert_eq!(effect(&done, &collected), expected, "{kind} {status} {rows_affected:?} {asset}");
        }
    }
}
