//! What each channel sends, as a server of its kind hears it.

use std::path::Path;

use downbeat_proto::worker::v1::Check;
use serde_json::{Value, json};

use super::KIND;
use super::server::{Heard, Server, reply};
use super::signature;
use crate::checks::Checks;
use crate::connections::Connections;
use crate::verdict::Verdict;

const HOSTILE: &str = "<!channel> @all [x](http://evil.example) & \"quoted\"\nsecond line";

fn alert(patch: Value) -> Value {
    let mut alert = json!({
        "alert_id": "0192-7f/2", "alert": "Night watch", "event_type": "TASK_RUN_COMPLETED", "status": "FAILED",
        "text": HOSTILE, "destination": "", "parameters": {},
        "detail": {
            "completed_at": "2026-11-27T10:01:00Z", "started_at": "2026-11-27T10:00:00Z", "message": HOSTILE,
            "pipeline_id": "p1", "pipeline_name": "Daily load", "pipeline_run_id": "r1", "status": "FAILED",
            "task_id": "t1", "task_name": "Load orders", "task_run_id": "tr1",
        },
    });
    alert.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    alert
}

/// Asks for an alert over a connection with these fields.
async fn send(integration: &str, fields: Value, parameters: &Value) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), integration, fields);
    let checks = Checks::new(Connections::new(Some(folder.path().to_owned())));
    let check = Check {
        integration: integration.to_owned(),
        sensor_type: KIND.to_owned(),
        connection: "mine".to_owned(),
        parameters: parameters.to_string(),
        timeout_seconds: 30,
        ..Check::default()
    };
    checks.make(&check).await
}

fn write(folder: &Path, integration: &str, fields: Value) {
    let text = json!({ "integration": integration, "fields": fields }).to_string();
    std::fs::write(folder.join("mine.json"), text).unwrap();
}

/// Sends an alert that is taken; what was heard.
async fn heard(integration: &str, fields: impl Fn(&str) -> Value, took: &'static str, parameters: Value) -> Heard {
    let server = Server::serve(move |_| reply(200, &[], took)).await;
    let verdict = send(integration, fields(&server.url), &parameters).await;
    assert_eq!(verdict, Verdict::Passed { outputs: "{}".to_owned() });
    let mut heard = server.heard();
    assert_eq!((heard.len(), heard[0].method.as_str()), (1, "POST"));
    heard.remove(0)
}

