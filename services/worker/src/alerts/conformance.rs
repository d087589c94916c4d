//! What every channel must do, asked of each of them as the coordinator would ask, against servers that misbehave.

use std::{path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::Check;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::timeout,
};

use super::server::{Server, reply};
use super::{Alerts, KIND};
use crate::attempt::Failure;
use crate::checks::Checks;
use crate::connections::Connections;
use crate::verdict::Verdict;

const CREDENTIAL: &str = "conformance-s3cret/+=";
/// As it stands in an address.
const IN_PATH: &str = "conformance-s3cret-in-path";
/// 32 bytes.
const SIGNING: &str = "whsec_Y29uZm9ybWFuY2UtczNjcmV0LXNpZ25pbmcta2V5ISE=";
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known here of one channel.
struct Known {
    integration: &'static str,
    /// Fields of a connection to a server there.
    fields: fn(&str) -> Value,
    /// A field that is wrong, and what is said of it.
    wrong_fields: Vec<(&'static str, Value, &'static str)>,
    /// Parameters that are wrong, over those of [`useful`], and what of them is named.
    wrong: Vec<(Value, &'static str)>,
    /// How its server says that it took a message.
    took: (u16, &'static str),
}

fn all() -> [Known; 5] {
    [
        Known {
            integration: "SLACK",
            fields: |url| json!({ "endpoint": url, "bot_token": CREDENTIAL }),
            wrong_fields: vec![
                ("bot_token", Value::Null, "webhook_url"),
                ("bot_token", json!("s3cret\nx"), "no header"),
                ("webhook_url", json!("https://hooks.example.com/x"), "keep one"),
                ("endpoint", json!("s3cret"), "absolute"),
            ],
            wrong: vec![
                (json!({ "destination": "" }), "destination"),
                (json!({ "destination": "a\nb" }), "destination"),
            ],
            took: (200, r#"{"ok": true}"#),
        },
        Known {
            integration: "MICROSOFT_TEAMS",
            fields: |url| json!({ "webhook_url": format!("{url}/hooks/{IN_PATH}/invoke?sig={IN_PATH}%3D&v=1") }),
            wrong_fields: vec![
                ("webhook_url", Value::Null, "missing"),
                ("webhook_url", json!("s3cret"), "absolute"),
                ("endpoint", json!("s3cret"), "absolute"),
            ],
            wrong: vec![],
            took: (202, ""),
        },
        Known {
            integration: "PAGER_DUTY",
            fields: |url| json!({ "endpoint": url, "routing_key": CREDENTIAL }),
            wrong_fields: vec![("routing_key", Value::Null, "missing"), ("endpoint", json!("s3cret"), "absolute")],
            wrong: vec![],
            took: (202, r#"{"status": "success"}"#),
        },
        Known {
            integration: "DATADOG",
            fields: |url| json!({ "endpoint": url, "api_key": CREDENTIAL }),
            wrong_fields: vec![
                ("api_key", Value::Null, "missing"),
                ("site", json!("x/../y"), "site"),
                ("site", json!("a.com@b.com"), "site"),
            ],
            wrong: vec![
                (json!({ "parameters": { "priority": 0 } }), "priority"),
                (json!({ "parameters": { "priority": "high" } }), "priority"),
            ],
            took: (202, r#"{"status": "ok"}"#),
        },
        Known {
            integration: "WEBHOOK",
            fields: |url| {
                json!({
                    "url": format!("{url}/hooks/{IN_PATH}?key={IN_PATH}"), "headers": { "x-api-key": CREDENTIAL },
                    "username": "downbeat", "password": CREDENTIAL, "signing_secret": SIGNING,
                })
            },
            wrong_fields: vec![
                ("url", Value::Null, "missing"),
                ("url", json!("ftp://s3cret.example.com"), "absolute"),
                ("headers", json!({ "bad name": "s3cret" }), "bad name"),
                ("bearer_token", json!("s3cret"), "keep one"),
                ("username", Value::Null, "without a username"),
                ("signing_secret", json!("s3cret"), "24 to 64 bytes"),
            ],
            wrong: vec![
                (json!({ "destination": "/a/../../b" }), "destination"),
                (json!({ "destination": "a/%2e%2e/b" }), "destination"),
                (json!({ "destination": "a/%252e%252e/b" }), "destination"),
                (json!({ "destination": "a\\..\\b" }), "destination"),
                (json!({ "destination": "https://elsewhere.example.com/" }), "destination"),
                (json!({ "destination": "//elsewhere.example.com/" }), "destination"),
                (json!({ "parameters": { "body": [1] } }), "body"),
            ],
            took: (204, ""),
        },
    ]
}

fn useful(integration: &str) -> Value {
    let destination = if integration == "SLACK" { "#data" } else { "" };
    json!({
        "alert_id": "01-a", "alert": "Night watch", "event_type": "TASK_RUN_COMPLETED", "status": "FAILED",
        "text": "Call somebody", "destination": destination, "parameters": {},
        "detail": { "pipeline_name": "Daily load", "task_name": "Load", "message": "no such table" },
    })
}

fn write(folder: &Path, name: &str, integration: &str, fields: &Value) {
    let text = json!({ "integration": integration, "fields": fields }).to_string();
    std::fs::write(folder.join(format!("{name}.json")), text).unwrap();
}

/// Checks with the default connections of all channels.
fn checks(folder: &Path, url: &str) -> Checks {
    for known in all() {
        let name = format!("default_{}", known.integration.to_lowercase());
        write(folder, &name, known.integration, &(known.fields)(url));
    }
    Checks::new(Connections::new(Some(folder.to_owned())))
}

fn check(integration: &str, parameters: &Value) -> Check {
    Check {
        integration: integration.to_owned(),
        sensor_type: KIND.to_owned(),
        parameters: parameters.to_string(),
        timeout_seconds: 30,
        ..Check::default()
    }
}

async fn make(checks: &Checks, check: &Check) -> Verdict {
    timeout(PATIENCE, checks.make(check)).await.expect("a channel comes to an end")
}

async fn failure(checks: &Checks, check: &Check, case: &str) -> Failure {
    match make(checks, check).await {
        Verdict::Failed(failure) => {
            let message = &failure.message;
            let said = [CREDENTIAL, IN_PATH, SIGNING, "s3cret", &STANDARD.encode(CREDENTIAL)[..20], "Y29uZm9ybWFuY2U"];
            for secret in said {
                assert!(!message.contains(secret), "{} {case}: {secret} is in: {message}", check.integration);
            }
            failure
        }
        other => panic!("{} {case}: {other:?}", check.integration),
    }
}

/// Those of this suite, which speak HTTP, and the one that does not: what misbehaving mail servers do to it stands in `tests/mail.rs`.
fn with_mail() -> Vec<&'static str> {
    all().map(|known| known.integration).into_iter().chain(["EMAIL"]).collect()
}

#[test]
fn every_channel_is_known_here() {
    let made: Vec<_> = Alerts::new().integrations().collect();
    assert_eq!(made, with_mail());
}

#[tokio::test]
async fn alerts_are_offered_where_there_are_connections_and_others_are_refused_with_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let offered = |checks: &Checks| -> Vec<String> {
        let kinds = checks.kinds().into_iter().filter(|kind| kind.sensor_type == KIND);
        kinds.map(|kind| kind.integration).collect()
    };
    let with = checks(folder.path(), "http://127.0.0.1:1");
    assert_eq!(offered(&with), with_mail());
    let without = Checks::new(Connections::new(None)).kinds();
    let alerts = || without.iter().filter(|kind| kind.sensor_type == KIND);
    assert!(alerts().count() > 0 && alerts().all(|kind| kind.sealed_only), "only with connections that are given");
    let refused = failure(&with, &check("CARRIER_PIGEON", &useful("X")), "unknown").await;
    assert_eq!(refused.class, FailureClass::Misconfigured);
    assert!(refused.message.contains("PAGER_DUTY"), "{}", refused.message);
}

#[tokio::test]
async fn a_message_that_was_taken_is_sent_and_another_try_sends_the_same() {
    for known in all() {
        let folder = tempfile::tempdir().unwrap();
        let (status, body) = known.took;
        let server = Server::serve(move |_| reply(status, &[], body)).await;
        let checks = checks(folder.path(), &server.url);
        for _ in 0..2 {
            let verdict = make(&checks, &check(known.integration, &useful(known.integration))).await;
            assert_eq!(verdict, Verdict::Passed { outputs: "{}".to_owned() }, "{}", known.integration);
        }
        let heard = server.heard();
        assert_eq!(heard.len(), 2, "{}", known.integration);
        assert_eq!((&heard[0].path, &heard[0].body), (&heard[1].path, &heard[1].body), "{}", known.integration);
        assert!(heard[0].method == "POST" && !heard[0].body.is_empty());
    }
}

#[tokio::test]
async fn answers_that_refuse_are_told_apart_and_nothing_repeats_a_credential() {
    let away = "http://169.254.169.254/latest/meta-data";
    let cases: [(u16, (&str, &str), FailureClass, &str); 16] = [
        (500, ("x-a", "b"), FailureClass::Transient, "500"),
        (502, ("x-a", "b"), FailureClass::Transient, "502"),
        (503, ("retry-after", "7"), FailureClass::Transient, "a pause of 7 s"),
        (429, ("retry-after", "30"), FailureClass::Transient, "a pause of 30 s"),
        (429, ("retry-after", "soon"), FailureClass::Transient, "429"),
        (408, ("x-a", "b"), FailureClass::Transient, "408"),
        (400, ("x-a", "b"), FailureClass::Misconfigured, "400"),
        (401, ("x-a", "b"), FailureClass::Misconfigured, "credentials"),
        (403, ("x-a", "b"), FailureClass::Misconfigured, "credentials"),
        (404, ("x-a", "b"), FailureClass::Misconfigured, "404"),
        (410, ("x-a", "b"), FailureClass::Misconfigured, "410"),
        (413, ("x-a", "b"), FailureClass::Misconfigured, "413"),
        (302, ("location", away), FailureClass::Misconfigured, "redirects to http://169.254.169.254"),
        (307, ("location", away), FailureClass::Misconfigured, "redirects to http://169.254.169.254"),
        (308, ("location", "/elsewhere"), FailureClass::Misconfigured, "redirects"),
        (301, ("x-a", "b"), FailureClass::Misconfigured, "redirects"),
    ];
    for (status, header, class, text) in cases {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::serve(move |heard| reply(status, &[header], heard.everything())).await;
        let checks = checks(folder.path(), &server.url);
        for known in all() {
            let case = status.to_string();
            let failure = failure(&checks, &check(known.integration, &useful(known.integration)), &case).await;
            let message = &failure.message;
            assert_eq!(failure.class, class, "{message}");
            let pause = header.1.parse().ok().map(std::time::Duration::from_secs);
            assert_eq!(failure.pause, pause.filter(|_| header.0 == "retry-after"), "{message}");
            assert!(message.contains(text) && message.starts_with(known.integration), "{message}");
            assert!(message.len() < 3_500 && message.contains("cannot POST"), "{message}");
            assert_eq!(server.heard().len(), 1, "{} {status}: nothing is followed", known.integration);
        }
    }
}

#[tokio::test]
async fn a_credential_at_the_place_where_an_answer_is_cut_is_not_repeated_in_part() {
    for (before, known) in [2_030, 2_040, 2_046].into_iter().flat_map(|before| all().map(|known| (before, known))) {
        let folder = tempfile::tempdir().unwrap();
        let secret = if known.integration == "MICROSOFT_TEAMS" { IN_PATH } else { CREDENTIAL };
        let text = format!("{}{secret}", "x".repeat(before));
        let server = Server::serve(move |_| reply(400, &[], text.clone())).await;
        let checks = checks(folder.path(), &server.url);
        let failure = failure(&checks, &check(known.integration, &useful(known.integration)), "cut").await;
        let end = failure.message.trim_end_matches('*');
        assert!(end.ends_with("xxx"), "{end}");
    }
}

#[tokio::test]
async fn bad_parameters_and_fields_are_misconfigured_and_named_and_nothing_is_reached_for() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let checks = checks(folder.path(), &url);
    let every = [
        (json!({ "alert_id": null }), "alert_id"),
        (json!({ "alert_id": "a b" }), "alert_id"),
        (json!({ "alert_id": "a\n" }), "alert_id"),
        (json!({ "alert_id": "x".repeat(300) }), "alert_id"),
        (json!({ "alert": " " }), "alert"),
        (json!({ "event_type": null }), "event_type"),
        (json!({ "status": null }), "status"),
        (json!({ "text": 1 }), "text"),
        (json!({ "destination": [] }), "destination"),
        (json!({ "parameters": "x" }), "parameters"),
        (json!({ "detail": [] }), "detail"),
    ];
    for known in all() {
        for (patch, named) in every.iter().chain(&known.wrong) {
            let mut parameters = useful(known.integration);
            parameters.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
            let failure = failure(&checks, &check(known.integration, &parameters), &patch.to_string()).await;
            assert_eq!(failure.class, FailureClass::Misconfigured, "{patch}: {}", failure.message);
            assert!(failure.message.contains(named), "{patch}: {}", failure.message);
        }
        for (field, value, named) in &known.wrong_fields {
            let mut fields = (known.fields)(&url);
            fields[*field] = value.clone();
            write(folder.path(), "wrong", known.integration, &fields);
            let asked =
                Check { connection: "wrong".to_owned(), ..check(known.integration, &useful(known.integration)) };
            let failure = failure(&checks, &asked, field).await;
            assert_eq!(failure.class, FailureClass::Misconfigured, "{field}: {}", failure.message);
            assert!(failure.message.contains(named) && failure.message.contains("wrong.json"), "{}", failure.message);
        }
    }
    assert!(timeout(Duration::ZERO, listener.accept()).await.is_err(), "somebody was asked");
}

#[tokio::test]
async fn a_connection_that_is_not_there_or_of_something_else_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let without = Checks::new(Connections::new(Some(empty.path().to_owned())));
    let folder = tempfile::tempdir().unwrap();
    let with = checks(folder.path(), "http://127.0.0.1:1");
    write(folder.path(), "other", "OTHER", &json!({}));
    for known in all() {
        let asked = check(known.integration, &useful(known.integration));
        let default = failure(&without, &asked, "none").await.message;
        assert!(default.contains(&format!("default_{}.json", known.integration.to_lowercase())), "{default}");
        for (name, text) in [("gone", "gone.json"), ("../x", "letters"), ("other", "is a connection of OTHER")] {
            let failure = failure(&with, &Check { connection: name.to_owned(), ..asked.clone() }, name).await;
            assert_eq!(failure.class, FailureClass::Misconfigured);
            assert!(failure.message.contains(text), "{}", failure.message);
        }
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_worth_another_try_and_one_of_the_machine_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let cases = [
        (format!("http://127.0.0.1:{port}"), FailureClass::Transient, format!("127.0.0.1:{port}")),
        ("http://169.254.169.254".to_owned(), FailureClass::Misconfigured, "link-local".to_owned()),
        ("http://[fe80::1]".to_owned(), FailureClass::Misconfigured, "link-local".to_owned()),
    ];
    for (url, class, text) in cases {
        let checks = checks(folder.path(), &url);
        for known in all() {
            let failure = failure(&checks, &check(known.integration, &useful(known.integration)), &url).await;
            assert_eq!(failure.class, class, "{}", failure.message);
            assert!(failure.message.contains(&text), "{}", failure.message);
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_left_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let checks = checks(folder.path(), &format!("http://{}", listener.local_addr().unwrap()));
    for known in all() {
        let asked = Check { timeout_seconds: 1, ..check(known.integration, &useful(known.integration)) };
        // It takes the connection and says nothing.
        let failure = failure(&checks, &asked, "slow").await;
        assert_eq!(failure.class, FailureClass::Transient, "{}", failure.message);
        assert!(failure.message.contains("cannot reach http://127.0.0.1"), "{}", failure.message);
    }
}

#[tokio::test]
async fn nothing_is_left_of_an_alert_that_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let checks = checks(folder.path(), &format!("http://{}", listener.local_addr().unwrap()));
    for known in all() {
        let asked = check(known.integration, &useful(known.integration));
        let mut made = Box::pin(checks.make(&asked));
        let mut stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            verdict = &mut made => panic!("{} ended: {verdict:?}", known.integration),
        };
        let mut first = [0; 1];
        tokio::select! {
            read = stream.read(&mut first) => assert_eq!(read.unwrap(), 1),
            verdict = &mut made => panic!("{} ended: {verdict:?}", known.integration),
        }
        drop(made);
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{} keeps its connection", known.integration);
    }
}

#[tokio::test]
async fn servers_that_talk_for_ever_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let checks = checks(folder.path(), &format!("http://{}", listener.local_addr().unwrap()));
    let talk: [(&str, &str); 4] = [
        ("", "\u{7f}"),
        ("", "HTTP/1.1 200 OK\r\nx: "),
        ("HTTP/1.1 200 OK\r\n\r\n", "{\"ok\": true}"),
        ("HTTP/1.1 500 No\r\n\r\n", "conformance-s3cret"),
    ];
    for known in all() {
        for (begin, word) in talk {
            let endless = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                // A client that is answered before it asked would not take the answer for its own.
                let mut first = [0; 4096];
                assert!(stream.read(&mut first).await.unwrap() > 0);
                stream.write_all(begin.as_bytes()).await.unwrap();
                let chunk = word.repeat(64 * 1024 / word.len());
                while stream.write_all(chunk.as_bytes()).await.is_ok() {}
                std::future::pending::<()>().await;
            };
            let asked = check(known.integration, &useful(known.integration));
            let verdict = tokio::select! {
                verdict = make(&checks, &asked) => verdict,
                () = endless => unreachable!("it never ends"),
            };
            // Of a message that was taken with 200 nobody needs to read the whole answer.
            let taken = begin.contains("200") && matches!(verdict, Verdict::Passed { .. });
            assert!(taken || matches!(verdict, Verdict::Failed(_)), "{} {word:?}: {verdict:?}", known.integration);
        }
    }
}

/// The text of a page of the documentation.
fn page(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("docs");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn the_documentation_names_every_channel_and_field_and_its_examples_can_be_read() {
    let page = page("alerts.md");
    for channel in &Alerts::new().all {
        let integration = channel.integration();
        let section = page.split("\n### ").find(|section| section.starts_with(integration)).expect(integration);
        let fields = channel.fields();
        for field in fields.open.iter().chain(fields.secret) {
            let mark = if fields.secret.contains(field) { format!("`{field}` *") } else { format!("`{field}`") };
            assert!(section.lines().any(|line| line.starts_with('|') && line.contains(&mark)), "{integration}: {mark}");
        }
        let examples = section.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        for example in examples {
            let parsed: Value = serde_json::from_str(example).unwrap();
            assert_eq!(parsed["integration"], integration);
            for field in parsed["fields"].as_object().unwrap().keys() {
                let known = fields.open.iter().chain(fields.secret).any(|known| known == field);
                assert!(known, "{integration}: the example has the unknown field {field}");
            }
        }
    }
}
