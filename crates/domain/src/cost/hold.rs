//! Budgets that hold runs back: while all of one is spent, and it is to be held, no run of its pipeline or owner begins.

use jiff::Timestamp;

use super::{BudgetOf, BudgetPeriodBegan, CostEvent, amount_text};
use crate::{
    command::Context,
    event::Event,
    id::PipelineId,
    limits,
    state::{Partition, PipelineState},
};

/// Why no run of the pipeline may begin, for people; `None` = no budget holds it.
pub fn held(partition: &Partition, id: PipelineId, pipeline: &PipelineState, now: Timestamp) -> Option<String> {
    if partition.ledger.exhausted.is_empty() {
        return None;
    }
    let owner = &pipeline.plan.plan.owner;
    let owner = (!owner.is_empty()).then(|| BudgetOf::Owner(owner.clone()));
    [BudgetOf::Pipeline(id)].into_iter().chain(owner).find_map(|of| {
        let state = partition.ledger.budgets.get(&of)?;
        let until = state.exhausted_until(now)?;
        let whose = match &of {
            BudgetOf::Pipeline(_) => "its pipeline".to_owned(),
            BudgetOf::Owner(owner) => format!("owner `{owner}`"),
        };
        let (spent, budget) = (amount_text(state.spent), amount_text(state.budget.micros.into()));
        let (currency, period) = (state.budget.currency, state.budget.period.word());
        Some(format!(
            "the budget of {whose} is spent: {spent} of {budget} {currency} this {period}, which ends {until}"
        ))
    })
}

/// When the next period ends of a budget that holds runs back: ask for [`super::CostCommand::WakeBudgets`] then.
pub fn next_deadline(partition: &Partition) -> Option<Timestamp> {
    partition.ledger.exhausted.first().map(|(until, _)| *until)
}

/// Periods that are over of budgets that held runs back: new ones begin, and who waits may go.
pub(crate) fn periods_over(partition: &Partition, context: &Context) -> Vec<Event> {
    let over = partition.ledger.exhausted.iter().take_while(|(until, _)| *until <= context.now);
    let began = over.take(limits::BUDGETS_WOKEN_MAX).filter_map(|(_, of)| {
        let budget = &partition.ledger.budgets.get(of)?.budget;
        let (from, to) = budget.period.around(context.now, &budget.timezone)?;
        Some(CostEvent::BudgetPeriodBegan(BudgetPeriodBegan { of: of.clone(), from, to, at: context.now }))
    });
    began.map(|event| Event::Cost(Box::new(event))).collect()
}
