//! Reconciliations between a real PostgreSQL and a real MariaDB server.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use serde_json::{Value, json};
use support::{
    Stage,
    mariadb::MariaDb,
    offer,
    servers::{self, Postgres},
};

/// Five rows are not there yet.
const SOURCE: &str = "
    CREATE TABLE orders (id int PRIMARY KEY, changed timestamp, amount numeric(10, 2), state text);
    INSERT INTO orders SELECT n, timestamp '2026-01-01 00:00:00' + n * interval '1 hour', 1.25, 'new' FROM generate_series(1, 100) n;
    CREATE FUNCTION adds() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1';
";
const DESTINATION: &str = "
    CREATE TABLE orders (id int PRIMARY KEY, changed datetime, amount decimal(10, 2), state text);
    INSERT INTO orders SELECT seq, timestamp '2026-01-01 00:00:00' + interval seq hour, 1.25, 'new' FROM seq_1_to_95;
";

async fn stage(postgres: &Postgres, mariadb: &MariaDb) -> (Stage, tempfile::TempDir) {
    postgres.run(SOURCE).await;
    mariadb.run(DESTINATION);
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "shop", "POSTGRES", &postgres.fields());
    servers::connection(folder.path(), "default_mariadb", "MARIADB", &mariadb.fields());
    (Stage::with(|config| config.connections = Some(folder.path().to_owned())).await, folder)
}

