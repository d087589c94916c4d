//! INV-13 for whatever stands in a log: each entry stands there once; an estimate is taken back at most once, and whole; once seconds on
//! workers have a price, every attempt that a worker began and that ended has one entry, in the record of its end; a part of a budget is
//! crossed once per period.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{
    AttemptRef, CostId, Event,
    cost::{Basis, BudgetOf, CostEntry, CostEvent, CostRecorded},
};
use jiff::Timestamp;

use super::{Check, Record, Violation};

/// The rule.
#[derive(Debug, Default)]
pub struct Ledger {
    priced: bool,
    /// Amounts of entries, by id.
    entries: BTreeMap<CostId, i64>,
    taken_back: BTreeSet<CostId>,
    /// Attempts that began on a worker, and whose work is its own.
    began: BTreeSet<AttemptRef>,
    remote: BTreeSet<AttemptRef>,
    /// Attempts that ended in this record and have no entry yet.
    owed: BTreeSet<AttemptRef>,
    crossed: BTreeSet<(BudgetOf, Timestamp, u32, i64)>,
}

impl Check for Ledger {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        let mut wrong = |what: String| found.push(Violation { invariant: "INV-13", sequence: record.sequence, what });
        for event in record.events() {
            self.event(event).into_iter().for_each(&mut wrong);
        }
        for attempt in std::mem::take(&mut self.owed) {
            wrong(format!("{attempt:?} ended, and its time on a worker costs nothing"));
        }
    }
}

impl Ledger {
    fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::AttemptLeased { attempt, remote: true, .. } => drop(self.remote.insert(*attempt)),
            Event::AttemptStarted { attempt, .. } if !self.remote.contains(attempt) => {
                self.began.insert(*attempt);
            }
            Event::AttemptSucceeded { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptLost { attempt, .. }
            | Event::AttemptStopped { attempt, .. } => {
                let began = self.began.remove(attempt);
                self.owed.extend((began && self.priced).then_some(*attempt));
            }
            Event::Cost(fact) => match fact.as_ref() {
                CostEvent::PricesSet(set) => self.priced = !set.prices.is_empty(),
                CostEvent::CostRecorded(recorded) => return self.recorded(recorded),
                CostEvent::BudgetCrossed(crossed) => {
                    // One that is raised may be crossed again.
                    let key = (crossed.of.clone(), crossed.from, crossed.percent, crossed.micros);
                    if !self.crossed.insert(key) {
                        return Some(format!(
                            "{} % of the budget of {} are crossed twice",
                            crossed.percent, crossed.of
                        ));
                    }
                }
                CostEvent::BudgetSet(_) | CostEvent::BudgetPeriodBegan(_) => {}
            },
            _ => {}
        }
        None
    }

    fn recorded(&mut self, recorded: &CostRecorded) -> Option<String> {
        if let Some(attempt) = recorded.origin.attempt {
            self.owed.remove(&attempt);
        }
        recorded.entries.iter().find_map(|entry| self.entry(entry))
    }

    fn entry(&mut self, entry: &CostEntry) -> Option<String> {
        if self.entries.insert(entry.id, entry.micros).is_some() {
            return Some(format!("entry {} stands in the log twice", entry.id));
        }
        let corrected = entry.corrects.filter(|_| entry.basis == Basis::Estimated)?;
        let whole = self.entries.get(&corrected).is_some_and(|micros| micros.checked_neg() == Some(entry.micros));
        (!whole || !self.taken_back.insert(corrected))
            .then(|| format!("entry {} takes back {corrected} twice, or not as a whole", entry.id))
    }
}
