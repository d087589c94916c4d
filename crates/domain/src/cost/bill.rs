//! What was billed, told late by whoever meters it: each bill has an id of theirs, and its amount is all of it as it is known now. Told
//! again with another amount, the difference is entered; told again the same, nothing is. A bill for something that was estimated
//! takes the estimate back by an entry of its own, so that the sum of all entries is what was billed, and ESTIMATED sums hold only what
//! nobody has billed yet.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Basis, CostEntry, CostRecorded, Currency, KnownBill, Origin, budget::with_budgets, ledger::bill_horizon};
use crate::{
    command::{Context, Rejection},
    event::Event,
    id::CostId,
    limits,
    metadata::Quantity,
    state::Partition,
};

/// Something that was billed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Who says so: the metering of a warehouse, a person.
    pub source: String,
    /// Their id of it; the same one again is the same bill.
    pub external_id: String,
    /// All of it, millionths of the currency; negative = a credit.
    pub micros: i64,
    /// Of which money.
    pub currency: Currency,
    /// How much was used.
    pub quantity: Quantity,
    /// Of what; may be empty.
    pub unit: String,
    /// What it is for; an estimate that it corrects knows better.
    pub origin: Origin,
    /// Key of the asset; empty = none.
    pub asset: String,
    /// When it was used.
    pub incurred_at: Timestamp,
    /// The estimate of the same thing.
    pub corrects: Option<CostId>,
}

pub(crate) fn record(partition: &Partition, bills: &[Bill], context: &Context) -> Result<Vec<Event>, Rejection> {
    let most = limits::BILLS_PER_COMMAND_MAX;
    if bills.len() > most {
        let count = bills.len();
        return Err(Rejection::InvalidCost(format!("{count} bills are given; at most {most} may be at once")));
    }
    let (mut ids, mut corrected, mut new, mut recorded) = (BTreeSet::new(), BTreeSet::new(), 0, Vec::new());
    for bill in bills {
        let refused = |why: String| {
            let id: String = bill.external_id.chars().take(100).collect();
            Rejection::InvalidCost(format!("bill `{id}`: {why}"))
        };
        check(bill, context).map_err(refused)?;
        if let Some(pipeline) = bill.origin.pipeline.filter(|id| !partition.pipelines.contains_key(id)) {
            return Err(refused(format!("there is no pipeline {pipeline}, and there was none")));
        }
        let id = CostId::of_bill(&bill.source, &bill.external_id);
        if !ids.insert(id) {
            return Err(refused("it is given twice at once".to_owned()));
        }
        if let Some(known) = partition.ledger.bills.get(&id) {
            recorded.extend(again(known, id, bill, context));
            continue;
        }
        new += 1;
        if let Some(estimate) = bill.corrects
            && !corrected.insert(estimate)
        {
            return Err(refused(format!("another one corrects the estimate {estimate}, too")));
        }
        recorded.push(first(partition, id, bill, context).map_err(refused)?);
    }
    let bytes: usize = recorded.iter().map(size).sum();
    if bytes > limits::BILLS_BYTES_PER_COMMAND_MAX {
        let most = limits::BILLS_BYTES_PER_COMMAND_MAX;
        return Err(Rejection::InvalidCost(format!("the bills take {bytes} bytes; at most {most} may be at once")));
    }
    let known = partition.ledger.bills.len();
    if new > 0 && known + new > limits::BILLS_MAX {
        return Err(Rejection::InvalidCost(format!(
            "{known} bills of the last {} days are remembered, and at most {} may be; give one for more usage at once",
            limits::BILL_DAYS_MAX,
            limits::BILLS_MAX
        )));
    }
    Ok(with_budgets(partition, recorded))
}

