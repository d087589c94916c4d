//! What the core keeps of the ledger: prices, sums, budgets, and what later entries may refer to.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::{Basis, BudgetOf, BudgetState, CostEntry, CostRecorded, Currency, Origin, PriceList};
use crate::{
    id::{CostId, PipelineId},
    limits,
};

/// Sums in millionths, by currency and basis.
pub type Sums = BTreeMap<(Currency, Basis), i128>;

/// What is known of something that was billed.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownBill {
    /// What it is for; that does not change.
    pub origin: Arc<Origin>,
    /// The last entry of it, its amount being that of all together.
    pub entry: CostEntry,
    /// How many entries there are of it.
    pub entries: u32,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Prices.
    pub prices: PriceList,
    /// Of all entries.
    pub sums: Sums,
    /// The same by pipeline; `None` = of none.
    pub by_pipeline: BTreeMap<Option<PipelineId>, Sums>,
    /// How many entries there are.
    pub entries: u64,
    /// What was billed, by the id that source and external id give, for as long as it may be told again.
    pub bills: BTreeMap<CostId, KnownBill>,
    /// Estimates that a bill may still correct, the oldest first. Bounded: of more, the oldest are forgotten.
    pub estimates: VecDeque<(Arc<Origin>, CostEntry)>,
    /// Budgets, those of pipelines too.
    pub budgets: BTreeMap<BudgetOf, BudgetState>,
    /// Budgets that hold runs back, by the end of their period: an index.
    pub(crate) exhausted: BTreeSet<(Timestamp, BudgetOf)>,
    /// Bills by age: an index.
    pub(crate) bills_by_age: BTreeSet<(Timestamp, CostId)>,
    /// Which estimates there are: an index.
    pub(crate) estimate_ids: BTreeSet<CostId>,
}

/// Older than this is not told again.
pub(crate) fn bill_horizon(at: Timestamp) -> Timestamp {
    let days = SignedDuration::from_hours(24 * limits::BILL_DAYS_MAX);
    at.checked_sub(days).unwrap_or(Timestamp::MIN)
}

impl Ledger {
    /// The estimate with this id, unless it was corrected or is forgotten.
    pub fn estimate(&self, id: CostId) -> Option<&(Arc<Origin>, CostEntry)> {
        if !self.estimate_ids.contains(&id) {
            return None;
        }
        self.estimates.iter().find(|(_, entry)| entry.id == id)
    }

    pub(super) fn record(&mut self, recorded: &CostRecorded) {
        let origin = Arc::new(recorded.origin.clone());
        for entry in &recorded.entries {
            self.add(origin.pipeline, entry);
            match (entry.basis, entry.corrects) {
                (Basis::Estimated, None) => self.remember(&origin, entry),
                (Basis::Estimated, Some(corrected)) => self.forget(corrected),
                (Basis::Billed, _) => self.bill(&origin, entry),
            }
        }
        self.prune(recorded.at);
    }

    fn add(&mut self, pipeline: Option<PipelineId>, entry: &CostEntry) {
        let (key, micros) = ((entry.currency, entry.basis), i128::from(entry.micros));
        for sums in [&mut self.sums, self.by_pipeline.entry(pipeline).or_default()] {
            *sums.entry(key).or_insert(0) += micros;
        }
        self.entries += 1;
    }

    fn remember(&mut self, origin: &Arc<Origin>, entry: &CostEntry) {
        if !self.estimate_ids.insert(entry.id) {
            return;
        }
        self.estimates.push_back((Arc::clone(origin), entry.clone()));
        if self.estimates.len() > limits::ESTIMATES_REMEMBERED_MAX
            && let Some((_, oldest)) = self.estimates.pop_front()
        {
            self.estimate_ids.remove(&oldest.id);
        }
    }

    fn forget(&mut self, id: CostId) {
        if self.estimate_ids.remove(&id)
            && let Some(place) = self.estimates.iter().position(|(_, entry)| entry.id == id)
        {
            self.estimates.remove(place);
        }
    }

    fn bill(&mut self, origin: &Arc<Origin>, entry: &CostEntry) {
        let id = CostId::of_bill(&entry.source, &entry.external_id);
        let Some(known) = self.bills.get_mut(&id) else {
            self.bills_by_age.insert((entry.incurred_at, id));
            let known = KnownBill { origin: Arc::clone(origin), entry: entry.clone(), entries: 1 };
            self.bills.insert(id, known);
            return;
        };
        let before = known.entry.clone();
        // What is in another currency replaces what was: an entry of its own took that back.
        let same = before.currency == entry.currency;
        let micros = if same { before.micros.saturating_add(entry.micros) } else { entry.micros };
        known.entry = CostEntry { micros, incurred_at: before.incurred_at, ..entry.clone() };
        known.entries = known.entries.saturating_add(1);
    }

    /// Forgets bills that are too old to be told again.
    fn prune(&mut self, at: Timestamp) {
        let horizon = bill_horizon(at);
        while let Some((incurred_at, id)) = self.bills_by_age.first().copied().filter(|(at, _)| *at < horizon) {
            self.bills_by_age.remove(&(incurred_at, id));
            self.bills.remove(&id);
        }
    }

    /// Builds the indexes again; `None` where the parts do not fit together.
    pub(crate) fn restore(mut self) -> Option<Self> {
        self.bills_by_age = self.bills.iter().map(|(id, known)| (known.entry.incurred_at, *id)).collect();
        self.estimate_ids = self.estimates.iter().map(|(_, entry)| entry.id).collect();
        self.exhausted = self.budgets.iter().filter_map(|(of, state)| Some((state.exhausts()?, of.clone()))).collect();
        let fits = self.estimate_ids.len() == self.estimates.len() && self.violations().is_empty();
        fits.then_some(self)
    }

    /// INV-13, as far as the core alone can show it.
    pub(crate) fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut fresh = Sums::new();
        for (key, micros) in self.by_pipeline.values().flatten() {
            *fresh.entry(*key).or_insert(0) += micros;
        }
        if fresh != self.sums {
            found.push(format!("INV-13: the ledger sums to {:?}, its pipelines to {fresh:?}", self.sums));
        }
        let indexed: BTreeSet<CostId> = self.bills_by_age.iter().map(|(_, id)| *id).collect();
        if indexed.len() != self.bills.len() || !self.bills.keys().all(|id| indexed.contains(id)) {
            found.push("INV-13: bills by age are not the bills".to_owned());
        }
        let remembered: BTreeSet<CostId> = self.estimates.iter().map(|(_, entry)| entry.id).collect();
        if remembered != self.estimate_ids || remembered.len() > limits::ESTIMATES_REMEMBERED_MAX {
            found.push("INV-13: the ids of estimates are not those of the estimates".to_owned());
        }
        let exhausted: BTreeSet<(Timestamp, BudgetOf)> =
            self.budgets.iter().filter_map(|(of, state)| Some((state.exhausts()?, of.clone()))).collect();
        if exhausted != self.exhausted {
            found.push(format!("INV-09: budgets that hold runs back are {:?}, they say {exhausted:?}", self.exhausted));
        }
        for (of, state) in &self.budgets {
            if state.spent != 0 && state.period.is_none() {
                found.push(format!("INV-13: something is spent of the budget of {of} outside of any period"));
            }
        }
        found
    }
}
