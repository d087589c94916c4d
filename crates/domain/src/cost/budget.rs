//! Budgets: what may be spent in a day, a week or a month, and what was.
//!
//! An entry counts for a budget in its currency if it was used since the period began; one that is dated ahead counts now. What is
//! used before, and told late, changes no budget any more. A period's bounds stand in the event that begins it, so that later rules
//! of time zones change no past.

use std::{collections::BTreeSet, fmt};

use jiff::{
    Timestamp, ToSpan,
    civil::Date,
    tz::{TimeZone, TimeZoneDatabase},
};

use super::{CostEvent, CostRecorded, Currency};
use crate::{
    command::{Context, Rejection},
    decide::budget_alerts as alerts,
    event::Event,
    id::PipelineId,
    limits,
    state::Partition,
};

/// How long a budget is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first day to the first day.
    Month,
}

impl Period {
    /// Every period.
    pub const ALL: [Period; 3] = [Period::Day, Period::Week, Period::Month];

    /// `day`, `week`, `month`.
    pub fn word(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        }
    }

    /// The period of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.word() == word)
    }

    /// The period around an instant: from here to before there. `None` = the zone is unknown, or time ends.
    pub fn around(self, at: Timestamp, zone: &str) -> Option<(Timestamp, Timestamp)> {
        let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
        let day = zone.to_datetime(at).date();
        let (first, next) = match self {
            Period::Day => (day, day.tomorrow().ok()?),
            Period::Week => {
                let monday = day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok()?;
                (monday, monday.checked_add(7.days()).ok()?)
            }
            Period::Month => {
                let first = day.first_of_month();
                (first, first.checked_add(1.month()).ok()?)
            }
        };
        Some((midnight(first, &zone)?, midnight(next, &zone)?))
    }
}

/// The first instant of a day; some days have no midnight.
fn midnight(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    day.to_zoned(zone.clone()).ok().map(|begins| begins.timestamp())
}

/// What may be spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Millionths of the currency, more than nothing.
    pub micros: i64,
    /// Amounts in others do not count.
    pub currency: Currency,
    /// In which time.
    pub period: Period,
    /// IANA name: where a day begins.
    pub timezone: String,
    /// Per cent of it; whoever follows the log is told once when so much was spent.
    pub alert_at: Vec<u32>,
    /// No run begins while all of it is spent.
    pub enforce: bool,
}

/// Whose budget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BudgetOf {
    /// Of a pipeline, as its file says.
    Pipeline(PipelineId),
    /// Of an owner, whatever the pipeline.
    Owner(String),
}

impl fmt::Display for BudgetOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BudgetOf::Pipeline(pipeline) => write!(formatter, "pipeline {pipeline}"),
            BudgetOf::Owner(owner) => write!(formatter, "owner {owner}"),
        }
    }
}

/// An owner gets a budget; `None` takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetSet {
    /// Whom.
    pub owner: String,
    /// Which.
    pub budget: Option<Budget>,
    /// When.
    pub at: Timestamp,
}

/// A period begins with nothing spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetPeriodBegan {
    /// Whose.
    pub of: BudgetOf,
    /// From here...
    pub from: Timestamp,
    /// ... to before here.
    pub to: Timestamp,
    /// When that was found.
    pub at: Timestamp,
}

/// A part of a budget was spent: said once per period and part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetCrossed {
    /// Whose.
    pub of: BudgetOf,
    /// Which part, per cent.
    pub percent: u32,
    /// Millionths spent in the period.
    pub spent: i128,
    /// The budget, millionths.
    pub micros: i64,
    /// Of which money.
    pub currency: Currency,
    /// When the period began...
    pub from: Timestamp,
    /// ... and when it ends.
    pub to: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// A budget and what was spent of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetState {
    /// The budget.
    pub budget: Budget,
    /// The period that is counted; `None` = nothing was spent yet.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Millionths spent in it.
    pub spent: i128,
    /// Parts that were crossed in it, per cent.
    pub crossed: BTreeSet<u32>,
}

impl BudgetState {
    /// One of which nothing is spent.
    pub fn new(budget: Budget) -> Self {
        Self { budget, period: None, spent: 0, crossed: BTreeSet::new() }
    }

