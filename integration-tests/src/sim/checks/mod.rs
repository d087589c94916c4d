//! The invariants of DESIGN section 6, each in a file of its own, over the records of any log: the simulator feeds them record by
//! record, a test with real processes hands in a whole log ([`check`]).
//!
//! They fold what they need themselves and share no code with the core that they judge. They know nothing about how a log came
//! to be.

pub mod acknowledged;
pub mod alerts;
pub mod assets;
pub mod audit;
pub mod backfills;
pub mod budgets;
pub mod chain;
pub mod dependencies;
pub mod events;
pub mod fencing;
pub mod finished;
pub mod followers;
pub mod jobs;
pub mod ledger;
pub mod outcomes;
pub mod projection;
mod record;
pub mod schedules;
pub mod sensors;
pub mod slots;

pub use record::Record;

use std::fmt;

/// Something that must never be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its number, or the name of the rule.
    pub invariant: &'static str,
    /// The record that shows it; 0 = none.
    pub sequence: u64,
    /// What.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at record {}: {}", self.invariant, self.sequence, self.what)
    }
}

/// A rule over a log, fed record by record.
pub trait Check {
    /// Takes the next record in and adds what is wrong with it.
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>);
}

/// Every rule that needs the log alone.
#[derive(Debug, Default)]
pub struct AllChecks {
    outcomes: outcomes::Outcomes,
    finished: finished::Finished,
    followers: followers::Followers,
    assets: assets::Assets,
    events: events::Events,
    dependencies: dependencies::Dependencies,
    schedules: schedules::Schedules,
    sensors: sensors::Sensors,
    alerts: alerts::Alerts,
    slots: slots::Slots,
    ledger: ledger::Ledger,
    budgets: budgets::Budgets,
    backfills: backfills::Backfills,
    chain: chain::Chain,
    fencing: fencing::Fencing,
}

impl AllChecks {
    /// Backfills that have not ended.
    pub fn open_backfills(&self) -> usize {
        self.backfills.open()
    }

    /// Triggers that took this event.
    pub fn takers_of(&self, source: &str, id: &str) -> std::collections::BTreeSet<events::TriggerOf> {
        self.events.takers_of(source, id)
    }

    /// What is due at the end, when everything else has come to rest.
    pub fn left(&self) -> Option<String> {
        let (followers, gathering) = (self.followers.left(), self.assets.left());
        if followers > 0 {
            return Some(format!(
                "{followers} pipelines were to be started by ends of runs, and nobody decided on them"
            ));
        }
        (gathering > 0).then(|| format!("{gathering} triggers have gathered assets, and nobody decided on them"))
    }
}

impl Check for AllChecks {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        self.chain.record(record, found);
        self.fencing.record(record, found);
        self.outcomes.record(record, found);
        self.finished.record(record, found);
        self.followers.record(record, found);
        self.backfills.record(record, found);
        self.assets.record(record, found);
        self.events.record(record, found);
        self.dependencies.record(record, found);
        self.schedules.record(record, found);
        self.sensors.record(record, found);
        self.alerts.record(record, found);
        self.slots.record(record, found);
        self.ledger.record(record, found);
        self.budgets.record(record, found);
    }
}

/// Everything that is wrong with a log.
pub fn check(log: impl Iterator<Item = Record>) -> Vec<Violation> {
    let (mut checks, mut found) = (AllChecks::default(), Vec::new());
    for record in log {
        checks.record(&record, &mut found);
    }
    found.extend(checks.left().map(|what| Violation { invariant: "INV-09", sequence: 0, what }));
    found
}
