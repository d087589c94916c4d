//! How new the data of sources is, as a real dbt over DuckDB measures it: told of the asset, as an operation, and as a check of its quality.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use std::path::{Path, PathBuf};

use downbeat_proto::{
    events::v1::{Asset, Operation, Outcome},
    worker::v1::{Offer, report::Report as ReportKind},
};
use serde_json::json;
use support::{Stage, offer};

/// The same as those of the weather example, so that one environment serves both.
const REQUIREMENTS: &str = include_str!("../../../deploy/examples/weather/dbt/requirements.txt");
const FILES: [(&str, &str); 6] = [
    ("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n"),
    (
        "profiles.yml",
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: \"{{ env_var('SHOP_FILE') }}\", threads: 1}}}\n",
    ),
    ("requirements.txt", REQUIREMENTS),
    (
        "macros/load.sql",
        "{% macro load(age) %}{% do run_query(\"create or replace table raw_orders as select 1 as id, cast(now() at time zone 'UTC' as timestamp) - interval '\" ~ age ~ \"' as loaded\") %}{% endmacro %}",
    ),
    (
        "models/sources.yml",
        "sources:\n  - name: raw\n    schema: main\n    config: {loaded_at_field: loaded, freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 1, period: day}}}\n    tables: [{name: raw_orders}]\n",
    ),
    ("models/orders.sql", "select id from {{ source('raw', 'raw_orders') }}"),
];
/// As the project's profile names its place.
const ASSET: &str = "shop.main.raw_orders";

struct Shop {
    stage: Stage,
    folder: PathBuf,
    task: u32,
}

/// What an attempt reported, how it ended, and its log.
struct Told {
    operations: Vec<Operation>,
    assets: Vec<Asset>,
    end: ReportKind,
    log: String,
}

impl Told {
    fn operation(&self, id: &str) -> &Operation {
        let found = self.operations.iter().find(|operation| operation.external_id == id);
        found.unwrap_or_else(|| panic!("no {id} in {:?}\n{}", self.operations, self.log))
    }

    fn source(&self) -> &Asset {
        self.assets.iter().find(|asset| asset.key.ends_with(ASSET)).unwrap_or_else(|| panic!("{}", self.log))
    }
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

    async fn run(&mut self, state: bool, commands: &str) -> Told {
        self.task += 1;
        let variables = json!({ "SHOP_FILE": self.folder.join("shop.duckdb") }).to_string();
        let parameters = json!({
            "commands": commands, "python_version": "3.11", "environment_variables": variables, "use_state_orchestration": state,
        });
        let source_root = self.folder.to_string_lossy().into_owned();
        let offer = Offer { source_root, ..offer(self.task, "DBT_CORE", "DBT_CORE_EXECUTE", parameters) };
        self.stage.offer(vec![offer]).await;
        let mut reports = self.stage.outcome(self.task).await;
        let end = reports.pop().unwrap();
        let (mut operations, mut assets) = (Vec::new(), Vec::new());
        for report in reports {
            if let ReportKind::Collected(collected) = report {
                operations.extend(collected.operations);
                assets.extend(collected.assets);
            }
        }
        Told { operations, assets, end, log: self.stage.log(self.task).await }
    }

    async fn load(&mut self, age: &str) {
        let told = self.run(false, &format!("dbt run-operation load --args '{{age: \"{age}\"}}'")).await;
        assert!(matches!(told.end, ReportKind::Succeeded(_)), "{}", told.log);
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

const SOURCE: &str = "source.shop.raw.raw_orders";
const CHECK: &str = "freshness.source.shop.raw.raw_orders";

#[tokio::test]
async fn what_dbt_measures_of_a_source_is_known_of_its_asset() {
    let mut shop = Shop::new().await;

    // Nobody has made the table yet: dbt says so in its output, and measures nothing.
    let told = shop.run(false, "dbt source freshness").await;
    let ReportKind::Failed(failed) = &told.end else { panic!("{:?}\n{}", told.end, told.log) };
    assert!(failed.message.contains("Table with name raw_orders does not exist"), "{}", failed.message);
    assert_eq!((told.operations, told.assets), (vec![], vec![]));

    for (age, status, severity, words) in [
        ("10 minutes", "SUCCEEDED", "ERROR", "10 minutes"),
        ("2 hours", "WARNING", "WARN", "2 hours"),
        ("2 days", "FAILED", "ERROR", "2 days"),
    ] {
        shop.load(age).await;
        let told = shop.run(false, "dbt source freshness; dbt build").await;
        let (source, check) = (told.operation(SOURCE), told.operation(CHECK));
        assert_eq!((source.r#type.as_str(), source.status.as_str()), ("SOURCE", status), "{}", told.log);
        assert_eq!((check.r#type.as_str(), check.name.as_str(), check.status.as_str()), ("TEST", "freshness", status));
        assert_eq!(
            (check.severity.as_str(), check.expected.as_str()),
            (severity, "warning after 1 hour, error after 1 day")
        );
        assert!(check.actual.starts_with(words) && check.actual.ends_with(" old"), "{}", check.actual);
        assert!(source.asset.ends_with(ASSET) && check.asset == source.asset, "{} {}", source.asset, check.asset);
        assert!(source.started_at > 0 && source.completed_at >= source.started_at, "{source:?}");
        assert!(told.source().loaded_at > 0, "{:?}", told.source());
        // What was built besides is there as well.
        assert_eq!(told.operation("model.shop.orders").status, "SUCCEEDED");
        match (&told.end, status) {
            (ReportKind::Succeeded(end), "SUCCEEDED") => assert_eq!(end.outcome, Outcome::Succeeded as i32),
            (ReportKind::Succeeded(end), "WARNING") => {
                assert_eq!(end.outcome, Outcome::Warning as i32);
                assert!(end.message.contains("source raw.raw_orders: 2 hours"), "{}", end.message);
            }
            (ReportKind::Failed(end), "FAILED") => {
                assert!(end.message.contains("source raw.raw_orders: 2 days"), "{}", end.message);
            }
            (end, _) => panic!("{end:?}\n{}", told.log),
        }
    }
    shop.stage.shut_down().await;
}

#[tokio::test]
async fn what_was_measured_to_decide_what_is_built_is_known_as_well_and_is_no_check() {
    let mut shop = Shop::new().await;
    shop.load("2 days").await;
    let told = shop.run(true, "dbt build").await;
    assert!(matches!(told.end, ReportKind::Succeeded(_)), "{:?}\n{}", told.end, told.log);
    assert!(told.source().loaded_at > 0, "{}", told.log);
    let ids: Vec<&str> = told.operations.iter().map(|operation| operation.external_id.as_str()).collect();
    assert_eq!(ids, ["model.shop.orders"]);
    shop.stage.shut_down().await;
}
