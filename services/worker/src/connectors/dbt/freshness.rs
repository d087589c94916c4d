//! How new the data of sources is, as dbt measured it: `dbt source freshness` writes `sources.json`, `dbt freshness` of newer versions
//! `freshness.json`, for models as well.
//!
//! Promises: files in, metadata out; a file that cannot be understood is a reason for the log. What was measured is told of the asset (when its data
//! was loaded), and where the user asked for it as an operation and as a check of its quality. Knows nothing about who ran dbt.

use std::path::Path;

use downbeat_proto::events::v1::{Asset, Operation};
use jiff::Timestamp;
use serde::Deserialize;

use super::artifacts::{self, Manifest, Metadata, Timing};
use super::assets;
use crate::attempt::{Collection, cut};
use crate::limits::DBT_SOURCES_MAX;

/// What `dbt source freshness` writes.
pub(super) const SOURCES: &str = "sources.json";
/// What `dbt freshness` writes.
const FRESHNESS: &str = "freshness.json";
/// How the check is called among the tests of an asset, and how the ids of its operations begin.
const CHECK: &str = "freshness";
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A file that dbt wrote.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Measured {
    metadata: Metadata,
    pub(super) results: Vec<Freshness>,
}

/// How new one source is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Freshness {
    pub(super) unique_id: String,
    max_loaded_at: Option<String>,
    max_loaded_at_time_ago_in_s: Option<f64>,
    status: String,
    error: serde_json::Value,
    criteria: Option<Criteria>,
    timing: Vec<Timing>,
}

/// What the project asks of its age.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Criteria {
    warn_after: Option<Age>,
    error_after: Option<Age>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Age {
    count: Option<i64>,
    period: Option<String>,
}

/// What one command measured, with the project that knows its sources.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) measured: Measured,
    pub(super) manifest: Manifest,
    /// A command of the user's measured it; else we did for a reason of ours.
    pub(super) asked: bool,
}

impl Looked {
    /// Unique per run of dbt.
    pub(super) fn id(&self) -> &str {
        &self.measured.metadata.invocation_id
    }

    /// Sources that are too old, or could not be looked at, each with its reason.
    pub(super) fn failures(&self) -> Vec<String> {
        self.with_status("FAILED")
    }

    /// Sources that are older than they should be.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.with_status("WARNING")
    }

    fn with_status(&self, wanted: &str) -> Vec<String> {
        let results = self.measured.results.iter().filter(|result| self.asked && result.state() == wanted);
        results.map(|result| format!("{}: {}", named(&self.manifest, &result.unique_id), result.said())).collect()
    }
}

/// What dbt measured and left in its target folder; at most one of each of its commands, the last one.
///
/// # Errors
/// A file is there and cannot be understood.
pub(super) fn read(target: &Path) -> Result<Vec<Measured>, String> {
    let read = |file| artifacts::read_file(&target.join(file));
    Ok([read(SOURCES)?, read(FRESHNESS)?].into_iter().flatten().collect())
}

/// What a command measured that none before had.
///
/// # Errors
/// As [`read`], and where the project that belongs to it cannot be understood.
pub(super) fn new(target: &Path, asked: bool, before: &[Looked]) -> Result<Vec<Looked>, String> {
    let measured = read(target)?.into_iter();
    let measured: Vec<Measured> = measured
        .filter(|measured| before.iter().all(|before| before.id() != measured.metadata.invocation_id))
        .collect();
    if measured.is_empty() {
        return Ok(Vec::new());
    }
    let manifest = artifacts::read_manifest(target)?.unwrap_or_default();
    Ok(measured.into_iter().map(|measured| Looked { measured, manifest: manifest.clone(), asked }).collect())
}

