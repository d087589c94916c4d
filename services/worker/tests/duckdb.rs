//! Queries in a real DuckDB.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use downbeat_proto::worker::v1::Resume;
use serde_json::json;
use support::{Stage, is_running, offer, servers};

const JOB: (&str, &str) = ("DUCKDB", "DUCKDB_EXECUTE_QUERY");

#[tokio::test]
async fn queries_write_bring_rows_and_say_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.duckdb");
    servers::connection(folder.path(), "default_duckdb", "DUCKDB", &json!({ "path": file }));
    servers::connection(
        folder.path(),
        "default_motherduck",
        "MOTHERDUCK",
        &json!({ "database": "a?b", "token": "md-s3cret" }),
    );
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let mut task = 0;
    for (query, outputs, word, expected, rows) in [
        ("CREATE TABLE orders (id int, state text)", false, "succeeded", "", -1),
        ("INSERT INTO orders VALUES (1, 'new'), (2, 'it''s \"done\"')", false, "succeeded", "2 rows affected", 2),
        (
            "SELECT * FROM orders ORDER BY id",
            true,
            "succeeded",
            r#"{"results":[[1,"new"],[2,"it's \"done\""]],"columns":["id","state"],"truncated":false"#,
            -1,
        ),
        (
            "SELECT 'nan'::double, DATE '2026-01-31', [1, NULL], {'a': 1.5::double}, 1.10::decimal(5,2)",
            true,
            "succeeded",
            r#"[["nan","2026-01-31",[1,null],{"a":1.5},"1.10"]]"#,
            -1,
        ),
        ("SELECT range FROM range(20000)", true, "succeeded", r#""truncated":true"#, -1),
        ("SELECT count(*) AS n FROM orders; SELECT 7", true, "succeeded", "[[7]]", -1),
        ("SELEC 1", false, "failed", "Parser Error", -1),
        ("SELECT * FROM nowhere", false, "failed", "nowhere", -1),
    ] {
        task += 1;
        let parameters = json!({ "query": query, "set_outputs": outputs });
        stage.offer(vec![offer(task, JOB.0, JOB.1, parameters)]).await;
        let (said, text, operation) = stage.told(task).await;
        assert_eq!(said, word, "{query}: {text}");
        assert!(text.contains(expected), "{query}: {text}");
        assert_eq!(operation.unwrap().rows_affected, rows, "{query}");
    }
    stage.offer(vec![offer(50, "MOTHERDUCK", "MOTHERDUCK_EXECUTE_QUERY", json!({ "query": "SELECT 1" }))]).await;
    let (said, text, _) = stage.told(50).await;
    assert!(said == "misconfigured" && text.contains("the field database"), "{text}");

    let mut again = offer(51, JOB.0, JOB.1, json!({ "query": "SELECT 1" }));
    again.resume = Some(Resume { token_attempt: 1, ..Resume::default() });
    stage.offer(vec![again]).await;
    assert_eq!(stage.told(51).await.0, "unknown");

    let forever = "SELECT count(*) FROM range(1000000000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3";
    stage.offer(vec![offer(52, JOB.0, JOB.1, json!({ "query": forever }))]).await;
    stage.log_with(52, "% 7 = 3").await;
    stage.stop(52).await;
    assert_eq!(stage.told(52).await.0, "stopped");
    assert!(!is_running(&file.to_string_lossy()));
    stage.shut_down().await;
}