    /// The same budget with another amount goes on counting; another currency or period begins anew.
    pub fn becomes(&mut self, budget: Budget) {
        let counts = |budget: &Budget| (budget.currency, budget.period, budget.timezone.clone());
        if counts(&self.budget) != counts(&budget) {
            *self = Self::new(budget);
            return;
        }
        let spent = self.spent;
        self.crossed.retain(|percent| budget.alert_at.contains(percent) && has_spent(spent, budget.micros, *percent));
        self.budget = budget;
    }

    /// Until when no run may begin, if everything is spent and that is to be held.
    pub fn exhausted_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.exhausts().filter(|until| now < *until)
    }

    /// The end of the period in which everything is spent, if that is to be held.
    pub(super) fn exhausts(&self) -> Option<Timestamp> {
        let (_, until) = self.period.filter(|_| self.budget.enforce)?;
        (self.spent >= i128::from(self.budget.micros)).then_some(until)
    }

    /// What these entries make of it: the events, in their order.
    pub(super) fn spend(&self, of: &BudgetOf, recorded: &CostRecorded) -> Vec<CostEvent> {
        let own = || recorded.entries.iter().filter(|entry| entry.currency == self.budget.currency);
        if own().next().is_none() {
            return Vec::new();
        }
        let at = recorded.at;
        let (mut events, mut crossed) = (Vec::new(), &self.crossed);
        let (none, mut spent, mut period) = (BTreeSet::new(), self.spent, self.period);
        if period.is_none_or(|(_, to)| to <= at) {
            let Some((from, to)) = self.budget.period.around(at, &self.budget.timezone) else { return Vec::new() };
            events.push(CostEvent::BudgetPeriodBegan(BudgetPeriodBegan { of: of.clone(), from, to, at }));
            (period, spent, crossed) = (Some((from, to)), 0, &none);
        }
        let Some((from, to)) = period else { return events };
        spent += own().filter(|entry| entry.incurred_at >= from).map(|entry| i128::from(entry.micros)).sum::<i128>();
        for percent in &self.budget.alert_at {
            if !crossed.contains(percent) && has_spent(spent, self.budget.micros, *percent) {
                let (micros, currency) = (self.budget.micros, self.budget.currency);
                let of = of.clone();
                events.push(CostEvent::BudgetCrossed(BudgetCrossed {
                    of,
                    percent: *percent,
                    spent,
                    micros,
                    currency,
                    from,
                    to,
                    at,
                }));
            }
        }
        events
    }
}

fn has_spent(spent: i128, budget: i64, percent: u32) -> bool {
    spent.saturating_mul(100) >= i128::from(budget).saturating_mul(i128::from(percent))
}

/// The budgets that an origin spends of.
pub fn concerned(origin: &super::Origin) -> impl Iterator<Item = BudgetOf> {
    let pipeline = origin.pipeline.map(BudgetOf::Pipeline);
    let owner = (!origin.owner.is_empty()).then(|| BudgetOf::Owner(origin.owner.clone()));
    pipeline.into_iter().chain(owner)
}

/// Periods that begin before these entries count, the entries, and what is crossed by them, with who is told of it. `recorded` of one command follow each
/// other: budgets are looked at as the ones before leave them.
pub(super) fn with_budgets(partition: &Partition, all: Vec<CostRecorded>) -> Vec<Event> {
    let mut budgets: std::collections::BTreeMap<BudgetOf, BudgetState> = std::collections::BTreeMap::new();
    let (mut events, mut told) = (Vec::new(), 0);
    let of_ledger = |event: CostEvent| Event::Cost(Box::new(event));
    for recorded in all {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for of in concerned(&recorded.origin) {
            let Some(state) = budgets.get(&of).or_else(|| partition.ledger.budgets.get(&of)) else { continue };
            let mut state = state.clone();
            for event in state.clone().spend(&of, &recorded) {
                state.fold(&event);
                match event {
                    CostEvent::BudgetPeriodBegan(_) => before.push(of_ledger(event)),
                    CostEvent::BudgetCrossed(crossed) => {
                        let raised = alerts::of_budget(partition, &crossed, &recorded.origin, told);
                        after.push(of_ledger(CostEvent::BudgetCrossed(crossed)));
                        if let Some(raised) = raised {
                            told += raised.alerts.len();
                            after.push(alerts::event(raised));
                        }
                    }
                    _ => after.push(of_ledger(event)),
                }
            }
            state.count(&recorded);
            budgets.insert(of, state);
        }
        events.extend(before);
        events.push(of_ledger(CostEvent::CostRecorded(recorded)));
        events.extend(after);
    }
    events
}

