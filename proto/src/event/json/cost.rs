//! The ledger of costs.

use downbeat_domain::{
    Event,
    cost::{Budget, CostEntry, CostEvent, CostRecorded, Price, amount_text},
};
use serde_json::{Value, json};

use super::at;

pub(super) fn to_json(event: &Event) -> Option<Value> {
    let Event::Cost(fact) = event else { return None };
    Some(match fact.as_ref() {
        CostEvent::PricesSet(set) => json!({
            "version": set.version, "prices": set.prices.iter().map(price).collect::<Vec<_>>(), "at": at(set.at),
        }),
        CostEvent::CostRecorded(recorded) => self::recorded(recorded),
        CostEvent::BudgetSet(set) => {
            json!({"owner": set.owner, "budget": set.budget.as_ref().map(budget), "at": at(set.at)})
        }
        CostEvent::BudgetPeriodBegan(began) => {
            json!({"of": began.of.to_string(), "from": at(began.from), "to": at(began.to), "at": at(began.at)})
        }
        CostEvent::BudgetCrossed(crossed) => json!({
            "of": crossed.of.to_string(), "percent": crossed.percent, "spent": amount_text(crossed.spent),
            "budget": amount_text(crossed.micros.into()), "currency": crossed.currency.as_str(),
            "from": at(crossed.from), "to": at(crossed.to), "at": at(crossed.at),
        }),
    })
}

fn price(price: &Price) -> Value {
    json!({
        "name": price.name, "unit": price.unit, "attributes": price.attributes, "integration": price.integration,
        "connection": price.connection, "amount": amount_text(price.micros.into()),
        "currency": price.currency.as_str(), "per": price.per,
    })
}

fn recorded(recorded: &CostRecorded) -> Value {
    let origin = &recorded.origin;
    let unpriced = recorded.unpriced.iter().map(
        |unpriced| json!({"unit": unpriced.unit, "quantity": unpriced.quantity.to_string(), "count": unpriced.count}),
    );
    json!({
        "pipeline_id": origin.pipeline.map(|pipeline| pipeline.to_string()),
        "run_id": origin.attempt.map(|attempt| attempt.run.to_string()),
        "attempt": origin.attempt.map(|attempt| attempt.number),
        "task": origin.task, "owner": origin.owner, "integration": origin.integration, "prices": recorded.prices,
        "entries": recorded.entries.iter().map(entry).collect::<Vec<_>>(),
        "unpriced": unpriced.collect::<Vec<_>>(), "at": at(recorded.at),
    })
}

fn entry(entry: &CostEntry) -> Value {
    json!({
        "cost_id": entry.id.to_string(), "basis": entry.basis.as_str(), "amount": amount_text(entry.micros.into()),
        "currency": entry.currency.as_str(), "quantity": entry.quantity.to_string(), "unit": entry.unit,
        "operation": entry.operation, "asset": entry.asset, "source": entry.source,
        "external_id": entry.external_id, "corrects": entry.corrects.map(|id| id.to_string()),
        "incurred_at": at(entry.incurred_at),
    })
}

fn budget(budget: &Budget) -> Value {
    json!({
        "amount": amount_text(budget.micros.into()), "currency": budget.currency.as_str(),
        "period": budget.period.word(), "timezone": budget.timezone, "alert_at": budget.alert_at,
        "enforce": budget.enforce,
    })
}
