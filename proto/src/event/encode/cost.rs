//! The ledger of costs.

use bytes::Bytes;
use downbeat_domain::cost::{
    Basis, Budget, BudgetOf, CostEntry, CostEvent, Origin, Period, Price, PricesSet, Unpriced,
};

use super::{attempt_ref, event};
use crate::{
    convert::{id_bytes, micros},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &CostEvent) -> wire::Event {
    match fact {
        CostEvent::PricesSet(set) => event(EventKind::PricesSet, &prices(set)),
        CostEvent::CostRecorded(recorded) => event(
            EventKind::CostRecorded,
            &wire::CostRecorded {
                origin: Some(origin(&recorded.origin)),
                prices: recorded.prices,
                entries: recorded.entries.iter().map(entry).collect(),
                unpriced: recorded.unpriced.iter().map(unpriced).collect(),
                at: micros(recorded.at),
            },
        ),
        CostEvent::BudgetSet(set) => event(
            EventKind::BudgetSet,
            &wire::BudgetSet { owner: set.owner.clone(), budget: set.budget.as_ref().map(budget), at: micros(set.at) },
        ),
        CostEvent::BudgetPeriodBegan(began) => event(
            EventKind::BudgetPeriodBegan,
            &wire::BudgetPeriodBegan {
                of: Some(budget_whose(&began.of)),
                from: micros(began.from),
                to: micros(began.to),
                at: micros(began.at),
            },
        ),
        CostEvent::BudgetCrossed(crossed) => event(
            EventKind::BudgetCrossed,
            &wire::BudgetCrossed {
                of: Some(budget_whose(&crossed.of)),
                percent: crossed.percent,
                spent: crossed.spent.to_string(),
                micros: crossed.micros,
                currency: crossed.currency.to_string(),
                from: micros(crossed.from),
                to: micros(crossed.to),
                at: micros(crossed.at),
            },
        ),
    }
}

/// Prices as they go over the wire.
pub fn prices(set: &PricesSet) -> wire::PricesSet {
    wire::PricesSet { version: set.version, prices: set.prices.iter().map(price).collect(), at: micros(set.at) }
}

/// A price as it goes over the wire.
pub fn price(price: &Price) -> wire::Price {
    wire::Price {
        name: price.name.clone(),
        unit: price.unit.clone(),
        attributes: price.attributes.clone(),
        integration: price.integration.clone(),
        connection: price.connection.clone(),
        micros: price.micros,
        currency: price.currency.to_string(),
        per: price.per,
    }
}

/// What entries are for, as it goes over the wire.
pub fn origin(origin: &Origin) -> wire::CostOrigin {
    wire::CostOrigin {
        pipeline_id: origin.pipeline.map(|pipeline| id_bytes(&pipeline.0)).unwrap_or_default(),
        attempt: origin.attempt.map(attempt_ref),
        task: origin.task.clone(),
        owner: origin.owner.clone(),
        integration: origin.integration.clone(),
    }
}

/// An entry as it goes over the wire.
pub fn entry(entry: &CostEntry) -> wire::CostEntry {
    wire::CostEntry {
        cost_id: id_bytes(&entry.id.0),
        basis: basis(entry.basis) as i32,
        micros: entry.micros,
        currency: entry.currency.to_string(),
        quantity_whole: entry.quantity.whole(),
        quantity_micros: entry.quantity.micros(),
        unit: entry.unit.clone(),
        operation: entry.operation.clone(),
        asset: entry.asset.clone(),
        source: entry.source.clone(),
        external_id: entry.external_id.clone(),
        corrects: entry.corrects.map_or_else(Bytes::new, |id| id_bytes(&id.0)),
        incurred_at: micros(entry.incurred_at),
    }
}

pub(crate) fn basis(basis: Basis) -> wire::CostBasisKind {
    match basis {
        Basis::Estimated => wire::CostBasisKind::Estimated,
        Basis::Billed => wire::CostBasisKind::Billed,
    }
}

fn unpriced(unpriced: &Unpriced) -> wire::UnpricedQuantity {
    wire::UnpricedQuantity {
        unit: unpriced.unit.clone(),
        quantity_whole: unpriced.quantity.whole(),
        quantity_micros: unpriced.quantity.micros(),
        count: unpriced.count,
    }
}

/// A budget as it goes over the wire.
pub fn budget(budget: &Budget) -> wire::Budget {
    let period = match budget.period {
        Period::Day => wire::BudgetPeriod::Day,
        Period::Week => wire::BudgetPeriod::Week,
        Period::Month => wire::BudgetPeriod::Month,
    };
    wire::Budget {
        micros: budget.micros,
        currency: budget.currency.to_string(),
        period: period as i32,
        timezone: budget.timezone.clone(),
        alert_at: budget.alert_at.clone(),
        enforce: budget.enforce,
    }
}

pub(crate) fn budget_whose(of: &BudgetOf) -> wire::BudgetOf {
    let of = match of {
        BudgetOf::Pipeline(pipeline) => wire::budget_of::Of::PipelineId(id_bytes(&pipeline.0)),
        BudgetOf::Owner(owner) => wire::budget_of::Of::Owner(owner.clone()),
    };
    wire::BudgetOf { of: Some(of) }
}
