//! What starts a run: schedules, sensors, ends of other pipelines, the webhook.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{Alert, Condition, ScheduleOptions};
use crate::{Span, cron::Cron};

/// A cron trigger.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Shown to people.
    pub name: Option<String>,
    /// When it fires, in local time of `timezone`.
    pub cron: Cron,
    /// The cron expression as written.
    pub cron_text: String,
    /// IANA name, or a template; `UTC` if absent.
    pub timezone: String,
    /// Name or id of the environment; absent means the default one.
    pub environment: Option<String>,
    /// Branch of a pipeline that lives in a repository.
    pub branch: Option<String>,
    /// Days without firing, `YYYY-MM-DD` in `timezone`.
    pub exclude: Vec<String>,
    /// Inputs of the runs it starts.
    pub run_inputs: Map<String, Value>,
    /// What `meta.downbeat` says about it.
    pub options: ScheduleOptions,
    /// The cron expression in the text.
    pub span: Span,
}

impl Schedule {
    /// Its name, or `schedule-N` where it has none; `place` counts from 0.
    pub fn name_at(&self, place: usize) -> String {
        self.name.clone().unwrap_or_else(|| format!("schedule-{}", place + 1))
    }
}

/// Polls the world in windows that a cron expression opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    /// Shown to people.
    pub name: String,
    /// When a window opens, in local time of `timezone`.
    pub cron: Cron,
    /// The cron expression as written.
    pub cron_text: String,
    /// IANA name, or a template.
    pub timezone: String,
    /// Minutes a window stays open, at most 7200.
    pub timeout_minutes: u32,
    /// Seconds between two polls, 60 to 600.
    pub frequency_seconds: u32,
    /// Must all pass; at least one.
    pub checks: IndexMap<String, SensorCheck>,
    /// Evaluated when all checks have passed.
    pub condition: Option<Condition>,
    /// Names or ids of environments; empty means the default one.
    pub environments: Vec<String>,
    /// Days without a window, `YYYY-MM-DD` in `timezone`.
    pub exclude: Vec<String>,
    /// Inputs of the runs it starts.
    pub run_inputs: Map<String, Value>,
    /// Alerts on a window that timed out.
    pub alerts: Vec<Alert>,
    /// The sensor's id in the text.
    pub span: Span,
}

/// One thing a sensor looks for.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorCheck {
    /// The integration, such as `AWS_S3`.
    pub integration: String,
    /// The kind of check, such as `AWS_S3_FILE`.
    pub sensor_type: String,
    /// As written, templates unrendered.
    pub parameters: Map<String, Value>,
    /// Which connection of the integration; may be a template.
    pub connection: Option<String>,
    /// Pipeline input name -> template over `outputs`, or a bare field name.
    pub map_outputs: IndexMap<String, String>,
}

/// Starts a run when another pipeline ends.
#[derive(Debug, Clone, PartialEq)]
pub struct TriggerEvent {
    /// Id (UUID version 4) of the other pipeline, or `*` for any.
    pub pipeline_id: String,
    /// Run statuses that count; SUCCEEDED and WARNING if absent.
    pub statuses: Vec<String>,
    /// Inputs of the runs it starts.
    pub run_inputs: Map<String, Value>,
    /// The event in the text.
    pub span: Span,
}

/// Starts a run on an HTTP call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Webhook {
    /// Off by default.
    pub enabled: bool,
    /// Inputs of the runs it starts.
    pub run_inputs: Map<String, Value>,
    /// Where the operations of the caller land, by key, as written.
    pub operation_metadata: Map<String, Value>,
}
