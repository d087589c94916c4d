//! Jobs and checks of SQL_SERVER against a server of the protocol's shape (`support/tds.rs`): there is no SQL Server here.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use downbeat_proto::events::v1::Operation;
use downbeat_proto::worker::v1::Resume;
use serde_json::{Value, json};
use support::{
    Stage, check, offer, said, servers,
    tds::SqlServer,
    wire::{Cut, Wire},
};

/// A worker with a connection with these fields.
async fn stage(fields: &Value) -> (Stage, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_sql_server", "SQL_SERVER", fields);
    (Stage::with(|config| config.connections = Some(folder.path().to_owned())).await, folder)
}

/// What became of one query: its word, outputs or message, and its operation.
async fn run(stage: &mut Stage, task: u32, parameters: Value) -> (&'static str, String, Option<Operation>) {
    stage.offer(vec![offer(task, "SQL_SERVER", "SQL_SERVER_RUN_QUERY", parameters)]).await;
    stage.told(task).await
}

#[tokio::test]
async fn queries_write_bring_rows_and_say_what_is_wrong() {
    let server = SqlServer::start().await;
    let (mut stage, _folder) = stage(&server.fields()).await;
    let mut task = 0;
    for (statement, outputs, word, expected, rows) in [
        ("SELECT 1 AS one", true, "succeeded", r#"{"results":[[1]],"columns":["one"],"truncated":false"#, -1),
        ("SELECT name FROM people", true, "succeeded", r#"[["Zoë"],[null]]"#, -1),
        ("SELECT 1 AS a; SELECT 2 AS b", true, "succeeded", r#"{"results":[[2],[3]],"columns":["b"]"#, -1),
        ("SELECT n FROM numbers", true, "succeeded", r#""truncated":true"#, -1),
        ("INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (3)", false, "succeeded", "2 rows affected", 2),
        ("EXEC load_orders", false, "succeeded", "0 rows affected", 0),
        ("BEGIN TRAN; DELETE FROM a", false, "failed", "begin a transaction and do not end it", -1),
        ("SELECT lost", false, "misconfigured", "Invalid object name 'lost'. (error 208, line 1)", -1),
        ("SELEC 1", false, "misconfigured", "error 102", -1),
        ("INSERT INTO orders VALUES (1)", false, "failed", "error 2627", -1),
        ("UPDATE locked", false, "transient", "error 1205", -1),
        ("SELECT broken", false, "transient", "error 823", -1),
        ("SELECT flood", false, "misconfigured", "64 MiB", -1),
        ("SELECT nonsense", false, "transient", "nothing of it was carried out", -1),
        ("SELECT strange", false, "transient", "nothing of it was carried out", -1),
    ] {
        task += 1;
        let parameters = json!({ "statement": statement, "set_outputs": outputs });
        let (said, text, operation) = run(&mut stage, task, parameters).await;
        assert_eq!(said, word, "{statement}: {text}");
        assert!(text.contains(expected), "{statement}: {text}");
        assert_eq!(operation.unwrap().rows_affected, rows, "{statement}: {text}");
    }
    assert_eq!(server.done(), ["INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (3)", "EXEC load_orders"]);
    let other = json!({ "statement": "SELECT 1 AS one", "database": "other" });
    run(&mut stage, 101, other).await;
    let (name, database) = server.sessions().pop().unwrap();
    assert!(name.starts_with("downbeat ") && name.ends_with("-101-1") && database == "other", "{name} {database}");
    stage.shut_down().await;
}

#[tokio::test]
async fn who_signs_in_and_to_whom_is_checked() {
    let server = SqlServer::start().await;
    for (changes, word, expected) in [
        (json!({}), "succeeded", ""),
        (json!({ "password": "another-s3cret" }), "misconfigured", "Login failed"),
        (json!({ "password": "" }), "misconfigured", "the field password is missing"),
        (json!({ "username": "nobody" }), "misconfigured", "Login failed"),
        (json!({ "database": "absent" }), "misconfigured", "Cannot open database"),
        (json!({ "sslmode": "require" }), "misconfigured", "does not support TLS"),
        (json!({ "sslmode": "verify-full" }), "misconfigured", "does not support TLS"),
        (json!({ "sslmode": "perhaps" }), "misconfigured", "the field sslmode must be"),
        (json!({ "host": "169.254.169.254" }), "misconfigured", "link-local"),
        (json!({ "port": 1 }), "transient", "cannot reach the database \"shop\" at 127.0.0.1:1"),
    ] {
        let mut fields = server.fields();
        fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let (mut stage, _folder) = stage(&fields).await;
        let (said, text, _) = run(&mut stage, 1, json!({ "statement": "SELECT 1 AS one" })).await;
        assert_eq!(said, word, "{changes}: {text}");
        assert!(text.contains(expected), "{changes}: {text}");
        stage.shut_down().await;
    }
    let (mut stage, _folder) = stage(&server.fields()).await;
    for (host, port, word, expected) in
        [("127.0.0.1", server.port, "succeeded", "1 rows"), ("169.254.169.254", 1_433, "misconfigured", "link-local")]
    {
        server.send_elsewhere(host, port);
        let (said, text, _) = run(&mut stage, port.into(), json!({ "statement": "SELECT 1 AS one" })).await;
        assert_eq!(said, word, "{host}: {text}");
        assert!(text.contains(expected), "{host}: {text}");
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn over_tls_a_server_shows_who_it_is() {
    let folder = tempfile::tempdir().unwrap();
    servers::certificate(folder.path());
    let server = SqlServer::over_tls(folder.path()).await;
    let authority = format!("file:{}", folder.path().join("server.pem").display());
    for (changes, word, expected) in [
        (json!({ "sslmode": "require" }), "succeeded", ""),
        (json!({ "sslmode": "verify-full", "ca_certificate": authority }), "succeeded", ""),
        (json!({ "sslmode": "verify-full" }), "misconfigured", "TLS handshake"),
        (json!({ "sslmode": "verify-full", "host": "localhost", "ca_certificate": authority }), "misconfigured", "TLS"),
    ] {
        let mut fields = server.fields();
        fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let (mut stage, _folder) = stage(&fields).await;
        let (said, text, _) = run(&mut stage, 1, json!({ "statement": "SELECT 1 AS one" })).await;
        assert_eq!(said, word, "{changes}: {text}");
        assert!(text.contains(expected), "{changes}: {text}");
        stage.shut_down().await;
    }
}

#[tokio::test]
async fn checks_look_and_are_rolled_back() {
    let server = SqlServer::start().await;
    let (mut stage, _folder) = stage(&server.fields()).await;
    for (query, word, expected) in [
        ("SELECT 1 AS one", "passed", r#"{"results":[{"one":1}],"truncated":false}"#),
        ("SELECT n FROM numbers", "passed", r#""truncated":true"#),
        ("SELECT id FROM nothing", "pending", "no row"),
        ("SELECT 7 WHERE trigger_something", "misconfigured", "brings no rows"),
        ("SELECT 1 DELETE FROM orders", "misconfigured", "it has the word DELETE"),
        ("EXEC load_orders", "misconfigured", "does not begin with SELECT"),
        ("SELECT flood", "passed", "truncated"),
        ("SELECT broken", "transient", "error 823"),
    ] {
        let answer = said(&stage.check(check("SQL_SERVER", "SQL_SERVER_QUERY", json!({ "query": query }))).await);
        assert_eq!(answer.0, word, "{query}: {}", answer.1);
        assert!(answer.1.contains(expected), "{query}: {}", answer.1);
    }
    assert!(server.done().is_empty());
    stage.shut_down().await;
}

#[tokio::test]
async fn a_stop_and_a_timeout_end_the_statement_on_the_server() {
    let server = SqlServer::start().await;
    let (mut stage, _folder) = stage(&server.fields()).await;
    for (task, statement) in [(1, "UPDATE wait"), (2, "EXEC wait")] {
        stage.offer(vec![offer(task, "SQL_SERVER", "SQL_SERVER_RUN_QUERY", json!({ "statement": statement }))]).await;
        server.waiting().await;
        stage.stop(task).await;
        let (said, text, operation) = stage.told(task).await;
        assert_eq!((said, operation.unwrap().status.as_str()), ("stopped", "CANCELLED"), "{statement}: {text}");
    }
    let mut slow = offer(3, "SQL_SERVER", "SQL_SERVER_RUN_QUERY", json!({ "statement": "SELECT wait" }));
    slow.timeout_seconds = 1;
    stage.offer(vec![slow]).await;
    assert_eq!(stage.told(3).await.0, "timed out");
    assert!(server.done().is_empty());
    stage.shut_down().await;
}

/// A worker that is lost is carried on for: its session is waited for, and only what looks is run again.
#[tokio::test]
async fn what_a_lost_worker_began_is_never_begun_twice() {
    let server = SqlServer::start().await;
    let (mut stage, _folder) = stage(&server.fields()).await;
    let token = format!("{}-1-1", uuid::Uuid::from_u128(1));
    let lock = format!("downbeat {}", &blake3::hash(token.as_bytes()).to_hex()[..40]);
    for (task, handle, statement, word, expected) in [
        (1, "1 lock", "INSERT INTO a VALUES (1)", "unknown", "nobody knows"),
        (2, "", "INSERT INTO a VALUES (2)", "unknown", "nobody knows"),
        (3, "1 lock", "SELECT 1 AS one", "succeeded", "[[1]]"),
        (4, "1 uncommitted", "INSERT INTO a VALUES (4)", "succeeded", "\"rows_affected\":1"),
        (5, "2 from a later version", "INSERT INTO a VALUES (5)", "unknown", "nobody knows"),
    ] {
        let parameters = json!({ "statement": statement, "set_outputs": true });
        let mut again = offer(task, "SQL_SERVER", "SQL_SERVER_RUN_QUERY", parameters);
        let handle = handle.to_owned().into();
        again.resume = Some(Resume { token_attempt: 1, handle, ..Resume::default() });
        if task == 1 {
            // The session of the lost worker is still there, for a while.
            server.hold(&lock);
        }
        stage.offer(vec![again]).await;
        if task == 1 {
            stage.log_with(task, "asking the server what became of it").await;
            server.let_go(&lock);
        }
        let (said, text, _) = stage.told(task).await;
        assert_eq!(said, word, "{statement}: {text}");
        assert!(text.contains(expected), "{statement}: {text}");
    }
    assert_eq!(server.done(), ["INSERT INTO a VALUES (4)"]);
    stage.shut_down().await;
}

/// Nobody saw how it ended. Where COMMIT was not said, nothing of it is left; else nobody knows.
#[tokio::test]
async fn an_end_that_nobody_saw_is_settled_as_far_as_it_can_be() {
    let server = SqlServer::start().await;
    let wire = Wire::to(server.port).await;
    let mut fields = server.fields();
    fields["port"] = json!(wire.port);
    let (mut stage, _folder) = stage(&fields).await;
    for (cut, statement, word, expected, task) in [
        (Cut::After("COMMIT TRANSACTION"), "INSERT INTO a VALUES (1)", "unknown", "nobody knows whether", 1),
        (Cut::Before("COMMIT TRANSACTION"), "INSERT INTO a VALUES (2)", "unknown", "nobody knows whether", 2),
        (
            Cut::Before("INSERT INTO a VALUES (3)"),
            "INSERT INTO a VALUES (3)",
            "transient",
            "nothing of it was carried out",
            3,
        ),
        (Cut::After("EXEC four"), "EXEC four", "unknown", "nobody knows whether", 4),
    ] {
        wire.cut(cut);
        let (said, text, _) = run(&mut stage, task, json!({ "statement": statement })).await;
        assert_eq!(said, word, "{statement}: {text}\n{}", stage.log(task).await);
        assert!(text.contains(expected), "{statement}: {text}");
    }
    assert_eq!(server.done(), ["INSERT INTO a VALUES (1)", "EXEC four"]);
    stage.shut_down().await;
}
