//! From an answer to operations and assets, as a manifest says. Pure.

use std::collections::BTreeMap;

use downbeat_proto::events::v1::{Asset, Operation};
use jiff::Timestamp;
use serde_json::Value;

use super::fill::Scope;
use super::format::{AssetName, AssetRule, Collect, OperationRule, OperationState, Say};
use super::path::{Path, Paths, plain};
use crate::attempt::{Collection, cut};
use crate::limits::COLLECTED_ITEMS_MAX;
use crate::remote::{Observation, State};

pub(super) fn collection(
    rules: &Collect,
    integration: &str,
    body: &Value,
    scope: &Scope,
    last: &Observation,
) -> Collection {
    let mut assets = BTreeMap::new();
    let mut operations = Vec::new();
    for rule in &rules.operations {
        for item in items(rule.each.as_ref(), body) {
            let asset = rule.asset.as_ref().and_then(|name| asset(name, "TABLE", integration, item, scope, None));
            let operation = operation(rule, item, scope, last, asset.as_ref());
            if let Some(asset) = asset {
                assets.insert(asset.key.clone(), asset);
            }
            operations.extend(operation);
        }
    }
    for AssetRule { each, asset: name, kind, rows } in &rules.assets {
        for item in items(each.as_ref(), body) {
            if let Some(asset) = asset(name, kind, integration, item, scope, rows.as_ref()) {
                assets.insert(asset.key.clone(), asset);
            }
        }
    }
    operations.truncate(COLLECTED_ITEMS_MAX);
    Collection { operations, assets: assets.into_values().take(COLLECTED_ITEMS_MAX).collect(), edges: Vec::new() }
}

fn items<'a>(each: Option<&Path>, body: &'a Value) -> Vec<&'a Value> {
    each.map_or_else(|| vec![body], |each| each.all(body, COLLECTED_ITEMS_MAX))
}

fn operation(
    rule: &OperationRule,
    item: &Value,
    scope: &Scope,
    last: &Observation,
    asset: Option<&Asset>,
) -> Option<Operation> {
    let external_id = say(&rule.id, item, scope)?;
    let name = say(&rule.name, item, scope).unwrap_or_else(|| external_id.clone());
    let parts = rule.message.iter().filter_map(|part| {
        let text = part.value.text(item)?;
        Some(if part.unit.is_empty() { text } else { format!("{text} {}", part.unit) })
    });
    Some(Operation {
        external_id,
        name,
        r#type: rule.kind.clone(),
        status: status(rule, item, last).to_owned(),
        message: cut(parts.collect::<Vec<_>>().join("; ")),
        started_at: instant(rule.started_at.as_ref(), item),
        completed_at: instant(rule.completed_at.as_ref(), item),
        rows_affected: number(rule.rows.as_ref(), item),
        asset: asset.map(|asset| asset.key.clone()).unwrap_or_default(),
        failures: -1,
        column: String::new(),
    })
}

fn status(rule: &OperationRule, item: &Value, last: &Observation) -> &'static str {
    if let Some(paths) = &rule.word {
        let word = paths.text(item).unwrap_or_default();
        let state = rule.states.iter().find(|(_, words)| words.contains(&word)).map(|(state, _)| *state);
        return match state {
            Some(OperationState::Succeeded) => "SUCCEEDED",
            Some(OperationState::Warning) => "WARNING",
            Some(OperationState::Failed) => "FAILED",
            Some(OperationState::Skipped) => "SKIPPED",
            Some(OperationState::Cancelled) => "CANCELLED",
            Some(OperationState::Reused) => "REUSED",
            None => "UNKNOWN",
        };
    }
    match last.state {
        State::Succeeded { warning: false, .. } => "SUCCEEDED",
        State::Succeeded { warning: true, .. } => "WARNING",
        State::Failed => "FAILED",
        State::Cancelled => "CANCELLED",
        State::Queued | State::Running => "UNKNOWN",
    }
}

fn asset(
    name: &AssetName,
    kind: &str,
    integration: &str,
    item: &Value,
    scope: &Scope,
    rows: Option<&Paths>,
) -> Option<Asset> {
    let parts: Vec<_> = name.name.iter().filter_map(|part| say(part, item, scope)).collect();
    let short = parts.last()?.clone();
    let whole = parts.join(".");
    let whole = if name.case_sensitive { whole } else { whole.to_lowercase() };
    Some(Asset {
        key: format!("{}/{whole}", name.namespace),
        name: short,
        r#type: kind.to_owned(),
        namespace: name.namespace.clone(),
        description: String::new(),
        row_count: number(rows, item),
        integration: integration.to_owned(),
    })
}

