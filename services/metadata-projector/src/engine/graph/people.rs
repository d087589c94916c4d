//! What people say of assets: what is made of what, and that one is gone.
//!
//! Promises: an edge of an asset that was removed is over from then on, whoever said it, until somebody says it again. Which edges there are
//! is not looked at when one is removed: it is noted when that was, and whoever reads an edge, or says it again, looks there.

use downbeat_domain::{
    inventory::{Dependency, InventoryEvent},
    metadata::EdgeKind,
};

use super::{
    Said, aliases, meant,
    reporter::Reporter,
    rows::{EdgeRow, Interval, RemovedRow},
    say,
};
use crate::{
    engine::{
        batch::Batch,
        keys::graph::{self as keys, Node, node},
        projection::Fact,
    },
    error::Error,
    limits,
};

/// What people say, instead of the name of a task.
const TASK: &str = "declared";

/// What an event about what people declare means for edges.
///
/// # Errors
/// `Damaged`.
pub(super) fn fold(said: &InventoryEvent, fact: &Fact<'_>, batch: &mut Batch<'_>) -> Result<(), Error> {
    let at = fact.decided_at;
    match said {
        InventoryEvent::Declared { .. } => Ok(()),
        InventoryEvent::Removed { asset, .. } => {
            for name in aliases::names(asset, batch)? {
                remove(node(&name), fact, batch)?;
            }
            Ok(())
        }
        InventoryEvent::Depend { dependencies, .. } => dependencies.iter().try_for_each(|one| depend(one, at, batch)),
    }
}

fn remove(asset: Node, fact: &Fact<'_>, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::removed(asset);
    let mut row: RemovedRow = batch.get(&key)?.unwrap_or_default();
    // One decision may remove an asset under each of its names.
    if !row.at.is_empty() && row.record == fact.sequence {
        return Ok(());
    }
    row.record = fact.sequence;
    // After whatever was said since the last time, though the clock has stepped back.
    let at = row.at.last().map_or(fact.decided_at, |last| fact.decided_at.max(last.saturating_add(1)));
    if row.at.len() >= limits::INTERVALS_PER_SOURCE_MAX {
        row.at.remove(0);
    }
    row.at.push(at);
    batch.put(key, &row);
    Ok(())
}

fn depend(one: &Dependency, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let (input, output) = (meant(&one.from, batch)?, meant(&one.to, batch)?);
    // Two names of one asset.
    if input == output {
        return Ok(());
    }
    let (from, to) = (node(&input), node(&output));
    let edge = batch.get(&keys::asset_edge(from, to))?.unwrap_or_else(|| EdgeRow {
        from: input.clone(),
        to: output.clone(),
        ..EdgeRow::default()
    });
    let reporter = Reporter { report: at.to_be_bytes().to_vec(), task: TASK.to_owned(), ..Reporter::people() };
    let kind = EdgeKind::ALL.iter().position(|kind| *kind == EdgeKind::Derives).unwrap_or_default();
    let said = Said {
        // What a task says of the same two stays.
        kind: if edge.sources.is_empty() { i32::try_from(kind).unwrap_or_default() } else { edge.kind },
        declared_by: one.link.integration.clone(),
        detail: one.link.detail.clone(),
        ..Said::default()
    };
    say(edge, &said, &reporter, at, (from, to), batch)
}

/// What was said of two assets before one of them was removed is over; what is said now begins anew, after this instant: the last time that one was;
/// `None` = neither ever was.
///
/// # Errors
/// `Damaged`.
pub(super) fn end_with_its_assets(
    intervals: &mut [Interval],
    (from, to): (Node, Node),
    batch: &Batch<'_>,
) -> Result<Option<i64>, Error> {
    let mut gone: Vec<i64> = Vec::new();
    for asset in [from, to] {
        gone.extend(batch.get::<RemovedRow>(&keys::removed(asset))?.unwrap_or_default().at);
    }
    gone.sort_unstable();
    let newest = gone.last().copied();
    if let Some(last) = intervals.last_mut().filter(|last| newest.is_some_and(|newest| newest >= last.since)) {
        last.until = last.ended(&gone);
        // No report ended it, so that none goes on with it, not even the one that said it.
        last.ended_by.clear();
        last.report.clear();
    }
    Ok(newest)
}
