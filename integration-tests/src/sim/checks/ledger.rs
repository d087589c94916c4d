//! INV-13 for whatever stands in a log: each entry stands there once; an estimate is taken back at most once, and whole; once seconds on
//! workers have a price, every attempt that a worker began and that ended has one entry, in the record of its end. And for the rows of a
//! projector: what they add up to is what the entries of the log add up to.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{
    AttemptRef, CostId, Event,
    cost::{Basis, CostEntry, CostEvent, CostRecorded},
};
use downbeat_metadata_projector::engine::{
    costs::{
        months::Dimension,
        rows::{DayRow, TotalsRow, number},
    },
    keys::cost as keys,
    rows as messages,
};

use super::{Check, Record, Violation, projection::Rows};

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
                CostEvent::BudgetSet(_) | CostEvent::BudgetPeriodBegan(_) | CostEvent::BudgetCrossed(_) => {}
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

/// Sums by currency: estimated, billed, how many entries.
type Sums = BTreeMap<String, (i128, i128, u64)>;

/// Compares what a projector's rows add up to with the entries of the records that they are folded from.
pub fn check_rows<'a>(records: impl Iterator<Item = &'a Record>, rows: &Rows) -> Vec<Violation> {
    let mut expected = Sums::new();
    let mut sequence = 0;
    for record in records {
        sequence = record.sequence;
        for event in record.events() {
            let Event::Cost(fact) = event else { continue };
            let CostEvent::CostRecorded(recorded) = fact.as_ref() else { continue };
            for entry in &recorded.entries {
                let billed = entry.basis == Basis::Billed;
                add(&mut expected, entry.currency.as_str(), i128::from(entry.micros), billed, 1);
            }
        }
    }
    let kept: TotalsRow =
        rows.get(keys::TOTALS).and_then(|bytes| messages::read(keys::TOTALS, bytes).ok()).unwrap_or_default();
    let mut totals = Sums::new();
    for (currency, sum) in &kept.by_currency {
        totals.insert(currency.clone(), (number(&sum.estimated), number(&sum.billed), sum.entries));
    }
    let differs = |name: &str, found: &Sums| {
        let what = format!("the {name} of the ledger say {found:?}, its entries {expected:?}");
        (found != &expected).then_some(Violation { invariant: "INV-13", sequence, what })
    };
    let mut found: Vec<Violation> =
        [differs("totals", &totals), differs("days", &added_up(rows, keys::DAYS))].into_iter().flatten().collect();
    for dimension in Dimension::ALL {
        let months = added_up(rows, &keys::months(dimension.letter()));
        found.extend(differs(&format!("months by {dimension:?}"), &months));
    }
    found
}

/// What the sums with these keys add up to.
fn added_up(rows: &Rows, prefix: &[u8]) -> Sums {
    let mut sums = Sums::new();
    for (key, bytes) in rows.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix)) {
        let row: DayRow = messages::read(key, bytes).unwrap_or_default();
        let (what, sum) = (row.what.unwrap_or_default(), row.sum.unwrap_or_default());
        add(&mut sums, &what.currency, number(&sum.estimated), false, sum.entries);
        add(&mut sums, &what.currency, number(&sum.billed), true, 0);
    }
    sums
}

fn add(sums: &mut Sums, currency: &str, micros: i128, billed: bool, entries: u64) {
    let sum = sums.entry(currency.to_owned()).or_default();
    if billed {
        sum.1 += micros
    } else {
        sum.0 += micros
    }
    sum.2 += entries;
}