fn say(say: &Say, item: &Value, scope: &Scope) -> Option<String> {
    let text = match say {
        Say::Path(path) => path.first(item).map(plain),
        Say::Template(template) => scope.text(template).ok().flatten(),
    };
    text.filter(|text| !text.trim().is_empty())
}

fn number(paths: Option<&Paths>, item: &Value) -> i64 {
    let number = paths.and_then(|paths| paths.text(item)).and_then(|text| text.trim().parse().ok());
    number.filter(|number| *number >= 0).unwrap_or(-1)
}

/// Microseconds since the epoch; 0 = not known. Texts are RFC 3339 (or the same with a blank, in UTC); numbers are seconds or
/// milliseconds, which differ by their size.
fn instant(paths: Option<&Paths>, item: &Value) -> i64 {
    let Some(value) = paths.and_then(|paths| paths.first(item)) else { return 0 };
    if let Some(number) = value.as_f64().or_else(|| value.as_str()?.parse().ok()) {
        let seconds = if number > 1e11 { number / 1e3 } else { number };
        #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
        return if (0.0..1e11).contains(&seconds) { (seconds * 1e6) as i64 } else { 0 };
    }
    let Some(text) = value.as_str() else { return 0 };
    let zoned = text.parse::<Timestamp>();
    let read = zoned.or_else(|error| {
        let plain = text.parse::<jiff::civil::DateTime>().map_err(|_| error)?;
        plain.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp())
    });
    read.map_or(0, Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn collected(rules: Value, body: &Value) -> Collection {
        let rules: Collect = serde_json::from_value(rules).unwrap();
        let state = State::Succeeded { warning: false, outputs: String::new() };
        let last = Observation { state, word: String::new(), message: String::new(), after: None };
        collection(&rules, "X", body, &Scope { token: "t".to_owned(), ..Scope::default() }, &last)
    }

    #[test]
    fn children_become_operations_and_tables_assets() {
        let rules = json!({
            "operations": [{
                "each": "$.steps[*]", "id": "$.id", "name": "step {token}", "type": "QUERY", "word": "$.state",
                "states": { "FAILED": ["bad"] }, "rows": "$.rows", "started_at": "$.from", "completed_at": "$.to",
                "message": [{ "value": "$.bytes", "unit": "bytes" }, { "value": "$.error" }],
                "asset": { "namespace": "warehouse", "name": ["$.schema", "$.table"] },
            }],
            "assets": [{ "asset": { "namespace": "n", "name": ["$.out"], "case_sensitive": true }, "type": "FILE" }],
        });
        let body = json!({
            "out": "A.csv",
            "steps": [
                { "id": 7, "state": "bad", "rows": "12", "from": "2026-01-01T00:00:00Z", "to": 1_767_225_601_500_i64,
                  "bytes": 10, "error": "e", "schema": "S", "table": "T" },
                { "id": 8, "state": "new", "from": "2026-01-01 00:00:01" },
                { "no": "id" },
            ],
        });
        let found = collected(rules, &body);
        let [first, second] = found.operations.as_slice() else { panic!("{:?}", found.operations) };
        assert_eq!((first.external_id.as_str(), first.name.as_str(), first.status.as_str()), ("7", "step t", "FAILED"));
        assert_eq!((first.rows_affected, first.message.as_str()), (12, "10 bytes; e"));
        assert_eq!((first.started_at, first.completed_at), (1_767_225_600_000_000, 1_767_225_601_500_000));
        assert_eq!(first.asset, "warehouse/s.t");
        assert_eq!((second.status.as_str(), second.rows_affected), ("UNKNOWN", -1));
        assert_eq!((second.started_at, second.completed_at), (1_767_225_601_000_000, 0));
        let keys: Vec<_> = found.assets.iter().map(|asset| (asset.key.as_str(), asset.r#type.as_str())).collect();
        assert_eq!(keys, [("n/A.csv", "FILE"), ("warehouse/s.t", "TABLE")]);
    }

    #[test]
    fn without_children_the_job_itself_is_the_operation() {
        let rules = json!({ "operations": [{ "id": "$.id", "name": "$.name", "type": "QUERY" }] });
        let found = collected(rules, &json!({ "id": "q" }));
        assert_eq!((found.operations[0].name.as_str(), found.operations[0].status.as_str()), ("q", "SUCCEEDED"));
    }
}
