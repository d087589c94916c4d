//! Alerts: the end of a run of which somebody asks to be told is told with it and once; what becomes of an alert is said only of one that is
//! owed, and every failure is counted.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{AlertId, Event, PipelineId, RunId, RunStatus, event::AlertSubject};

use super::{Check, Record, Violation};

/// The rule.
#[derive(Debug, Default)]
pub struct Alerts {
    /// Versions of pipelines that tell somebody of ends of runs.
    telling: BTreeSet<(PipelineId, u32)>,
    /// Live runs of them.
    runs: BTreeSet<RunId>,
    /// Runs of which it was told that they end so.
    told: BTreeMap<RunId, RunStatus>,
    /// Every alert so far: how often it failed, and whether it will be tried.
    alerts: BTreeMap<AlertId, (u32, Fate)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Owed,
    Delivered,
    Dead,
}

impl Alerts {
    /// Changes the fate of an alert, which had failed so often and had this one.
    fn turn(&mut self, alert: AlertId, from: (u32, Fate), to: (u32, Fate)) -> Option<String> {
        let before = self.alerts.insert(alert, to);
        (before != Some(from)).then(|| format!("alert {alert} was {before:?} and becomes {to:?}"))
    }

    fn failures(&self, alert: AlertId) -> u32 {
        self.alerts.get(&alert).map_or(0, |(failures, _)| *failures)
    }

    fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::PipelineApplied(applied) => {
                if !applied.plan.alerts.is_empty() {
                    self.telling.insert((applied.pipeline, applied.version));
                }
                None
            }
            Event::RunCreated(created) => {
                if self.telling.contains(&(created.pipeline, created.version)) {
                    self.runs.insert(created.run);
                }
                None
            }
            Event::AlertsRaised(raised) => {
                if let AlertSubject::Run(run) = raised.subject {
                    self.told.insert(run, raised.status);
                }
                let twice = raised.alerts.iter().find(|it| self.alerts.insert(it.id, (0, Fate::Owed)).is_some());
                twice.map(|alert| format!("alert {} is raised twice", alert.id))
            }
            Event::AlertDelivered { alert, .. } => {
                let failures = self.failures(*alert);
                self.turn(*alert, (failures, Fate::Owed), (failures, Fate::Delivered))
            }
            Event::AlertFailed { alert, failures, retry_at, .. } => {
                let fate = if retry_at.is_some() { Fate::Owed } else { Fate::Dead };
                self.turn(*alert, (failures.saturating_sub(1), Fate::Owed), (*failures, fate))
            }
            Event::AlertRetried { alert, failures, .. } => {
                self.turn(*alert, (*failures, Fate::Dead), (*failures, Fate::Owed))
            }
            Event::RunFinished { run, status, .. } if self.runs.remove(run) => {
                let told = self.told.remove(run);
                (told != Some(*status)).then(|| format!("run {run} ends {status}, and what is told is {told:?}"))
            }
            _ => None,
        }
    }
}

impl Check for Alerts {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        for event in record.events() {
            let wrong = self.event(event);
            found.extend(wrong.map(|what| Violation { invariant: "alerts", sequence: record.sequence, what }));
        }
    }
}