fn parameters(own: &Value, changes: &Value) -> Value {
    let mut parameters = json!({
        "source_integration": "POSTGRES", "source_connection_id": "shop", "destination_integration": "MARIADB",
    });
    for more in [own, changes] {
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    parameters
}

#[tokio::test]
async fn queries_are_compared_by_their_values() {
    let (Some(postgres), Some(mariadb)) = (Postgres::start().await, MariaDb::start().await) else { return };
    let (mut stage, _folder) = stage(&postgres, &mariadb).await;
    let both = |source: &str, destination: &str| json!({ "source_query": source, "destination_query": destination });
    let same = |query: &str| both(query, query);
    for ((queries, thresholds, word, expected, failures), task) in [
        (same("SELECT count(*) FROM orders WHERE id <= 95"), json!({}), "succeeded", r#""difference":0"#, 0),
        (same("SELECT sum(amount) FROM orders WHERE id <= 95"), json!({}), "succeeded", "118.75", 0),
        (same("SELECT max(changed) FROM orders WHERE id <= 95"), json!({}), "succeeded", "2026-01-04 23:00:00", 0),
        (same("SELECT max(state) FROM orders"), json!({}), "succeeded", "new", 0),
        (same("SELECT max(state) FROM orders WHERE id = 0"), json!({}), "succeeded", "null", 0),
        (same("SELECT count(*) FROM orders"), json!({}), "failed", "the difference is 5", 5),
        (
            same("SELECT max(changed) FROM orders"),
            json!({ "error_threshold_expression": "> 9" }),
            "failed",
            "they differ",
            -1,
        ),
        (
            same("SELECT count(*) FROM orders"),
            json!({ "error_threshold_expression": "> 10", "warn_threshold_expression": "> 0" }),
            "warning",
            r#""difference":5"#,
            5,
        ),
        (same("SELECT id FROM orders"), json!({}), "misconfigured", "the source: the query must bring one row", -1),
        (both("SELECT 1", "SELECT 1, 2"), json!({}), "misconfigured", "the destination: the query must bring one", -1),
        (both("SELECT adds()", "SELECT 1"), json!({}), "misconfigured", "a reconciliation only looks", -1),
        (both("SELECT 1", "DELETE FROM orders"), json!({}), "misconfigured", "does not only look", -1),
        (both("SELECT 1", "SELECT 1 FROM nowhere"), json!({}), "misconfigured", "the destination: the database", -1),
    ]
    .into_iter()
    .zip(1..)
    {
        let asked = parameters(&queries, &thresholds);
        stage.offer(vec![offer(task, "ORCHESTRA", "DATA_RECONCILIATION_MANUAL_QUERY", asked)]).await;
        let (said, text, operation) = stage.told(task).await;
        let operation = operation.unwrap();
        let said = if operation.status == "WARNING" { "warning" } else { said };
        assert_eq!(said, word, "{queries}: {text}");
        assert!(text.contains(expected), "{queries}: {text}");
        assert_eq!((operation.r#type.as_str(), operation.failures), ("TEST", failures), "{queries}");
    }
    assert_eq!(postgres.value("SELECT count(*)::text FROM orders").await, "100");
    stage.shut_down().await;
}

#[tokio::test]
async fn tables_are_compared_by_a_column_that_grows() {
    let (Some(postgres), Some(mariadb)) = (Postgres::start().await, MariaDb::start().await) else { return };
    let (mut stage, _folder) = stage(&postgres, &mariadb).await;
    let tables = json!({
        "source_table_name": "public.orders", "source_column_name": "id", "destination_table_name": "shop.`orders`",
        "destination_column_name": "id",
    });
    let by_time = json!({ "source_column_name": "changed", "destination_column_name": "changed" });
    let only_max = json!({ "detect_count_drift": false, "detect_max_drift": true });
    let with = |one: &Value, other: Value| {
        let mut all = one.clone();
        all.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        all
    };
    let wide = json!({ "detect_count_drift_error_threshold_expression": "> 10" });
    for ((changes, word, expected), task) in [
        (json!({}), "failed", "count: the source has 100, the destination 95: the difference is 5"),
        (wide.clone(), "warning", r#""count":{"source":100,"destination":95,"difference":5},"cursor_field_value":100"#),
        (with(&wide, json!({ "detect_max_drift": true })), "failed", "max: the source has 100, the destination 95"),
        (only_max.clone(), "failed", "max: the source has 100"),
        (with(&by_time, only_max.clone()), "failed", r#"max: the source has "2026-01-05 04:00:00""#),
        (json!({ "cursor_field_cache_override": "98" }), "failed", "the source has 2, the destination 0"),
        (json!({ "cursor_field_cache_override": "100", "detect_max_drift": true }), "succeeded", r#""difference":0"#),
        (
            json!({ "cursor_field_cache_override": "100", "query_from_cursor_field_cache": false }),
            "failed",
            "the source has 100",
        ),
        (
            with(&by_time, json!({ "cursor_field_cache_override": "2026-01-05 01:00:00" })),
            "failed",
            "the source has 3, the destination 0",
        ),
        (json!({ "cursor_field_cache_override": "x' OR '1' = '1" }), "failed", "invalid input syntax"),
        (json!({ "source_table_name": "orders; DROP TABLE orders" }), "misconfigured", "is no name"),
        (json!({ "detect_count_drift": false }), "misconfigured", "nothing to compare"),
        (json!({ "detect_count_drift": "yes" }), "misconfigured", "detect_count_drift must be true or false"),
        (json!({ "detect_count_drift_warn_threshold_expression": ">" }), "misconfigured", "detect_count_drift_warn"),
    ]
    .into_iter()
    .zip(1..)
    {
        let asked = parameters(&tables, &changes);
        stage.offer(vec![offer(task, "ORCHESTRA", "DATA_RECONCILIATION_CURSOR_FIELD", asked)]).await;
        let (said, text, operation) = stage.told(task).await;
        let warned = operation.is_some_and(|operation| operation.status == "WARNING");
        assert_eq!(if warned { "warning" } else { said }, word, "{changes}: {text}");
        assert!(text.contains(expected), "{changes}: {text}");
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn a_stop_ends_both_sides() {
    let (Some(postgres), Some(mariadb)) = (Postgres::start().await, MariaDb::start().await) else { return };
    let (mut stage, _folder) = stage(&postgres, &mariadb).await;
    let queries = json!({ "source_query": "SELECT pg_sleep(1000)", "destination_query": "SELECT sleep(1000)" });
    let asked = parameters(&queries, &json!({}));
    stage.offer(vec![offer(1, "ORCHESTRA", "DATA_RECONCILIATION_MANUAL_QUERY", asked)]).await;
    let here = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(1000)%'";
    let there = "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'downbeat %' AND query LIKE 'FETCH%'";
    mariadb.wait_for(here).await;
    postgres.wait_for(there).await;
    stage.stop(1).await;
    assert_eq!(stage.told(1).await.0, "stopped");
    assert_eq!(mariadb.value(here), "");
    postgres.wait_for(&format!("SELECT 1 WHERE NOT EXISTS ({there})")).await;
    stage.shut_down().await;
}
