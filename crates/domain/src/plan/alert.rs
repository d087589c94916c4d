//! Whom to tell how runs, tasks and windows of sensors ended, as a plan has it.

use serde_json::{Map, Value};

use crate::status::RunStatus;

/// Tells somebody of ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanAlert {
    /// Its name.
    pub name: String,
    /// The ends that it is about.
    pub statuses: Vec<RunStatus>,
    /// Whom; at least one.
    pub destinations: Vec<PlanDestination>,
    /// Text for people; may hold templates. Empty = none.
    pub message: String,
    /// How many of it may be live at once: a number, or a text that holds a template; empty = no limit.
    pub max_live: String,
}

/// Where an alert goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanDestination {
    /// For example `SLACK`.
    pub integration: String,
    /// Name of the connection, or a template; empty = the default one.
    pub connection: String,
    /// Channel or address; may hold templates. Empty = none.
    pub destination: String,
    /// As written, expressions included: Datadog's `priority`, the `body` of a webhook.
    pub parameters: Map<String, Value>,
}

/// Watches how long runs, or those of a task, take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanAnomaly {
    /// Its type, as the language has it.
    pub kind: String,
    /// Longer than usual, or shorter.
    pub above: bool,
    /// By so much, per cent of the baseline.
    pub percentage: u32,
    /// A shorter baseline is not watched, milliseconds.
    pub min_baseline_ms: u64,
    /// Whom to tell; none = it is only recorded.
    pub destinations: Vec<PlanDestination>,
}

impl super::Plan {
    /// The alerts of a scope: empty = runs, a task's id, `sensor:` and a sensor's id.
    pub fn alerts_of(&self, scope: &str) -> Option<&[PlanAlert]> {
        if scope.is_empty() {
            return Some(&self.alerts);
        }
        match scope.strip_prefix("sensor:") {
            Some(sensor) => self.sensor(sensor).map(|sensor| sensor.alerts.as_slice()),
            None => self.tasks.iter().find(|task| task.id == scope).map(|task| task.alerts.as_slice()),
        }
    }

    /// What is watched of a scope.
    pub fn anomalies_of(&self, scope: &str) -> Option<&[PlanAnomaly]> {
        if scope.is_empty() {
            return Some(&self.anomalies);
        }
        self.tasks.iter().find(|task| task.id == scope).map(|task| task.anomalies.as_slice())
    }
}
