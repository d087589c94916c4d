//! From an answer to operations and assets, as a manifest says. Pure.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_lineage::naming;
use downbeat_proto::events::v1::{Asset, Operation};
use jiff::Timestamp;
use prost::Message as _;
use serde_json::Value;

use super::cost;
use super::fill::Scope;
use super::format::{AssetName, AssetRule, Collect, OperationRule, OperationState, Say};
use super::path::{Path, Paths, plain};
use crate::attempt::{Collection, cut};
use crate::limits::COLLECTED_ITEMS_MAX;
use crate::remote::{Observation, State};

/// What the pages of an answer come to.
pub(super) struct Gathered<'a> {
    rules: &'a Collect,
    integration: &'a str,
    scope: &'a Scope,
    last: &'a Observation,
    operations: Vec<Operation>,
    assets: BTreeMap<String, Asset>,
    /// Digests of the operations of the pages before: a list that grows while it is read shows some of them twice.
    known: BTreeSet<[u8; 32]>,
    pages: u64,
    full: bool,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(rules: &'a Collect, integration: &'a str, scope: &'a Scope, last: &'a Observation) -> Self {
        let (operations, assets, known) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        Self { rules, integration, scope, last, operations, assets, known, pages: 0, full: false }
    }

    /// Takes what a page has; whether there is room for more. What is said of the job as a whole is taken from the first.
    pub(super) fn page(&mut self, body: &Value) -> bool {
        let before = self.operations.len();
        for rule in self.rules.operations.iter().filter(|rule| rule.each.is_some() || self.pages == 0) {
            for item in items(rule.each.as_ref(), body) {
                let name = rule.asset.as_ref();
                let asset = name.and_then(|name| asset(name, "TABLE", self.integration, item, self.scope, None));
                let operation = operation(rule, item, self.scope, self.last, asset.as_ref());
                if let Some(asset) = asset {
                    self.assets.insert(asset.key.clone(), asset);
                }
                self.operations.extend(operation.filter(|found| !self.known.contains(&digest(found))));
            }
        }
        for AssetRule { each, asset: name, kind, rows } in &self.rules.assets {
            for item in items(each.as_ref(), body).into_iter().filter(|_| each.is_some() || self.pages == 0) {
                if let Some(asset) = asset(name, kind, self.integration, item, self.scope, rows.as_ref()) {
                    self.assets.insert(asset.key.clone(), asset);
                }
            }
        }
        self.known.extend(self.operations[before..].iter().map(digest));
        self.pages += 1;
        self.full = self.operations.len() > COLLECTED_ITEMS_MAX || self.assets.len() > COLLECTED_ITEMS_MAX;
        let rules = self.rules;
        let lists = rules.operations.iter().any(|rule| rule.each.is_some())
            || rules.assets.iter().any(|rule| rule.each.is_some());
        lists && !self.full
    }

    /// All of it; `cut`: why pages are missing.
    pub(super) fn done(mut self, cut: Option<String>) -> Collection {
        let full = self.full.then(|| format!("at most {COLLECTED_ITEMS_MAX} operations and assets are kept"));
        self.operations.truncate(COLLECTED_ITEMS_MAX);
        Collection {
            operations: self.operations,
            assets: self.assets.into_values().take(COLLECTED_ITEMS_MAX).collect(),
            edges: Vec::new(),
            cut: full.or(cut).unwrap_or_default(),
        }
    }
}

fn digest(operation: &Operation) -> [u8; 32] {
    blake3::hash(&operation.encode_to_vec()).into()
}