fn check(bill: &Bill, context: &Context) -> Result<(), String> {
    let most = limits::COST_TEXT_BYTES_MAX;
    let texts = [&bill.source, &bill.external_id, &bill.unit, &bill.origin.task, &bill.origin.owner];
    if texts.into_iter().chain([&bill.origin.integration]).any(|text| text.len() > most) {
        return Err(format!("a text of it takes more than {most} bytes"));
    }
    if bill.unit.len() > limits::COST_UNIT_BYTES_MAX {
        return Err(format!("its unit takes more than {} bytes", limits::COST_UNIT_BYTES_MAX));
    }
    if bill.asset.len() > limits::ASSET_KEY_BYTES_MAX {
        return Err(format!("the key of its asset takes more than {} bytes", limits::ASSET_KEY_BYTES_MAX));
    }
    if bill.source.is_empty() || bill.external_id.is_empty() {
        return Err("it needs a source and an id: they tell whether it was recorded before".to_owned());
    }
    if !(-super::MICROS_MAX..=super::MICROS_MAX).contains(&bill.micros) {
        return Err("its amount is above 1,000,000,000,000".to_owned());
    }
    if bill.incurred_at < bill_horizon(context.now) {
        let (at, days) = (bill.incurred_at, limits::BILL_DAYS_MAX);
        return Err(format!(
            "it is of {at}; what is older than {days} days is not remembered, and may be recorded already"
        ));
    }
    Ok(())
}

/// About as many bytes as it takes in a record.
fn size(recorded: &CostRecorded) -> usize {
    let origin = &recorded.origin;
    let entries = recorded.entries.iter().map(|entry| {
        let texts = [&entry.unit, &entry.operation, &entry.asset, &entry.source, &entry.external_id];
        100 + texts.into_iter().map(String::len).sum::<usize>()
    });
    100 + origin.task.len() + origin.owner.len() + origin.integration.len() + entries.sum::<usize>()
}

fn billed(bill: &Bill, id: CostId) -> CostEntry {
    CostEntry {
        id,
        basis: Basis::Billed,
        micros: bill.micros,
        currency: bill.currency,
        quantity: bill.quantity,
        unit: bill.unit.clone(),
        operation: String::new(),
        asset: bill.asset.clone(),
        source: bill.source.clone(),
        external_id: bill.external_id.clone(),
        corrects: None,
        incurred_at: bill.incurred_at,
    }
}

/// It is told for the first time.
fn first(partition: &Partition, id: CostId, bill: &Bill, context: &Context) -> Result<CostRecorded, String> {
    let mut entry = billed(bill, CostId::of_entry(id, 0));
    let Some(corrects) = bill.corrects else {
        return Ok(of(bill.origin.clone(), vec![entry], context));
    };
    let Some((origin, estimate)) = partition.ledger.estimate(corrects) else {
        let most = limits::ESTIMATES_REMEMBERED_MAX;
        return Err(format!(
            "there is no estimate {corrects} that can be corrected: it was, or it is not among the latest {most}"
        ));
    };
    let back = CostEntry {
        id: CostId::of_entry(estimate.id, 1),
        micros: -estimate.micros,
        corrects: Some(estimate.id),
        source: bill.source.clone(),
        external_id: bill.external_id.clone(),
        ..estimate.clone()
    };
    entry.corrects = Some(estimate.id);
    entry.operation.clone_from(&estimate.operation);
    entry.asset.clone_from(&estimate.asset);
    Ok(of((**origin).clone(), vec![back, entry], context))
}

/// It was told before; `None` = the same.
fn again(known: &KnownBill, id: CostId, bill: &Bill, context: &Context) -> Option<CostRecorded> {
    let before = &known.entry;
    if (before.micros, before.currency) == (bill.micros, bill.currency) {
        return None;
    }
    // Where it belongs does not change: sums by pipeline and owner would not hold.
    let correction = |micros: i64, currency: Currency, number: u32| CostEntry {
        id: CostId::of_entry(id, number),
        micros,
        currency,
        quantity: bill.quantity,
        corrects: Some(before.id),
        ..before.clone()
    };
    let entries = match before.currency == bill.currency {
        true => vec![correction(bill.micros - before.micros, bill.currency, known.entries)],
        false => vec![
            correction(-before.micros, before.currency, known.entries),
            correction(bill.micros, bill.currency, known.entries + 1),
        ],
    };
    Some(of((*known.origin).clone(), entries, context))
}

fn of(origin: Origin, entries: Vec<CostEntry>, context: &Context) -> CostRecorded {
    CostRecorded { origin, prices: 0, entries, unpriced: Vec::new(), at: context.now }
}
