//! PAGER_DUTY: an event of the Events API v2. What failed opens an alert there, what succeeds resolves it.
//!
//! Facts: developer.pagerduty.com, "Events API v2 overview", "Send an alert event". Events of one subject share a key, so another try, and
//! another failure while the alert is open, opens no second one. 202 says that the event was taken, not that somebody was called.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::alert::{Alert, Severity};
use super::post::{Message, post};
use super::{Channel, Means, address, text};
use crate::attempt::Failure;
use crate::connections::Fields;

const INTEGRATION: &str = "PAGER_DUTY";
/// Entries of the detail that go along as they are.
const DETAILS: [&str; 8] =
    ["pipeline_id", "pipeline_run_id", "task_id", "task_run_id", "sensor_id", "status", "started_at", "completed_at"];

#[derive(Debug)]
pub(super) struct PagerDuty;

#[async_trait]
impl Channel for PagerDuty {
    fn integration(&self) -> &'static str {
        INTEGRATION
    }

    fn fields(&self) -> Fields {
        Fields { open: &[address::ENDPOINT], secret: &["routing_key"] }
    }

    async fn send(&self, alert: &Alert, means: &Means) -> Result<(), Failure> {
        let connection = &means.connection;
        let key = connection.required("routing_key")?;
        let url = address::at(connection, "https://events.pagerduty.com", "/v2/enqueue")?;
        post(INTEGRATION, Message::json(url, &event(alert, key)), means).await.map(drop)
    }
}

fn event(alert: &Alert, key: &str) -> Value {
    let severity = match alert.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
        Severity::Success => {
            return json!({ "routing_key": key, "event_action": "resolve", "dedup_key": alert.subject() });
        }
    };
    let named = |entry: &str| alert.said(entry).map(text::name);
    let mut payload = json!({
        "summary": text::title(alert),
        "source": named("pipeline_name").unwrap_or_else(|| "downbeat".to_owned()),
        "severity": severity,
        "class": text::name(&alert.event_type),
        "custom_details": details(alert),
    });
    // An instant that is none would have the event refused.
    let instant = alert.said("completed_at").and_then(|instant| instant.parse::<Timestamp>().ok());
    let optional = [
        ("timestamp", instant.map(|instant| instant.to_string())),
        ("component", named("task_name").or_else(|| named("sensor_name"))),
        ("group", named("pipeline_name")),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            payload[name] = value.into();
        }
    }
    json!({
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": alert.subject(),
        "client": "Downbeat",
        "payload": payload,
    })
}

fn details(alert: &Alert) -> Value {
    let mut details = Map::new();
    details.insert("alert_id".to_owned(), alert.id.clone().into());
    details.insert("text".to_owned(), text::lines(alert).join("\n").into());
    for entry in DETAILS {
        if let Some(value) = alert.said(entry) {
            details.insert(entry.to_owned(), text::name(value).into());
        }
    }
    Value::Object(details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_follows_the_status_and_what_succeeds_resolves() {
        let cases = [
            ("PIPELINE_RUN_COMPLETED", "FAILED", "trigger", "error"),
            ("TASK_RUN_COMPLETED", "WARNING", "trigger", "warning"),
            ("TASK_RUN_COMPLETED", "CANCELLED", "trigger", "warning"),
            ("TASK_RUN_COMPLETED", "SKIPPED", "trigger", "info"),
            ("SENSOR_COMPLETED", "FAILED", "trigger", "error"),
            ("SENSOR_COMPLETED", "SUCCEEDED", "resolve", ""),
            ("ANOMALY_DETECTED", "SUCCEEDED", "trigger", "warning"),
            ("PIPELINE_RUN_COMPLETED", "SUCCEEDED", "resolve", ""),
        ];
        for (event_type, status, action, severity) in cases {
            let given = json!({ "alert_id": "a", "alert": "n", "event_type": event_type, "status": status });
            let event = event(&Alert::read(given.as_object().unwrap()).unwrap(), "k");
            let said = (event["event_action"].as_str(), event["payload"]["severity"].as_str().unwrap_or_default());
            assert_eq!(said, (Some(action), severity), "{event_type} {status}");
        }
    }

    #[test]
    fn an_instant_that_is_none_is_left_out() {
        let given = json!({
            "alert_id": "a", "alert": "n", "event_type": "PIPELINE_RUN_COMPLETED", "status": "FAILED",
            "detail": { "completed_at": "yesterday" },
        });
        let event = event(&Alert::read(given.as_object().unwrap()).unwrap(), "k");
        assert!(event["payload"].get("timestamp").is_none());
    }
}
