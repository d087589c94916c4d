//! Artifacts that real runs of dbt left (`tests/data`), and what becomes of them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use downbeat_proto::events::v1::{EdgeKind, Operation};
use serde_json::json;

use super::{artifacts, artifacts::Invocation, collect};
use crate::attempt::Collection;

fn invocation(adapter: &str, results: &str) -> Invocation {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(adapter);
    let target = tempfile::tempdir().unwrap();
    fs::copy(data.join("manifest.json"), target.path().join("manifest.json")).unwrap();
    fs::copy(data.join(results), target.path().join("run_results.json")).unwrap();
    artifacts::read(target.path()).unwrap().unwrap()
}

fn collected(adapter: &str) -> Collection {
    collect::collection(&[invocation(adapter, "run_results.json")])
}

/// The same, of a project whose profile says where its tables are.
fn collected_at(namespace: &str, adapter: &str) -> Collection {
    let mut invocation = invocation(adapter, "run_results.json");
    invocation.manifest.namespace = Some(namespace.to_owned());
    collect::collection(&[invocation])
}

fn operation<'a>(collection: &'a Collection, name: &str) -> &'a Operation {
    collection.operations.iter().find(|operation| operation.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn rows_count_for_what_was_written_only() {
    let postgres = collected("postgres");
    let duckdb = collected("duckdb");
    for operation in postgres.operations.iter().chain(&duckdb.operations) {
        if operation.r#type == "TEST" {
            assert_eq!(operation.rows_affected, -1, "{}", operation.name);
        }
    }
    let cases = [
        (&postgres, "customers", 3),
        (&postgres, "stg_orders", -1),
        (&duckdb, "raw_customers", 3),
        (&duckdb, "customers", -1),
    ];
    for (collection, name, rows) in cases {
        assert_eq!(operation(collection, name).rows_affected, rows, "{name}");
    }
}