impl BudgetState {
    /// A fact about this budget.
    pub fn fold(&mut self, event: &CostEvent) {
        match event {
            CostEvent::BudgetPeriodBegan(began) => {
                self.period = Some((began.from, began.to));
                self.spent = 0;
                self.crossed.clear();
            }
            CostEvent::BudgetCrossed(crossed) => {
                self.crossed.insert(crossed.percent);
            }
            _ => {}
        }
    }

    /// Counts entries that are spent of it.
    pub fn count(&mut self, recorded: &CostRecorded) {
        let Some((from, _)) = self.period else { return };
        let own = recorded.entries.iter().filter(|entry| entry.currency == self.budget.currency);
        self.spent += own.filter(|entry| entry.incurred_at >= from).map(|entry| i128::from(entry.micros)).sum::<i128>();
    }
}

/// An owner gets a budget; the same one again changes nothing.
pub(crate) fn set(
    partition: &Partition,
    owner: &str,
    budget: Option<&Budget>,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    if owner.is_empty() || owner.len() > limits::COST_TEXT_BYTES_MAX {
        let most = limits::COST_TEXT_BYTES_MAX;
        return Err(Rejection::InvalidCost(format!("an owner takes 1 to {most} bytes")));
    }
    if let Some(budget) = budget {
        check(budget).map_err(|why| Rejection::InvalidCost(format!("budget of {owner}: {why}")))?;
    }
    let known = partition.ledger.budgets.get(&BudgetOf::Owner(owner.to_owned()));
    if known.map(|state| &state.budget) == budget {
        return Ok(Vec::new());
    }
    let owners = partition.ledger.budgets.keys().filter(|of| matches!(of, BudgetOf::Owner(_))).count();
    if known.is_none() && owners >= limits::BUDGETS_MAX {
        return Err(Rejection::InvalidCost(format!("{owners} owners have a budget; take one away first")));
    }
    let set = BudgetSet { owner: owner.to_owned(), budget: budget.cloned(), at: context.now };
    Ok(vec![Event::Cost(Box::new(CostEvent::BudgetSet(set)))])
}

fn check(budget: &Budget) -> Result<(), String> {
    if !(1..=super::MICROS_MAX).contains(&budget.micros) {
        return Err("its amount must be more than nothing, and at most 1,000,000,000,000".to_owned());
    }
    if budget.timezone.len() > limits::COST_TEXT_BYTES_MAX || TimeZoneDatabase::bundled().get(&budget.timezone).is_err()
    {
        return Err(format!("`{}` is no time zone such as Europe/Berlin", budget.timezone));
    }
    let most = limits::BUDGET_ALERTS_MAX;
    if budget.alert_at.len() > most || budget.alert_at.iter().any(|percent| !(1..=1_000).contains(percent)) {
        return Err(format!("alert_at takes at most {most} numbers of per cent, 1 to 1000"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_at_midnight_where_the_budget_is() {
        let cases = [
            (Period::Day, "2026-03-15T12:00:00Z", "UTC", "2026-03-15T00:00:00Z", "2026-03-16T00:00:00Z"),
            // A day of 23 hours.
            (Period::Day, "2026-03-29T12:00:00Z", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            (Period::Day, "2026-03-15T03:00:00Z", "America/New_York", "2026-03-14T04:00:00Z", "2026-03-15T04:00:00Z"),
            // A day that begins at one o'clock: there was no midnight.
            (Period::Day, "2024-03-31T12:00:00Z", "Asia/Beirut", "2024-03-30T22:00:00Z", "2024-03-31T21:00:00Z"),
            (Period::Week, "2026-03-15T12:00:00Z", "UTC", "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z"),
            (Period::Week, "2026-03-16T00:00:00Z", "UTC", "2026-03-16T00:00:00Z", "2026-03-23T00:00:00Z"),
            (Period::Month, "2026-02-28T23:30:00Z", "Europe/Berlin", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"),
            (Period::Month, "2026-12-31T12:00:00Z", "UTC", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ];
        for (period, at, zone, from, to) in cases {
            let found = period.around(at.parse().unwrap(), zone);
            assert_eq!(found, Some((from.parse().unwrap(), to.parse().unwrap())), "{period:?} around {at} in {zone}");
        }
        assert_eq!(Period::Day.around(Timestamp::UNIX_EPOCH, "Mars/Olympus"), None);
        for period in Period::ALL {
            assert_eq!(Period::from_word(period.word()), Some(period));
            assert_eq!(period.around(Timestamp::MAX, "UTC"), None);
        }
    }
}
