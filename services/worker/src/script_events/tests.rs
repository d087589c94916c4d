//! The endpoint's answers, case by case.

use reqwest::Client;
use serde_json::{Value, json};

use super::{ScriptEvents, ScriptStatus, state::ScriptState};
use crate::limits::{SCRIPT_EVENT_BYTES_MAX, SCRIPT_LOGS_MAX, TASK_OUTPUTS_BYTES_MAX};

async fn post(url: &str, key: Option<&str>, body: Value) -> (u16, Value) {
    let mut request = Client::new().post(url).body(body.to_string()).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

#[tokio::test]
async fn answers() {
    let events = ScriptEvents::serve().await.unwrap();
    let door = events.admit("t1", true);
    let other = events.admit("t2", false);
    let ended = events.admit("t3", true);
    let (ended_key, url, key) = (ended.key.clone(), door.url.clone(), door.key.clone());
    drop(ended);
    let output = |task: &str, name: &str| json!({ "event_type": "SET_OUTPUT", "metadata": {}, "task_run_id": task, "output_name": name, "output_value": [1] });
    let cases = [
        (Some(key.as_str()), output("t1", "a"), 200),
        (Some(key.as_str()), output("t1", "A"), 200),
        (Some(key.as_str()), json!({"event_type": "UPDATE_STATUS", "task_run_id": "t1", "status": "RUNNING"}), 200),
        (
            Some(key.as_str()),
            json!({"event_type": "UPDATE_STATUS", "task_run_id": "t1", "status": "FAILED", "message": "m"}),
            200,
        ),
        (Some(key.as_str()), json!({"event_type": "LOG", "task_run_id": "t1", "log_name": "l", "data": "text"}), 200),
        (None, output("t1", "a"), 401),
        (Some("wrong"), output("t1", "a"), 401),
        (Some(other.key.as_str()), output("t1", "a"), 401),
        (Some(ended_key.as_str()), output("t3", "a"), 404),
        (Some(key.as_str()), output("unknown", "a"), 404),
        (Some(key.as_str()), json!("text"), 422),
        (Some(key.as_str()), json!({"event_type": "PARTY", "task_run_id": "t1"}), 422),
        (Some(key.as_str()), json!({"event_type": "UPDATE_STATUS", "task_run_id": "t1", "status": "MAYBE"}), 422),
        (Some(key.as_str()), json!({"event_type": "SET_OUTPUT", "task_run_id": "t1", "output_name": "x"}), 422),
        (Some(key.as_str()), json!("x".repeat(SCRIPT_EVENT_BYTES_MAX)), 413),
    ];
    for (key, body, status) in cases {
        let shown = body.to_string().chars().take(100).collect::<String>();
        let (seen, answer) = post(&url, key, body).await;
        assert_eq!(seen, status, "{shown}");
        assert_eq!(answer.get("detail").is_some(), status != 200, "{answer}");
    }
    let too_large = json!({ "event_type": "SET_OUTPUT", "task_run_id": "t1", "output_name": "b", "output_value": "x".repeat(TASK_OUTPUTS_BYTES_MAX) });
    assert_eq!(post(&url, Some(&key), too_large).await.0, 413);
    assert_eq!(post(&url, Some(&other.key), output("t2", "n")).await.0, 200);

    let said = door.close();
    assert_eq!(said.outputs_text(), r#"{"A":[1]}"#, "names are one whatever their case");
    assert_eq!(said.status, Some((ScriptStatus::Failed, Some("m".to_owned()))));
    assert_eq!(said.logs["l"], "text");
    let said = other.close();
    assert_eq!((said.outputs.len(), said.ignored_outputs), (0, vec!["n".to_owned()]));
    assert_eq!(post(&url, Some(&key), output("t1", "a")).await.0, 404, "the door is closed");
}

#[test]
fn replacing_frees_what_was_replaced() {
    let mut state = ScriptState::default();
    let large = Value::String("x".repeat(TASK_OUTPUTS_BYTES_MAX * 2 / 3));
    for _ in 0..3 {
        state.set_output("a", large.clone()).unwrap();
    }
    assert!(state.set_output("b", large).is_err());
    for number in 0..SCRIPT_LOGS_MAX {
        state.set_log(&number.to_string(), String::new()).unwrap();
    }
    assert!(state.set_log("0", "again".to_owned()).is_ok());
    assert!(state.set_log("one more", String::new()).is_err());
}
