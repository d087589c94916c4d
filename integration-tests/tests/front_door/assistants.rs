//! The Model Context Protocol: what assistants are shown, and what they may do.

use std::{collections::BTreeSet, time::Duration};

use downbeat_integration_tests::{cluster::Dev, http::Client, process::eventually};
use serde_json::{Value, json};

use super::{BASE, apply, somebody};

/// A message and its answer.
fn say(client: &Client, method: &str, params: Value) -> Value {
    let message = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string();
    let headers = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", "2025-06-18"),
    ];
    let answer = client.send("POST", "/mcp", &headers, message.as_bytes()).expect("an answer");
    assert_eq!(answer.status, 200, "{method}: {}", answer.text());
    let answer = answer.json();
    assert_eq!(answer["id"], 7, "{answer}");
    answer
}

fn tools(client: &Client) -> Vec<String> {
    let listed = say(client, "tools/list", json!({}));
    let tools = listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("{listed}"));
    tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

fn call(client: &Client, name: &str, arguments: Value) -> Value {
    say(client, "tools/call", json!({"name": name, "arguments": arguments}))
}

/// An entry of the audit, on a line.
fn told(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let code = if text("code").is_empty() { String::new() } else { format!(" {}", text("code")) };
    let about = entry["targets"].as_array().into_iter().flatten();
    let about: Vec<String> = about
        .map(|it| format!(" of {} {}", it["kind"].as_str().unwrap_or_default(), it["id"].as_str().unwrap_or_default()))
        .collect();
    format!("{} {}{code} {}{}", text("actor"), text("outcome"), text("summary"), about.concat())
}

#[test]
fn assistants_ask_and_do_what_their_key_may() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let pipeline = apply(&dev, folder.path(), "orders", "eu");
    let (reader, operator) = (
        somebody(&dev, "reads", &["--role", "viewer"]),
        somebody(&dev, "runs_eu", &["--role", "operator", "--label", "eu"]),
    );
    let hello =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let greeted = say(&reader, "initialize", hello);
    assert_eq!(greeted["result"]["serverInfo"]["name"], "downbeat", "{greeted}");

    // Who only reads is not shown what changes things, and may not use it either.
    let shown = tools(&reader);
    for name in ["list_pipelines", "whats_broken", "whats_happening", "lineage_impact", "what_does_it_cost"] {
        assert!(shown.iter().any(|tool| tool == name), "{name}: {shown:?}");
    }
    assert!(!shown.iter().any(|tool| tool == "start_pipeline" || tool == "create_pipeline"), "{shown:?}");
    let refused = call(&reader, "start_pipeline", json!({"alias_or_pipeline_id": "orders"}));
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("start_pipeline")), "{refused}");

    let started = call(&operator, "start_pipeline", json!({"alias_or_pipeline_id": pipeline}));
    let run = started["result"]["structuredContent"]["pipelineRunId"].as_str().unwrap_or_else(|| panic!("{started}"));
    let status = call(&operator, "get_pipeline_run_status", json!({"pipeline_run_id": run}));
    assert_eq!(status["result"]["structuredContent"]["pipelineId"], pipeline, "{status}");
    let why = call(&operator, "why", json!({"pipeline_run_id": run}));
    assert_eq!(why["result"]["isError"], false, "{why}");
    let broken = call(&reader, "whats_broken", json!({}));
    assert_eq!(broken["result"]["structuredContent"]["groups"], json!([]), "{broken}");

    let admin = somebody(&dev, "looks", &["--role", "admin"]);
    eventually("what was asked is in the audit, also what only reads", Duration::from_secs(30), || {
        let listed = admin.get(&format!("{BASE}/audit?command=CALL_TOOL")).json();
        let told: BTreeSet<String> = listed["entries"].as_array()?.iter().map(told).collect();
        let status = format!("key:runs_eu ACCEPTED called get_pipeline_run_status of run {run}");
        let why = format!("key:runs_eu ACCEPTED called why of run {run}");
        let expected = [
            "key:reads REJECTED PERMISSION_DENIED called start_pipeline: refused as PERMISSION_DENIED of pipeline orders",
            "key:reads ACCEPTED called whats_broken",
            status.as_str(),
            why.as_str(),
        ];
        expected.iter().all(|one| told.contains(*one)).then_some(())
    });
    let of_run = admin.get(&format!("{BASE}/audit?target={run}&command=CALL_TOOL")).json();
    assert_eq!(of_run["entries"].as_array().map(Vec::len), Some(2), "{of_run}");

    // What goes wrong is said to the assistant, not to the protocol.
    for (arguments, words) in [
        (json!({"pipeline_run_id": "no id"}), "not found"),
        (json!({}), "pipeline_run_id"),
        (json!({"pipeline_run_id": run, "colour": "red"}), "colour"),
    ] {
        let answer = call(&reader, "get_pipeline_run", arguments);
        let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(answer["result"]["isError"] == true && text.contains(words), "{answer}");
    }
}
