//! The ledger of costs between state and message.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    CostId, PipelineId,
    cost::{Basis, BudgetOf, BudgetState, CostEntry, Currency, KnownBill, Ledger, Origin, PriceList, PricesSet, Sums},
    limits,
};
use jiff::Timestamp;

use crate::{
    convert::{id_bytes, instant, micros},
    event,
    snapshots::v1 as wire,
};

/// `None` = nothing was ever said of costs.
pub(super) fn encode(ledger: &Ledger) -> Option<wire::Ledger> {
    if *ledger == Ledger::default() {
        return None;
    }
    let prices =
        PricesSet { version: ledger.prices.version, prices: ledger.prices.prices.to_vec(), at: Timestamp::UNIX_EPOCH };
    let sums = ledger.by_pipeline.iter().map(|(pipeline, sums)| wire::PipelineSums {
        pipeline_id: pipeline.map(|pipeline| id_bytes(&pipeline.0)).unwrap_or_default(),
        sums: encode_sums(sums),
    });
    let bills = ledger
        .bills
        .values()
        .map(|known| wire::KnownCost { entries: known.entries, ..known_cost(&known.origin, &known.entry) });
    Some(wire::Ledger {
        prices: Some(event::prices(&prices)),
        sums: sums.collect(),
        entries: ledger.entries,
        bills: bills.collect(),
        estimates: ledger.estimates.iter().map(|(origin, entry)| known_cost(origin, entry)).collect(),
        budgets: ledger.budgets.iter().map(|(of, state)| encode_budget(of, state)).collect(),
    })
}

fn encode_sums(sums: &Sums) -> Vec<wire::Sum> {
    let sum = |((currency, basis), micros): (&(Currency, Basis), &i128)| wire::Sum {
        currency: currency.to_string(),
        basis: event::cost_basis_kind(*basis) as i32,
        micros: micros.to_string(),
    };
    sums.iter().map(sum).collect()
}

fn known_cost(origin: &Origin, entry: &CostEntry) -> wire::KnownCost {
    wire::KnownCost { origin: Some(event::cost_origin(origin)), entry: Some(event::cost_entry(entry)), entries: 0 }
}

fn encode_budget(of: &BudgetOf, state: &BudgetState) -> wire::BudgetState {
    wire::BudgetState {
        of: Some(event::budget_whose(of)),
        budget: Some(event::budget(&state.budget)),
        from: state.period.map(|(from, _)| micros(from)),
        to: state.period.map(|(_, to)| micros(to)),
        spent: state.spent.to_string(),
        crossed: state.crossed.iter().copied().collect(),
    }
}

/// `None` = it cannot be read. Without its indexes, which the state builds.
pub(super) fn decode(ledger: Option<wire::Ledger>) -> Option<Ledger> {
    let Some(message) = ledger else { return Some(Ledger::default()) };
    let prices = event::prices_of(message.prices.unwrap_or_default())?;
    let fits = message.bills.len() <= limits::BILLS_MAX && message.estimates.len() <= limits::ESTIMATES_REMEMBERED_MAX;
    if !fits {
        return None;
    }
    let mut ledger = Ledger::default();
    ledger.prices = PriceList { version: prices.version, prices: Arc::new(prices.prices) };
    ledger.entries = message.entries;
    for of in message.sums {
        let named = !of.pipeline_id.is_empty();
        let pipeline = if named { Some(PipelineId::from_slice(&of.pipeline_id)?) } else { None };
        let sums = decode_sums(of.sums)?;
        for (key, micros) in &sums {
            *ledger.sums.entry(*key).or_insert(0) += micros;
        }
        ledger.by_pipeline.insert(pipeline, sums);
    }
    for bill in message.bills {
        let entries = bill.entries;
        let (origin, entry) = known_cost_of(bill)?;
        let id = CostId::of_bill(&entry.source, &entry.external_id);
        ledger.bills.insert(id, KnownBill { origin, entry, entries });
    }
    let mut last: Option<Arc<Origin>> = None;
    for estimate in message.estimates {
        let (origin, entry) = known_cost_of(estimate)?;
        // Those of one report share what they are for.
        let origin = last.filter(|before| **before == *origin).unwrap_or(origin);
        last = Some(Arc::clone(&origin));
        ledger.estimates.push_back((origin, entry));
    }
    ledger.budgets = message.budgets.into_iter().map(decode_budget).collect::<Option<BTreeMap<_, _>>>()?;
    Some(ledger)
}

fn decode_sums(sums: Vec<wire::Sum>) -> Option<Sums> {
    let sum = |sum: wire::Sum| {
        let key = (sum.currency.parse().ok()?, event::cost_basis_kind_of(sum.basis)?);
        Some((key, sum.micros.parse().ok()?))
    };
    sums.into_iter().map(sum).collect()
}

fn known_cost_of(known: wire::KnownCost) -> Option<(Arc<Origin>, CostEntry)> {
    Some((Arc::new(event::cost_origin_of(known.origin?)?), event::cost_entry_of(known.entry?)?))
}

fn decode_budget(state: wire::BudgetState) -> Option<(BudgetOf, BudgetState)> {
    let period = match (state.from, state.to) {
        (None, None) => None,
        (from, to) => Some((instant(from?)?, instant(to?)?)),
    };
    let of = event::budget_whose_of(state.of)?;
    let state = BudgetState {
        budget: event::budget_of(state.budget?)?,
        period,
        spent: state.spent.parse().ok()?,
        crossed: state.crossed.into_iter().collect(),
    };
    Some((of, state))
}
