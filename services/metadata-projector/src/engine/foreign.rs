//! Work in other systems that runs below a task of ours: its steps are operations of that task's run.
//!
//! A run of another system hangs below the task run that its parent is, or that its parent hangs below. Where only the outermost run
//! is known, and it is one of ours, its steps are operations of the run without a task, until its parent is told of: children may be told
//! of before their parents (Airflow tells of a DAG's run after its tasks). An event that comes late changes nothing that is over.

use std::collections::BTreeSet;

use downbeat_domain::{
    Event, RunId, TaskRunId,
    foreign::{ForeignRun, LineageReported},
};
use downbeat_proto::{event::operation_to_wire, events::v1 as events, metadata::v1 as wire};

use super::{
    batch::Batch,
    graph::reporter,
    keys::{self, foreign as foreign_keys, lists},
    marks::{OperationMark, ReportMark},
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
    /// While its place is not known: the runs that hang below it, 16 bytes each.
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub children: Vec<Vec<u8>>,
    /// While its place is not known: ids of its operations, which stand below the run without a task.
    #[prost(string, repeated, tag = "4")]
    pub placeless: Vec<String>,
}

impl HangsBelow {
    fn at(run: &[u8], place_plus_one: u32) -> Self {
        Self { run: run.to_vec(), place_plus_one, children: Vec::new(), placeless: Vec::new() }
    }
}

impl Projection for Foreign {
    const NAME: &'static str = "foreign";
    const VERSION: u32 = 3;
    const READS: &'static [&'static str] = &["pipelines", "task_runs"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::LineageReported(reported) = fact.event else { return Ok(()) };
        let LineageReported { said, collected, .. } = reported.as_ref();
        let Some(told) = &said.run else { return Ok(()) };
        let Some(below) = hangs_below(told, plans, batch)? else { return Ok(()) };
        let Some(run) = RunId::from_slice(&below.run) else { return Ok(()) };
        let place = below.place_plus_one.checked_sub(1);
        for done in &collected.operations {
            note((run, place), &done.external_id, (operation_to_wire(done), fact.decided_at), plans, batch)?;
        }
        if place.is_none() && !collected.operations.is_empty() {
            let mut below = below;
            let mut placeless: BTreeSet<String> = below.placeless.into_iter().collect();
            placeless.extend(collected.operations.iter().map(|done| done.external_id.clone()));
            below.placeless = placeless.into_iter().take(limits::PLACELESS_OPERATIONS_MAX).collect();
            batch.put(foreign_keys::run(told.id), &below);
        }
        Ok(())
    }
}

/// Where a run hangs, remembered for those that hang below it. `None`: below nothing of ours.
fn hangs_below(told: &ForeignRun, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<Option<HangsBelow>, Error> {
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
    let Some(below) = found else { return Ok(None) };
    if below.place_plus_one > 0 {
        settle(told.id, &below, plans, batch)?;
        return Ok(Some(HangsBelow::at(&below.run, below.place_plus_one)));
    }
    // What its parent waits with is not its own.
    let below = known.unwrap_or_else(|| HangsBelow::at(&below.run, 0));
    batch.put(key, &below);
    if let Some(parent) = told.parent.as_ref().filter(|parent| parent.run[..] != below.run[..] && parent.run != told.id)
    {
        wait_for(parent.run, told.id, &below.run, batch)?;
    }
    Ok(Some(below))
}

/// Notes that a run hangs below one of which nobody knows the place yet.
fn wait_for(parent: [u8; 16], child: [u8; 16], run: &[u8], batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = foreign_keys::run(parent);
    let mut row = batch.get::<HangsBelow>(&key)?.unwrap_or_else(|| HangsBelow::at(run, 0));
    let known = row.children.iter().any(|known| known[..] == child);
    if !known && row.children.len() < limits::CHILDREN_WAITING_MAX {
        row.children.push(child.to_vec());
        batch.put(key, &row);
    }
    Ok(())
}

/// The place of a run is known: its operations go there, and so does everything that waits below it.
fn settle(id: [u8; 16], below: &HangsBelow, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
    let (Some(run), place) = (RunId::from_slice(&below.run), below.place_plus_one.checked_sub(1)) else {
        return Ok(());
    };
    let mut open = vec![id.to_vec()];
    let mut settled = 0;
    while let Some(next) = open.pop() {
        let Ok(id) = <[u8; 16]>::try_from(next) else { continue };
        let key = foreign_keys::run(id);
        let row: HangsBelow = batch.get(&key)?.unwrap_or_default();
        // Whoever says that runs hang below each other in a circle is not followed twice.
        if row.place_plus_one > 0 || settled == limits::RUNS_SETTLED_MAX {
            continue;
        }
        settled += 1;
        batch.put(key, &HangsBelow::at(&below.run, below.place_plus_one));
        for external_id in &row.placeless {
            let old = foreign_keys::operation(run, None, external_id);
            let moved: Option<wire::Operation> = batch.get(&old)?;
            let moved = moved.and_then(|moved| Some((moved.operation?, moved.reported_at)));
            if let Some((done, reported_at)) = moved {
                note((run, place), external_id, (done, reported_at), plans, batch)?;
                // Rows are only written: an empty one is none.
                batch.put_bytes(lists::foreign_report(reported_at, &old), Vec::new());
                batch.put_bytes(old, Vec::new());
            }
        }
        open.extend(row.children);
    }
    Ok(())
}

/// The run or task run of ours that this id is. A task run is looked for in the run that is told beside it.
fn ours(id: [u8; 16], told: &ForeignRun, batch: &Batch<'_>) -> Result<Option<HangsBelow>, Error> {
    if batch.bytes(&keys::run_head(RunId(id)))?.is_some() {
        return Ok(Some(HangsBelow::at(&id, 0)));
    }
    let Some(root) = told.root.as_ref().map(|root| RunId(root.run)) else { return Ok(None) };
    let Some(head) = batch.get::<RunHead>(&keys::run_head(root))? else { return Ok(None) };
    let places = head.total().min(limits::PLACES_LOOKED_AT_MAX);
    let place = (0..places).find(|place| TaskRunId::derive(root, *place).0 == id);
    Ok(place.map(|place| HangsBelow::at(&root.0, place + 1)))
}

fn note(
    (run, place): (RunId, Option<u32>),
    external_id: &str,
    (done, at): (events::Operation, i64),
    plans: &mut Plans,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let key = foreign_keys::operation(run, place, external_id);
    let known: Option<wire::Operation> = batch.get(&key)?;
    let known = known.and_then(|known| Some((known.operation?, known.reported_at)));
    let reported_at = known.as_ref().map_or(at, |(_, at)| *at);
    let done = merged(known.map(|(before, _)| before), done);
    let report = ReportMark {
        integration: reporter::integration_of(run, place, plans, batch)?,
        operations: vec![OperationMark::of(&done.r#type, &done.status, &done.external_id)],
    };
    batch.put(lists::foreign_report(reported_at, &key), &report);
    let row = wire::Operation {
        id: RunId(downbeat_domain::id::with_version_4(foreign_keys::operation_digest(run, external_id))).to_string(),
        run_id: run.to_string(),
        task_run_id: place.map(|place| TaskRunId::derive(run, place).to_string()).unwrap_or_default(),
        operation: Some(done),
        attempt: 0,
        // These stand in the plan and are added when the row is read.
        task_id: String::new(),
        integration: String::new(),
        reported_at,
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
