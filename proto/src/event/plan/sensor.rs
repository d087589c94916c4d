//! Sensors and the webhook of a plan.

use downbeat_domain::plan::{PlanCheck, PlanSensor, PlanWebhook};

use super::{alert, condition_of, decode_schedule, encode_schedule};
use crate::{
    convert::{object, object_text},
    events::v1 as wire,
};

pub(super) fn encode(sensor: &PlanSensor) -> wire::PlanSensor {
    wire::PlanSensor {
        id: sensor.id.clone(),
        name: sensor.name.clone(),
        schedule: Some(encode_schedule(&sensor.schedule)),
        timeout_ms: sensor.timeout_ms,
        frequency_ms: sensor.frequency_ms,
        checks: sensor.checks.iter().map(encode_check).collect(),
        condition: sensor.condition.clone().unwrap_or_default(),
        run_inputs: object_text(&sensor.run_inputs),
        alerts: sensor.alerts.iter().map(alert::encode).collect(),
    }
}

pub(super) fn decode(sensor: wire::PlanSensor) -> Option<PlanSensor> {
    Some(PlanSensor {
        id: sensor.id,
        name: sensor.name,
        schedule: decode_schedule(sensor.schedule?)?,
        timeout_ms: sensor.timeout_ms,
        frequency_ms: sensor.frequency_ms,
        checks: sensor.checks.into_iter().map(decode_check).collect::<Option<_>>()?,
        condition: condition_of(sensor.condition),
        run_inputs: object(&sensor.run_inputs)?,
        alerts: sensor.alerts.into_iter().map(alert::decode).collect::<Option<_>>()?,
    })
}

fn encode_check(check: &PlanCheck) -> wire::PlanCheck {
    let mapped = check.map_outputs.iter();
    let mapped = mapped.map(|(name, text)| wire::PlanEventInput { name: name.clone(), expression: text.clone() });
    wire::PlanCheck {
        id: check.id.clone(),
        integration: check.integration.clone(),
        sensor_type: check.sensor_type.clone(),
        parameters: object_text(&check.parameters),
        connection: check.connection.clone(),
        map_outputs: mapped.collect(),
    }
}

fn decode_check(check: wire::PlanCheck) -> Option<PlanCheck> {
    Some(PlanCheck {
        id: check.id,
        integration: check.integration,
        sensor_type: check.sensor_type,
        parameters: object(&check.parameters)?,
        connection: check.connection,
        map_outputs: check.map_outputs.into_iter().map(|mapped| (mapped.name, mapped.expression)).collect(),
    })
}

pub(super) fn encode_webhook(webhook: &PlanWebhook) -> wire::PlanWebhook {
    wire::PlanWebhook { run_inputs: object_text(&webhook.run_inputs) }
}

pub(super) fn decode_webhook(webhook: &wire::PlanWebhook) -> Option<PlanWebhook> {
    Some(PlanWebhook { run_inputs: object(&webhook.run_inputs)? })
}
