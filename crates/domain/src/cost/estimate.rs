//! What the operations of an attempt, and its time on a worker of ours, cost by the prices that count.
//!
//! Entries are made of quantities as they are reported. Where one report holds more of them than a decision may, the rest is summed by
//! price first and rounded then, so that the decision stays small and nothing is left out.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Basis, CostEntry, CostRecorded, Origin, Price, Unpriced, WORKER_SECONDS, budget::with_budgets, price::Used,
};
use crate::{
    command::Context,
    event::{AttemptRef, Event},
    id::CostId,
    limits,
    metadata::{Collected, Quantity},
    plan::PlanTask,
    state::{Partition, RunState, TaskState},
};

/// These events of a report, and what they cost.
pub(crate) fn with_costs(
    partition: &Partition,
    run: &RunState,
    mut events: Vec<Event>,
    context: &Context,
) -> Vec<Event> {
    if partition.ledger.prices.prices.is_empty() {
        return events;
    }
    let recorded: Vec<CostRecorded> =
        events.iter().filter_map(|event| of_event(partition, run, event, context)).collect();
    events.extend(with_budgets(partition, recorded));
    events
}

fn of_event(partition: &Partition, run: &RunState, event: &Event, context: &Context) -> Option<CostRecorded> {
    let attempt = event.attempt()?;
    let (task, plan) = run.tasks.get(attempt.task as usize).zip(run.planned(attempt.task))?;
    let mut estimate = Estimate::new(partition, run, attempt, plan, context);
    match event {
        Event::OperationsCollected { chunk, collected, .. } => estimate.operations(*chunk, collected),
        Event::AttemptSucceeded { .. }
        | Event::AttemptFailed { .. }
        | Event::AttemptLost { .. }
        | Event::AttemptStopped { .. } => estimate.time_on_worker(task, plan),
        _ => return None,
    }
    estimate.finish()
}

struct Estimate<'a> {
    partition: &'a Partition,
    attempt: AttemptRef,
    connection: &'a str,
    origin: Origin,
    entries: Vec<CostEntry>,
    bytes: usize,
    /// By place of the price: what did not get an entry of its own.
    rest: BTreeMap<usize, u128>,
    unpriced: BTreeMap<String, (u128, u32)>,
    now: Timestamp,
}

impl<'a> Estimate<'a> {
    fn new(
        partition: &'a Partition,
        run: &RunState,
        attempt: AttemptRef,
        plan: &'a PlanTask,
        context: &Context,
    ) -> Self {
        let owner = if plan.owner.is_empty() { &run.plan.plan.owner } else { &plan.owner };
        let origin = Origin {
            pipeline: Some(run.pipeline),
            attempt: Some(attempt),
            task: plan.id.clone(),
            owner: owner.clone(),
            integration: plan.integration.clone(),
        };
        Self {
            partition,
            attempt,
            connection: &plan.connection,
            origin,
            entries: Vec::new(),
            bytes: 0,
            rest: BTreeMap::new(),
            unpriced: BTreeMap::new(),
            now: context.now,
        }
    }

    fn price(&self, unit: &str, attributes: &BTreeMap<String, String>) -> Option<(usize, &'a Price)> {
        let used = Used { unit, attributes, integration: &self.origin.integration, connection: self.connection };
        let place = self.partition.ledger.prices.find(used)?;
        self.partition.ledger.prices.prices.get(place).map(|price| (place, price))
    }

