//! Budgets, as the core folds them: the same entries count for the same periods.

use downbeat_domain::{
    PipelineId,
    cost::{Budget, BudgetOf, BudgetState, CostEvent, CostRecorded, concerned},
};
use downbeat_proto::{convert, event, metadata::v1 as wire};

use super::rows;
use crate::{
    engine::{batch::Batch, keys::cost as keys},
    error::Error,
};

pub(super) fn fold(fact: &CostEvent, batch: &mut Batch<'_>) -> Result<(), Error> {
    match fact {
        CostEvent::BudgetSet(told) => set(&BudgetOf::Owner(told.owner.clone()), told.budget.as_ref(), batch),
        CostEvent::BudgetPeriodBegan(began) => change(&began.of, batch, |state| state.fold(fact)),
        CostEvent::BudgetCrossed(crossed) => change(&crossed.of, batch, |state| state.fold(fact)),
        CostEvent::PricesSet(_) | CostEvent::CostRecorded(_) => Ok(()),
    }
}

/// The pipeline has this budget from now on.
pub(super) fn of_pipeline(pipeline: PipelineId, budget: Option<&Budget>, batch: &mut Batch<'_>) -> Result<(), Error> {
    set(&BudgetOf::Pipeline(pipeline), budget, batch)
}

/// These entries are new.
pub(super) fn spend(recorded: &CostRecorded, batch: &mut Batch<'_>) -> Result<(), Error> {
    for of in concerned(&recorded.origin) {
        change(&of, batch, |state| state.count(recorded))?;
    }
    Ok(())
}

fn set(of: &BudgetOf, budget: Option<&Budget>, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::budget(of);
    let known: Option<wire::BudgetStatus> = batch.get(&key)?;
    let state = match (known.as_ref().and_then(state_of), budget) {
        (None, None) => return Ok(()),
        (_, None) => {
            // Rows are replaced, never removed: one without a budget is none.
            batch.put(key, &row(of, None));
            return Ok(());
        }
        (None, Some(budget)) => BudgetState::new(budget.clone()),
        (Some(mut state), Some(budget)) => {
            state.becomes(budget.clone());
            state
        }
    };
    batch.put(key, &row(of, Some(&state)));
    Ok(())
}

fn change(of: &BudgetOf, batch: &mut Batch<'_>, change: impl FnOnce(&mut BudgetState)) -> Result<(), Error> {
    let key = keys::budget(of);
    let known: Option<wire::BudgetStatus> = batch.get(&key)?;
    if let Some(mut state) = known.as_ref().and_then(state_of) {
        change(&mut state);
        batch.put(key, &row(of, Some(&state)));
    }
    Ok(())
}

fn row(of: &BudgetOf, state: Option<&BudgetState>) -> wire::BudgetStatus {
    let (pipeline_id, owner) = match of {
        BudgetOf::Pipeline(pipeline) => (pipeline.to_string(), String::new()),
        BudgetOf::Owner(owner) => (String::new(), owner.clone()),
    };
    wire::BudgetStatus {
        pipeline_id,
        // Names change; whoever asks is told the one of that moment.
        pipeline: String::new(),
        owner,
        budget: state.map(|state| event::budget(&state.budget)),
        from: convert::micros_or_zero(state.and_then(|state| state.period).map(|(from, _)| from)),
        to: convert::micros_or_zero(state.and_then(|state| state.period).map(|(_, to)| to)),
        spent: state.map_or(0, |state| state.spent).to_string(),
        crossed: state.map(|state| state.crossed.iter().copied().collect()).unwrap_or_default(),
    }
}

/// `None` = it is none any more.
fn state_of(row: &wire::BudgetStatus) -> Option<BudgetState> {
    let budget = event::budget_of(row.budget.clone()?)?;
    let period = convert::instant_or_none(row.from).zip(convert::instant_or_none(row.to));
    Some(BudgetState {
        budget,
        period,
        spent: rows::number(&row.spent),
        crossed: row.crossed.iter().copied().collect(),
    })
}
