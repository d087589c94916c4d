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
    /// It is about these operations of a task, and not about the task.
    pub operations: Option<PlanOperations>,
}

/// Which operations are watched, each for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanOperations {
    /// Names, in which `*` stands for any characters; none = all.
    pub names: Vec<String>,
    /// Types; none = all but tests.
    pub kinds: Vec<String>,
    /// So many are told of at most, those first that differ most.
    pub most: u32,
}

impl PlanOperations {
    /// Is this one of them?
    pub fn watches(&self, kind: &str, name: &str) -> bool {
        let of_kind = match self.kinds.as_slice() {
            [] => !matches!(kind, "TEST" | "TEST_GROUP"),
            kinds => kinds.iter().any(|known| known == kind),
        };
        of_kind && (self.names.is_empty() || self.names.iter().any(|pattern| super::asset::matches(pattern, name)))
    }
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

    /// Whether somebody watches the operations of a scope.
    pub fn watches_operations_of(&self, scope: &str) -> bool {
        self.anomalies_of(scope).is_some_and(|of| of.iter().any(|watched| watched.operations.is_some()))
    }
}