fn items<'a>(each: Option<&Path>, body: &'a Value) -> Vec<&'a Value> {
    each.map_or_else(|| vec![body], |each| each.all(body, COLLECTED_ITEMS_MAX + 1))
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
        bytes: rule.bytes.as_ref().and_then(|paths| paths.text(item)?.trim().parse().ok()),
        cost_basis: cost::basis(&rule.cost_basis, item, scope),
        ..Operation::default()
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
        key: naming::key(&name.namespace, &whole)?,
        name: short,
        r#type: kind.to_owned(),
        namespace: naming::namespace(&name.namespace),
        description: String::new(),
        row_count: number(rows, item),
        integration: integration.to_owned(),
        ..Asset::default()
    })
}

pub(super) fn say(say: &Say, item: &Value, scope: &Scope) -> Option<String> {
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
pub(super) fn instant(paths: Option<&Paths>, item: &Value) -> i64 {
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

    fn collected(rules: Value, pages: &[Value]) -> Collection {
        let rules: Collect = serde_json::from_value(rules).unwrap();
        let state = State::Succeeded { warning: false, outputs: String::new() };
        let last = Observation { state, word: String::new(), message: String::new(), after: None };
        let scope = Scope { token: "t".to_owned(), ..Scope::default() };
        let mut gathered = Gathered::new(&rules, "X", &scope, &last);
        for page in pages {
            gathered.page(page);
        }
        gathered.done(None)
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
        let found = collected(rules, &[body]);
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
        let found = collected(rules, &[json!({ "id": "q" })]);
        assert_eq!((found.operations[0].name.as_str(), found.operations[0].status.as_str()), ("q", "SUCCEEDED"));
    }

    #[test]
    fn operations_of_all_pages_are_gathered_each_once_and_the_job_itself_from_the_first() {
        let rules = json!({ "operations": [
            { "each": "$.steps[*]", "id": "$.id", "name": "$.id", "type": "TASK" },
            { "id": "$.job", "name": "$.job", "type": "TASK" },
        ] });
        let pages = [
            json!({ "job": "j", "steps": [{ "id": "a" }, { "id": "b" }] }),
            json!({ "job": "j", "steps": [{ "id": "b" }, { "id": "c" }] }),
        ];
        let found = collected(rules, &pages);
        let ids: Vec<_> = found.operations.iter().map(|operation| operation.external_id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "j", "c"]);
    }

    #[test]
    fn what_is_beyond_the_limit_is_left_out_and_said() {
        let rules = json!({ "operations": [{ "each": "$[*]", "id": "$.id", "name": "$.id", "type": "TASK" }] });
        let page = |from: usize| (from..from + 6_000).map(|id| json!({ "id": id })).collect::<Value>();
        let found = collected(rules, &[page(0), page(6_000)]);
        assert_eq!(found.operations.len(), COLLECTED_ITEMS_MAX);
        assert!(found.cut.contains("10000"), "{}", found.cut);
    }

    #[test]
    fn bytes_and_what_costs_something_are_taken_as_they_are() {
        let rules = json!({ "operations": [{
            "id": "$.id", "name": "$.id", "type": "QUERY", "bytes": "$.processed",
            "cost_basis": [
                { "quantity": "$.billed", "unit": "bytes_billed" },
                { "quantity": "$.dbu", "unit": "dbu", "attributes": { "sku": "$.sku", "pool": "$.none", "of": "{token}" } },
                { "quantity": "$.none", "unit": "credits" },
                { "quantity": "$.sku", "unit": "credits" },
            ],
        }] });
        let body = json!({ "id": 1, "processed": "1024", "billed": 10_485_760, "dbu": 12.5, "sku": "JOBS" });
        let found = collected(rules, &[body]);
        let operation = &found.operations[0];
        assert_eq!(operation.bytes, Some(1024));
        let said: Vec<_> = operation
            .cost_basis
            .iter()
            .map(|basis| {
                let attributes: Vec<_> =
                    basis.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{} {} {}", downbeat_proto::event::quantity_text(basis), basis.unit, attributes.join(","))
            })
            .collect();
        assert_eq!(said, ["10485760 bytes_billed ", "12.5 dbu of=t,sku=JOBS"]);
    }
}
