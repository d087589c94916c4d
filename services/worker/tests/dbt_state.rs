//! `use_state_orchestration` with a real dbt over DuckDB: what is as it was is reused, and nothing that is not.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use std::{collections::BTreeMap, path::Path};

use downbeat_proto::worker::v1::{Offer, report::Report as ReportKind};
use serde_json::json;
use support::{Stage, offer};

/// The same as those of the weather example, so that one environment serves both.
const REQUIREMENTS: &str = include_str!("../../../deploy/examples/weather/dbt/requirements.txt");
const FILES: [(&str, &str); 9] = [
    ("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n"),
    (
        "profiles.yml",
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: \"{{ env_var('SHOP_FILE') }}\", threads: 1}}}\n",
    ),
    ("requirements.txt", REQUIREMENTS),
    (
        "macros/load.sql",
        "{% macro load(at) %}{% do run_query(\"create or replace table raw_orders as select 1 as id, timestamp '\" ~ at ~ \"' as loaded\") %}{% endmacro %}",
    ),
    (
        "models/sources.yml",
        "sources:\n  - name: raw\n    schema: main\n    config: {loaded_at_field: loaded, freshness: {warn_after: {count: 1, period: day}}}\n    tables: [{name: raw_orders}]\n",
    ),
    ("models/tests.yml", "models:\n  - name: orders\n    columns: [{name: id, data_tests: [not_null]}]\n"),
    ("models/orders.sql", "select id from {{ source('raw', 'raw_orders') }}"),
    ("models/customers.sql", "{{ config(materialized='table') }} select 1 as id"),
    ("models/revenue.sql", "select o.id from {{ ref('orders') }} o join {{ ref('customers') }} c using (id)"),
];

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

struct Shop {
    stage: Stage,
    folder: std::path::PathBuf,
    task: u32,
}

impl Shop {
    async fn new() -> Self {
        let stage = Stage::new().await;
        let folder = stage.folder.path().join("shop");
        for (name, text) in FILES {
            write(&folder, name, text);
        }
        Self { stage, folder, task: 0 }
    }

    /// Short names of the operations with their statuses, and whether the attempt succeeded.
    async fn run(&mut self, state: bool, commands: &str) -> (BTreeMap<String, String>, bool) {
        self.task += 1;
        let variables = json!({ "SHOP_FILE": self.folder.join("shop.duckdb") }).to_string();
        let parameters = json!({
            "commands": commands, "python_version": "3.11", "environment_variables": variables, "use_state_orchestration": state,
        });
        let source_root = self.folder.to_string_lossy().into_owned();
        let task_id = "dbt".to_owned();
        let offer = Offer { source_root, task_id, ..offer(self.task, "DBT_CORE", "DBT_CORE_EXECUTE", parameters) };
        self.stage.offer(vec![offer]).await;
        let mut reports = self.stage.outcome(self.task).await;
        let end = reports.pop().unwrap();
        let operations = reports.into_iter().filter_map(|report| match report {
            ReportKind::Collected(collected) => Some(collected.operations),
            _ => None,
        });
        let named = operations.flatten().map(|operation| {
            let name = operation.external_id.split('.').nth(2).unwrap().to_owned();
            (name, operation.status)
        });
        (named.collect(), matches!(end, ReportKind::Succeeded(_)))
    }

    async fn built(&mut self, commands: &str, expected: &[(&str, &str)]) {
        let (operations, succeeded) = self.run(true, commands).await;
        let log = self.stage.log(self.task).await;
        let found: Vec<(&str, &str)> =
            operations.iter().map(|(name, status)| (name.as_str(), status.as_str())).collect();
        assert_eq!(found, expected, "{log}");
        assert_eq!(succeeded, !expected.iter().any(|(_, status)| *status == "FAILED"), "{log}");
    }

    async fn load(&mut self, day: &str) {
        let (_, succeeded) = self.run(false, &format!("dbt run-operation load --args '{{at: \"{day}\"}}'")).await;
        assert!(succeeded, "{}", self.stage.log(self.task).await);
    }
}

const BUILT: &str = "SUCCEEDED";
const REUSED: &str = "REUSED";

#[tokio::test]
async fn only_what_changed_is_built() {
    let mut shop = Shop::new().await;
    shop.load("2026-01-01").await;
    let everything = [("customers", BUILT), ("not_null_orders_id", BUILT), ("orders", BUILT), ("revenue", BUILT)];
    shop.built("dbt build --full-refresh", &everything).await;

    // Nothing is new.
    shop.built("dbt build", &[("customers", REUSED), ("orders", REUSED), ("revenue", REUSED)]).await;
    let log = shop.stage.log(shop.task).await;
    assert!(log.contains("nothing of `dbt build` has changed"), "{log}");

    // New data: what reads it, what follows from that, and their tests.
    shop.load("2026-01-02").await;
    let followed = [("customers", REUSED), ("not_null_orders_id", BUILT), ("orders", BUILT), ("revenue", BUILT)];
    shop.built("dbt build", &followed).await;
    let log = shop.stage.log(shop.task).await;
    assert!(log.contains("model.shop.orders: source.shop.raw.raw_orders has new data"), "{log}");

    // New code; of what is not selected nothing is said, and it is known afterwards what it has not seen yet.
    write(&shop.folder, "models/customers.sql", "{{ config(materialized='table') }} select 1 as id, 2 as number");
    shop.built("dbt run --select customers orders", &[("customers", BUILT), ("orders", REUSED)]).await;
    shop.built("dbt build", &[("customers", REUSED), ("orders", REUSED), ("revenue", BUILT)]).await;

    // What was built without looking is not relied on.
    assert!(shop.run(false, "dbt run --select customers").await.1);
    shop.built("dbt build", &[("customers", BUILT), ("orders", REUSED), ("revenue", BUILT)]).await;
    shop.stage.shut_down().await;
}

#[tokio::test]
async fn a_failing_test_is_not_passed_over_the_next_time() {
    let mut shop = Shop::new().await;
    write(&shop.folder, "models/orders.sql", "select nullif(id, 1) as id from {{ source('raw', 'raw_orders') }}");
    shop.load("2026-01-01").await;
    shop.built(
        "dbt build",
        &[("customers", BUILT), ("not_null_orders_id", "FAILED"), ("orders", BUILT), ("revenue", "SKIPPED")],
    )
    .await;
    shop.built(
        "dbt build",
        &[("customers", REUSED), ("not_null_orders_id", "FAILED"), ("orders", BUILT), ("revenue", "SKIPPED")],
    )
    .await;
    shop.stage.shut_down().await;
}
