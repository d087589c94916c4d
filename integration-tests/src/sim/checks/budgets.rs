//! INV-13 for budgets: what is spent of one is the sum of the entries that count for it; each part is crossed when it is reached, and told
//! once; while all of one that holds runs back is spent, no run of its pipeline or owner begins, unless somebody lets it go.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{
    Event, PipelineId, RunId,
    cost::{Budget, BudgetOf, CostEvent, CostRecorded, Origin},
};
use jiff::Timestamp;

use super::{Check, Record, Violation, record::Decision};

/// A budget as the log has it.
#[derive(Debug)]
struct Spent {
    budget: Budget,
    period: Option<(Timestamp, Timestamp)>,
    spent: i128,
    crossed: BTreeSet<u32>,
}

/// The rule.
#[derive(Debug, Default)]
pub struct Budgets {
    budgets: BTreeMap<BudgetOf, Spent>,
    owners: BTreeMap<PipelineId, String>,
    pipelines: BTreeMap<RunId, PipelineId>,
}

impl Check for Budgets {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for decision in &record.decisions {
            let mut wrong =
                |what: String| found.push(Violation { invariant: "INV-13", sequence: record.sequence, what });
            let mut touched = BTreeSet::new();
            for (place, event) in decision.events.iter().enumerate() {
                let by_hand = place == 0 && is_asked(decision);
                self.event(event, by_hand, &mut touched).into_iter().for_each(&mut wrong);
            }
            touched.iter().filter_map(|of| self.untold(of)).for_each(&mut wrong);
        }
    }
}

/// Somebody asked for it; what the coordinator does by itself lets nobody go over a budget.
fn is_asked(decision: &Decision) -> bool {
    !decision.actor.is_empty() && !decision.actor.starts_with("coordinator")
}

impl Budgets {
    fn event(&mut self, event: &Event, by_hand: bool, touched: &mut BTreeSet<BudgetOf>) -> Option<String> {
        match event {
            Event::PipelineApplied(applied) => {
                self.owners.insert(applied.pipeline, applied.plan.owner.clone());
                self.replace(BudgetOf::Pipeline(applied.pipeline), applied.plan.budget.as_ref());
            }
            Event::PipelineDeleted { pipeline, .. } => self.replace(BudgetOf::Pipeline(*pipeline), None),
            Event::RunCreated(created) => {
                self.pipelines.insert(created.run, created.pipeline);
                let holds = self.holds(created.pipeline, created.at).filter(|_| !created.gated)?;
                return Some(format!("run {} begins although the budget of {holds} is spent", created.run));
            }
            Event::RunAdmitted { run, at, .. } => {
                let holds = self.holds(*self.pipelines.get(run)?, *at).filter(|_| !by_hand)?;
                return Some(format!("run {run} was let go although the budget of {holds} is spent"));
            }
            Event::Cost(fact) => return self.fact(fact, touched),
            _ => {}
        }
        None
    }

    /// Which budget holds the runs of this pipeline back.
    fn holds(&self, pipeline: PipelineId, now: Timestamp) -> Option<BudgetOf> {
        let owner = self.owners.get(&pipeline).filter(|owner| !owner.is_empty());
        let all = [Some(BudgetOf::Pipeline(pipeline)), owner.map(|owner| BudgetOf::Owner(owner.clone()))];
        all.into_iter().flatten().find(|of| {
            self.budgets.get(of).is_some_and(|known| {
                let in_time = known.period.is_some_and(|(_, to)| now < to);
                known.budget.enforce && in_time && known.spent >= i128::from(known.budget.micros)
            })
        })
    }

    fn fact(&mut self, fact: &CostEvent, touched: &mut BTreeSet<BudgetOf>) -> Option<String> {
        match fact {
            CostEvent::BudgetSet(set) => self.replace(BudgetOf::Owner(set.owner.clone()), set.budget.as_ref()),
            CostEvent::BudgetPeriodBegan(began) => {
                let known = self.budgets.get_mut(&began.of)?;
                (known.period, known.spent) = (Some((began.from, began.to)), 0);
                known.crossed.clear();
            }
            CostEvent::CostRecorded(recorded) => self.spend(recorded, touched),
            CostEvent::BudgetCrossed(crossed) => {
                let of = &crossed.of;
                let Some(known) = self.budgets.get_mut(of) else {
                    return Some(format!("a budget of {of} was crossed, and there is none"));
                };
                if crossed.spent != known.spent {
                    return Some(format!(
                        "{} are said to be spent of the budget of {of}, and {} are",
                        crossed.spent, known.spent
                    ));
                }
                if !known.reaches(crossed.percent) || !known.crossed.insert(crossed.percent) {
                    return Some(format!(
                        "{} % of the budget of {of} are crossed twice, or not at all",
                        crossed.percent
                    ));
                }
            }
            CostEvent::PricesSet(_) => {}
        }
        None
    }

    /// One that counts in the same way goes on; another one begins anew.
    fn replace(&mut self, of: BudgetOf, budget: Option<&Budget>) {
        let Some(budget) = budget.cloned() else { return drop(self.budgets.remove(&of)) };
        let alike = |one: &Budget| {
            (one.currency, one.period) == (budget.currency, budget.period) && one.timezone == budget.timezone
        };
        match self.budgets.get_mut(&of).filter(|known| alike(&known.budget)) {
            Some(known) => {
                known.budget = budget;
                let still: BTreeSet<u32> = known.reached().collect();
                known.crossed.retain(|percent| still.contains(percent));
            }
            None => {
                let fresh = Spent { budget, period: None, spent: 0, crossed: BTreeSet::new() };
                self.budgets.insert(of, fresh);
            }
        }
    }

    fn spend(&mut self, recorded: &CostRecorded, touched: &mut BTreeSet<BudgetOf>) {
        let Origin { pipeline, owner, .. } = &recorded.origin;
        let of = [pipeline.map(BudgetOf::Pipeline), Some(BudgetOf::Owner(owner.clone()))];
        for of in of.into_iter().flatten() {
            let Some(known) = self.budgets.get_mut(&of) else { continue };
            let mut own = recorded.entries.iter().filter(|entry| entry.currency == known.budget.currency).peekable();
            // Money of another currency is no occasion to look at it.
            let Some((from, _)) = known.period.filter(|_| own.peek().is_some()) else { continue };
            let counted = own.filter(|entry| entry.incurred_at >= from);
            known.spent += counted.map(|entry| i128::from(entry.micros)).sum::<i128>();
            touched.insert(of);
        }
    }

    /// A part that is reached, and nobody was told.
    fn untold(&self, of: &BudgetOf) -> Option<String> {
        let known = self.budgets.get(of)?;
        let percent = known.reached().find(|percent| !known.crossed.contains(percent))?;
        Some(format!("{percent} % of the budget of {of} are spent, and nothing says so"))
    }
}

impl Spent {
    fn reaches(&self, percent: u32) -> bool {
        self.spent * 100 >= i128::from(self.budget.micros) * i128::from(percent)
    }

    fn reached(&self) -> impl Iterator<Item = u32> + '_ {
        self.budget.alert_at.iter().copied().filter(|percent| self.reaches(*percent))
    }
}
