//! Sensors and the webhook.

use downbeat_dialect::{Pipeline, Sensor, SensorCheck, Span};

use super::{alerts, task::expression_text};
use crate::{
    limits,
    plan::{Catchup, PlanCheck, PlanSchedule, PlanSensor, PlanWebhook},
};

pub(super) fn compile(pipeline: &Pipeline) -> Vec<PlanSensor> {
    let published = pipeline.sensors.iter().map(|(id, sensor)| compile_sensor(id, sensor));
    let ours = pipeline.additions.sensors.iter().map(|(id, sensor)| {
        let mut sensor = compile_sensor(id, sensor);
        for (_, text) in sensor.checks.iter_mut().flat_map(|check| &mut check.map_outputs) {
            *text = with_braces(text);
        }
        sensor
    });
    published.chain(ours).collect()
}

/// Under `meta` the language knows no templates over `outputs`, so expressions stand there without their braces, as those of event triggers
/// do. A name alone is that of an output.
fn with_braces(text: &str) -> String {
    let is_name = text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    if is_name { text.to_owned() } else { format!("${{{{ {text} }}}}") }
}

fn compile_sensor(id: &str, sensor: &Sensor) -> PlanSensor {
    let schedule = PlanSchedule {
        name: PlanSensor::schedule_name(id),
        cron: sensor.cron_text.clone(),
        timezone: sensor.timezone.clone(),
        exclude: sensor.exclude.clone(),
        // A window that was missed is not opened later: what it would have looked for may be of another day.
        catchup: Catchup::None,
        ..PlanSchedule::default()
    };
    PlanSensor {
        id: id.to_owned(),
        name: sensor.name.clone(),
        schedule,
        timeout_ms: u64::from(sensor.timeout_minutes) * 60_000,
        frequency_ms: u64::from(sensor.frequency_seconds) * 1_000,
        checks: sensor.checks.iter().map(|(id, check)| compile_check(id, check)).collect(),
        condition: sensor.condition.as_ref().map(expression_text),
        run_inputs: sensor.run_inputs.clone(),
        alerts: sensor.alerts.iter().map(alerts::compile).collect(),
    }
}

fn compile_check(id: &str, check: &SensorCheck) -> PlanCheck {
    PlanCheck {
        id: id.to_owned(),
        integration: check.integration.clone(),
        sensor_type: check.sensor_type.clone(),
        parameters: check.parameters.clone(),
        connection: check.connection.clone().unwrap_or_default(),
        map_outputs: check.map_outputs.iter().map(|(name, text)| (name.clone(), text.clone())).collect(),
    }
}

pub(super) fn webhook(pipeline: &Pipeline) -> Option<PlanWebhook> {
    pipeline.webhook.enabled.then(|| PlanWebhook { run_inputs: pipeline.webhook.run_inputs.clone() })
}

/// What no plan can be made of.
pub(super) fn refuse(pipeline: &Pipeline, refuse: &mut impl FnMut(String, Option<Span>)) {
    let found = pipeline.all_sensors().count();
    if found > limits::SENSORS_PER_PIPELINE_MAX {
        let most = limits::SENSORS_PER_PIPELINE_MAX;
        refuse(format!("{found} sensors; at most {most} are allowed"), None);
    }
    for (id, sensor) in pipeline.all_sensors() {
        if sensor.checks.is_empty() {
            refuse(format!("sensor `{id}` has no check, so it would start a run at once"), Some(sensor.span));
        }
        if sensor.checks.len() > limits::CHECKS_PER_SENSOR_MAX {
            let (found, most) = (sensor.checks.len(), limits::CHECKS_PER_SENSOR_MAX);
            refuse(format!("sensor `{id}`: {found} checks; at most {most} are allowed"), Some(sensor.span));
        }
    }
}
