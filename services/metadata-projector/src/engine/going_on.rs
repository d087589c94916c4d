//! What is going on: live runs, open windows of sensors, up to when schedules are decided, and which pipelines, alerts and assets are not
//! as they should be.
//!
//! Promises: each of these is read in 256 rows, however much there was before. Reads the rows of all other projections, as they are after
//! the event. Knows nothing about what fails in runs: that is `failing`.

use std::collections::BTreeMap;

use downbeat_domain::{Event, PipelineId, RunId, Trigger, event::WindowRef, inventory::InventoryEvent};
use downbeat_proto::{convert::micros, metadata::v1 as wire};

use super::{
    alerts,
    batch::Batch,
    collected::TEST,
    graph::aliases,
    inventory, kept,
    keys::{
        self,
        answers::{self, Kept},
        graph::node,
    },
    plans::Plans,
    projection::{Fact, Projection},
    rows::OpenBreaches,
    told,
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct GoingOn;

/// An hour, microseconds.
pub const HOUR: i64 = 60 * 60 * 1_000_000;

/// Open windows of the sensors of a pipeline.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WindowsRow {
    /// In the order in which they opened.
    #[prost(message, repeated, tag = "1")]
    pub windows: Vec<WindowRow>,
}

/// An open window of a sensor.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WindowRow {
    /// Id of the sensor.
    #[prost(string, tag = "1")]
    pub sensor: String,
    /// The instant of its schedule, microseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub instant: i64,
    /// When it opened.
    #[prost(int64, tag = "3")]
    pub opened_at: i64,
    /// When it closes by itself.
    #[prost(int64, tag = "4")]
    pub closes_at: i64,
    /// Of the record that opened it.
    #[prost(uint64, tag = "5")]
    pub sequence: u64,
}

/// Up to when the schedules of a pipeline are decided.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DecidedRow {
    /// By name: every instant up to this one has its outcome.
    #[prost(btree_map = "string, int64", tag = "1")]
    pub up_to: BTreeMap<String, i64>,
}

/// Runs that ended in an hour.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HourRow {
    /// By status.
    #[prost(btree_map = "string, uint64", tag = "1")]
    pub runs: BTreeMap<String, u64>,
}

