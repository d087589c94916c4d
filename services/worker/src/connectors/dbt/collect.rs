//! From dbt's artifacts to operations, assets and lineage. Pure: files in, metadata out.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_proto::events::v1::{Asset, EdgeKind, LineageEdge, Operation};
use jiff::Timestamp;

use super::artifacts::{Invocation, Manifest, Node, NodeResult};
use super::assets;
use super::cost;
use crate::attempt::{Collection, cut};

/// Commands whose results are work that was done. Others (`compile`, `docs generate`, `show`) write rows that say "success", too.
const WORKING: [&str; 9] = ["build", "run", "seed", "snapshot", "test", "retry", "run-operation", "clone", "freshness"];

/// The metadata of all commands of one attempt. A node that several of them touched counts as the last one left it.
pub(super) fn collection(invocations: &[Invocation]) -> Collection {
    let mut operations: Vec<Operation> = Vec::new();
    let mut found = BTreeMap::new();
    let mut edges = BTreeMap::new();
    for invocation in working(invocations) {
        let manifest = &invocation.manifest;
        for result in &invocation.results.results {
            let Some(operation) = operation(invocation, result) else { continue };
            touched(manifest, result, &operation, &mut found, &mut edges);
            match operations.iter_mut().find(|known| known.external_id == operation.external_id) {
                Some(known) => *known = operation,
                None => operations.push(operation),
            }
        }
    }
    Collection {
        operations,
        assets: found.into_values().collect(),
        edges: edges.into_values().collect(),
        ..Collection::default()
    }
}

/// Nodes and tests that failed, each with its reason, for the task's message.
pub(super) fn failures(invocation: &Invocation) -> Vec<String> {
    with_status(invocation, &["FAILED"])
}

/// Tests that warned.
pub(super) fn warnings(invocations: &[Invocation]) -> Vec<String> {
    working(invocations).flat_map(|invocation| with_status(invocation, &["WARNING"])).collect()
}

fn working(invocations: &[Invocation]) -> impl Iterator<Item = &Invocation> {
    invocations.iter().filter(|invocation| WORKING.contains(&invocation.results.args.which.as_str()))
}

fn with_status(invocation: &Invocation, statuses: &[&str]) -> Vec<String> {
    let results = invocation.results.results.iter().filter(|result| statuses.contains(&status(&result.status)));
    results
        .map(|result| {
            let (kind, name) = kind_and_name(&invocation.manifest, &result.unique_id);
            let reason = result.message.as_deref().unwrap_or_default();
            let reason = reason.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
            format!("{kind} {name}: {}", if reason.is_empty() { &result.status } else { &reason })
        })
        .collect()
}

fn kind_and_name<'a>(manifest: &'a Manifest, unique_id: &'a str) -> (&'a str, &'a str) {
    let kind = unique_id.split('.').next().unwrap_or_default();
    let name = manifest.nodes.get(unique_id).or_else(|| manifest.sources.get(unique_id)).map(|node| node.name.as_str());
    (kind, name.unwrap_or(unique_id))
}

/// `None` for rows that are no work: exposures stand in the results since dbt 1.10.
fn operation(invocation: &Invocation, result: &NodeResult) -> Option<Operation> {
    let manifest = &invocation.manifest;
    let (kind, name) = kind_and_name(manifest, &result.unique_id);
    let operation_type = match kind {
        "model" => "MATERIALISATION",
        "seed" => "SEED",
        "snapshot" => "SNAPSHOT",
        "test" | "unit_test" => "TEST",
        "analysis" => "ANALYSIS",
        "source" => "SOURCE",
        "operation" => "OPERATION",
        "exposure" | "metric" | "semantic_model" | "saved_query" => return None,
        _ => "UNKNOWN",
    };
    let (started_at, completed_at) = times(invocation, result);
    let node = manifest.nodes.get(&result.unique_id);
    let is_test = operation_type == "TEST";
    let asset =
        if is_test { tested(manifest, &result.unique_id) } else { assets::of_node(manifest, &result.unique_id) };
    Some(Operation {
        external_id: result.unique_id.clone(),
        name: name.to_owned(),
        r#type: operation_type.to_owned(),
        status: status(&result.status).to_owned(),
        message: cut(result.message.clone().unwrap_or_default()),
        started_at,
        completed_at,
        rows_affected: rows_affected(kind, result),
        asset: asset.map(|asset| asset.key).unwrap_or_default(),
        failures: if is_test { result.failures.unwrap_or(-1) } else { -1 },
        column: node.filter(|_| is_test).and_then(|node| node.column_name.clone()).unwrap_or_default(),
        bytes: cost::bytes(result),
        cost_basis: cost::basis(result),
        severity: node.filter(|_| is_test).map(severity).unwrap_or_default(),
        expected: node.filter(|_| is_test).map(expected).unwrap_or_default(),
        actual: result.failures.filter(|_| is_test).map(rows_that_fail).unwrap_or_default(),
    })
}

fn severity(test: &Node) -> String {
    let said = test.config.severity.as_deref().map(str::to_uppercase);
    said.filter(|said| said == "WARN").unwrap_or_else(|| "ERROR".to_owned())
}