/// Adds to a collection what was measured; of one source the last time counts.
pub(super) fn add(looked: &[Looked], collection: &mut Collection) {
    for look in looked {
        for result in look.measured.results.iter().take(DBT_SOURCES_MAX) {
            let asset = assets::of_node(&look.manifest, &result.unique_id);
            if look.asked {
                let key = asset.as_ref().map(|asset| asset.key.as_str()).unwrap_or_default();
                if result.unique_id.starts_with("source.") {
                    put(&mut collection.operations, result.looked_at(&look.manifest, key));
                }
                put(&mut collection.operations, result.check(key));
            }
            if let (Some(asset), Some(at)) = (asset, result.loaded_at()) {
                loaded(&mut collection.assets, asset, at.as_microsecond());
            }
        }
    }
}

fn put(operations: &mut Vec<Operation>, operation: Operation) {
    match operations.iter_mut().find(|known| known.external_id == operation.external_id) {
        Some(known) => *known = operation,
        None => operations.push(operation),
    }
}

fn loaded(known: &mut Vec<Asset>, asset: Asset, at: i64) {
    match known.iter_mut().find(|known| known.key == asset.key) {
        Some(known) => known.loaded_at = at,
        None => known.push(Asset { loaded_at: at, ..asset }),
    }
}

/// `source shop.raw.orders`: people know sources by their name and that of their table.
fn named(manifest: &Manifest, unique_id: &str) -> String {
    let (kind, rest) = unique_id.split_once('.').unwrap_or(("", unique_id));
    // The project that a source stands in says nothing here.
    let short = rest.split_once('.').map_or(rest, |(_, short)| short);
    let known = manifest.sources.contains_key(unique_id) || manifest.nodes.contains_key(unique_id);
    if known { format!("{kind} {short}") } else { unique_id.to_owned() }
}

impl Freshness {
    /// When its newest data was loaded.
    pub(super) fn loaded_at(&self) -> Option<Timestamp> {
        self.max_loaded_at.as_deref()?.parse().ok()
    }

