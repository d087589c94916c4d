//! What a run did, as operations: the run itself, and each test that it made.

use std::collections::BTreeSet;

use downbeat_domain::{RunId, metadata::Operation};
use serde_json::Value;

use super::{Report, State, datasets::Datasets, facets, read::text};
use crate::limits::ASSERTIONS_PER_EVENT_MAX;

/// Facets with assertions: that of the specification, and the one that Great Expectations has of its own.
const ASSERTIONS: [&str; 2] = ["dataQualityAssertions", "greatExpectations_assertions"];

/// The operations of an event; none where no run is told of.
pub(super) fn of(event: &Value, report: &Report, datasets: &Datasets<'_>) -> Vec<Operation> {
    let (Some(state), Some(job)) = (report.state, &report.said.job) else { return Vec::new() };
    let id = id(event, report);
    let tests = tests(event, report, datasets, &id);
    let kind = kind(event);
    let error = facets::of(&event["run"], "errorMessage").and_then(|facet| text(facet, "message"));
    let statistics = || {
        let outputs = datasets.outputs.values().chain(datasets.inputs.values().filter(|_| datasets.outputs.is_empty()));
        outputs.map(|dataset| {
            let output = facets::in_group(dataset, "outputFacets", "outputStatistics");
            output.or_else(|| facets::in_group(dataset, "inputFacets", "inputStatistics"))
        })
    };
    let sum = |name: &str| statistics().filter_map(|facet| facets::count(facet, name)).reduce(u64::saturating_add);
    let written = datasets.outputs.keys().next().filter(|_| datasets.outputs.len() == 1);
    let whole = Operation {
        external_id: id,
        name: job.name.clone(),
        kind: kind.to_owned(),
        status: status(state).to_owned(),
        message: error.unwrap_or_default(),
        started_at: (state == State::Start).then_some(report.said.said_at),
        completed_at: state.is_final().then_some(report.said.said_at),
        rows_affected: sum("rowCount").filter(|_| !datasets.outputs.is_empty()),
        bytes: sum("size"),
        asset: written.cloned().unwrap_or_default(),
        ..Operation::default()
    };
    // A job that only tests is its tests.
    let only_tests = kind == "TEST" && !tests.is_empty();
    let whole = (!only_tests).then_some(whole);
    whole.into_iter().chain(tests).collect()
}

/// What tells the operation from others. A statement that Airflow reports again under a new run is the same one in the run around it.
pub(super) fn id(event: &Value, report: &Report) -> String {
    let (Some(run), Some(job)) = (&report.said.run, &report.said.job) else { return String::new() };
    let statement = facets::of(&event["job"], "sql").and_then(|facet| facet.get("query")).and_then(Value::as_str);
    let repeated = matches!(facets::job_type(event).as_str(), "QUERY" | "SQL");
    match (&run.parent, statement) {
        (Some(parent), Some(statement)) if repeated => {
            let mut hasher = blake3::Hasher::new_derive_key("downbeat openlineage statement v1");
            for part in [&parent.run[..], job.name.as_bytes(), statement.as_bytes()] {
                hasher.update(&(part.len() as u64).to_be_bytes());
                hasher.update(part);
            }
            format!("{}~{}", RunId(parent.run), &hasher.finalize().to_hex()[..16])
        }
        _ => RunId(run.id).to_string(),
    }
}

fn kind(event: &Value) -> &'static str {
    match facets::job_type(event).as_str() {
        "MODEL" => "MATERIALISATION",
        "SEED" => "SEED",
        "SNAPSHOT" => "SNAPSHOT",
        "TEST" => "TEST",
        "QUERY" | "SQL" => "QUERY",
        _ => "OPERATION",
    }
}

fn status(state: State) -> &'static str {
    match state {
        State::Start | State::Running => "RUNNING",
        State::Complete => "SUCCEEDED",
        State::Abort => "CANCELLED",
        State::Fail => "FAILED",
        State::Other => "UNKNOWN",
    }
}

/// Assertions stand twice in events of some producers: beside the dataset and beside its use.
fn tests(event: &Value, report: &Report, datasets: &Datasets<'_>, id: &str) -> Vec<Operation> {
    let mut seen = BTreeSet::new();
    let mut tests = Vec::new();
    for (key, dataset) in datasets.inputs.iter().chain(&datasets.outputs) {
        let asserted = ASSERTIONS.iter().flat_map(|facet| {
            let beside = facets::list(facets::of(dataset, facet), "assertions");
            beside.iter().chain(facets::list(facets::in_group(dataset, "inputFacets", facet), "assertions"))
        });
        for assertion in asserted {
            let Some(test) = test(assertion, key, report, id) else { continue };
            if tests.len() < ASSERTIONS_PER_EVENT_MAX
                && seen.insert((test.asset.clone(), test.name.clone(), test.column.clone()))
            {
                tests.push(test);
            }
        }
    }
    if tests.is_empty() {
        // Tests of a whole run, which say of no dataset what they say.
        let of_run = facets::list(facets::of(&event["run"], "test"), "tests").iter();
        tests.extend(of_run.filter_map(|test| self::of_run(test, report, id)).take(ASSERTIONS_PER_EVENT_MAX));
    }
    tests
}

fn test(assertion: &Value, asset: &str, report: &Report, id: &str) -> Option<Operation> {
    let kind = ["assertion", "expectationType"].into_iter().find_map(|name| text(assertion, name)).unwrap_or_default();
    let column = text(assertion, "column").unwrap_or_default();
    let named = text(assertion, "name").filter(|name| !name.is_empty());
    let name = named.unwrap_or_else(|| kind.clone());
    if name.is_empty() {
        return None;
    }
    let passed = assertion.get("success")?.as_bool()?;
    Some(result(assertion, report, id, &name, &column, asset, passed))
}

fn of_run(test: &Value, report: &Report, id: &str) -> Option<Operation> {
    let name = text(test, "name")?;
    // dbt gives the whole id here, and the name alone elsewhere.
    let name = name.rsplit('.').next().unwrap_or(&name).to_owned();
    let passed = match text(test, "status")?.to_lowercase().as_str() {
        "pass" | "success" => true,
        "fail" | "error" => false,
        _ => return None,
    };
    Some(result(test, report, id, &name, "", "", passed))
}

fn result(said: &Value, report: &Report, id: &str, name: &str, column: &str, asset: &str, passed: bool) -> Operation {
    let severity = text(said, "severity").unwrap_or_default().to_uppercase();
    let warns = severity.starts_with("WARN");
    let status = match (passed, warns) {
        (true, _) => "SUCCEEDED",
        (false, true) => "WARNING",
        (false, false) => "FAILED",
    };
    let actual = value(said, "actual");
    Operation {
        external_id: if column.is_empty() { format!("{id}/{name}") } else { format!("{id}/{name}/{column}") },
        name: name.to_owned(),
        kind: "TEST".to_owned(),
        status: status.to_owned(),
        completed_at: Some(report.said.said_at),
        asset: asset.to_owned(),
        column: column.to_owned(),
        failures: actual.parse().ok(),
        severity: if warns {
            "WARN".to_owned()
        } else if severity.is_empty() {
            severity
        } else {
            "ERROR".to_owned()
        },
        expected: value(said, "expected"),
        actual,
        ..Operation::default()
    }
}

/// A value of any type, as a text.
fn value(said: &Value, name: &str) -> String {
    match said.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(_)) => text(said, name).unwrap_or_default(),
        Some(other) => other.to_string().chars().take(crate::limits::EVENT_TEXT_CHARS_MAX).collect(),
    }
}
