//! The ledger of costs: entries as they stand in the log, and sums of them by day and by month.
//!
//! Each entry counts once, told by its id; sums are whole numbers, and equal the sums of the entries (INV-13).

mod budgets;
pub mod months;
pub mod rows;

use downbeat_domain::{
    Event,
    cost::{CostEntry, CostEvent, CostRecorded, Origin},
};
use downbeat_proto::{
    convert::{id_bytes, micros},
    event,
};

use self::{
    months::{Dimension, month_of},
    rows::{DayRow, EntryRow, For, Sum, TotalsRow, UnpricedRow, add},
};
use super::{
    batch::Batch,
    keys::cost as keys,
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::error::Error;

/// The projection.
pub(super) struct Costs;

/// A day, microseconds.
pub const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Days since the epoch, UTC.
pub fn day_of(at: i64) -> i32 {
    i32::try_from(at.div_euclid(DAY)).unwrap_or(if at < 0 { i32::MIN } else { i32::MAX })
}

impl Projection for Costs {
    const NAME: &'static str = "costs";
    const VERSION: u32 = 2;
    const READS: &'static [&'static str] = &[];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::Cost(fact) => match fact.as_ref() {
                CostEvent::PricesSet(set) => {
                    batch.put(keys::PRICES.to_vec(), &event::prices_to_wire(set));
                    Ok(())
                }
                CostEvent::CostRecorded(recorded) => self::recorded(recorded, batch),
                other => budgets::fold(other, batch),
            },
            Event::PipelineApplied(applied) => {
                budgets::of_pipeline(applied.pipeline, applied.plan.budget.as_ref(), batch)
            }
            Event::PipelineDeleted { pipeline, .. } => budgets::of_pipeline(*pipeline, None, batch),
            _ => Ok(()),
        }
    }
}

fn recorded(recorded: &CostRecorded, batch: &mut Batch<'_>) -> Result<(), Error> {
    let mut new = Vec::new();
    for entry in &recorded.entries {
        let key = keys::entry(micros(entry.incurred_at), entry.id);
        if batch.bytes(&key)?.is_some() {
            continue;
        }
        let row = EntryRow {
            entry: Some(event::cost_entry(entry)),
            origin: Some(event::cost_origin(&recorded.origin)),
            prices: recorded.prices,
            recorded_at: micros(recorded.at),
        };
        batch.put(key, &row);
        sum(&recorded.origin, entry, batch)?;
        new.push(entry.clone());
    }
    unpriced(recorded, batch)?;
    budgets::spend(&CostRecorded { entries: new, ..recorded.clone() }, batch)
}

fn sum(origin: &Origin, entry: &CostEntry, batch: &mut Batch<'_>) -> Result<(), Error> {
    let what = For {
        pipeline_id: origin.pipeline.map(|pipeline| id_bytes(&pipeline.0).to_vec()).unwrap_or_default(),
        task: origin.task.clone(),
        asset: entry.asset.clone(),
        owner: origin.owner.clone(),
        unit: entry.unit.clone(),
        integration: origin.integration.clone(),
        currency: entry.currency.to_string(),
    };
    let day = day_of(micros(entry.incurred_at));
    count_in(keys::day(day, what.id()), &what, entry, batch)?;
    for dimension in Dimension::ALL {
        let of = dimension.of(&what);
        count_in(keys::month(dimension.letter(), month_of(day), of.id()), &of, entry, batch)?;
    }
    let mut totals: TotalsRow = batch.get(keys::TOTALS)?.unwrap_or_default();
    count(totals.by_currency.entry(what.currency).or_default(), entry);
    batch.put(keys::TOTALS.to_vec(), &totals);
    Ok(())
}

/// Counts it in the sum that stands at this key.
fn count_in(key: Vec<u8>, what: &For, entry: &CostEntry, batch: &mut Batch<'_>) -> Result<(), Error> {
    let mut row: DayRow = batch.get(&key)?.unwrap_or_else(|| DayRow { what: Some(what.clone()), sum: None });
    count(row.sum.get_or_insert_default(), entry);
    batch.put(key, &row);
    Ok(())
}

fn count(sum: &mut Sum, entry: &CostEntry) {
    let (mut estimated, mut billed) = (0, 0);
    match entry.basis {
        downbeat_domain::cost::Basis::Estimated => estimated = i128::from(entry.micros),
        downbeat_domain::cost::Basis::Billed => billed = i128::from(entry.micros),
    }
    add(sum, estimated, billed, 1);
}

fn unpriced(recorded: &CostRecorded, batch: &mut Batch<'_>) -> Result<(), Error> {
    if recorded.unpriced.is_empty() {
        return Ok(());
    }
    let marker = keys::counted(report(recorded));
    if batch.bytes(&marker)?.is_some() {
        return Ok(());
    }
    batch.put_bytes(marker, Vec::new());
    for unpriced in &recorded.unpriced {
        let key = keys::unpriced(&unpriced.unit);
        let mut row: UnpricedRow = batch.get(&key)?.unwrap_or_default();
        let micros_before = rows::number(&row.quantity);
        let quantity = i128::try_from(unpriced.quantity.in_micros()).unwrap_or(i128::MAX);
        row.unit.clone_from(&unpriced.unit);
        row.quantity = micros_before.saturating_add(quantity).to_string();
        row.count += u64::from(unpriced.count);
        row.last_at = row.last_at.max(micros(recorded.at));
        batch.put(key, &row);
    }
    Ok(())
}

/// Tells reports with quantities without a price apart: those of one attempt come at different instants, or hold different ones.
fn report(recorded: &CostRecorded) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("downbeat unpriced report v1");
    if let Some(attempt) = recorded.origin.attempt {
        hasher.update(&attempt.run.0);
        hasher.update(&attempt.task.to_be_bytes());
        hasher.update(&attempt.number.to_be_bytes());
    }
    hasher.update(&micros(recorded.at).to_be_bytes());
    for unpriced in &recorded.unpriced {
        hasher.update(&(unpriced.unit.len() as u64).to_be_bytes());
        hasher.update(unpriced.unit.as_bytes());
        hasher.update(&unpriced.quantity.in_micros().to_be_bytes());
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    id
}
