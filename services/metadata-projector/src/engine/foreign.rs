//! Work in other systems that runs below a task of ours: its steps are operations of that task's run.
//!
//! A run of another system hangs below the task run that its parent is, or that its parent hangs below. Where only the outermost run
//! is known, and it is one of ours, its steps are operations of the run without a task. An event that comes late changes nothing that is over.

use downbeat_domain::{
    Event, RunId, TaskRunId,
    foreign::{ForeignRun, LineageReported},
    metadata::Operation,
};
use downbeat_proto::{event::operation_to_wire, events::v1 as events, metadata::v1 as wire};

use super::{
    batch::Batch,
    keys::{self, foreign as foreign_keys},
    plans::Plans,
    projection::{Fact, Projection},
    rows::RunHead,
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Foreign;

/// Where a run of another system hangs.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HangsBelow {
    /// Our run: 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub run: Vec<u8>,
    /// Place of the task run plus one; 0 = not known.
    #[prost(uint32, tag = "2")]
    pub place_plus_one: u32,
}

impl Projection for Foreign {
    const NAME: &'static str = "foreign";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["task_runs"];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::LineageReported(reported) = fact.event else { return Ok(()) };
        let LineageReported { said, collected, .. } = reported.as_ref();
        let Some(told) = &said.run else { return Ok(()) };
        let Some(below) = hangs_below(told, batch)? else { return Ok(()) };
        let Some(run) = RunId::from_slice(&below.run) else { return Ok(()) };
        for done in &collected.operations {
            note(run, below.place_plus_one.checked_sub(1), done, batch)?;
        }
        Ok(())
    }
}

/// Where a run hangs, remembered for those that hang below it. `None`: below nothing of ours.
fn hangs_below(told: &ForeignRun, batch: &mut Batch<'_>) -> Result<Option<HangsBelow>, Error> {
    let key = foreign_keys::run(told.id);
    let known: Option<HangsBelow> = batch.get(&key)?;
    if known.as_ref().is_some_and(|known| known.place_plus_one > 0) {
        return Ok(known);
    }
    let around = [told.parent.as_ref(), told.root.as_ref()].into_iter().flatten();
    let mut found = known.clone();
    for parent in around {
        let below = match batch.get::<HangsBelow>(&foreign_keys::run(parent.run))? {
            Some(below) => Some(below),
            None => ours(parent.run, told, batch)?,
        };
        // The parent comes first, and knows more.
        if let Some(below) = below.filter(|below| found.is_none() || below.place_plus_one > 0) {
            found = Some(below);
            break;
        }
    }
    if found != known
        && let Some(found) = &found
    {
        batch.put(key, found);
    }
    Ok(found)
}

/// The run or task run of ours that this id is. A task run is looked for in the run that is told beside it.
fn ours(id: [u8; 16], told: &ForeignRun, batch: &Batch<'_>) -> Result<Option<HangsBelow>, Error> {
    if batch.bytes(&keys::run_head(RunId(id)))?.is_some() {
        return Ok(Some(HangsBelow { run: id.to_vec(), place_plus_one: 0 }));
    }
    let Some(root) = told.root.as_ref().map(|root| RunId(root.run)) else { return Ok(None) };
    let Some(head) = batch.get::<RunHead>(&keys::run_head(root))? else { return Ok(None) };
    let places = head.total().min(limits::PLACES_LOOKED_AT_MAX);
    let place = (0..places).find(|place| TaskRunId::derive(root, *place).0 == id);
    Ok(place.map(|place| HangsBelow { run: root.0.to_vec(), place_plus_one: place + 1 }))
}

fn note(run: RunId, place: Option<u32>, done: &Operation, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = foreign_keys::operation(run, place, &done.external_id);
    let known: Option<wire::Operation> = batch.get(&key)?;
    let before = known.and_then(|known| known.operation);
    let row = wire::Operation {
        id: RunId(downbeat_domain::id::with_version_4(foreign_keys::operation_digest(run, &done.external_id)))
            .to_string(),
        run_id: run.to_string(),
        task_run_id: place.map(|place| TaskRunId::derive(run, place).to_string()).unwrap_or_default(),
        operation: Some(merged(before, operation_to_wire(done))),
        attempt: 0,
        // These stand in the plan and are added when the row is read.
        task_id: String::new(),
        integration: String::new(),
    };
    batch.put(key, &row);
    Ok(())
}

/// Beginning and end come in events of their own, in any order: what is over stays over, and what one of them knows is kept.
fn merged(before: Option<events::Operation>, now: events::Operation) -> events::Operation {
    let Some(before) = before else { return now };
    let goes_on = |operation: &events::Operation| matches!(operation.status.as_str(), "RUNNING" | "UNKNOWN");
    let (mut newer, older) = if goes_on(&now) && !goes_on(&before) { (before, now) } else { (now, before) };
    let or = |newer: &mut i64, older: i64, none: i64| {
        if *newer == none {
            *newer = older;
        }
    };
    or(&mut newer.started_at, older.started_at, 0);
    or(&mut newer.completed_at, older.completed_at, 0);
    or(&mut newer.rows_affected, older.rows_affected, -1);
    newer.bytes = newer.bytes.or(older.bytes);
    if newer.asset.is_empty() {
        newer.asset = older.asset;
    }
    newer
}
