//! Alerts.

use downbeat_domain::{
    Event,
    event::{AlertSubject, AlertsRaised},
};
use serde_json::{Value, json};

use super::at;

pub(super) fn to_json(event: &Event) -> Option<Value> {
    Some(match event {
        Event::AlertsRaised(raised) => self::raised(raised),
        Event::AlertDelivered { alert, at: when } => json!({"alert_id": alert.to_string(), "at": at(*when)}),
        Event::AlertRetried { alert, failures, at: when } => {
            json!({"alert_id": alert.to_string(), "failures": failures, "at": at(*when)})
        }
        Event::AlertFailed { alert, failures, message, retry_at, at: when } => json!({
            "alert_id": alert.to_string(), "failures": failures, "message": message, "retry_at": retry_at.map(at), "at": at(*when),
        }),
        _ => return None,
    })
}

fn raised(raised: &AlertsRaised) -> Value {
    let alerts: Vec<Value> = raised
        .alerts
        .iter()
        .map(|alert| {
            json!({
                "alert_id": alert.id.to_string(), "name": alert.name, "integration": alert.integration,
                "connection": alert.connection, "content": alert.content,
            })
        })
        .collect();
    let anomalies: Vec<Value> = raised
        .anomalies
        .iter()
        .map(|found| {
            let mut shown = json!({
                "type": found.kind, "baseline_ms": found.baseline_ms, "observed_ms": found.observed_ms,
                "threshold_ms": found.threshold_ms, "compared": found.compared,
            });
            if !found.operation.is_empty() {
                shown["operation"] = json!(found.operation);
            }
            shown
        })
        .collect();
    let subject = match &raised.subject {
        AlertSubject::Run(run) => json!({"run_id": run.to_string()}),
        AlertSubject::Task(run, task) => json!({"run_id": run.to_string(), "task": task}),
        AlertSubject::Window(window) => json!({"sensor": window.sensor, "instant": at(window.instant)}),
        AlertSubject::Budget { of, percent, at: when } => {
            json!({"budget": of.to_string(), "percent": percent, "at": at(*when)})
        }
    };
    json!({
        "pipeline_id": raised.pipeline.to_string(), "subject": subject, "scope": raised.scope,
        "status": raised.status.as_str(), "took_ms": raised.took_ms, "alerts": alerts, "held": raised.held,
        "anomalies": anomalies, "at": at(raised.at),
    })
}
