//! The document's root and the parts that pipelines, tasks and sensors share.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{Entry, Input, PipelineAdditions, Schedule, Sensor, TriggerEvent, Webhook};
use crate::expression::{Expression, Template};

/// A whole pipeline. Maps keep the order in which the user wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// The version of the language: `v1`.
    pub version: String,
    /// The pipeline's name, at most 100 characters.
    pub name: String,
    /// Defaults for every task; `concurrency` is the pipeline's own.
    pub configuration: Configuration,
    /// Declared inputs by name.
    pub inputs: IndexMap<String, Input>,
    /// Cron triggers.
    pub schedules: Vec<Schedule>,
    /// Sensor triggers by id.
    pub sensors: IndexMap<String, Sensor>,
    /// Triggers on the end of other pipelines.
    pub trigger_events: Vec<TriggerEvent>,
    /// The webhook trigger.
    pub webhook: Webhook,
    /// Alerts on the run.
    pub alerts: Vec<Alert>,
    /// Duration monitors, as written (their fields are checked).
    pub anomalies: Vec<Value>,
    /// The user's free object.
    pub meta: Map<String, Value>,
    /// What `meta.downbeat` says.
    pub additions: PipelineAdditions,
    /// Task groups and standalone tasks by id.
    pub entries: IndexMap<String, Entry>,
}

impl Pipeline {
    /// All sensors with their ids, those of `meta.downbeat` last.
    pub fn all_sensors(&self) -> impl Iterator<Item = (&String, &Sensor)> {
        self.sensors.iter().chain(&self.additions.sensors)
    }
}

/// How attempts are made. Absent fields take the pipeline's, then the system's default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Configuration {
    /// Further attempts after the first.
    pub retries: Option<u32>,
    /// Minutes between two attempts, at most 120.
    pub retry_delay_minutes: Option<u32>,
    /// Seconds an attempt may take, at most 259200 (three days); 0 means the system's default.
    pub timeout_seconds: Option<u32>,
    /// How many runs may be live at once.
    pub concurrency: Option<Concurrency>,
}

impl Configuration {
    /// This configuration with absent fields taken from `defaults`, field by field.
    pub fn or(&self, defaults: &Configuration) -> Configuration {
        Configuration {
            retries: self.retries.or(defaults.retries),
            retry_delay_minutes: self.retry_delay_minutes.or(defaults.retry_delay_minutes),
            timeout_seconds: self.timeout_seconds.or(defaults.timeout_seconds),
            concurrency: self.concurrency.clone().or_else(|| defaults.concurrency.clone()),
        }
    }
}

/// A value that is given, or computed when it is needed.
#[derive(Debug, Clone, PartialEq)]
pub enum Templated<T> {
    /// Given in the document.
    Fixed(T),
    /// To be rendered when it is needed.
    Template(Template),
}

/// How many runs of a pipeline (per environment) may be live, and what happens to one more.
#[derive(Debug, Clone, PartialEq)]
pub struct Concurrency {
    /// Live runs; 0 or absent means no limit.
    pub max_active: Option<Templated<u32>>,
    /// What happens to one more.
    pub on_limit: Templated<OnLimit>,
}

/// What happens to a run that finds no free slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnLimit {
    /// It is recorded SKIPPED.
    #[default]
    Skip,
    /// It waits in order.
    Queue,
    /// Only the newest waits.
    QueueLatest,
}

impl OnLimit {
    /// Reads the word of the language (`SKIP`, `QUEUE`, `QUEUE_LATEST`).
    pub fn from_word(word: &str) -> Option<OnLimit> {
        match word {
            "SKIP" => Some(OnLimit::Skip),
            "QUEUE" => Some(OnLimit::Queue),
            "QUEUE_LATEST" => Some(OnLimit::QueueLatest),
            _ => None,
        }
    }
}

/// When a task, group or sensor goes on: one `${{ }}` or a bare expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// As written.
    pub text: String,
    /// What it says.
    pub expression: Expression,
}

/// Whom to tell about which outcomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The alert's name.
    pub name: String,
    /// Outcomes: `ANY_COMPLETED`, `CANCELLED`, `FAILED`, `SUCCEEDED`, `WARNING`, `SKIPPED`.
    pub statuses: Vec<String>,
    /// Where to send it; at least one.
    pub destinations: Vec<AlertDestination>,
    /// Text of the alert, at most 200 characters.
    pub custom_message: Option<String>,
    /// Cap on open alerts: a number, or a text that may be a template.
    pub max_live_alerts: Option<Value>,
}

/// Where an alert goes.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertDestination {
    /// `EMAIL`, `SLACK`, `MICROSOFT_TEAMS`, `PAGER_DUTY`, `DATADOG` or `WEBHOOK`.
    pub integration: String,
    /// The connection to use.
    pub connection_id: Option<String>,
    /// Channel or address.
    pub destination: Option<String>,
    /// Datadog `priority`, webhook `body`.
    pub parameters: Option<Map<String, Value>>,
}
