//! Lineage over all runs: which asset came of which, who says so, and from when to when.
//!
//! An edge is there from the first report that names it until the first report of the same task about the same output that does
//! not. Reports come in parts: the first part of a new one ends everything that the one before said, and whatever a part says again
//! goes on as if it had never ended. A report that knows nothing of an output's inputs ends nothing. What only a file declared ends with that
//! (`declared`).

pub mod aliases;
mod declared;
mod people;
pub mod reporter;
pub mod rows;

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{
    Event,
    metadata::{Collected, EdgeKind, LineageEdge},
};
use downbeat_proto::{event::edge_to_wire, events::v1::ColumnEdge};

use self::{
    reporter::Reporter,
    rows::{EdgeRow, Interval, Source, WriterRow},
};
use super::{
    batch::Batch,
    keys::graph::{self as keys, Node, node},
    plans::Plans,
    projection::{Fact, Projection},
    told,
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Graph;

impl Projection for Graph {
    const NAME: &'static str = "graph";
    const VERSION: u32 = 2;
    const READS: &'static [&'static str] = &["pipelines", "task_runs"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match told::of(fact, plans, batch)? {
            Some(told) if !told.reporter.is_unknown() => {
                report(&told.reporter, told.collected, fact.decided_at, batch)?;
                declared::note(&told.reporter, told.collected, batch)
            }
            Some(_) => Ok(()),
            None => match fact.event {
                Event::Inventory(said) => people::fold(said, fact, batch),
                _ => declared::fold(fact, batch),
            },
        }
    }
}

/// What a part of a report says about one input of an output.
#[derive(Default)]
struct Said {
    kind: i32,
    operation: String,
    columns: BTreeSet<(String, String, i32)>,
    /// [`Source::declared_by`], [`Source::detail`].
    declared_by: String,
    detail: String,
}

/// Folds a part of a report.
///
/// # Errors
/// `Damaged`.
pub(super) fn report(reporter: &Reporter, collected: &Collected, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    for asset in &collected.assets {
        for alias in &asset.aliases {
            aliases::learn(&asset.key, alias, batch)?;
        }
    }
    let mut written = BTreeSet::new();
    for operation in collected.operations.iter().filter(|operation| operation.materialises()) {
        written.insert(meant(&operation.asset, batch)?);
    }
    let mut made = BTreeMap::<String, BTreeMap<String, Said>>::new();
    for edge in &collected.edges {
        gather(edge, &mut made, batch)?;
    }
    written.extend(made.keys().cloned());
    for output in written {
        let inputs = made.remove(&output);
        fold_output(reporter, &output, inputs, at, batch)?;
    }
    Ok(())
}

fn meant(key: &str, batch: &Batch<'_>) -> Result<String, Error> {
    aliases::meant(key, |row| batch.bytes(row))
}

