//! Facts of the ledger in one line each.

use downbeat_domain::cost::{BudgetOf, CostEntry, CostEvent, CostRecorded, amount_text};

pub(super) fn line(fact: &CostEvent) -> String {
    match fact {
        CostEvent::PricesSet(set) => format!("PricesSet version {} of {}", set.version, set.prices.len()),
        CostEvent::CostRecorded(recorded) => recorded_line(recorded),
        CostEvent::BudgetSet(set) => format!("BudgetSet {} {}", set.owner, set.budget.is_some()),
        CostEvent::BudgetPeriodBegan(began) => format!("BudgetPeriodBegan {} {}", whose(&began.of), began.from),
        CostEvent::BudgetCrossed(crossed) => {
            let (spent, of) = (amount_text(crossed.spent), amount_text(crossed.micros.into()));
            format!("BudgetCrossed {} {} %: {spent} of {of}", whose(&crossed.of), crossed.percent)
        }
    }
}

fn whose(of: &BudgetOf) -> String {
    match of {
        BudgetOf::Pipeline(_) => "pipeline".to_owned(),
        BudgetOf::Owner(owner) => owner.clone(),
    }
}

fn recorded_line(recorded: &CostRecorded) -> String {
    let entry = |entry: &CostEntry| {
        let basis = if entry.corrects.is_some() { "corrects" } else { "costs" };
        let amount = amount_text(entry.micros.into());
        let what = format!("{} {}", entry.quantity, entry.unit);
        format!("{} {what} {basis} {amount} {}", entry.basis.as_str(), entry.currency)
    };
    let entries = recorded.entries.iter().map(entry);
    let unpriced = recorded.unpriced.iter().map(|it| format!("{}x {} {} unpriced", it.count, it.quantity, it.unit));
    let lines: Vec<String> = entries.chain(unpriced).collect();
    format!("CostRecorded {}/{}: {}", recorded.origin.owner, recorded.origin.task, lines.join("; "))
}
