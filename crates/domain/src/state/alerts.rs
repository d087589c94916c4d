//! Alerts that are owed, those that nobody could deliver, and what is counted to raise the next ones.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::operations::OperationBaselines;
use crate::{
    event::{Alert, AlertSubject, AlertsRaised},
    id::{AlertId, PipelineId},
    limits,
    plan::{Plan, PlanAnomaly},
    status::RunStatus,
};

/// An alert that was raised and not delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct Owed {
    /// Of which pipeline.
    pub pipeline: PipelineId,
    /// What it is about.
    pub subject: AlertSubject,
    /// What is told to whom.
    pub alert: Alert,
    /// How often delivering it failed.
    pub failures: u32,
    /// When it is tried next; of one that nobody could deliver, when that was given up.
    pub due: Timestamp,
}

/// All alerts of a partition that were not delivered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alerts {
    /// Those that will be tried.
    pub owed: BTreeMap<AlertId, Owed>,
    /// Those that were given up, oldest first: dead letters. Bounded: of more, the oldest are forgotten.
    pub dead: VecDeque<Owed>,
}

impl Alerts {
    /// The earliest instant at which one is tried.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.owed.values().map(|owed| owed.due).min()
    }

    /// The dead letter with this id.
    pub fn dead(&self, alert: AlertId) -> Option<&Owed> {
        self.dead.iter().find(|dead| dead.alert.id == alert)
    }

    pub(crate) fn raise(&mut self, raised: &AlertsRaised) {
        for alert in &raised.alerts {
            self.owed.entry(alert.id).or_insert_with(|| Owed {
                pipeline: raised.pipeline,
                subject: raised.subject.clone(),
                alert: alert.clone(),
                failures: 0,
                due: raised.at,
            });
        }
    }

    pub(crate) fn delivered(&mut self, alert: AlertId) {
        self.owed.remove(&alert);
    }

    /// `retry_at` = `None`: it is given up.
    pub(crate) fn failed(&mut self, alert: AlertId, failures: u32, retry_at: Option<Timestamp>, at: Timestamp) {
        let Some(owed) = self.owed.get_mut(&alert) else { return };
        owed.failures = failures;
        owed.due = retry_at.unwrap_or(at);
        if retry_at.is_none()
            && let Some(dead) = self.owed.remove(&alert)
        {
            if self.dead.len() >= limits::DEAD_ALERTS_MAX {
                self.dead.pop_front();
            }
            self.dead.push_back(dead);
        }
    }

    /// Somebody wants a dead letter tried once more.
    pub(crate) fn retried(&mut self, alert: AlertId, at: Timestamp) {
        let Some(place) = self.dead.iter().position(|dead| dead.alert.id == alert) else { return };
        if let Some(dead) = self.dead.remove(place) {
            self.owed.insert(alert, Owed { due: at, ..dead });
        }
    }
}

/// What a pipeline counts to raise alerts. Each scope is counted alone: runs, each task, each sensor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertCounts {
    /// Alerts raised since the scope last ended SUCCEEDED, by scope and name.
    pub live: BTreeMap<(String, String), u32>,
    /// How long the last good ends of a scope took, milliseconds, oldest first; of those that are watched.
    pub took_ms: BTreeMap<String, VecDeque<u64>>,
    /// What is usual for operations, by scope; of those whose operations are watched.
    pub operations: BTreeMap<String, OperationBaselines>,
}

impl AlertCounts {
    /// How many of this name are live.
    pub(crate) fn live(&self, scope: &str, name: &str) -> u32 {
        self.live.get(&(scope.to_owned(), name.to_owned())).copied().unwrap_or(0)
    }

    pub(crate) fn count(&mut self, raised: &AlertsRaised) {
        if raised.status == RunStatus::Succeeded {
            self.live.retain(|(scope, _), _| *scope != raised.scope);
        } else {
            let mut names: Vec<&str> = raised.alerts.iter().map(|alert| alert.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let live = self.live.entry((raised.scope.clone(), name.to_owned())).or_insert(0);
                *live = live.saturating_add(1);
            }
        }
        let good = matches!(raised.status, RunStatus::Succeeded | RunStatus::Warning);
        if let Some(took) = raised.took_ms.filter(|_| good) {
            let known = self.took_ms.entry(raised.scope.clone()).or_default();
            if known.len() >= limits::BASELINE_ENDS_MAX {
                known.pop_front();
            }
            known.push_back(took);
        }
    }

    /// The pipeline has this plan from now on: what it does not ask for is not counted any more.
    pub(crate) fn carry(&mut self, plan: &Plan) {
        self.live
            .retain(|(scope, name), _| plan.alerts_of(scope).is_some_and(|of| of.iter().any(|it| it.name == *name)));
        let durations = |of: &[PlanAnomaly]| of.iter().any(|watched| watched.operations.is_none());
        self.took_ms.retain(|scope, _| plan.anomalies_of(scope).is_some_and(durations));
        self.operations.retain(|scope, _| plan.watches_operations_of(scope));
    }
}
