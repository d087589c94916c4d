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
pub(super) fn fold(said: &InventoryEvent, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    match said {
        InventoryEvent::Declared { .. } => Ok(()),
        InventoryEvent::Removed { asset, .. } => {
            for name in aliases::names(asset, batch)? {
                remove(node(&name), at, batch)?;
            }
            Ok(())
        }
        InventoryEvent::Depend { dependencies, .. } => dependencies.iter().try_for_each(|one| depend(one, at, batch)),
    }
}

fn remove(asset: Node, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::removed(asset);
    let mut row: RemovedRow = batch.get(&key)?.unwrap_or_default();
    if row.at.last().is_some_and(|last| *last >= at) {
        return Ok(());
    }
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

/// What was said of two assets before one of them was removed is over; what is said now begins anew.
///
/// # Errors
/// `Damaged`.
pub(super) fn end_with_its_assets(
    intervals: &mut [Interval],
    (from, to): (Node, Node),
    batch: &Batch<'_>,
) -> Result<(), Error> {
    let Some(last) = intervals.last_mut() else { return Ok(()) };
    let mut gone: Vec<i64> = Vec::new();
    for asset in [from, to] {
        gone.extend(batch.get::<RemovedRow>(&keys::removed(asset))?.unwrap_or_default().at);
    }
    gone.sort_unstable();
    let ended = last.ended(&gone);
    if ended != last.until {
        last.until = ended;
        // No report ended it, so that none goes on with it, not even the one that said it.
        last.ended_by.clear();
        last.report.clear();
    }
    Ok(())
}
