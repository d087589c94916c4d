//! Folds facts of the ledger into the state. Total, as everything that folds.

use std::sync::Arc;

use super::{Budget, BudgetOf, BudgetState, CostEvent, PriceList, budget};
use crate::{
    id::PipelineId,
    state::{Agenda, Partition},
};

pub(crate) fn evolve(partition: &mut Partition, event: &CostEvent) {
    match event {
        CostEvent::PricesSet(set) => {
            partition.ledger.prices = PriceList { version: set.version, prices: Arc::new(set.prices.clone()) };
        }
        CostEvent::CostRecorded(recorded) => {
            partition.ledger.record(recorded);
            for of in budget::concerned(&recorded.origin) {
                change(partition, &of, |state| state.count(recorded));
            }
        }
        CostEvent::BudgetSet(set) => {
            replace(partition, BudgetOf::Owner(set.owner.clone()), set.budget.as_ref());
        }
        CostEvent::BudgetPeriodBegan(began) => change(partition, &began.of, |state| state.fold(event)),
        CostEvent::BudgetCrossed(crossed) => change(partition, &crossed.of, |state| state.fold(event)),
    }
}

/// The pipeline has this budget from now on, as its file says.
pub(crate) fn set_budget_of(partition: &mut Partition, pipeline: PipelineId, budget: Option<&Budget>) {
    replace(partition, BudgetOf::Pipeline(pipeline), budget);
}

fn replace(partition: &mut Partition, of: BudgetOf, budget: Option<&Budget>) {
    match (partition.ledger.budgets.contains_key(&of), budget) {
        (true, Some(budget)) => change(partition, &of, |state| state.becomes(budget.clone())),
        (false, Some(budget)) => {
            partition.ledger.budgets.insert(of, BudgetState::new(budget.clone()));
        }
        (_, None) => {
            let Some(state) = partition.ledger.budgets.remove(&of) else { return };
            if let Some(until) = state.exhausts() {
                partition.ledger.exhausted.remove(&(until, of));
                look_at_lanes(partition);
            }
        }
    }
}

/// Changes a budget and keeps the index of those that hold runs back; whoever is not held any more is looked at.
fn change(partition: &mut Partition, of: &BudgetOf, change: impl FnOnce(&mut BudgetState)) {
    let Some(state) = partition.ledger.budgets.get_mut(of) else { return };
    let before = state.exhausts();
    change(state);
    let after = state.exhausts();
    if before == after {
        return;
    }
    if let Some(until) = before {
        partition.ledger.exhausted.remove(&(until, of.clone()));
    }
    if let Some(until) = after {
        partition.ledger.exhausted.insert((until, of.clone()));
    } else {
        look_at_lanes(partition);
    }
}

/// Budgets are let go of rarely, and whom one holds is said by plans: all who wait are looked at.
fn look_at_lanes(partition: &mut Partition) {
    let waiting = partition.lanes.lanes.iter().filter(|(_, lane)| !lane.waiting.is_empty());
    partition.agenda.extend(waiting.map(|(key, _)| Agenda::Lane(key.clone())));
}