    fn state(&self) -> &'static str {
        match self.status.to_lowercase().as_str() {
            "pass" => "SUCCEEDED",
            "warn" => "WARNING",
            "error" | "runtime error" => "FAILED",
            "skipped" => "SKIPPED",
            _ => "UNKNOWN",
        }
    }

    /// Why it could not be looked at; empty = it could.
    fn fault(&self) -> String {
        match &self.error {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => cut(text.split_whitespace().collect::<Vec<_>>().join(" ")),
            other => cut(other.to_string()),
        }
    }

    /// How old its data is, for people; empty = nobody knows.
    fn age(&self) -> String {
        let seconds = self.max_loaded_at_time_ago_in_s.filter(|seconds| seconds.is_finite() && seconds.abs() < 1e12);
        #[expect(clippy::cast_possible_truncation, reason = "the size is checked")]
        seconds.map(|seconds| format!("{} old", lasting((seconds as i64).max(0)))).unwrap_or_default()
    }

    /// What is asked of its age, for people; empty = nothing.
    fn expected(&self) -> String {
        let Some(criteria) = &self.criteria else { return String::new() };
        let part = |what: &str, age: &Option<Age>| {
            let Age { count: Some(count), period: Some(period) } = age.as_ref()? else { return None };
            let period: String = period.chars().take(20).collect();
            Some(format!("{what} after {count} {period}{}", if *count == 1 { "" } else { "s" }))
        };
        let parts = [part("warning", &criteria.warn_after), part("error", &criteria.error_after)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn said(&self) -> String {
        let fault = self.fault();
        if !fault.is_empty() {
            return fault;
        }
        let parts = [self.age(), self.expected()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { self.status.clone() } else { parts.join(", ") }
    }

    fn times(&self) -> (i64, i64) {
        let micros = |text: &Option<String>| text.as_deref()?.parse::<Timestamp>().ok().map(Timestamp::as_microsecond);
        let started = self.timing.iter().filter_map(|timing| micros(&timing.started_at)).min().unwrap_or(0);
        let completed = self.timing.iter().filter_map(|timing| micros(&timing.completed_at)).max();
        (started, completed.unwrap_or(started))
    }

    /// That it was looked at.
    fn looked_at(&self, manifest: &Manifest, asset: &str) -> Operation {
        let (started_at, completed_at) = self.times();
        let name = manifest.sources.get(&self.unique_id).map_or(self.unique_id.as_str(), |source| &source.name);
        Operation {
            external_id: self.unique_id.clone(),
            name: name.to_owned(),
            r#type: "SOURCE".to_owned(),
            status: self.state().to_owned(),
            message: self.said(),
            started_at,
            completed_at,
            rows_affected: -1,
            asset: asset.to_owned(),
            failures: -1,
            ..Operation::default()
        }
    }

    /// What that says of the quality of the asset.
    fn check(&self, asset: &str) -> Operation {
        let (started_at, completed_at) = self.times();
        let only_warns =
            self.criteria.as_ref().is_some_and(|criteria| criteria.error_after.as_ref().is_none_or(Age::is_none));
        Operation {
            external_id: format!("{CHECK}.{}", self.unique_id),
            name: CHECK.to_owned(),
            r#type: "TEST".to_owned(),
            status: self.state().to_owned(),
            message: self.fault(),
            started_at,
            completed_at,
            rows_affected: -1,
            asset: asset.to_owned(),
            failures: -1,
            severity: if only_warns || self.state() == "WARNING" { "WARN" } else { "ERROR" }.to_owned(),
            expected: self.expected(),
            actual: self.age(),
            ..Operation::default()
        }
    }
}

impl Age {
    fn is_none(&self) -> bool {
        self.count.is_none()
    }
}

/// The two largest units of a time: `1 day 2 hours`.
fn lasting(seconds: i64) -> String {
    let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")];
    let from = units.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(units.len() - 1);
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units.iter().skip(from).take(2) {
        let count = left / unit;
        left %= unit;
        if count > 0 || parts.is_empty() {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::dbt::artifacts::Node;

    fn looked(results: &str, asked: bool) -> Looked {
        let source = Node {
            resource_type: "source".to_owned(),
            name: "orders".to_owned(),
            database: Some("shop".to_owned()),
            schema: Some("raw".to_owned()),
            identifier: Some("orders".to_owned()),
            ..Node::default()
        };
        let mut manifest = Manifest { namespace: Some("duckdb:///shop.duckdb".to_owned()), ..Manifest::default() };
        manifest.sources.insert("source.p.raw.orders".to_owned(), source);
        let text = format!("{{\"metadata\": {{\"invocation_id\": \"i\"}}, \"results\": [{results}]}}");
        Looked { measured: serde_json::from_str(&text).unwrap(), manifest, asked }
    }

    fn result(status: &str, age: f64, criteria: &str) -> String {
        format!(
            r#"{{"unique_id": "source.p.raw.orders", "max_loaded_at": "2026-01-02T00:00:00+00:00", "max_loaded_at_time_ago_in_s": {age},
                "status": "{status}", "criteria": {criteria}, "timing": [{{"started_at": "2026-01-03T00:00:00Z", "completed_at": "2026-01-03T00:00:01Z"}}]}}"#
        )
    }

    const BOTH: &str = r#"{"warn_after": {"count": 12, "period": "hour"}, "error_after": {"count": 1, "period": "day"}, "filter": null}"#;
    const WARNS: &str =
        r#"{"warn_after": {"count": 1, "period": "hour"}, "error_after": {"count": null, "period": null}}"#;
    const KEY: &str = "duckdb:///shop.duckdb/shop.raw.orders";

    #[test]
    fn what_dbt_measured_is_an_operation_a_check_and_the_age_of_the_asset() {
        let table = [
            ("pass", 5.0, BOTH, "SUCCEEDED", "ERROR", "5 seconds old", "warning after 12 hours, error after 1 day"),
            (
                "warn",
                46_860.0,
                BOTH,
                "WARNING",
                "WARN",
                "13 hours 1 minute old",
                "warning after 12 hours, error after 1 day",
            ),
            (
                "error",
                93_600.0,
                BOTH,
                "FAILED",
                "ERROR",
                "1 day 2 hours old",
                "warning after 12 hours, error after 1 day",
            ),
            ("Warn", 3_601.0, WARNS, "WARNING", "WARN", "1 hour old", "warning after 1 hour"),
            ("pass", -3.0, WARNS, "SUCCEEDED", "WARN", "0 seconds old", "warning after 1 hour"),
        ];
        for (status, age, criteria, expected_status, severity, actual, expected) in table {
            let mut found = Collection::default();
            add(&[looked(&result(status, age, criteria), true)], &mut found);
            let [source, check] = &found.operations[..] else { panic!("{:?}", found.operations) };
            assert_eq!(
                (source.r#type.as_str(), source.name.as_str(), source.asset.as_str()),
                ("SOURCE", "orders", KEY)
            );
            assert_eq!((check.r#type.as_str(), check.name.as_str(), check.asset.as_str()), ("TEST", "freshness", KEY));
            assert_eq!((source.status.as_str(), check.status.as_str()), (expected_status, expected_status), "{status}");
            assert_eq!(
                (check.severity.as_str(), check.actual.as_str(), check.expected.as_str()),
                (severity, actual, expected)
            );
            assert_eq!(source.completed_at - source.started_at, 1_000_000);
            let loaded: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
            let [asset] = &found.assets[..] else { panic!("{:?}", found.assets) };
            assert_eq!((asset.key.as_str(), asset.loaded_at), (KEY, loaded.as_microsecond()));
        }
    }

    #[test]
    fn a_source_that_could_not_be_looked_at_says_why_and_nothing_of_its_age() {
        let error = r#"{"unique_id": "source.p.raw.orders", "error": "no such\n table", "status": "runtime error"}"#;
        let looked = looked(error, true);
        assert_eq!(looked.failures(), ["source raw.orders: no such table"]);
        let mut found = Collection::default();
        add(&[looked], &mut found);
        assert_eq!(found.assets, []);
        let check = &found.operations[1];
        assert_eq!(
            (check.status.as_str(), check.message.as_str(), check.actual.as_str()),
            ("FAILED", "no such table", "")
        );
    }

    #[test]
    fn what_we_measured_for_ourselves_is_told_of_the_asset_only() {
        let looked = looked(&result("error", 93_600.0, BOTH), false);
        assert_eq!((looked.failures(), looked.warnings()), (vec![], vec![]));
        let mut found = Collection::default();
        add(&[looked], &mut found);
        assert_eq!((found.operations.len(), found.assets.len()), (0, 1));
    }

    #[test]
    fn the_last_measurement_of_a_source_counts() {
        let mut found = Collection::default();
        let looks = [looked(&result("error", 93_600.0, BOTH), true), looked(&result("pass", 5.0, BOTH), true)];
        add(&looks, &mut found);
        let statuses: Vec<&str> = found.operations.iter().map(|done| done.status.as_str()).collect();
        assert_eq!((statuses, found.assets.len()), (vec!["SUCCEEDED", "SUCCEEDED"], 1));
    }

    #[test]
    fn files_of_both_commands_are_read_and_broken_ones_are_explained() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_empty());
        let of = |id: &str| {
            format!(
                "{{\"results\": [{{\"unique_id\": \"{id}\", \"status\": \"pass\", \"criteria\": null, \"error\": 7}}]}}"
            )
        };
        std::fs::write(folder.path().join(FRESHNESS), of("model.p.a")).unwrap();
        std::fs::write(folder.path().join(SOURCES), of("source.p.s.a")).unwrap();
        let ids =
            |measured: Vec<Measured>| measured.iter().map(|it| it.results[0].unique_id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(read(folder.path()).unwrap()), ["source.p.s.a", "model.p.a"]);
        std::fs::write(folder.path().join(SOURCES), "[").unwrap();
        assert!(read(folder.path()).unwrap_err().contains(SOURCES));
    }
}
