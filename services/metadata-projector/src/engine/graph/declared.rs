//! Edges that somebody declared end with the declaration.
//!
//! Promises: once a run of the newest version of a pipeline has ended, no edge that only its file said is there any more, if that version does not
//! say it. A task whose declaration is gone may report nothing at all, so that no report of it could end them. What a tool reported itself
//! stays as long as any other report. Knows nothing about what declarations become.

use std::collections::BTreeSet;

use downbeat_domain::{
    Event, PipelineApplied, RunId,
    metadata::{Collected, EdgeKind, is_declared},
};

use super::{
    end, meant,
    reporter::Reporter,
    rows::{DeclaredAsset, DeclaredRow, EdgeRow, SaidRow, WriterRow},
};
use crate::{
    engine::{
        batch::Batch,
        keys::{
            self as all_keys,
            graph::{self as keys, Node, node},
        },
        projection::Fact,
        rows::RunHead,
    },
    error::Error,
    limits,
};

/// What an event that is no report means for what is declared.
///
/// # Errors
/// `Damaged`.
pub(super) fn fold(fact: &Fact<'_>, batch: &mut Batch<'_>) -> Result<(), Error> {
    match fact.event {
        Event::PipelineApplied(applied) => self::applied(applied, batch),
        Event::RunFinished { run, .. } => finished(*run, fact.decided_at, batch),
        _ => Ok(()),
    }
}

/// Notes what the newest version says; nothing where no version ever said anything.
fn applied(applied: &PipelineApplied, batch: &mut Batch<'_>) -> Result<(), Error> {
    let tasks = applied.plan.tasks.iter();
    let declared = tasks.filter_map(|task| Some((task.id.as_str(), task.declared.as_deref()?)));
    // What was made of nothing has no edges that could end.
    let declared = declared.filter(|(_, declared)| !declared.reads.is_empty());
    let now: Vec<DeclaredAsset> = declared
        .flat_map(|(task, declared)| declared.writes.iter().map(|asset| asset_of(task, &asset.key)))
        .take(limits::DECLARED_PER_PIPELINE_MAX)
        .collect();
    let key = keys::declared(applied.pipeline);
    let known: Option<DeclaredRow> = batch.get(&key)?;
    if known.is_none() && now.is_empty() {
        return Ok(());
    }
    let said = known.map(|known| known.said).unwrap_or_default();
    batch.put(key, &DeclaredRow { version: applied.version, now, said });
    Ok(())
}

fn asset_of(task: &str, asset: &str) -> DeclaredAsset {
    DeclaredAsset { task: task.to_owned(), asset: asset.to_owned() }
}

/// Notes which outputs a task reports because its file says so.
///
/// # Errors
/// `Damaged`.
pub(super) fn note(reporter: &Reporter, collected: &Collected, batch: &mut Batch<'_>) -> Result<(), Error> {
    let declared = collected.edges.iter().filter(|edge| edge.kind == EdgeKind::Derives && is_declared(&edge.operation));
    let outputs: BTreeSet<&str> = declared.map(|edge| edge.to.as_str()).collect();
    let Some(pipeline) = downbeat_domain::PipelineId::from_slice(&reporter.pipeline).filter(|_| !outputs.is_empty())
    else {
        return Ok(());
    };
    let key = keys::declared(pipeline);
    let mut row: DeclaredRow = batch.get(&key)?.unwrap_or_default();
    let before = row.said.len();
    // Iterations of a task are declared together.
    let task = reporter.task.split_once('[').map_or(reporter.task.as_str(), |(task, _)| task);
    for output in outputs {
        let known = row.said.iter().any(|said| said.reporter == reporter.id && said.declared.asset == output);
        if !known && row.said.len() < limits::DECLARED_PER_PIPELINE_MAX {
            row.said.push(SaidRow { declared: asset_of(task, output), reporter: reporter.id.to_vec() });
        }
    }
    if row.said.len() > before {
        batch.put(key, &row);
    }
    Ok(())
}

/// A run has ended: if it is of the newest version, what that does not say any more is over.
fn finished(run: RunId, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let Some(head) = batch.get::<RunHead>(&all_keys::run_head(run))? else { return Ok(()) };
    let Some(pipeline) = downbeat_domain::PipelineId::from_slice(&head.pipeline) else { return Ok(()) };
    let key = keys::declared(pipeline);
    let Some(mut row) = batch.get::<DeclaredRow>(&key)?.filter(|row| row.version == head.version) else {
        return Ok(());
    };
    let (kept, over): (Vec<_>, Vec<_>) =
        std::mem::take(&mut row.said).into_iter().partition(|said| row.now.contains(&said.declared));
    if over.is_empty() {
        return Ok(());
    }
    for said in over {
        let Ok(id) = Node::try_from(said.reporter.as_slice()) else { continue };
        let reporter = Reporter { id, report: run.0.to_vec(), ..Reporter::default() };
        end_declared(&said.declared.asset, &reporter, at, batch)?;
    }
    batch.put(key, &DeclaredRow { said: kept, ..row });
    Ok(())
}

/// Ends the edges into an output that this reporter said last because they were declared.
fn end_declared(output: &str, reporter: &Reporter, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let to = node(&meant(output, batch)?);
    let key = keys::writer(to, reporter.id);
    let Some(mut writer) = batch.get::<WriterRow>(&key)? else { return Ok(()) };
    for input in std::mem::take(&mut writer.inputs) {
        if was_declared(&input, to, reporter, batch)? {
            end(&input, to, reporter, at, batch)?;
        } else {
            writer.inputs.push(input);
        }
    }
    batch.put(key, &writer);
    Ok(())
}

fn was_declared(from: &[u8], to: Node, reporter: &Reporter, batch: &Batch<'_>) -> Result<bool, Error> {
    let Ok(from) = Node::try_from(from) else { return Ok(false) };
    let edge: Option<EdgeRow> = batch.get(&keys::asset_edge(from, to))?;
    let sources = edge.map(|edge| edge.sources).unwrap_or_default();
    Ok(sources.iter().any(|source| source.reporter == reporter.id && is_declared(&source.operation)))
}
