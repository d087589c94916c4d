//! Folds facts of the ledger into the state. Total, as everything that folds.

use std::sync::Arc;

use super::{Budget, BudgetOf, BudgetState, CostEvent, Ledger, PriceList, budget};
use crate::{id::PipelineId, state::Partition};

pub(crate) fn evolve(partition: &mut Partition, event: &CostEvent) {
    let ledger = &mut partition.ledger;
    match event {
        CostEvent::PricesSet(set) => {
            ledger.prices = PriceList { version: set.version, prices: Arc::new(set.prices.clone()) };
        }
        CostEvent::CostRecorded(recorded) => {
            ledger.record(recorded);
            for of in budget::concerned(&recorded.origin) {
                if let Some(state) = ledger.budgets.get_mut(&of) {
                    state.count(recorded);
                }
            }
        }
        CostEvent::BudgetSet(set) => ledger.set_budget(BudgetOf::Owner(set.owner.clone()), set.budget.as_ref()),
        CostEvent::BudgetPeriodBegan(began) => ledger.fold_budget(&began.of, event),
        CostEvent::BudgetCrossed(crossed) => ledger.fold_budget(&crossed.of, event),
    }
}

impl Ledger {
    /// The pipeline has this budget from now on, as its file says.
    pub(crate) fn set_budget_of(&mut self, pipeline: PipelineId, budget: Option<&Budget>) {
        self.set_budget(BudgetOf::Pipeline(pipeline), budget);
    }

    fn set_budget(&mut self, of: BudgetOf, budget: Option<&Budget>) {
        match (self.budgets.get_mut(&of), budget) {
            (Some(state), Some(budget)) => state.becomes(budget.clone()),
            (None, Some(budget)) => {
                self.budgets.insert(of, BudgetState::new(budget.clone()));
            }
            (_, None) => {
                self.budgets.remove(&of);
            }
        }
    }

    fn fold_budget(&mut self, of: &BudgetOf, event: &CostEvent) {
        if let Some(state) = self.budgets.get_mut(of) {
            state.fold(event);
        }
    }
}
