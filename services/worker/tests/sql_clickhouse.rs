//! SQL jobs and checks on a real ClickHouse server.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use downbeat_proto::events::v1::Operation;
use downbeat_proto::worker::v1::Resume;
use serde_json::{Value, json};
use support::{Stage, check, clickhouse::ClickHouse, offer, said, servers};

/// Nobody waits for its end.
const ENDLESS: &str = "SELECT count() FROM system.numbers WHERE sleep(1) = 1 SETTINGS max_block_size = 1";

async fn stage(server: &ClickHouse, fields: &Value) -> (Stage, tempfile::TempDir) {
    server.value("CREATE TABLE orders (id Int32, state Nullable(String)) ENGINE = MergeTree ORDER BY id").await;
    server.value("INSERT INTO orders VALUES (1, 'new'), (2, 'done')").await;
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_clickhouse", "CLICKHOUSE", fields);
    (Stage::with(|config| config.connections = Some(folder.path().to_owned())).await, folder)
}

async fn run(stage: &mut Stage, task: u32, job: &str, parameters: Value) -> (&'static str, String, Option<Operation>) {
    stage.offer(vec![offer(task, "CLICKHOUSE", job, parameters)]).await;
    stage.told(task).await
}

#[tokio::test]
async fn queries_write_bring_rows_and_say_what_is_wrong() {
    let Some(server) = ClickHouse::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    let typed = "SELECT 1, toUInt64(18446744073709551615), 1.5, toDecimal32(12.5, 2), NULL, 'a\\tb', [1, 2], toDate('2026-01-31')";
    for ((statement, outputs, word, expected), task) in [
        ("INSERT INTO orders VALUES (3, NULL), (4, 'x')", false, "succeeded", ""),
        (typed, true, "succeeded", r#"[[1,18446744073709551615,1.5,12.5,null,"a\tb","[1,2]","2026-01-31"]]"#),
        (
            "SELECT id AS a, state FROM orders WHERE id > 2 ORDER BY id",
            true,
            "succeeded",
            r#"[[3,null],[4,"x"]],"columns":["a","state"]"#,
        ),
        ("SELECT number FROM system.numbers LIMIT 20000", true, "succeeded", r#""truncated":true"#),
        ("CREATE TABLE copy AS orders", false, "succeeded", ""),
        ("SELECT id FROM orders WHERE id > 9", false, "succeeded", "0 rows"),
        ("SELECT throwIf(number = 3) FROM system.numbers LIMIT 10", false, "failed", "throwIf"),
        ("INSERT INTO nowhere VALUES (8)", false, "misconfigured", "Code: 60"),
        ("SELEC 1", false, "misconfigured", "Code: 62"),
        ("SELECT 1; SELECT 2", false, "misconfigured", "Code: 62"),
        (
            "SELECT 1 FORMAT JSON",
            true,
            "misconfigured",
            "leave FORMAT out of the statement; the statement was carried out",
        ),
        ("SELECT toString(range(400)) FROM system.numbers LIMIT 60000", false, "misconfigured", "64 MiB"),
    ]
    .into_iter()
    .zip(1..)
    {
        let parameters = json!({ "statement": statement, "set_outputs": outputs });
        let (said, text, operation) = run(&mut stage, task, "CLICKHOUSE_RUN_QUERY", parameters).await;
        assert_eq!(said, word, "{statement}: {text}");
        assert!(text.contains(expected), "{statement}: {text}");
        let operation = operation.unwrap();
        assert_eq!(operation.r#type, "QUERY");
        // The server counts what it reads.
        let units: Vec<_> = operation.cost_basis.iter().map(|basis| basis.unit.as_str()).collect();
        assert!(operation.bytes.is_none() || units == ["bytes_read", "rows_read"], "{units:?}");
    }
    let absent = json!({ "statement": "SELECT 1", "database": "absent" });
    let (word, text, _) = run(&mut stage, 50, "CLICKHOUSE_RUN_QUERY", absent).await;
    assert!(word == "misconfigured" && text.contains("absent"), "{text}");
    stage.shut_down().await;
}

#[tokio::test]
async fn tests_and_checks_look_and_change_nothing() {
    let Some(server) = ClickHouse::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    for ((statement, word, expected, failures), task) in [
        ("SELECT * FROM orders WHERE state = 'lost'", "succeeded", "0 rows", 0),
        ("SELECT * FROM orders", "failed", "brought 2 rows, which is > 0", 2),
        ("SELECT count() FROM orders", "failed", "says 2", 2),
        ("SELECT number FROM system.numbers LIMIT 123456", "failed", "123456 rows", 123_456),
        ("INSERT INTO orders VALUES (9, '')", "misconfigured", "a test only looks", -1),
        ("DROP TABLE orders", "misconfigured", "a test only looks", -1),
        ("SET readonly = 0", "misconfigured", "", -1),
    ]
    .into_iter()
    .zip(1..)
    {
        let (said, text, operation) =
            run(&mut stage, task, "CLICKHOUSE_RUN_TEST", json!({ "statement": statement })).await;
        assert_eq!(said, word, "{statement}: {text}");
        assert!(text.contains(expected), "{statement}: {text}");
        assert_eq!(operation.unwrap().failures, failures, "{statement}");
    }
    for (query, word, expected) in [
        ("SELECT id FROM orders WHERE state = 'done'", "passed", r#"[{"id":2}]"#),
        ("SELECT number FROM system.numbers", "passed", r#""truncated":true"#),
        ("SELECT id FROM orders WHERE id > 9", "pending", "no row"),
        ("DROP TABLE orders", "misconfigured", "a check only looks"),
    ] {
        let mut asked = check("CLICKHOUSE", "CLICKHOUSE_QUERY", json!({ "query": query }));
        if query.ends_with("numbers") {
            // The server brings no row before its end unless that is near.
            asked = check("CLICKHOUSE", "CLICKHOUSE_QUERY", json!({ "query": format!("{query} LIMIT 100000") }));
        }
        let answer = said(&stage.check(asked).await);
        assert_eq!(answer.0, word, "{query}: {}", answer.1);
        assert!(answer.1.contains(expected), "{query}: {}", answer.1);
    }
    assert_eq!(server.value("SELECT count() FROM orders").await, "2");
    stage.shut_down().await;
}

#[tokio::test]
async fn who_asks_and_whom_is_checked() {
    let Some(server) = ClickHouse::start().await else { return };
    let authority = format!("file:{}", server.folder.path().join("server.pem").display());
    let with = |changes: &Value| {
        let mut fields = server.fields();
        fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        fields
    };
    let tls = server.tls_port;
    for (changes, word, expected) in [
        (json!({ "port": tls, "sslmode": "require" }), "succeeded", ""),
        (json!({ "port": tls, "sslmode": "verify-full", "ca_certificate": authority }), "succeeded", ""),
        (json!({ "port": tls, "sslmode": "verify-full" }), "misconfigured", "TLS handshake"),
        (json!({ "sslmode": "perhaps" }), "misconfigured", "the field sslmode must be"),
        (json!({ "host": "127.0.0.1/x?y" }), "misconfigured", "the field host must be"),
        (json!({ "host": "u@127.0.0.1" }), "misconfigured", "the field host must be"),
        (json!({ "password": "another-s3cret" }), "misconfigured", "Code: 193"),
        (json!({ "username": "nobody" }), "misconfigured", "Code: 192"),
        (json!({ "port": 1 }), "transient", "cannot reach the server at 127.0.0.1:1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        servers::connection(folder.path(), "default_clickhouse", "CLICKHOUSE", &with(&changes));
        let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
        let (said, text, _) = run(&mut stage, 1, "CLICKHOUSE_RUN_QUERY", json!({ "statement": "SELECT 1" })).await;
        assert_eq!(said, word, "{changes}: {text}");
        assert!(text.contains(expected), "{changes}: {text}");
        stage.shut_down().await;
    }
}

#[tokio::test]
async fn a_stop_ends_the_statement_on_the_server() {
    let Some(server) = ClickHouse::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    let running = "SELECT query_id FROM system.processes WHERE query LIKE 'SELECT count() FROM system.numbers%'";
    for (job, task) in [("CLICKHOUSE_RUN_QUERY", 1), ("CLICKHOUSE_RUN_TEST", 2)] {
        stage.offer(vec![offer(task, "CLICKHOUSE", job, json!({ "statement": ENDLESS }))]).await;
        server.wait_for(running).await;
        stage.stop(task).await;
        let (said, text, operation) = stage.told(task).await;
        assert_eq!((said, operation.unwrap().status.as_str()), ("stopped", "CANCELLED"), "{text}");
        assert_eq!(server.value(running).await, "");
    }
    let mut slow = offer(3, "CLICKHOUSE", "CLICKHOUSE_RUN_QUERY", json!({ "statement": ENDLESS }));
    slow.timeout_seconds = 1;
    stage.offer(vec![slow]).await;
    assert_eq!(stage.told(3).await.0, "timed out");
    stage.shut_down().await;
}

/// Whoever carries on for a lost worker ends at the server what that one began, when it is asked to.
#[tokio::test]
async fn a_stop_of_what_a_lost_worker_began_ends_it_there() {
    let Some(server) = ClickHouse::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    let orphan = server.with_id(ENDLESS, "endless");
    let jobs = async {
        server.wait_for("SELECT 1 FROM system.processes WHERE query_id = 'endless'").await;
        let mut again = offer(1, "CLICKHOUSE", "CLICKHOUSE_RUN_QUERY", json!({ "statement": ENDLESS }));
        again.resume = Some(Resume { token_attempt: 1, handle: "1 query endless".into(), ..Resume::default() });
        stage.offer(vec![again]).await;
        stage.log_with(1, "asking the server what became of it").await;
        stage.stop(1).await;
        assert_eq!(stage.told(1).await.0, "stopped");
    };
    let (ended, ()) = tokio::join!(orphan, jobs);
    assert!(ended.unwrap_err().contains("Code: 394"));
    stage.shut_down().await;
}

#[tokio::test]
async fn a_reconciliation_asks_it_like_any_other() {
    let Some(server) = ClickHouse::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    server.value("CREATE TABLE changes (at DateTime) ENGINE = Memory").await;
    server.value("INSERT INTO changes VALUES ('2026-01-31 10:00:00')").await;
    let parameters = json!({
        "source_integration": "CLICKHOUSE", "source_table_name": "default.changes", "source_column_name": "at",
        "destination_integration": "CLICKHOUSE", "destination_table_name": "`orders`", "destination_column_name": "\"id\"",
        "detect_max_drift": true, "detect_count_drift_error_threshold_expression": "> 1",
    });
    stage.offer(vec![offer(1, "ORCHESTRA", "DATA_RECONCILIATION_CURSOR_FIELD", parameters)]).await;
    let (word, text, _) = stage.told(1).await;
    assert_eq!(word, "failed", "{text}");
    assert!(text.contains(r#"max: the source has "2026-01-31 10:00:00", the destination 2: they differ"#), "{text}");
    stage.shut_down().await;
}

/// What a lost worker began is found by its query id: waited for, settled by the server's log, and begun again only if it never began.
#[tokio::test]
async fn what_a_lost_worker_began_is_carried_out_once() {
    let Some(server) = ClickHouse::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    server.with_id("INSERT INTO orders SELECT 91, ''", "done").await.unwrap();
    server.with_id("INSERT INTO nowhere SELECT 92, ''", "never-began").await.unwrap_err();
    server.with_id("INSERT INTO orders SELECT throwIf(number = 3), '' FROM numbers(9)", "failed").await.unwrap_err();
    let slow = "INSERT INTO orders SELECT toInt32(94 + sleep(3)), ''";
    let orphan = server.with_id(slow, "slow");
    let again = |task: u32, handle: &str, statement: &str| {
        let parameters = json!({ "statement": statement, "set_outputs": false });
        let mut again = offer(task, "CLICKHOUSE", "CLICKHOUSE_RUN_QUERY", parameters);
        again.resume = Some(Resume { token_attempt: 1, handle: handle.to_owned().into(), ..Resume::default() });
        again
    };
    let jobs = async {
        server.wait_for("SELECT 1 FROM system.processes WHERE query_id = 'slow'").await;
        for (task, handle, statement, word, expected) in [
            (1, "1 query slow", slow, "succeeded", ""),
            (2, "1 query done", "INSERT INTO orders SELECT 91, ''", "succeeded", ""),
            (3, "1 query never-began", "INSERT INTO orders SELECT 92, ''", "succeeded", ""),
            (4, "1 query failed", "INSERT INTO orders SELECT 93, ''", "unknown", "nobody knows"),
            (5, "", "INSERT INTO orders SELECT 95, ''", "unknown", "nobody knows"),
            (6, "1 query x' OR '1' = '1", "INSERT INTO orders SELECT 96, ''", "unknown", "nobody knows"),
            (7, "", "SELECT 1", "succeeded", "1 rows"),
        ] {
            stage.offer(vec![again(task, handle, statement)]).await;
            let (said, text, _) = stage.told(task).await;
            assert_eq!(said, word, "{handle} {statement}: {text}");
            assert!(text.contains(expected), "{handle} {statement}: {text}");
        }
    };
    let (ended, ()) = tokio::join!(orphan, jobs);
    ended.unwrap();
    let left = server.value("SELECT groupArray(id) FROM (SELECT id FROM orders WHERE id > 90 ORDER BY id)").await;
    assert_eq!(left, "[91,92,94]");
    stage.shut_down().await;
}
