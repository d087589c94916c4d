//! Sensors and the webhook, as a plan has them.

use serde_json::{Map, Value};

use super::{Plan, PlanAlert, PlanSchedule};

/// A sensor: its schedule opens windows, in which its checks are made until all of them have passed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanSensor {
    /// Id as the file spells it, unique in its pipeline; of a sensor of several environments `id@environment`, once for each.
    pub id: String,
    /// Display name.
    pub name: String,
    /// When a window opens, and in which environment it looks and starts runs. Its name is [`PlanSensor::schedule_name`].
    pub schedule: PlanSchedule,
    /// How long a window stays open, milliseconds.
    pub timeout_ms: u64,
    /// Pause between two polls, milliseconds.
    pub frequency_ms: u64,
    /// In the order of the file; at least one.
    pub checks: Vec<PlanCheck>,
    /// Expression without braces, evaluated when all checks have passed.
    pub condition: Option<String>,
    /// Inputs of the runs it starts; texts may hold templates.
    pub run_inputs: Map<String, Value>,
    /// Whom to tell how its windows ended.
    pub alerts: Vec<PlanAlert>,
}

impl PlanSensor {
    /// What the schedule of this sensor is called among those of its pipeline.
    pub fn schedule_name(id: &str) -> String {
        format!("sensor:{id}")
    }
}

/// One thing that a sensor looks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanCheck {
    /// Id as the file spells it, unique in its sensor.
    pub id: String,
    /// For example `POSTGRES`.
    pub integration: String,
    /// For example `POSTGRES_QUERY`.
    pub sensor_type: String,
    /// As written, expressions included.
    pub parameters: Map<String, Value>,
    /// Name of the connection, or a template; empty = the default one.
    pub connection: String,
    /// Per input what it is given: a template over `outputs`, or the name of one of them.
    pub map_outputs: Vec<(String, String)>,
}

/// What the coordinator finds out by itself, without a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoreCheck {
    /// `ORCHESTRA_PIPELINE_STATUS`.
    PipelineStatus,
    /// `ORCHESTRA_WEBHOOK_EVENT`.
    WebhookEvent,
}

impl PlanCheck {
    /// The check that needs no worker, if it is one.
    pub fn core_check(&self) -> Option<CoreCheck> {
        match (self.integration.as_str(), self.sensor_type.as_str()) {
            ("ORCHESTRA", "ORCHESTRA_PIPELINE_STATUS") => Some(CoreCheck::PipelineStatus),
            ("ORCHESTRA", "ORCHESTRA_WEBHOOK_EVENT") => Some(CoreCheck::WebhookEvent),
            _ => None,
        }
    }
}

/// A call from outside starts a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanWebhook {
    /// Inputs; texts may hold templates that read `outputs.payload`.
    pub run_inputs: Map<String, Value>,
}

impl Plan {
    /// The sensor with this id.
    pub fn sensor(&self, id: &str) -> Option<&PlanSensor> {
        self.sensors.iter().find(|sensor| sensor.id == id)
    }

    /// Everything that a clock starts: schedules, those that open the windows of sensors, and those of deadlines.
    pub fn timed(&self) -> impl Iterator<Item = &PlanSchedule> {
        let sensors = self.sensors.iter().map(|sensor| &sensor.schedule);
        self.schedules.iter().chain(sensors).chain(self.deadlines.iter().map(|deadline| &deadline.schedule))
    }
}
