//! What the API says is what there is: read your writes, live updates, the traps of the clients.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    time::Duration,
};

use downbeat_integration_tests::{cluster::Dev, process::eventually};
use serde_json::{Value, json};

use super::{BASE, key, somebody};

fn definition(name: &str) -> Value {
    json!({
        "version": "v1", "name": name,
        "inputs": {"day": {"type": "string", "optional": true}},
        "pipeline": {"g": {"tasks": {
            "ask": {"integration": "ORCHESTRA", "integration_job": "APPROVAL", "parameters": {}, "depends_on": []},
        }}},
    })
}

#[test]
fn what_was_just_written_is_found_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let admin = somebody(&dev, "ada", &["--role", "admin"]);
    for number in 0..20 {
        let alias = format!("p{number}");
        let body =
            json!({"data": definition(&alias), "alias": alias, "published": true, "storage_provider": "ORCHESTRA"});
        let made = admin.ask("POST", &format!("{BASE}/pipelines"), Some(&body));
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.json()["data"]["name"], alias);
        let id = made.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(admin.get(&format!("{BASE}/pipeline?pipeline_id={id}")).status, 200);
        let started =
            admin.ask("POST", &format!("{BASE}/pipelines/{alias}/start"), Some(&json!({"runInputs": {"day": "x"}})));
        let run = started.json()["pipelineRunId"].as_str().expect("an id").to_owned();
        let status = admin.get(&format!("{BASE}/pipeline_runs/{run}/status"));
        assert_eq!(status.status, 200, "a run that was just started is found");
        assert_eq!(status.json()["pipelineId"], id);
        let tasks = admin.get(&format!("{BASE}/pipeline_runs/{run}/task_runs")).json();
        assert_eq!(tasks["total"], 1, "{tasks}");
        for field in ["page", "pageSize", "total", "results"] {
            assert!(!tasks[field].is_null(), "{field}: {tasks}");
        }
    }
}

#[test]
fn refusals_have_the_published_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let admin = somebody(&dev, "ada", &["--role", "admin"]);
    let mut needs = definition("needs");
    needs["inputs"]["day"]["optional"] = json!(false);
    let body = json!({"data": needs, "alias": "needs", "published": true});
    assert_eq!(admin.ask("POST", &format!("{BASE}/pipelines"), Some(&body)).status, 201);
    for (method, target, body, status, words) in [
        ("POST", "/pipelines", body.clone(), 400, "needs"),
        ("POST", "/pipelines/needs/start", json!({}), 400, "Missing required pipeline input"),
        ("POST", "/pipelines/needs/start", json!({"runInputs": {"day": "x", "no": 1}}), 400, "no input `no`"),
        ("POST", "/pipelines/needs/start", json!({"runInputs": []}), 422, "runInputs"),
        ("POST", "/pipelines/needs/start", json!({"versionNumber": 99, "runInputs": {"day": "x"}}), 404, "99"),
        ("POST", "/pipelines/unknown/start", json!({}), 404, "not found"),
        ("GET", "/pipeline?alias=unknown", Value::Null, 404, "not found"),
        ("GET", "/pipeline", Value::Null, 400, "exactly one of"),
        ("GET", "/pipeline_runs?status=MAYBE", Value::Null, 400, "MAYBE"),
        ("GET", "/pipeline_runs?page=0", Value::Null, 422, "whole number"),
        (
            "GET",
            "/pipeline_runs?time_from=2026-01-01T00:00:00Z&time_to=2026-02-01T00:00:00Z",
            Value::Null,
            422,
            "7 days",
        ),
    ] {
        let answer = admin.ask(method, &format!("{BASE}{target}"), (!body.is_null()).then_some(&body));
        assert_eq!(answer.status, status, "{method} {target}: {}", answer.text());
        assert!(answer.text().contains(words), "{method} {target}: {}", answer.text());
    }
    admin.ask("POST", &format!("{BASE}/pipelines/needs/pause"), None);
    let paused = admin.ask("POST", &format!("{BASE}/pipelines/needs/start"), Some(&json!({"runInputs": {"day": "x"}})));
    assert!(paused.status == 400 && paused.text().contains("paused"), "{}", paused.text());
}

#[test]
fn a_run_is_watched_live_until_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let token = key(&dev, "live", &["--role", "editor"]);
    let client = downbeat_integration_tests::http::Client::with_key(&dev.api, &token);
    let body = json!({"data": definition("live"), "alias": "live", "published": true});
    // An editor of the whole account makes pipelines.
    assert_eq!(client.ask("POST", &format!("{BASE}/pipelines"), Some(&body)).status, 201);
    let started = client.ask("POST", &format!("{BASE}/pipelines/live/start"), None).json();
    let run = started["id"].as_str().expect("an id");
    let address = dev.api.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
    write!(
        stream,
        "GET {BASE}/pipeline_runs/{run}/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .expect("it is open");
    let mut statuses: Vec<String> = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line.expect("it goes on");
        if line == "event: end" {
            break;
        }
        if let Some(data) = line.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(data).expect("JSON");
            statuses.extend(data["run"]["runStatus"].as_str().map(ToOwned::to_owned));
            let task =
                data["taskRuns"].as_array().and_then(|tasks| tasks.first()).filter(|task| task["status"] == "RUNNING");
            if let Some(task) = task.and_then(|task| task["id"].as_str()).filter(|_| statuses.len() < 3) {
                let approve = format!("{BASE}/pipeline_runs/{run}/task_runs/{task}/approve");
                let approved = client.ask("POST", &approve, Some(&json!({"comment": "go on"})));
                assert_eq!(approved.status, 200, "{}", approved.text());
            }
        }
    }
    assert_eq!(statuses.last().map(String::as_str), Some("SUCCEEDED"), "{statuses:?}");
    assert!(statuses.len() > 1, "{statuses:?}");
}

#[test]
fn who_asked_through_the_api_stands_in_the_audit() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let admin = somebody(&dev, "nightly", &["--role", "admin"]);
    let body = json!({"data": definition("audited"), "alias": "audited", "published": true});
    assert_eq!(admin.ask("POST", &format!("{BASE}/pipelines"), Some(&body)).status, 201);
    let audit = admin.get(&format!("{BASE}/audit?command=APPLY_PIPELINE")).json();
    let entry = &audit["entries"][0];
    assert_eq!((&entry["actor"], &entry["originAddress"]), (&json!("key:nightly"), &json!("127.0.0.1")), "{audit}");
    // By who asked, as the log has them or by their name alone.
    for (actor, found) in [("key:nightly", true), ("nightly", true), ("key:night", false), ("user:nightly", false)] {
        let entries = admin.get(&format!("{BASE}/audit?actor={actor}&page_size=1000")).json()["entries"].clone();
        let entries = entries.as_array().expect("a list");
        assert_eq!(entries.iter().any(|entry| entry["command"] == "APPLY_PIPELINE"), found, "{actor}: {entries:?}");
        assert!(entries.iter().all(|entry| entry["actor"] == "key:nightly"), "{actor}: {entries:?}");
    }
    // Which key was used is known to the hour.
    eventually("the use of the key is told", Duration::from_secs(60), || {
        let keys = admin.get(&format!("{BASE}/keys")).json();
        let known = keys["keys"].as_array()?.iter().any(|key| key["name"] == "nightly" && !key["lastUsedAt"].is_null());
        known.then_some(())
    });
}
