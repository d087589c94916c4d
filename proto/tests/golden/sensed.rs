//! What sensors and webhooks write.

use downbeat_domain::{
    Event, PipelineApplied, Trigger, WindowRef,
    event::{Finding, SensorChecked, SensorClosed, SensorEventTaken, SensorOpened},
    plan::{Plan, PlanCheck, PlanSchedule, PlanSensor, PlanWebhook},
    status::{CheckState, WindowEnd},
};
use serde_json::json;

use crate::{
    added::{created, text},
    samples::{PIPELINE, at, object},
};

fn window() -> WindowRef {
    WindowRef { pipeline: PIPELINE, sensor: text("landed"), instant: at(50) }
}

fn sensor() -> PlanSensor {
    PlanSensor {
        id: text("landed"),
        name: text("Landed"),
        schedule: PlanSchedule {
            name: text("sensor:landed"),
            cron: text("0 8 ? * * *"),
            timezone: text("Europe/London"),
            exclude: vec![text("2026-12-25")],
            ..PlanSchedule::default()
        },
        timeout_ms: 3_600_000,
        frequency_ms: 60_000,
        checks: vec![PlanCheck {
            id: text("rows"),
            integration: text("POSTGRES"),
            sensor_type: text("POSTGRES_QUERY"),
            parameters: object(json!({"query": "select 1"})),
            connection: text("warehouse_12345"),
            map_outputs: vec![(text("n"), text("${{ outputs.results[0].n }}"))],
        }],
        condition: Some(text("true")),
        run_inputs: object(json!({"n": 0})),
        alerts: Vec::new(),
    }
}

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let finding = |state, message: &str| Finding { state, message: text(message) };
    let findings = vec![finding(CheckState::Passed, ""), finding(CheckState::Failed, "host down")];
    let webhook = Some(PlanWebhook { run_inputs: object(json!({"n": "${{ outputs.payload.n }}"})) });
    let applied = PipelineApplied {
        pipeline: PIPELINE,
        alias: text("weather"),
        version: 7,
        name: text("Weather"),
        source: text("version: v1\n"),
        source_root: String::new(),
        digest: *blake3::hash(b"sensors").as_bytes(),
        plan: Plan { sensors: vec![sensor()], webhook, ..Plan::default() },
        origin: None,
        storage: None,
    };
    let closed = SensorClosed { window: window(), end: WindowEnd::TimedOut, message: text("no file"), at: at(53) };
    let told = SensorEventTaken { event_type: text("loaded"), data: json!({"rows": 7}), at: at(54) };
    vec![
        ("PIPELINE_APPLIED.sensors", Event::PipelineApplied(Box::new(applied))),
        ("SENSOR_OPENED", Event::SensorOpened(Box::new(SensorOpened { window: window(), closes: at(99), at: at(51) }))),
        ("SENSOR_CHECKED", Event::SensorChecked(Box::new(SensorChecked { window: window(), findings, at: at(52) }))),
        ("SENSOR_CLOSED", Event::SensorClosed(Box::new(closed))),
        ("SENSOR_EVENT_TAKEN", Event::SensorEventTaken(Box::new(told))),
        ("RUN_CREATED.sensor", created(Trigger::Sensor { sensor: text("landed"), instant: at(50) }, None)),
        (
            "RUN_CREATED.webhook",
            created(Trigger::Webhook { delivery: text("msg_1"), signature: text("standard-webhooks") }, None),
        ),
    ]
}
