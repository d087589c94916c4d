//! Sensors and the webhook.

use std::collections::BTreeSet;

use downbeat_dialect::{Pipeline, Sensor, SensorCheck, Span};

use super::{alerts, task::expression_text};
use crate::{
    limits,
    plan::{Catchup, PlanCheck, PlanSchedule, PlanSensor, PlanWebhook},
};

pub(super) fn compile(pipeline: &Pipeline) -> Vec<PlanSensor> {
    let published = pipeline.sensors.iter().flat_map(|(id, sensor)| in_each(id, sensor));
    let ours = pipeline.additions.sensors.iter().flat_map(|(id, sensor)| in_each(id, sensor)).map(|mut sensor| {
        for (_, text) in sensor.checks.iter_mut().flat_map(|check| &mut check.map_outputs) {
            *text = with_braces(text);
        }
        sensor
    });
    published.chain(ours).collect()
}

/// A sensor of several environments is one for each of them: it looks there by itself, with what that environment says, and what it starts
/// runs there.
fn in_each(id: &str, sensor: &Sensor) -> Vec<PlanSensor> {
    places(id, sensor).into_iter().map(|(id, environment)| compile_sensor(id, environment, sensor)).collect()
}

/// The ids under which it stands in the plan, each with its environment.
pub(crate) fn places(id: &str, sensor: &Sensor) -> Vec<(String, String)> {
    let named: BTreeSet<&String> = sensor.environments.iter().collect();
    match named.len() {
        0 => vec![(id.to_owned(), String::new())],
        1 => named.into_iter().map(|environment| (id.to_owned(), environment.clone())).collect(),
        _ => named.into_iter().map(|environment| (format!("{id}@{environment}"), environment.clone())).collect(),
    }
}

/// Under `meta` the language knows no templates over `outputs`, so expressions stand there without their braces, as those of event triggers
/// do. A name alone is that of an output.
fn with_braces(text: &str) -> String {
    let is_name = text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    if is_name { text.to_owned() } else { format!("${{{{ {text} }}}}") }
}

fn compile_sensor(id: String, environment: String, sensor: &Sensor) -> PlanSensor {
    let schedule = PlanSchedule {
        name: PlanSensor::schedule_name(&id),
        environment,
        cron: sensor.cron_text.clone(),
        timezone: sensor.timezone.clone(),
        exclude: sensor.exclude.clone(),
        // A window that was missed is not opened later: what it would have looked for may be of another day.
        catchup: Catchup::None,
        ..PlanSchedule::default()
    };
    PlanSensor {
        id,
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
    let found = pipeline.all_sensors().flat_map(|(id, sensor)| places(id, sensor)).count();
    if found > limits::SENSORS_PER_PIPELINE_MAX {
        let most = limits::SENSORS_PER_PIPELINE_MAX;
        refuse(format!("{found} sensors, each counted once per environment; at most {most} are allowed"), None);
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
