//! What ends raise, and what becomes of it.

use downbeat_domain::{
    AlertId, Event, PipelineApplied, RunStatus, WindowRef,
    cost::BudgetOf,
    event::{Alert, AlertSubject, AlertsRaised, Anomaly},
    plan::{Plan, PlanAlert, PlanAnomaly, PlanDestination, PlanSensor, PlanTask},
};
use serde_json::{Map, Value, json};

use crate::{
    added::text,
    samples::{PIPELINE, RUN, at},
};

const ALERT: AlertId = AlertId([0xA1; 16]);

fn fields(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn plan() -> Plan {
    let destination = PlanDestination {
        integration: text("WEBHOOK"),
        connection: text("pager_12345"),
        destination: String::new(),
        parameters: fields(json!({"body": {"run": "${{ ORCHESTRA.PIPELINE_RUN_ID }}"}})),
    };
    let alert = |max_live: &str| PlanAlert {
        name: text("on failure"),
        statuses: vec![RunStatus::Failed, RunStatus::Cancelled],
        destinations: vec![destination.clone()],
        message: text("look at ${{ inputs.table }}"),
        max_live: text(max_live),
    };
    let watched = PlanAnomaly {
        kind: text("task_duration_above_baseline"),
        above: true,
        percentage: 20,
        min_baseline_ms: 10_000,
        destinations: vec![destination.clone()],
        operations: None,
    };
    let task = PlanTask { alerts: vec![alert("")], anomalies: vec![watched.clone()], ..PlanTask::default() };
    let sensor = PlanSensor { alerts: vec![alert("1")], ..PlanSensor::default() };
    Plan {
        tasks: vec![task],
        sensors: vec![sensor],
        alerts: vec![alert("3")],
        anomalies: vec![PlanAnomaly { kind: text("pipeline_duration_below_baseline"), above: false, ..watched }],
        ..Plan::default()
    }
}

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let applied = PipelineApplied {
        pipeline: PIPELINE,
        alias: text("weather"),
        version: 9,
        name: text("Weather"),
        source: text("version: v1\n"),
        source_root: String::new(),
        digest: *blake3::hash(b"alerts").as_bytes(),
        plan: plan(),
        origin: None,
        storage: None,
    };
    let alert = Alert {
        id: ALERT,
        name: text("on failure"),
        integration: text("SLACK"),
        connection: text("slack_12345"),
        content: fields(json!({"alert": "on failure", "status": "FAILED", "destination": "#data"})),
    };
    let anomaly = Anomaly {
        kind: text("task_duration_above_baseline"),
        baseline_ms: 60_000,
        observed_ms: 90_000,
        threshold_ms: 72_000,
        compared: 20,
        operation: String::new(),
    };
    let of_task = AlertsRaised {
        pipeline: PIPELINE,
        subject: AlertSubject::Task(RUN, 0),
        scope: text("load"),
        status: RunStatus::Failed,
        took_ms: Some(90_000),
        alerts: vec![alert],
        held: vec![text("too many")],
        anomalies: vec![anomaly],
        at: at(60),
    };
    let of_run = AlertsRaised {
        subject: AlertSubject::Run(RUN),
        scope: String::new(),
        status: RunStatus::Succeeded,
        took_ms: None,
        alerts: Vec::new(),
        held: Vec::new(),
        anomalies: Vec::new(),
        ..of_task.clone()
    };
    let window = WindowRef { pipeline: PIPELINE, sensor: text("landed"), instant: at(59) };
    let of_window = AlertsRaised {
        subject: AlertSubject::Window(window),
        scope: text("sensor:landed"),
        status: RunStatus::Failed,
        ..of_run.clone()
    };
    let of_budget = |of, percent, status| AlertsRaised {
        subject: AlertSubject::Budget { of, percent, at: at(64) },
        scope: text("budget:"),
        status,
        at: at(64),
        ..of_run.clone()
    };
    let of_pipeline = of_budget(BudgetOf::Pipeline(PIPELINE), 80, RunStatus::Warning);
    let of_owner = of_budget(BudgetOf::Owner(text("data")), 100, RunStatus::Failed);
    let failed =
        |retry_at| Event::AlertFailed { alert: ALERT, failures: 3, message: text("503"), retry_at, at: at(62) };
    vec![
        ("PIPELINE_APPLIED.alerts", Event::PipelineApplied(Box::new(applied))),
        ("ALERTS_RAISED", Event::AlertsRaised(Box::new(of_task))),
        ("ALERTS_RAISED.run", Event::AlertsRaised(Box::new(of_run))),
        ("ALERTS_RAISED.window", Event::AlertsRaised(Box::new(of_window))),
        ("ALERTS_RAISED.budget", Event::AlertsRaised(Box::new(of_pipeline))),
        ("ALERTS_RAISED.owner", Event::AlertsRaised(Box::new(of_owner))),
        ("ALERT_DELIVERED", Event::AlertDelivered { alert: ALERT, at: at(61) }),
        ("ALERT_FAILED", failed(Some(at(67)))),
        ("ALERT_FAILED.dead", failed(None)),
        ("ALERT_RETRIED", Event::AlertRetried { alert: ALERT, failures: 10, at: at(63) }),
    ]
}