#[tokio::test]
async fn slack_is_sent_a_message_of_a_bot_in_which_nothing_comes_to_life() {
    let fields = |url: &str| json!({ "endpoint": url, "bot_token": "xoxb-1" });
    let heard = heard("SLACK", fields, r#"{"ok": true}"#, alert(json!({ "destination": "#data" }))).await;
    assert_eq!((heard.path.as_str(), heard.header("authorization")), ("/api/chat.postMessage", "Bearer xoxb-1"));
    assert!(heard.header("content-type").starts_with("application/json"));
    let body = heard.json();
    assert_eq!(body["channel"], "#data");
    assert_eq!(body["text"], "FAILED: task Load orders of pipeline Daily load");
    assert_eq!(
        (&body["parse"], &body["link_names"], &body["unfurl_links"]),
        (&json!("none"), &json!(false), &json!(false))
    );
    assert_eq!(body["blocks"][0]["type"], "header");
    let section = &body["blocks"][1]["text"];
    let text = section["text"].as_str().unwrap();
    assert!(section["type"] == "plain_text" && text.starts_with("&lt;!channel&gt; @all"), "{text}");
    assert!(!text.contains('<') && text.contains("&amp; \"quoted\"\nsecond line"), "{text}");
}

#[tokio::test]
async fn slack_is_sent_to_the_web_hook_of_a_channel_whatever_the_destination() {
    let fields = |url: &str| json!({ "webhook_url": format!("{url}/services/T1/B1/abcdefgh") });
    let heard = heard("SLACK", fields, "ok", alert(json!({ "destination": "#data" }))).await;
    assert_eq!((heard.path.as_str(), heard.header("authorization")), ("/services/T1/B1/abcdefgh", ""));
    assert!(heard.json().get("channel").is_none());
    let moved = |url: &str| json!({ "endpoint": format!("{url}/proxy/"), "webhook_url": "https://hooks.example.com/services/T1?x=1" });
    assert_eq!(self::heard("SLACK", moved, "ok", alert(json!({}))).await.path, "/proxy/services/T1?x=1");

    let server = Server::serve(|_| reply(200, &[], "<html>sign in, please</html>")).await;
    let verdict = send("SLACK", fields(&server.url), &alert(json!({}))).await;
    assert!(
        matches!(&verdict, Verdict::Failed(failure) if failure.message.contains("this one is none")),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn teams_is_sent_a_card_of_plain_text() {
    let fields = |url: &str| json!({ "webhook_url": format!("{url}/workflows/abcdefgh/invoke?sig=s%2F1") });
    let heard = heard("MICROSOFT_TEAMS", fields, "1", alert(json!({}))).await;
    assert_eq!(heard.path, "/workflows/abcdefgh/invoke?sig=s%2F1");
    let attachment = &heard.json()["attachments"][0];
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    let blocks = attachment["content"]["body"].as_array().unwrap();
    let runs: Vec<&str> = blocks.iter().map(|block| block["inlines"][0]["text"].as_str().unwrap()).collect();
    assert!(blocks.iter().all(|block| block["type"] == "RichTextBlock"), "TextBlock knows Markdown");
    assert_eq!(runs[0], "FAILED: task Load orders of pipeline Daily load");
    assert!(runs.contains(&"second line") && runs.contains(&"Pipeline run: r1"), "{runs:?}");
}

#[tokio::test]
async fn pager_duty_is_sent_an_event_that_opens_and_one_of_the_same_subject_that_resolves() {
    let fields = |url: &str| json!({ "endpoint": url, "routing_key": "R0UTING" });
    let took = r#"{"status": "success"}"#;
    let opened = heard("PAGER_DUTY", fields, took, alert(json!({}))).await;
    assert_eq!(opened.path, "/v2/enqueue");
    let opened = opened.json();
    assert_eq!((&opened["routing_key"], &opened["event_action"]), (&json!("R0UTING"), &json!("trigger")));
    let payload = &opened["payload"];
    assert_eq!(payload["summary"], "FAILED: task Load orders of pipeline Daily load");
    assert_eq!((&payload["severity"], &payload["timestamp"]), (&json!("error"), &json!("2026-11-27T10:01:00Z")));
    assert_eq!((&payload["source"], &payload["component"]), (&json!("Daily load"), &json!("Load orders")));
    assert_eq!(payload["custom_details"]["alert_id"], "0192-7f/2");

    let later = json!({ "alert_id": "another", "status": "SUCCEEDED" });
    let resolved = heard("PAGER_DUTY", fields, took, alert(later)).await.json();
    assert_eq!(resolved["event_action"], "resolve");
    assert_eq!(resolved["dedup_key"], opened["dedup_key"]);
    let key = opened["dedup_key"].as_str().unwrap();
    assert!(key.len() < 255 && key.starts_with("downbeat-"), "{key}");

    for other in [
        json!({ "alert": "Day watch" }),
        json!({ "event_type": "ANOMALY_DETECTED" }),
        json!({ "detail": { "pipeline_id": "p2", "task_id": "t1" } }),
        json!({ "detail": { "pipeline_id": "p1" } }),
        json!({ "detail": { "pipeline_id": "p1", "sensor_id": "t1" } }),
    ] {
        let event = heard("PAGER_DUTY", fields, took, alert(other.clone())).await.json();
        assert_ne!(event["dedup_key"], opened["dedup_key"], "{other} is about something else");
    }
}

#[tokio::test]
async fn datadog_is_sent_an_event_with_priority_key_and_tags() {
    let fields = |url: &str| json!({ "endpoint": url, "site": "datadoghq.eu", "api_key": "dd-key-1" });
    let parameters = alert(json!({ "parameters": { "priority": 4 } }));
    let heard = heard("DATADOG", fields, r#"{"status": "ok"}"#, parameters).await;
    assert_eq!((heard.path.as_str(), heard.header("dd-api-key")), ("/api/v1/events", "dd-key-1"));
    let body = heard.json();
    assert_eq!(body["title"], "FAILED: task Load orders of pipeline Daily load");
    assert_eq!((&body["alert_type"], &body["priority"]), (&json!("error"), &json!("low")));
    assert!(!body["text"].as_str().unwrap().contains("@all"));
    let tags = body["tags"].to_string();
    for tag in ["priority:4", "status:FAILED", "pipeline:Daily load", "task:Load orders", "alert_id:0192-7f/2"] {
        assert!(tags.contains(&format!("\"{tag}\"")), "{tags}");
    }
}

#[tokio::test]
async fn a_webhook_gets_the_published_body_and_a_signature_of_it() {
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let fields = |url: &str| {
        json!({
            "url": format!("{url}/in?tenant=7"), "bearer_token": "b-1", "signing_secret": SECRET,
            "headers": { "X-Team": "data", "webhook-id": "forged" },
        })
    };
    let sent = alert(json!({ "destination": "/alerts" }));
    let heard = heard("WEBHOOK", fields, "whatever", sent.clone()).await;
    assert_eq!((heard.path.as_str(), heard.header("x-team")), ("/in/alerts?tenant=7", "data"));
    assert_eq!((heard.header("authorization"), heard.header("webhook-id")), ("Bearer b-1", "0192-7f/2"));
    assert!(heard.header("content-type").starts_with("application/json"));
    assert_eq!(heard.json(), json!({ "event_type": "TASK_RUN_COMPLETED", "detail": sent["detail"] }));
    let seconds: i64 = heard.header("webhook-timestamp").parse().unwrap();
    let expected = signature::sign(&signature::key(SECRET).unwrap(), "0192-7f/2", seconds, &heard.body);
    assert_eq!(heard.header("webhook-signature"), expected);
}

#[tokio::test]
async fn a_webhook_gets_the_body_that_the_alert_names() {
    let cases = [
        (json!({ "run": "r1", "n": 1 }), r#"{"run":"r1","n":1}"#, "application/json; charset=utf-8"),
        (json!("{\"a\": 1}"), "{\"a\": 1}", "application/json; charset=utf-8"),
        (json!("it failed"), "it failed", "text/plain; charset=utf-8"),
    ];
    for (body, expected, kind) in cases {
        let fields = |url: &str| json!({ "url": url, "username": "u", "password": "p-1" });
        let heard = heard("WEBHOOK", fields, "", alert(json!({ "parameters": { "body": body } }))).await;
        assert_eq!((heard.body.as_str(), heard.header("content-type")), (expected, kind));
        assert_eq!((heard.header("authorization"), heard.header("webhook-signature")), ("Basic dTpwLTE=", ""));
    }
    let fields = |url: &str| json!({ "url": url, "headers": { "content-type": "application/cloudevents+json" } });
    let heard = heard("WEBHOOK", fields, "", alert(json!({}))).await;
    assert_eq!(heard.header("content-type"), "application/cloudevents+json");
}

#[test]
fn signatures_are_those_of_other_implementations() {
    let key = signature::key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signature = signature::sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    for wrong in ["", "whsec_", "whsec_short", "not base64 at all, though long enough for one", &"A".repeat(96)] {
        assert!(signature::key(wrong).is_none(), "{wrong}");
    }
}
