//! The ledger of costs.

use downbeat_domain::{
    CostId, Event, PipelineId,
    cost::{
        Basis, Budget, BudgetCrossed, BudgetOf, BudgetPeriodBegan, BudgetSet, CostEntry, CostEvent, CostRecorded,
        Origin, Period, Price, PricesSet, Unpriced,
    },
    metadata::Quantity,
};

use super::{attempt_of, fields::Fields};
use crate::{
    convert,
    event::DecodeError,
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let fact = match kind {
        EventKind::PricesSet => {
            let set = prices_of(fields.parse(payload)?).ok_or(fields.missing("prices"))?;
            if set.version == 0 {
                return Err(fields.missing("version"));
            }
            CostEvent::PricesSet(set)
        }
        EventKind::CostRecorded => CostEvent::CostRecorded(recorded(fields, fields.parse(payload)?)?),
        EventKind::BudgetSet => {
            let event: wire::BudgetSet = fields.parse(payload)?;
            if event.owner.is_empty() {
                return Err(fields.missing("owner"));
            }
            let budget = match event.budget {
                None => None,
                Some(budget) => Some(budget_of(budget).ok_or(fields.missing("budget"))?),
            };
            CostEvent::BudgetSet(BudgetSet { owner: event.owner, budget, at: fields.at(event.at)? })
        }
        EventKind::BudgetPeriodBegan => {
            let event: wire::BudgetPeriodBegan = fields.parse(payload)?;
            CostEvent::BudgetPeriodBegan(BudgetPeriodBegan {
                of: budget_whose_of(event.of).ok_or(fields.missing("of"))?,
                from: fields.at(event.from)?,
                to: fields.at(event.to)?,
                at: fields.at(event.at)?,
            })
        }
        EventKind::BudgetCrossed => {
            let event: wire::BudgetCrossed = fields.parse(payload)?;
            CostEvent::BudgetCrossed(BudgetCrossed {
                of: budget_whose_of(event.of).ok_or(fields.missing("of"))?,
                percent: event.percent,
                spent: event.spent.parse().map_err(|_| fields.missing("spent"))?,
                micros: event.micros,
                currency: event.currency.parse().map_err(|_| fields.missing("currency"))?,
                from: fields.at(event.from)?,
                to: fields.at(event.to)?,
                at: fields.at(event.at)?,
            })
        }
        _ => return Err(fields.missing("kind")),
    };
    Ok(Event::Cost(Box::new(fact)))
}

fn recorded(fields: Fields, event: wire::CostRecorded) -> Result<CostRecorded, DecodeError> {
    let entries = event.entries.into_iter().map(entry_of).collect::<Option<_>>();
    let unpriced = event.unpriced.into_iter().map(|unpriced| Unpriced {
        unit: unpriced.unit,
        quantity: Quantity::new(unpriced.quantity_whole, unpriced.quantity_micros),
        count: unpriced.count,
    });
    Ok(CostRecorded {
        origin: event.origin.and_then(cost_origin_of).ok_or(fields.missing("origin"))?,
        prices: event.prices,
        entries: entries.ok_or(fields.missing("entries"))?,
        unpriced: unpriced.collect(),
        at: fields.at(event.at)?,
    })
}

pub(crate) fn prices_of(set: wire::PricesSet) -> Option<PricesSet> {
    let prices = set.prices.into_iter().map(price_of).collect::<Option<_>>()?;
    Some(PricesSet { version: set.version, prices, at: convert::instant(set.at)? })
}

/// The price in a message; `None` = its currency is none.
pub fn price_of(price: wire::Price) -> Option<Price> {
    Some(Price {
        name: price.name,
        unit: price.unit,
        attributes: price.attributes,
        integration: price.integration,
        connection: price.connection,
        micros: price.micros,
        currency: price.currency.parse().ok()?,
        per: price.per,
    })
}

pub(crate) fn cost_origin_of(origin: wire::CostOrigin) -> Option<Origin> {
    let named = !origin.pipeline_id.is_empty();
    Some(Origin {
        pipeline: if named { Some(PipelineId::from_slice(&origin.pipeline_id)?) } else { None },
        attempt: match &origin.attempt {
            None => None,
            Some(attempt) => Some(attempt_of(attempt)?),
        },
        task: origin.task,
        owner: origin.owner,
        integration: origin.integration,
    })
}

/// The entry in a message, if it is one.
pub fn entry_of(entry: wire::CostEntry) -> Option<CostEntry> {
    let corrects = !entry.corrects.is_empty();
    Some(CostEntry {
        id: CostId::from_slice(&entry.cost_id)?,
        basis: basis_of(entry.basis)?,
        micros: entry.micros,
        currency: entry.currency.parse().ok()?,
        quantity: Quantity::new(entry.quantity_whole, entry.quantity_micros),
        unit: entry.unit,
        operation: entry.operation,
        asset: entry.asset,
        source: entry.source,
        external_id: entry.external_id,
        corrects: if corrects { Some(CostId::from_slice(&entry.corrects)?) } else { None },
        incurred_at: convert::instant(entry.incurred_at)?,
    })
}

pub(crate) fn basis_of(basis: i32) -> Option<Basis> {
    match wire::CostBasisKind::try_from(basis).ok()? {
        wire::CostBasisKind::Unspecified => None,
        wire::CostBasisKind::Estimated => Some(Basis::Estimated),
        wire::CostBasisKind::Billed => Some(Basis::Billed),
    }
}

/// The budget in a message, if it is one.
pub fn budget_of(budget: wire::Budget) -> Option<Budget> {
    Some(Budget {
        micros: budget.micros,
        currency: budget.currency.parse().ok()?,
        period: match wire::BudgetPeriod::try_from(budget.period).ok()? {
            wire::BudgetPeriod::Unspecified => return None,
            wire::BudgetPeriod::Day => Period::Day,
            wire::BudgetPeriod::Week => Period::Week,
            wire::BudgetPeriod::Month => Period::Month,
        },
        timezone: budget.timezone,
        alert_at: budget.alert_at,
        enforce: budget.enforce,
    })
}

pub(crate) fn budget_whose_of(of: Option<wire::BudgetOf>) -> Option<BudgetOf> {
    match of?.of? {
        wire::budget_of::Of::PipelineId(id) => PipelineId::from_slice(&id).map(BudgetOf::Pipeline),
        wire::budget_of::Of::Owner(owner) => Some(BudgetOf::Owner(owner)),
    }
}
