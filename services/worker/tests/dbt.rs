//! A real dbt over DuckDB, driven by a real worker: what is left of an earlier run is run, and nothing else.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use std::{collections::BTreeSet, path::Path};

use downbeat_proto::worker::v1::{Offer, report::Report as ReportKind};
use serde_json::json;
use support::{Stage, offer};

/// The same as those of the weather example, so that one environment serves both.
const REQUIREMENTS: &str = include_str!("../../../deploy/examples/weather/dbt/requirements.txt");
const PROJECT: &str = "name: shop\nversion: '1.0'\nprofile: shop\n";
const PROFILES: &str =
    "shop: {target: dev, outputs: {dev: {type: duckdb, path: \"{{ env_var('SHOP_FILE') }}\", threads: 1}}}\n";
/// A folder that is called like a model: by names, its other model would be run, too.
const MODELS: [(&str, &str); 4] = [
    ("customers.sql", "select 1 as id"),
    (
        "orders/orders.sql",
        "select id from {{ ref('customers') }} where {{ var('broken', false) and 'no_such_column = 1' or '1 = 1' }}",
    ),
    ("orders/refunds.sql", "select id from {{ ref('customers') }}"),
    ("revenue.sql", "select * from {{ ref('orders') }}"),
];
const TESTS: &str = "models:\n  - name: orders\n    columns: [{name: id, data_tests: [not_null]}]\n  - name: customers\n    columns: [{name: id, data_tests: [unique]}]\n";

fn project(folder: &Path) {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("dbt_project.yml", PROJECT);
    write("profiles.yml", PROFILES);
    write("requirements.txt", REQUIREMENTS);
    write("models/tests.yml", TESTS);
    for (name, text) in MODELS {
        write(&format!("models/{name}"), text);
    }
}

fn dbt(task: u32, commands: &str, folder: &Path) -> Offer {
    let variables = json!({ "SHOP_FILE": folder.join("shop.duckdb") }).to_string();
    let parameters = json!({ "commands": commands, "python_version": "3.11", "environment_variables": variables });
    let source_root = folder.to_string_lossy().into_owned();
    Offer { source_root, ..offer(task, "DBT_CORE", "DBT_CORE_EXECUTE", parameters) }
}

/// Ids and statuses of the operations that an attempt reported, and how it ended.
async fn run(stage: &mut Stage, task: u32, offer: Offer) -> (BTreeSet<(String, String)>, ReportKind) {
    stage.offer(vec![offer]).await;
    let mut reports = stage.outcome(task).await;
    let end = reports.pop().unwrap();
    let operations = reports.into_iter().filter_map(|report| match report {
        ReportKind::Collected(collected) => Some(collected.operations),
        _ => None,
    });
    (operations.flatten().map(|operation| (operation.external_id, operation.status)).collect(), end)
}

fn ids(operations: &BTreeSet<(String, String)>, statuses: &[&str]) -> Vec<String> {
    let found = operations.iter().filter(|(_, status)| statuses.contains(&status.as_str()));
    found.map(|(id, _)| id.clone()).collect()
}

#[tokio::test]
async fn only_what_an_earlier_run_left_is_run() {
    let mut stage = Stage::new().await;
    let folder = stage.folder.path().join("shop");
    project(&folder);

    let (first, end) = run(&mut stage, 1, dbt(1, "dbt build --vars 'broken: true'", &folder)).await;
    let ReportKind::Failed(failed) = &end else { panic!("{end:?}\n{}", stage.log(1).await) };
    assert!(failed.message.contains("model orders"), "{}", failed.message);
    let log = stage.log(1).await;
    assert!(log.contains("kept: manifest.json, run_results.json\n"), "also of a command that failed: {log}");
    let left = ids(&first, &["FAILED", "SKIPPED"]);
    assert_eq!(left.len(), 3, "the model, its test and what reads it: {first:?}");

    // One selection is not what is left, and one of the commands finds nothing of it.
    let commands = "dbt --warn-error seed && dbt build --select customers --exclude revenue";
    let (second, end) = run(&mut stage, 2, Offer { only_operations: left.clone(), ..dbt(2, commands, &folder) }).await;
    let log = stage.log(2).await;
    assert!(matches!(end, ReportKind::Succeeded(_)), "{end:?}\n{log}");
    assert_eq!(ids(&second, &["SUCCEEDED"]), left, "{log}");
    assert_eq!(second.len(), left.len(), "{second:?}");
    assert!(log.contains("resumes an earlier run: only model.shop.orders, "), "{log}");

    // The failed model alone is enough: what follows from it comes with it.
    let only = vec!["model.shop.orders".to_owned()];
    let (third, _) = run(&mut stage, 3, Offer { only_operations: only, ..dbt(3, "dbt build", &folder) }).await;
    assert_eq!(ids(&third, &["SUCCEEDED"]), left);
    stage.shut_down().await;
}