#[test]
fn tests_name_the_asset_and_the_column_that_they_are_about() {
    let collection = collected("postgres");
    let tests: Vec<_> = collection.operations.iter().filter(|operation| operation.r#type == "TEST").collect();
    assert!(tests.iter().all(|test| test.asset.starts_with("postgres/")), "{tests:?}");
    assert!(tests.iter().any(|test| !test.column.is_empty()) && tests.iter().any(|test| test.column.is_empty()));
    let failed = operation(&collection, "assert_fail_on_purpose");
    assert!(failed.failures > 0 && matches!(failed.status.as_str(), "FAILED" | "WARNING"), "{failed:?}");
}

#[test]
fn operations_have_times_and_known_types() {
    for operation in collected("duckdb").operations {
        assert!(operation.started_at > 1_600_000_000_000_000 && operation.completed_at >= operation.started_at);
        assert!(["MATERIALISATION", "SEED", "SNAPSHOT", "TEST"].contains(&operation.r#type.as_str()), "{operation:?}");
        assert_ne!(operation.status, "UNKNOWN");
    }
}

#[test]
fn edges_run_between_known_assets_and_tests_are_never_among_them() {
    for adapter in ["duckdb", "postgres"] {
        let collection = collected(adapter);
        let keys: BTreeSet<_> = collection.assets.iter().map(|asset| asset.key.as_str()).collect();
        let written: BTreeSet<_> =
            collection.operations.iter().map(|operation| operation.external_id.as_str()).collect();
        assert!(collection.edges.len() >= 4, "{adapter}: {:?}", collection.edges);
        for edge in &collection.edges {
            assert!(keys.contains(edge.from.as_str()) && keys.contains(edge.to.as_str()), "{edge:?}");
            assert!(written.contains(edge.operation.as_str()) && !edge.operation.starts_with("test."), "{edge:?}");
        }
        assert!(keys.iter().all(|key| !key.contains("assert_") && *key == key.to_lowercase()), "{keys:?}");
    }
}

#[test]
fn ephemeral_models_are_passed_through() {
    let mut invocation = invocation("postgres", "run_results.json");
    let nodes = &mut invocation.manifest.nodes;
    let hidden = nodes.keys().find(|id| id.starts_with("model.") && id.ends_with(".stg_orders")).unwrap().clone();
    let before: Vec<String> = nodes[&hidden].depends_on.nodes.clone();
    nodes.get_mut(&hidden).unwrap().config.materialized = Some("ephemeral".to_owned());
    invocation.results.results.retain(|result| result.unique_id != hidden);

    let collection = collect::collection(&[invocation.clone()]);
    let source = before[0].rsplit('.').next().unwrap();
    assert!(collection.assets.iter().all(|asset| asset.name != "stg_orders"));
    let through = collection.edges.iter().any(|edge| edge.from.ends_with(source) && edge.to.ends_with(".customers"));
    assert!(through, "{source}: {:?}", collection.edges);
}

#[test]
fn results_of_commands_that_build_nothing_are_no_operations() {
    let docs = invocation("postgres", "run_results_after_docs_generate.json");
    assert!(!docs.results.results.is_empty());
    assert_eq!(collect::collection(&[docs]), Collection::default());
}

#[test]
fn failures_are_named_with_their_reason() {
    let mut invocation = invocation("postgres", "run_results.json");
    for result in &mut invocation.results.results {
        if result.unique_id.ends_with(".customers") {
            result.status = "error".to_owned();
            result.message = Some("Runtime Error\n  no such column".to_owned());
        }
    }
    let failures = collect::failures(&invocation);
    assert!(failures.contains(&"model customers: Runtime Error no such column".to_owned()), "{failures:?}");
    // Nothing was written, so nothing flows into it.
    let edges = collect::collection(&[invocation]).edges;
    assert!(edges.iter().all(|edge| !edge.to.ends_with(".customers")), "{edges:?}");
}

#[test]
fn assets_are_named_by_the_place_where_they_are() {
    let collection = collected_at("postgres://db:5432", "postgres");
    let keys: BTreeSet<_> = collection.assets.iter().map(|asset| asset.key.as_str()).collect();
    let tables = keys.iter().filter(|key| key.starts_with("postgres://db:5432/"));
    assert!(tables.count() >= 4 && keys.iter().any(|key| key.ends_with(".customers")), "{keys:?}");
    assert!(collection.assets.iter().all(|asset| asset.key.starts_with(&format!("{}/", asset.namespace))));
    for edge in &collection.edges {
        assert_eq!(edge.kind() == EdgeKind::Exposes, edge.to.starts_with("dbt/exposure."), "{edge:?}");
    }
}

#[test]
fn tests_say_what_they_expect_and_what_they_found() {
    for operation in collected("postgres").operations.iter().filter(|operation| operation.r#type == "TEST") {
        assert!(["ERROR", "WARN"].contains(&operation.severity.as_str()), "{operation:?}");
        assert_eq!(operation.expected, "0 rows that fail", "{operation:?}");
        assert_eq!(operation.actual.is_empty(), operation.failures < 0, "{operation:?}");
    }
}

#[test]
fn who_answers_for_a_node_is_told_in_several_ways() {
    let mut invocation = invocation("postgres", "run_results.json");
    let manifest = &mut invocation.manifest;
    let group =
        json!({"g": {"name": "sales", "owner": {"name": "Sales", "email": ["sales@example.org", "x@example.org"]}}});
    manifest.groups = serde_json::from_value(group).unwrap();
    let model = manifest.nodes.iter_mut().find(|(id, _)| id.ends_with(".customers")).unwrap();
    let id = model.0.clone();
    let cases = [
        (json!({}), None, vec![]),
        (json!({"owner": "ann"}), None, vec!["ann"]),
        (json!({"owner": ["ann", " ", "bob"]}), Some("sales"), vec!["ann", "bob"]),
        (json!({"owner": {"name": "Ann", "email": "ann@example.org"}}), None, vec!["ann@example.org"]),
        (json!({"owner": 7}), Some("sales"), vec!["sales@example.org"]),
        (json!({}), Some("unknown"), vec![]),
    ];
    for (meta, group, expected) in cases {
        let node = invocation.manifest.nodes.get_mut(&id).unwrap();
        node.config.meta = meta.as_object().cloned().unwrap();
        node.meta.clear();
        node.group = group.map(str::to_owned);
        let asset = super::assets::of_node(&invocation.manifest, &id).unwrap();
        assert_eq!(asset.owners, expected, "{meta} {group:?}");
    }
}
