//! An event as the JSON that is sent, within its limit.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::Message;
use crate::limits;

/// The message of an event. One that is too large is told without what is known of its datasets, and then without them.
pub(super) fn of(mut event: Value) -> Message {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id =
        format!("{} {} of {}", word(&event["eventType"]), word(&event["run"]["runId"]), word(&event["job"]["name"]));
    let mut body = event.to_string();
    for shorten in [without_facets, without_datasets] {
        if body.len() <= limits::OPENLINEAGE_EVENT_BYTES_MAX {
            break;
        }
        tracing::warn!(event = id, bytes = body.len(), "an event of OpenLineage is too large; it is told shortened");
        shorten(&mut event);
        body = event.to_string();
    }
    Message { id, subject: String::new(), attributes: Vec::new(), body: Bytes::from(body) }
}

fn without_facets(event: &mut Value) {
    for list in ["inputs", "outputs"] {
        for dataset in event[list].as_array_mut().into_iter().flatten() {
            *dataset = json!({"namespace": dataset["namespace"], "name": dataset["name"]});
        }
    }
}

fn without_datasets(event: &mut Value) {
    event["inputs"] = json!([]);
    event["outputs"] = json!([]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_loses_facets_first_and_datasets_last() {
        let dataset = |name: &str, facet: usize| json!({"namespace": "db", "name": name, "facets": {"documentation": {"description": "x".repeat(facet)}}});
        let many = limits::OPENLINEAGE_EVENT_BYTES_MAX / 16;
        let cases = [
            (vec![dataset("a", 10)], vec![dataset("a", 10)]),
            (
                vec![dataset("a", limits::OPENLINEAGE_EVENT_BYTES_MAX), dataset("b", 1)],
                vec![json!({"namespace": "db", "name": "a"}), json!({"namespace": "db", "name": "b"})],
            ),
            (vec![dataset("a", 1); many], Vec::new()),
        ];
        for (outputs, expected) in cases {
            let event = json!({"eventType": "COMPLETE", "run": {"runId": "r"}, "job": {"name": "j"}, "inputs": [], "outputs": outputs});
            let message = of(event);
            assert!(message.body.len() <= limits::OPENLINEAGE_EVENT_BYTES_MAX);
            let told: Value = serde_json::from_slice(&message.body).unwrap();
            assert!(
                told["outputs"] == json!(expected),
                "{} outputs, {} expected",
                told["outputs"].as_array().map_or(0, Vec::len),
                expected.len()
            );
            assert_eq!((message.id.as_str(), &told["run"]["runId"]), ("COMPLETE r of j", &json!("r")));
        }
    }
}