/// Sorts an edge under what was written.
fn gather(
    edge: &LineageEdge,
    made: &mut BTreeMap<String, BTreeMap<String, Said>>,
    batch: &Batch<'_>,
) -> Result<(), Error> {
    if edge.to.is_empty() {
        return Ok(());
    }
    let to = meant(&edge.to, batch)?;
    // WRITES says that nothing with a name went into it.
    let inputs = made.entry(to.clone()).or_default();
    if edge.kind == EdgeKind::Writes || edge.from.is_empty() {
        return Ok(());
    }
    let from = meant(&edge.from, batch)?;
    // Whoever updates a table in place reads it, too: that is no way from one asset to another.
    if from == to {
        return Ok(());
    }
    let wire = edge_to_wire(edge);
    let said = inputs.entry(from).or_default();
    said.kind = wire.kind;
    said.operation = wire.operation;
    said.columns.extend(wire.columns.into_iter().map(|column| (column.from, column.to, column.r#use)));
    Ok(())
}

fn fold_output(
    reporter: &Reporter,
    output: &str,
    inputs: Option<BTreeMap<String, Said>>,
    at: i64,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let to = node(output);
    let key = keys::writer(to, reporter.id);
    let mut row: WriterRow = batch.get(&key)?.unwrap_or_else(|| WriterRow {
        asset: output.to_owned(),
        pipeline: reporter.pipeline.clone(),
        task: reporter.task.clone(),
        first_at: at,
        ..WriterRow::default()
    });
    row.last_at = row.last_at.max(at);
    row.last_run.clone_from(&reporter.run);
    if let Some(inputs) = inputs {
        if row.report != reporter.report {
            for input in std::mem::take(&mut row.inputs) {
                end(&input, to, reporter, at, batch)?;
            }
            row.report.clone_from(&reporter.report);
        }
        for (input, said) in inputs {
            let from = node(&input);
            if !row.inputs.iter().any(|known| known == &from) {
                if row.inputs.len() >= limits::INPUTS_PER_REPORT_MAX {
                    continue;
                }
                row.inputs.push(from.to_vec());
            }
            let edge = batch.get(&keys::asset_edge(from, to))?.unwrap_or_else(|| EdgeRow {
                from: input.clone(),
                to: output.to_owned(),
                ..EdgeRow::default()
            });
            say(edge, &said, reporter, at, (from, to), batch)?;
        }
    }
    batch.put(key, &row);
    Ok(())
}

/// The report before said this edge, and this one did not yet.
fn end(from: &[u8], to: Node, reporter: &Reporter, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let Ok(from) = Node::try_from(from) else { return Ok(()) };
    let key = keys::asset_edge(from, to);
    let Some(mut edge) = batch.get::<EdgeRow>(&key)? else { return Ok(()) };
    let source = edge.sources.iter_mut().find(|source| source.reporter == reporter.id);
    if let Some(interval) = source.and_then(|source| source.intervals.last_mut()).filter(|last| last.until == 0) {
        interval.until = at.max(interval.since);
        interval.ended_by.clone_from(&reporter.report);
        batch.put(key, &edge);
    }
    Ok(())
}

/// An edge is said.
fn say(
    mut edge: EdgeRow,
    said: &Said,
    reporter: &Reporter,
    at: i64,
    (from, to): (Node, Node),
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    edge.kind = said.kind;
    let place = edge.sources.iter().position(|source| source.reporter == reporter.id);
    let place = place.unwrap_or_else(|| {
        if edge.sources.len() >= limits::SOURCES_PER_EDGE_MAX {
            // Whoever said it longest ago has most likely gone.
            let oldest = edge.sources.iter().enumerate().min_by_key(|(_, source)| source.last_at);
            let oldest = oldest.map(|(place, _)| place).unwrap_or_default();
            edge.sources.remove(oldest);
        }
        edge.sources.push(Source {
            reporter: reporter.id.to_vec(),
            pipeline: reporter.pipeline.clone(),
            task: reporter.task.clone(),
            ..Source::default()
        });
        edge.sources.len() - 1
    });
    let source = &mut edge.sources[place];
    source.operation.clone_from(&said.operation);
    source.declared_by.clone_from(&said.declared_by);
    source.detail.clone_from(&said.detail);
    source.last_run.clone_from(&reporter.run);
    source.last_at = source.last_at.max(at);
    // The clock may have stepped back since one of them was removed: what is said later begins later.
    let since = people::end_with_its_assets(&mut source.intervals, (from, to), batch)?
        .map_or(at, |gone| at.max(gone.saturating_add(1)));
    note(&mut source.intervals, said, reporter, since);
    batch.put(keys::asset_edge(from, to), &edge);
    batch.put_bytes(keys::edge_by_source(from, to), Vec::new());
    Ok(())
}

/// Goes on with the newest interval where it says the same, or begins one.
fn note(intervals: &mut Vec<Interval>, said: &Said, reporter: &Reporter, at: i64) {
    let mut columns = said.columns.clone();
    if let Some(last) = intervals.last_mut() {
        let goes_on = last.until == 0 || last.ended_by == reporter.report;
        if last.report == reporter.report {
            // Another part of the same report: together they say what goes into it.
            columns.extend(last.columns.drain(..).map(|column| (column.from, column.to, column.r#use)));
            last.columns = listed(columns);
            return;
        }
        let listed = listed(columns.clone());
        // A report that knows no columns, as one of a model that was reused, says nothing about them.
        if goes_on && (listed.is_empty() || last.columns == listed) {
            last.until = 0;
            last.ended_by.clear();
            last.report.clone_from(&reporter.report);
            return;
        }
        if last.until == 0 {
            last.until = at.max(last.since);
            last.ended_by.clone_from(&reporter.report);
        }
    }
    if intervals.len() >= limits::INTERVALS_PER_SOURCE_MAX {
        intervals.remove(0);
    }
    intervals.push(Interval {
        since: at,
        until: 0,
        ended_by: Vec::new(),
        report: reporter.report.clone(),
        columns: listed(columns),
    });
}

fn listed(columns: BTreeSet<(String, String, i32)>) -> Vec<ColumnEdge> {
    let columns = columns.into_iter().take(limits::COLUMNS_PER_EDGE_MAX);
    columns.map(|(from, to, r#use)| ColumnEdge { from, to, r#use }).collect()
}
