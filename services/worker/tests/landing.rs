//! Where the operations of a task land: its file names connections, a real worker reads them, and what it cannot use is a line in the log.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use std::path::Path;

use downbeat_proto::{
    events::v1::Asset,
    worker::v1::{Offer, report::Report as ReportKind},
};
use serde_json::{Value, json};
use support::{Stage, offer, servers};

/// The same as those of the weather example, so that one environment serves both.
const REQUIREMENTS: &str = include_str!("../../../deploy/examples/weather/dbt/requirements.txt");

fn script(task: u32, code: &str, landing: &Value) -> Offer {
    let parameters = json!({ "source": "INLINE", "code": code, "python_version": "3.11" });
    Offer { operation_metadata: landing.to_string(), ..offer(task, "PYTHON", "PYTHON_EXECUTE_SCRIPT", parameters) }
}

/// The assets that an attempt reported, and how it ended.
async fn run(stage: &mut Stage, task: u32, offer: Offer) -> (Vec<Asset>, ReportKind) {
    stage.offer(vec![offer]).await;
    let mut reports = stage.outcome(task).await;
    let end = reports.pop().unwrap();
    let assets = reports.into_iter().filter_map(|report| match report {
        ReportKind::Collected(collected) => Some(collected.assets),
        _ => None,
    });
    (assets.flatten().collect(), end)
}

#[tokio::test]
async fn a_place_is_that_of_the_connection_and_what_cannot_be_used_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let fields = json!({ "host": "DB.example", "username": "me", "password": "s3cret", "database": "shop" });
    servers::connection(folder.path(), "shop", "POSTGRES", &fields);
    servers::connection(
        folder.path(),
        "default_snowflake",
        "SNOWFLAKE",
        &json!({ "account": "ORG-ACC", "token": "s3cret" }),
    );
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let landing = json!({
        "named": { "integration": "POSTGRES", "connection": "shop" },
        "default": { "integration": "SNOWFLAKE" },
        "told": { "integration": "AWS_REDSHIFT", "dbt_warehouse_identifier": "shop.eu-west-1" },
        "missing": { "integration": "POSTGRES", "connection": "nobody" },
        "strange": { "integration": "SLACK", "connection": "team" },
        "open": { "integration": "POSTGRES", "connection": "${{ ENV.NOBODY }}" },
        "files": { "integration": "AWS_S3", "s3_bucket_name": "landing", "s3_key_prefix": "orders/2026" },
    });
    let (assets, end) = run(&mut stage, 1, script(1, "print(1)", &landing)).await;
    let log = stage.log(1).await;
    assert!(matches!(end, ReportKind::Succeeded(_)), "{end:?}\n{log}");
    for (entry, words) in [
        ("named", "none is named by postgres://db.example:5432"),
        ("default", "none is named by snowflake://org-acc"),
        ("told", "none is named by redshift://shop.eu-west-1:5439"),
        ("missing", "nobody"),
        ("strange", "where tables of SLACK lie is not known"),
        ("open", "connection does not evaluate"),
        ("files", "s3://landing/orders/2026 is an asset of this task"),
    ] {
        let line = log.lines().find(|line| line.contains(&format!("operation_metadata {entry}: ")));
        let line = line.unwrap_or_else(|| panic!("nothing is said of {entry}: {log}"));
        assert!(line.contains(words), "{line}");
    }
    assert!(!log.contains("s3cret"), "{log}");
    let keys: Vec<&str> = assets.iter().map(|asset| asset.key.as_str()).collect();
    assert_eq!(keys, ["s3://landing/orders/2026"]);

    // A script that failed has perhaps written nothing.
    let (assets, _) = run(&mut stage, 2, script(2, "raise SystemExit(1)", &landing)).await;
    assert_eq!(assets, []);
    stage.shut_down().await;
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A profile that only dbt itself can read says nothing to us of the place of its tables.
#[tokio::test]
async fn tables_of_a_profile_that_cannot_be_read_lie_where_the_file_says() {
    let mut stage = Stage::new().await;
    let folder = stage.folder.path().join("shop");
    write(&folder, "dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n");
    let profile =
        "shop: {target: dev, outputs: {dev: {type: duckdb, path: \"{{ env_var('SHOP_FILE') ~ '' }}\", threads: 1}}}\n";
    write(&folder, "profiles.yml", profile);
    write(&folder, "requirements.txt", REQUIREMENTS);
    write(&folder, "models/orders.sql", "select 1 as id");
    let database = folder.join("shop.duckdb");
    let variables = json!({ "SHOP_FILE": database }).to_string();
    let parameters = json!({ "commands": "dbt build", "python_version": "3.11", "environment_variables": variables });
    let of = |task: u32, landing: Value| Offer {
        source_root: folder.to_string_lossy().into_owned(),
        operation_metadata: landing.to_string(),
        ..offer(task, "DBT_CORE", "DBT_CORE_EXECUTE", parameters.clone())
    };
    let warehouse = json!({ "warehouse": { "integration": "DUCKDB", "dbt_warehouse_identifier": database } });
    for (task, landing, expected) in [
        (1, json!({}), "duckdb/shop.main.orders".to_owned()),
        (2, warehouse, format!("duckdb://{}/shop.main.orders", database.display())),
    ] {
        let (assets, end) = run(&mut stage, task, of(task, landing)).await;
        let log = stage.log(task).await;
        assert!(matches!(end, ReportKind::Succeeded(_)), "{end:?}\n{log}");
        let keys: Vec<&str> = assets.iter().map(|asset| asset.key.as_str()).collect();
        assert_eq!(keys, [expected.as_str()], "{log}");
    }
    stage.shut_down().await;
}
