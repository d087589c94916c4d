//! Sentences and what they rest on, for programs.

use downbeat_proto::metadata::v1::{Evidence, Position, Statement};
use serde_json::{Value, json};

fn evidence(it: &Evidence) -> Value {
    json!({"kind": it.kind, "id": it.id, "sequence": it.sequence, "at": it.at})
}

/// A sentence with its rule and its evidence; `null` where there is none.
pub(super) fn statement(it: Option<&Statement>) -> Value {
    it.map_or(Value::Null, |it| {
        let rests_on: Vec<Value> = it.evidence.iter().map(evidence).collect();
        json!({"rule": it.rule, "text": it.text, "evidence": rests_on})
    })
}

/// Several of them.
pub(super) fn statements(all: &[Statement]) -> Value {
    all.iter().map(|it| statement(Some(it))).collect()
}

/// The position that an answer reflects.
pub(super) fn position(it: Option<&Position>) -> Value {
    it.map_or(Value::Null, |it| json!({"log_id": it.log_id, "partition": it.partition, "sequence": it.sequence}))
}
