//! Who uses an asset, and how often: tasks that read it or make something of it, and what shows it to people. Tests are no use.

use std::collections::BTreeSet;

use downbeat_domain::metadata::EdgeKind;
use downbeat_proto::metadata::v1 as wire;

use super::{
    batch::Batch,
    graph::{aliases, reporter::Reporter},
    keys::{graph::node, quality as keys},
    plans::Plans,
    projection::{Fact, Projection},
    told::{self, Told},
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Usage;

/// A day, microseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// One who uses an asset, and the last report that said so.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ConsumerRow {
    /// What is shown.
    #[prost(message, required, tag = "1")]
    pub shown: wire::AssetConsumer,
    /// Parts of one report count once.
    #[prost(bytes = "vec", tag = "2")]
    pub report: Vec<u8>,
}

/// How much an asset is used, and the last report that said so.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UsageRow {
    /// What is shown.
    #[prost(message, required, tag = "1")]
    pub shown: wire::AssetUsage,
    /// Parts of one report count once.
    #[prost(bytes = "vec", tag = "2")]
    pub report: Vec<u8>,
}

impl Projection for Usage {
    const NAME: &'static str = "usage";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines", "task_runs", "graph"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Some(Told { collected, reporter, run_id }) = told::of(fact, plans, batch)? else { return Ok(()) };
        let uses = collected.edges.iter().filter(|edge| {
            let counts = matches!(edge.kind, EdgeKind::Reads | EdgeKind::Derives | EdgeKind::Exposes);
            counts && !edge.from.is_empty() && edge.from != edge.to
        });
        let mut used = BTreeSet::new();
        for edge in uses {
            let from = aliases::meant(&edge.from, |row| batch.bytes(row))?;
            let shows = match edge.kind {
                EdgeKind::Exposes => aliases::meant(&edge.to, |row| batch.bytes(row))?,
                _ => String::new(),
            };
            used.insert((from, shows));
        }
        if reporter.is_unknown() {
            return Ok(());
        }
        for (asset, shows) in used {
            note(&reporter, &run_id, &asset, &shows, fact.decided_at, batch)?;
        }
        Ok(())
    }
}

/// Counts one use; `shows` is the key of what shows the asset to people, empty = a task reads it.
fn note(
    reporter: &Reporter,
    run_id: &str,
    asset: &str,
    shows: &str,
    at: i64,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let asset = node(asset);
    let who = if shows.is_empty() { reporter.id } else { node(shows) };
    let key = keys::consumer(asset, who);
    let mut row: ConsumerRow = batch.get(&key)?.unwrap_or_default();
    if row.report != reporter.report {
        row.shown.uses += 1;
        row.report.clone_from(&reporter.report);
    }
    let (kind, name) = match (shows, reporter.pipeline.is_empty()) {
        ("", false) => ("TASK", reporter.task.as_str()),
        ("", true) => ("JOB", reporter.task.as_str()),
        (shows, _) => ("EXPOSURE", shows),
    };
    row.shown.kind = kind.to_owned();
    row.shown.name = name.to_owned();
    row.shown.pipeline_id = reporter.pipeline_id();
    row.shown.first_used_at = if row.shown.first_used_at == 0 { at } else { row.shown.first_used_at.min(at) };
    row.shown.last_used_at = row.shown.last_used_at.max(at);
    run_id.clone_into(&mut row.shown.last_run_id);
    batch.put(key, &row);

    let key = keys::usage(asset);
    let mut row: UsageRow = batch.get(&key)?.unwrap_or_default();
    if row.report != reporter.report {
        row.report.clone_from(&reporter.report);
        row.shown.uses += 1;
        on_day(&mut row.shown.days, at);
    }
    row.shown.last_used_at = row.shown.last_used_at.max(at);
    batch.put(key, &row);
    Ok(())
}

/// Counts a use on its day; days are kept in order, and those long before the newest are dropped.
fn on_day(days: &mut Vec<wire::DayOfUse>, at: i64) {
    let day = u32::try_from(at.div_euclid(DAY)).unwrap_or_default();
    match days.binary_search_by_key(&day, |known| known.day) {
        Ok(place) => days[place].uses += 1,
        Err(place) => days.insert(place, wire::DayOfUse { day, uses: 1 }),
    }
    let newest = days.last().map_or(0, |last| last.day);
    days.retain(|known| known.day + limits::DAYS_OF_USE > newest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_in_order_and_old_ones_go() {
        let mut days = Vec::new();
        for (day, hour) in [(100, 3), (100, 23), (99, 0), (189, 1), (190, 0)] {
            on_day(&mut days, day * DAY + hour * 3_600_000_000);
        }
        let seen: Vec<_> = days.iter().map(|day| (day.day, day.uses)).collect();
        assert_eq!(seen, [(189, 1), (190, 1)]);
        let mut days = Vec::new();
        [100, 100, 99].iter().for_each(|day| on_day(&mut days, day * DAY));
        assert_eq!(days.iter().map(|day| (day.day, day.uses)).collect::<Vec<_>>(), [(99, 1), (100, 2)]);
    }
}