/// What dbt asks of the number of rows that fail: none, unless the test says otherwise.
fn expected(test: &Node) -> String {
    let config = &test.config;
    let limit = if severity(test) == "WARN" { &config.warn_if } else { &config.error_if };
    let limit = limit.as_deref().map(str::trim).filter(|limit| !limit.is_empty()).unwrap_or("!= 0");
    match limit.strip_prefix("!=").map(str::trim) {
        Some(number) => number.parse().map_or_else(|_| format!("{number} rows that fail"), rows_that_fail),
        None => cut(format!("rows that fail not {limit}")),
    }
}

fn rows_that_fail(number: i64) -> String {
    let rows = if number == 1 { "row that fails" } else { "rows that fail" };
    format!("{number} {rows}")
}

fn status(dbt: &str) -> &'static str {
    match dbt {
        "success" | "pass" => "SUCCEEDED",
        "warn" | "partial success" => "WARNING",
        "fail" | "error" | "runtime error" => "FAILED",
        "skipped" | "no-op" => "SKIPPED",
        "reused" => "REUSED",
        _ => "UNKNOWN",
    }
}

/// Tests answer with the one row of their count, and views with -1: neither was written.
fn rows_affected(kind: &str, result: &NodeResult) -> i64 {
    let writes = matches!(kind, "model" | "seed" | "snapshot");
    let rows = result.adapter_response.get("rows_affected").and_then(serde_json::Value::as_i64);
    rows.filter(|rows| writes && *rows >= 0).unwrap_or(-1)
}

fn times(invocation: &Invocation, result: &NodeResult) -> (i64, i64) {
    let micros = |text: &Option<String>| text.as_deref()?.parse::<Timestamp>().ok().map(Timestamp::as_microsecond);
    // A node that was skipped has no times of its own: it is dated by the command's end.
    let end = micros(&Some(invocation.results.metadata.generated_at.clone())).unwrap_or(0);
    let started = result.timing.iter().filter_map(|timing| micros(&timing.started_at)).min();
    let completed = result.timing.iter().filter_map(|timing| micros(&timing.completed_at)).max();
    (started.unwrap_or(end), completed.or(started).unwrap_or(end))
}

/// The asset that a test is about: where it is attached, or the first thing that it reads.
fn tested(manifest: &Manifest, unique_id: &str) -> Option<Asset> {
    let node = manifest.nodes.get(unique_id)?;
    let candidates = node.attached_node.iter().chain(&node.depends_on.nodes);
    candidates.into_iter().find_map(|candidate| assets::of_node(manifest, candidate))
}

type Edges = BTreeMap<(String, String), LineageEdge>;

/// Notes the assets of one result, and the edges into and out of it if it was written.
fn touched(
    manifest: &Manifest,
    result: &NodeResult,
    operation: &Operation,
    found: &mut BTreeMap<String, Asset>,
    edges: &mut Edges,
) {
    let mut note = |asset: &Asset| {
        found.entry(asset.key.clone()).or_insert_with(|| asset.clone());
    };
    if operation.r#type == "TEST" {
        tested(manifest, &result.unique_id).iter().for_each(note);
        return;
    }
    let Some(output) = assets::of_node(manifest, &result.unique_id) else { return };
    note(&output);
    if !matches!(operation.status.as_str(), "SUCCEEDED" | "WARNING" | "REUSED") {
        return;
    }
    let mut connect = |from: &Asset, to: &Asset, kind: EdgeKind| {
        let edge = LineageEdge {
            from: from.key.clone(),
            to: to.key.clone(),
            operation: operation.external_id.clone(),
            kind: kind.into(),
            ..LineageEdge::default()
        };
        edges.insert((from.key.clone(), to.key.clone()), edge);
    };
    for parent in parents(manifest, &result.unique_id) {
        note(&parent);
        connect(&parent, &output, EdgeKind::Derives);
    }
    for (id, exposure) in &manifest.exposures {
        let reads = exposure.depends_on.nodes.iter().any(|node| reaches(manifest, node, &result.unique_id));
        if reads {
            let exposed = assets::of_exposure(id, exposure);
            note(&exposed);
            connect(&output, &exposed, EdgeKind::Exposes);
        }
    }
}

/// The assets that a node reads. Ephemeral models have none, so what they read counts instead.
fn parents(manifest: &Manifest, unique_id: &str) -> Vec<Asset> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> =
        manifest.nodes.get(unique_id).map(|node| node.depends_on.nodes.iter().collect()).unwrap_or_default();
    let mut parents = Vec::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match (assets::of_node(manifest, id), manifest.nodes.get(id)) {
            (Some(asset), _) => parents.push(asset),
            (None, Some(node)) => open.extend(&node.depends_on.nodes),
            (None, None) => {}
        }
    }
    parents
}

/// Whether `from` is `to`, or an ephemeral model through which `to` is read.
fn reaches(manifest: &Manifest, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if id == to {
            return true;
        }
        if seen.insert(id)
            && assets::of_node(manifest, id).is_none()
            && let Some(node) = manifest.nodes.get(id)
        {
            open.extend(node.depends_on.nodes.iter().map(String::as_str));
        }
    }
    false
}