    fn operations(&mut self, chunk: u32, collected: &Collected) {
        let mut ordinal = 0;
        for operation in &collected.operations {
            for basis in &operation.cost_basis {
                let number = ordinal;
                ordinal += 1;
                let priced = self.price(&basis.unit, &basis.attributes);
                let priced = priced.and_then(|(place, price)| Some((place, price, price.amount(basis.quantity)?)));
                let Some((place, price, micros)) = priced else {
                    self.without_price(&basis.unit, basis.quantity);
                    continue;
                };
                let size = operation.external_id.len() + operation.asset.len() + basis.unit.len();
                if self.entries.len() >= limits::COST_ENTRIES_MAX || self.bytes + size > limits::COST_TEXTS_BYTES_MAX {
                    let sum = self.rest.entry(place).or_insert(0);
                    *sum = sum.saturating_add(basis.quantity.in_micros());
                    continue;
                }
                self.bytes += size;
                let id = CostId::of_operation(self.attempt, chunk, number);
                let incurred_at = operation.completed_at.or(operation.started_at).unwrap_or(self.now);
                let entry = CostEntry {
                    operation: operation.external_id.clone(),
                    asset: operation.asset.clone(),
                    ..entry(id, price, micros, basis.quantity, incurred_at)
                };
                self.entries.push(entry);
            }
        }
        self.rest_of(chunk);
    }

    /// One entry per price for what did not get one of its own.
    fn rest_of(&mut self, chunk: u32) {
        for (place, micros) in std::mem::take(&mut self.rest) {
            let Some(price) = self.partition.ledger.prices.prices.get(place) else { continue };
            let quantity = Quantity::of_micros(micros);
            match price.amount(quantity) {
                Some(amount) => {
                    let id = CostId::of_rest(self.attempt, chunk, place as u32);
                    self.entries.push(entry(id, price, amount, quantity, self.now));
                }
                None => self.without_price(&price.unit, quantity),
            }
        }
    }

    /// Work of our own workers; that of other systems is what they say.
    fn time_on_worker(&mut self, task: &TaskState, plan: &PlanTask) {
        let Some(since) = task.running_since.filter(|_| task.unsettled.is_none()) else { return };
        if !self.partition.ledger.prices.knows(WORKER_SECONDS) {
            return;
        }
        let took = u128::try_from(self.now.duration_since(since).as_micros()).unwrap_or(0);
        let quantity = Quantity::of_micros(took);
        let mut attributes = plan.worker_labels.clone();
        attributes.insert("job".to_owned(), plan.integration_job.clone());
        let priced =
            self.price(WORKER_SECONDS, &attributes).and_then(|(_, price)| Some((price, price.amount(quantity)?)));
        match priced {
            Some((price, micros)) => {
                let id = CostId::of_worker(self.attempt);
                self.entries.push(entry(id, price, micros, quantity, self.now));
            }
            None => self.without_price(WORKER_SECONDS, quantity),
        }
    }

    fn without_price(&mut self, unit: &str, quantity: Quantity) {
        let named = if unit.len() > limits::COST_UNIT_BYTES_MAX { "" } else { unit };
        // Of too many units, the rest counts as one without a name.
        let named = if self.unpriced.len() < limits::UNPRICED_UNITS_MAX { named } else { "" };
        let (sum, count) = self.unpriced.entry(named.to_owned()).or_default();
        *sum = sum.saturating_add(quantity.in_micros());
        *count = count.saturating_add(1);
    }

    fn finish(self) -> Option<CostRecorded> {
        if self.entries.is_empty() && self.unpriced.is_empty() {
            return None;
        }
        let unpriced = self.unpriced.into_iter().map(|(unit, (micros, count))| Unpriced {
            unit,
            quantity: Quantity::of_micros(micros),
            count,
        });
        Some(CostRecorded {
            origin: self.origin,
            prices: self.partition.ledger.prices.version,
            entries: self.entries,
            unpriced: unpriced.collect(),
            at: self.now,
        })
    }
}

fn entry(id: CostId, price: &Price, micros: i64, quantity: Quantity, incurred_at: Timestamp) -> CostEntry {
    CostEntry {
        id,
        basis: Basis::Estimated,
        micros,
        currency: price.currency,
        quantity,
        unit: price.unit.clone(),
        operation: String::new(),
        asset: String::new(),
        source: String::new(),
        external_id: String::new(),
        corrects: None,
        incurred_at,
    }
}
