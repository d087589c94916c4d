//! DATADOG: an event of the events API v1.
//!
//! Facts: docs.datadoghq.com, "Post an event" (v1: 4,000 characters of text, 100 of the key by which events are grouped, priorities
//! `normal` and `low`), "Getting started with Datadog sites". The API knows no event again; its tags name the alert.

use async_trait::async_trait;
use reqwest::header::HeaderName;
use serde_json::{Value, json};

use super::alert::{Alert, Severity};
use super::post::{Message, post};
use super::{Channel, Means, address, text};
use crate::attempt::Failure;
use crate::connections::{Connection, Fields};

const INTEGRATION: &str = "DATADOG";
const SITE: &str = "datadoghq.com";
const TITLE_CHARS_MAX: usize = 100;
const TEXT_CHARS_MAX: usize = 4_000;

#[derive(Debug)]
pub(super) struct Datadog;

#[async_trait]
impl Channel for Datadog {
    fn integration(&self) -> &'static str {
        INTEGRATION
    }

    fn fields(&self) -> Fields {
        Fields { open: &["site", address::ENDPOINT], secret: &["api_key"] }
    }

    async fn send(&self, alert: &Alert, means: &Means) -> Result<(), Failure> {
        let connection = &means.connection;
        let event = event(alert, priority(alert)?);
        let url = address::at(connection, &format!("https://api.{}", site(connection)?), "/api/v1/events")?;
        let mut message = Message::json(url, &event);
        let key = connection.required("api_key")?;
        message.secret(HeaderName::from_static("dd-api-key"), key, means, "api_key")?;
        post(INTEGRATION, message, means).await.map(drop)
    }
}

fn site(connection: &Connection) -> Result<&str, Failure> {
    let site = connection.text("site")?.map_or(SITE, str::trim);
    let plain = site.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    if plain && site.contains('.') {
        return Ok(site);
    }
    Err(connection.wrong("site", "must be a site of Datadog, like datadoghq.com, datadoghq.eu or us5.datadoghq.com"))
}

/// 1 (highest) to 5, as monitors have it.
fn priority(alert: &Alert) -> Result<Option<u64>, Failure> {
    match alert.parameters.get("priority") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().filter(|priority| (1..=5).contains(priority)) {
            Some(priority) => Ok(Some(priority)),
            None => Err(Failure::misconfigured("the parameter priority of the alert must be a number from 1 to 5")),
        },
    }
}

fn event(alert: &Alert, priority: Option<u64>) -> Value {
    let kind = match alert.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
        Severity::Success => "success",
    };
    let mut tags = vec![
        "source:downbeat".to_owned(),
        format!("event_type:{}", tag(&alert.event_type)),
        format!("status:{}", tag(&alert.status)),
        format!("alert:{}", tag(&alert.name)),
        format!("alert_id:{}", tag(&alert.id)),
    ];
    for (name, entry) in [("pipeline", "pipeline_name"), ("task", "task_name"), ("sensor", "sensor_name")] {
        tags.extend(alert.said(entry).map(|value| format!("{name}:{}", tag(value))));
    }
    tags.extend(priority.map(|priority| format!("priority:{priority}")));
    json!({
        "title": text::first(&quiet(&text::title(alert)), TITLE_CHARS_MAX),
        "text": text::first(&quiet(&text::lines(alert).join("\n")), TEXT_CHARS_MAX),
        "alert_type": kind,
        "priority": if priority.is_some_and(|priority| priority > 3) { "low" } else { "normal" },
        "aggregation_key": alert.subject(),
        "tags": tags,
    })
}

/// `@name` in an event calls that person or channel, and `%%%` begins Markdown: neither shall come from outside.
fn quiet(text: &str) -> String {
    text.replace('@', "@\u{200b}").replace("%%%", "%%\u{200b}%")
}

/// Commas would divide it.
fn tag(text: &str) -> String {
    text::name(text).replace(',', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(parameters: Value, status: &str, message: &str) -> Alert {
        let given = json!({
            "alert_id": "a", "alert": "n", "event_type": "PIPELINE_RUN_COMPLETED", "status": status,
            "parameters": parameters, "detail": { "pipeline_name": "a,b", "message": message },
        });
        Alert::read(given.as_object().unwrap()).unwrap()
    }

    #[test]
    fn priorities_become_the_two_of_events_and_a_tag() {
        let cases = [
            (json!({}), "normal", None),
            (json!({ "priority": null }), "normal", None),
            (json!({ "priority": 1 }), "normal", Some("priority:1")),
            (json!({ "priority": 3 }), "normal", Some("priority:3")),
            (json!({ "priority": 4 }), "low", Some("priority:4")),
            (json!({ "priority": 5 }), "low", Some("priority:5")),
        ];
        for (parameters, wanted, wanted_tag) in cases {
            let alert = alert(parameters.clone(), "FAILED", "m");
            let event = event(&alert, priority(&alert).unwrap());
            assert_eq!(event["priority"], wanted, "{parameters}");
            let tags: Vec<&str> = event["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(tags.iter().copied().find(|tag| tag.starts_with("priority:")), wanted_tag);
            assert!(tags.contains(&"pipeline:a_b"), "{tags:?}");
        }
        for wrong in [json!(0), json!(6), json!("high"), json!(1.5)] {
            assert!(priority(&alert(json!({ "priority": wrong }), "FAILED", "m")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nobody_is_called_by_a_text_from_outside_and_texts_fit() {
        let alert = alert(json!({}), "SUCCEEDED", &format!("%%% @all {}", "@".repeat(10_000)));
        let event = event(&alert, None);
        let text = event["text"].as_str().unwrap();
        assert!(!text.contains("@all") && !text.contains("%%%") && text.chars().count() <= TEXT_CHARS_MAX, "{text}");
        assert_eq!(event["alert_type"], "success");
        assert!(event["aggregation_key"].as_str().unwrap().len() <= 100);
    }
}