impl Projection for GoingOn {
    const NAME: &'static str = "going_on";
    const VERSION: u32 = 2;
    const READS: &'static [&'static str] = &["pipelines", "runs", "task_runs", "graph", "assets", "breaches", "alerts"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::RunCreated(created) => {
                let row: wire::Run = batch.get(&keys::run(created.run))?.unwrap_or_default();
                if row.completed_at == 0 {
                    kept::set(Kept::LiveRuns, &created.run.0, "", micros(created.at), true, batch)?;
                }
                begun_by(created.pipeline, &created.trigger, batch)
            }
            Event::RunFinished { run, at, .. } => finish(*run, micros(*at), batch),
            Event::ScheduleDecided(decided) => {
                decide(decided.pipeline, &decided.schedule, micros(decided.up_to), batch)
            }
            Event::SensorOpened(opened) => {
                let window = &opened.window;
                let row = WindowRow {
                    sensor: window.sensor.clone(),
                    instant: micros(window.instant),
                    opened_at: micros(opened.at),
                    closes_at: micros(opened.closes),
                    sequence: fact.sequence,
                };
                windows(window.pipeline, batch, |windows| {
                    let known = windows.iter().any(|known| known.sensor == row.sensor && known.instant == row.instant);
                    if !known && windows.len() < limits::WINDOWS_PER_PIPELINE_MAX {
                        windows.push(row);
                    }
                })
            }
            Event::SensorClosed(closed) => close(&closed.window, batch),
            Event::PipelineApplied(applied) => {
                let (id, at) = (applied.pipeline, fact.decided_at);
                kept::set(Kept::Scheduled, &id.0, "", at, !applied.plan.schedules.is_empty(), batch)?;
                // What a new version changes counts from then on.
                let key = answers::decided(id);
                let before: DecidedRow = batch.get(&key)?.unwrap_or_default();
                let of = |name: &String| Some((name.clone(), before.up_to.get(name).copied().unwrap_or(at)));
                let up_to = applied.plan.schedules.iter().filter_map(|schedule| of(&schedule.name)).collect();
                batch.put(key, &DecidedRow { up_to });
                breaches(id, at, batch)
            }
            Event::PipelineDeleted { pipeline, at } => {
                kept::set(Kept::Scheduled, &pipeline.0, "", 0, false, batch)?;
                windows(*pipeline, batch, Vec::clear)?;
                breaches(*pipeline, micros(*at), batch)
            }
            Event::FreshnessBreached(it) => breaches(it.pipeline, micros(it.at), batch),
            Event::FreshnessRestored(it) => breaches(it.pipeline, micros(it.at), batch),
            Event::DeadlineBreached(it) => breaches(it.pipeline, micros(it.at), batch),
            Event::DeadlineMet(it) => breaches(it.pipeline, micros(it.at), batch),
            Event::AlertDelivered { alert, at }
            | Event::AlertFailed { alert, at, .. }
            | Event::AlertRetried { alert, at, .. } => {
                let row: wire::Alert = batch.get(&keys::alert(*alert))?.unwrap_or_default();
                kept::set(Kept::DeadAlerts, &alert.0, "", micros(*at), row.state == alerts::DEAD, batch)
            }
            Event::OperationsCollected { .. } | Event::LineageReported(_) => tests(fact, plans, batch),
            Event::Inventory(said) => match said.as_ref() {
                // It is nobody's concern any more.
                InventoryEvent::Removed { asset, .. } => health(asset, fact.decided_at, batch),
                InventoryEvent::Declared { .. } | InventoryEvent::Depend { .. } => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// A run of a schedule decides its instants; a run of a sensor closes its window.
fn begun_by(pipeline: PipelineId, trigger: &Trigger, batch: &mut Batch<'_>) -> Result<(), Error> {
    match trigger {
        Trigger::Scheduled { schedule, instant, .. } => decide(pipeline, schedule, micros(*instant), batch),
        Trigger::Sensor { sensor, instant } => {
            close(&WindowRef { pipeline, sensor: sensor.clone(), instant: *instant }, batch)
        }
        _ => Ok(()),
    }
}

fn finish(run: RunId, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = answers::kept_with(Kept::LiveRuns, &run.0);
    let live: kept::KeptRow = batch.get(&key)?.unwrap_or_default();
    // Of a run that ended before nothing is counted again.
    if !live.entries.iter().any(|entry| entry.id == run.0) {
        return Ok(());
    }
    kept::set(Kept::LiveRuns, &run.0, "", at, false, batch)?;
    let row: wire::Run = batch.get(&keys::run(run))?.unwrap_or_default();
    let key = answers::hour(at.div_euclid(HOUR));
    let mut hour: HourRow = batch.get(&key)?.unwrap_or_default();
    *hour.runs.entry(row.status).or_insert(0) += 1;
    batch.put(key, &hour);
    Ok(())
}

fn decide(pipeline: PipelineId, schedule: &str, up_to: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = answers::decided(pipeline);
    let mut row: DecidedRow = batch.get(&key)?.unwrap_or_default();
    // A schedule that is gone meanwhile is not asked for any more.
    if let Some(known) = row.up_to.get_mut(schedule).filter(|known| **known < up_to) {
        *known = up_to;
        batch.put(key, &row);
    }
    Ok(())
}

fn windows(pipeline: PipelineId, batch: &mut Batch<'_>, change: impl FnOnce(&mut Vec<WindowRow>)) -> Result<(), Error> {
    let key = answers::windows(pipeline);
    let mut row: WindowsRow = batch.get(&key)?.unwrap_or_default();
    let before = row.clone();
    change(&mut row.windows);
    if row != before {
        let at = row.windows.first().map_or(0, |window| window.opened_at);
        kept::set(Kept::Windows, &pipeline.0, "", at, !row.windows.is_empty(), batch)?;
        batch.put(key, &row);
    }
    Ok(())
}

fn close(window: &WindowRef, batch: &mut Batch<'_>) -> Result<(), Error> {
    let instant = micros(window.instant);
    windows(window.pipeline, batch, |windows| {
        windows.retain(|known| known.sensor != window.sensor || known.instant != instant);
    })
}

fn breaches(pipeline: PipelineId, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let open: OpenBreaches = batch.get(&keys::open_breaches(pipeline))?.unwrap_or_default();
    kept::set(Kept::Breached, &pipeline.0, "", at, !open.began.is_empty(), batch)
}

/// Assets that were tested are as good as their rows say.
fn tests(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
    let Some(told) = told::of(fact, plans, batch)? else { return Ok(()) };
    let tested = told.collected.operations.iter().filter(|done| done.kind == TEST && !done.asset.is_empty());
    let tested: std::collections::BTreeSet<&str> = tested.map(|done| done.asset.as_str()).collect();
    tested.into_iter().try_for_each(|asset| health(asset, fact.decided_at, batch))
}

fn health(asset: &str, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let meant = aliases::meant(asset, |row| batch.bytes(row))?;
    // As its tests say: people may say something else of it.
    let row = inventory::reported(&meant, batch)?.unwrap_or_default();
    let bad = matches!(row.status.as_str(), "UNHEALTHY" | "WARNING");
    kept::set(Kept::Unhealthy, &node(&meant), &meant, at, bad, batch)
}
