//! Breaches of what pipelines promise about time: one row from its beginning to its end. One of a deadline goes on over all instants that
//! are missed one after the other, until one is met.

use downbeat_domain::{Event, PipelineId, plan::Plan};
use downbeat_proto::{convert::micros, metadata::v1 as wire};

use super::{
    batch::Batch,
    keys,
    plans::Plans,
    projection::{Fact, Projection},
    rows::OpenBreaches,
};
use crate::error::Error;

/// The projection.
pub(super) struct Breaches;

const FRESHNESS: &str = "FRESHNESS";
const DEADLINE: &str = "DEADLINE";

impl Projection for Breaches {
    const NAME: &'static str = "breaches";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines"];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::FreshnessBreached(breached) => {
                let row = wire::Breach {
                    kind: FRESHNESS.to_owned(),
                    name: breached.rule.clone(),
                    asset: breached.asset.clone(),
                    started_at: micros(breached.at),
                    run_id: breached.last.map(|(run, _)| run.to_string()).unwrap_or_default(),
                    last_at: breached.last.map_or(0, |(_, at)| micros(at)),
                    ..wire::Breach::default()
                };
                begin(breached.pipeline, row, batch)
            }
            Event::FreshnessRestored(restored) => {
                let by = restored.run.map(|run| run.to_string()).unwrap_or_default();
                end(restored.pipeline, (FRESHNESS, &restored.rule), micros(restored.at), &by, batch)
            }
            Event::DeadlineBreached(breached) => {
                let row = wire::Breach {
                    kind: DEADLINE.to_owned(),
                    name: breached.deadline.clone(),
                    started_at: micros(breached.instant),
                    run_id: breached.live.map(|(run, _)| run.to_string()).unwrap_or_default(),
                    run_status: breached.live.map(|(_, status)| status.as_str().to_owned()).unwrap_or_default(),
                    last_at: micros(breached.instant),
                    ..wire::Breach::default()
                };
                begin(breached.pipeline, row, batch)
            }
            Event::DeadlineMet(met) => {
                let by = met.run.map(|run| run.to_string()).unwrap_or_default();
                end(met.pipeline, (DEADLINE, &met.deadline), micros(met.instant), &by, batch)
            }
            Event::PipelineApplied(applied) => forget(applied.pipeline, Some(&applied.plan), fact.decided_at, batch),
            Event::PipelineDeleted { pipeline, at } => forget(*pipeline, None, micros(*at), batch),
            _ => Ok(()),
        }
    }
}

fn name_of(kind: &str, name: &str) -> String {
    format!("{kind}:{name}")
}

/// Whether this was not folded before, as far as instants tell; notes that it is now.
fn is_news(open: &mut OpenBreaches, name: &str, at: i64) -> bool {
    let newest = open.newest.entry(name.to_owned()).or_insert(at);
    let news = at >= *newest;
    *newest = at.max(*newest);
    news
}

fn begin(pipeline: PipelineId, mut row: wire::Breach, batch: &mut Batch<'_>) -> Result<(), Error> {
    let open_key = keys::open_breaches(pipeline);
    let mut open: OpenBreaches = batch.get(&open_key)?.unwrap_or_default();
    let name = name_of(&row.kind, &row.name);
    let newest = if row.kind == DEADLINE { row.last_at } else { row.started_at };
    if !is_news(&mut open, &name, newest) {
        return Ok(());
    }
    if let Some(key) = open.began.get(&name).map(|began| keys::breach(pipeline, *began, &name)) {
        batch.put(open_key, &open);
        // It goes on: what is newest counts. Folding the same instant again changes nothing.
        let Some(mut before) = batch.get::<wire::Breach>(&key)?.filter(|before| before.last_at < row.last_at) else {
            return Ok(());
        };
        before.times += 1;
        (before.last_at, before.run_id, before.run_status) = (row.last_at, row.run_id, row.run_status);
        batch.put(key, &before);
        return Ok(());
    }
    let named: wire::Pipeline = batch.get(&keys::pipeline(pipeline))?.unwrap_or_default();
    (row.pipeline_id, row.pipeline_alias, row.times) = (pipeline.to_string(), named.alias, 1);
    let key = keys::breach(pipeline, row.started_at, &name);
    // One that was folded before and has ended.
    if batch.bytes(&key)?.is_some() {
        return Ok(());
    }
    open.began.insert(name.clone(), row.started_at);
    batch.put(open_key, &open);
    batch.put_bytes(keys::breach_by_age(row.started_at, pipeline, &name), Vec::new());
    batch.put(key, &row);
    Ok(())
}

fn end(
    pipeline: PipelineId,
    (kind, name): (&str, &str),
    at: i64,
    by: &str,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    let open_key = keys::open_breaches(pipeline);
    let mut open: OpenBreaches = batch.get(&open_key)?.unwrap_or_default();
    let name = name_of(kind, name);
    if !is_news(&mut open, &name, at) {
        return Ok(());
    }
    let began = open.began.remove(&name);
    batch.put(open_key, &open);
    let Some(began) = began else { return Ok(()) };
    close(pipeline, began, &name, at, by, batch)
}

fn close(pipeline: PipelineId, began: i64, name: &str, at: i64, by: &str, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::breach(pipeline, began, name);
    if let Some(mut row) = batch.get::<wire::Breach>(&key)? {
        row.ended_at = at;
        by.clone_into(&mut row.ended_by_run_id);
        batch.put(key, &row);
    }
    Ok(())
}

/// Deadlines that are gone cannot be met any more. Rules about assets end by events of their own.
fn forget(pipeline: PipelineId, plan: Option<&Plan>, at: i64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let open_key = keys::open_breaches(pipeline);
    let Some(mut open) = batch.get::<OpenBreaches>(&open_key)? else { return Ok(()) };
    let before = open.clone();
    let is_there = |name: &str| match (name.split_once(':'), plan) {
        (Some((DEADLINE, name)), Some(plan)) => plan.deadline(name).is_some(),
        (Some((_, name)), Some(plan)) => plan.freshness_rule(name).is_some(),
        _ => false,
    };
    // What began later was there again by then: this was folded before.
    let ends = |name: &str, began: i64| began <= at && name.starts_with(DEADLINE) && !is_there(name);
    open.began.retain(|name, began| !ends(name, *began));
    open.newest.retain(|name, newest| *newest > at || is_there(name) || open.began.contains_key(name));
    for (name, began) in before.began.iter().filter(|(name, began)| ends(name, **began)) {
        close(pipeline, *began, name, at, "", batch)?;
    }
    if open != before {
        batch.put(open_key, &open);
    }
    Ok(())
}
