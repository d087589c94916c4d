//! SQL jobs on a real PostgreSQL server.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use downbeat_proto::events::v1::{ColumnUse, Operation};
use downbeat_proto::worker::v1::{Resume, report::Report as ReportKind};
use serde_json::{Value, json};
use support::{
    Stage, offer,
    servers::{self, Postgres},
    wire::{Cut, Wire},
};

const TABLES: &str = "
    CREATE TABLE orders (id int PRIMARY KEY, state text);
    INSERT INTO orders VALUES (1, 'new'), (2, 'done');
    CREATE PROCEDURE committing() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orders VALUES (50); COMMIT; END $$;
";

/// A worker with a connection to the server.
async fn stage(postgres: &Postgres, fields: &Value) -> (Stage, tempfile::TempDir) {
    postgres.run(TABLES).await;
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_postgres", "POSTGRES", fields);
    (Stage::with(|config| config.connections = Some(folder.path().to_owned())).await, folder)
}

/// What became of one job: its word, outputs or message, and its operation.
async fn run(stage: &mut Stage, task: u32, job: &str, parameters: Value) -> (&'static str, String, Option<Operation>) {
    stage.offer(vec![offer(task, "POSTGRES", job, parameters)]).await;
    stage.told(task).await
}

#[tokio::test]
async fn queries_write_bring_rows_and_say_what_is_wrong() {
    let Some(postgres) = Postgres::start().await else { return };
    let (mut stage, _folder) = stage(&postgres, &postgres.fields()).await;
    let mut task = 0;
    for (statement, word, expected, rows) in [
        ("INSERT INTO orders VALUES (3, 'x'), (4, 'x')", "succeeded", "2 rows affected", 2),
        ("INSERT INTO orders VALUES (5) RETURNING id", "succeeded", r#"[[5]],"columns":["id"]"#, 1),
        ("SELECT id, state FROM orders ORDER BY id LIMIT 1", "succeeded", r#"{"results":[[1,"new"]]"#, -1),
        ("SELECT 1.5::float8, NULL, '[1]'::jsonb", "succeeded", "[[1.5,null,[1]]]", -1),
        ("SELECT generate_series(1, 20000)", "succeeded", r#""truncated":true"#, -1),
        ("CREATE TABLE copy AS SELECT * FROM orders", "succeeded", "5 rows affected", 5),
        (
            "INSERT INTO copy VALUES (7); UPDATE copy SET state = 'y'; SELECT count(*) FROM copy",
            "succeeded",
            r#"[["6"]]"#,
            7,
        ),
        ("BEGIN; DELETE FROM copy WHERE id = 7; COMMIT", "succeeded", "1 rows", 1),
        ("VACUUM orders", "succeeded", "", 0),
        ("CALL committing()", "succeeded", "", 0),
        ("-- nothing", "succeeded", "0 rows affected", 0),
        ("INSERT INTO orders VALUES (1)", "failed", "SQLSTATE 23505", -1),
        ("INSERT INTO copy VALUES (8); SELECT 1 / 0", "failed", "division by zero", -1),
        ("INSERT INTO nowhere VALUES (8)", "misconfigured", "relation \"nowhere\" does not exist", -1),
        ("SELEC 1", "misconfigured", "SQLSTATE 42601", -1),
        ("SELECT 1; SELEC 1", "misconfigured", "SQLSTATE 42601", -1),
        ("DELETE FROM orders WHERE id = $1", "misconfigured", "$1", -1),
        ("SELECT '\0'", "misconfigured", "null character", -1),
        ("SELECT repeat('x', 900000000)", "misconfigured", "64 MiB", -1),
    ] {
        task += 1;
        let outputs = statement.to_ascii_uppercase().contains("RETURNING") || statement.contains("SELECT");
        let outputs = outputs && !statement.starts_with("CREATE");
        let parameters = json!({ "statement": statement, "set_outputs": outputs });
        let (said, text, operation) = run(&mut stage, task, "POSTGRES_RUN_QUERY", parameters).await;
        assert_eq!(said, word, "{statement}: {text}");
        assert!(text.contains(expected), "{statement}: {text}");
        let operation = operation.unwrap();
        assert_eq!((operation.rows_affected, operation.r#type.as_str()), (rows, "QUERY"), "{statement}");
        assert!(operation.started_at > 0 && operation.completed_at >= operation.started_at);
    }
    let parameters = json!({ "statement": "SELECT count(*) FROM copy WHERE id IN (7, 8)", "set_outputs": true });
    let (_, text, _) = run(&mut stage, 100, "POSTGRES_RUN_QUERY", parameters).await;
    assert!(text.contains("[[0]]"), "what failed was rolled back: {text}");
    let other = json!({ "statement": "SELECT current_database()", "database": "template1", "set_outputs": true });
    assert!(run(&mut stage, 101, "POSTGRES_RUN_QUERY", other).await.1.contains("template1"));
    let absent = json!({ "statement": "SELECT 1", "database": "absent" });
    assert_eq!(run(&mut stage, 102, "POSTGRES_RUN_QUERY", absent).await.0, "misconfigured");
    stage.shut_down().await;
}

/// The statement names no column: the server is asked for them.
#[tokio::test]
async fn a_statement_says_which_column_came_of_which() {
    let Some(postgres) = Postgres::start().await else { return };
    let (mut stage, _folder) = stage(&postgres, &postgres.fields()).await;
    postgres.run("CREATE TABLE made (key int, word text, at text)").await;
    let statement = "CREATE TEMP TABLE t AS SELECT * FROM orders WHERE id > 0; INSERT INTO Made SELECT * FROM t";
    stage.offer(vec![offer(1, "POSTGRES", "POSTGRES_RUN_QUERY", json!({ "statement": statement }))]).await;
    let reports = stage.outcome(1).await;
    let collected: Vec<_> = reports
        .iter()
        .filter_map(|report| match report {
            ReportKind::Collected(collected) => Some(collected),
            _ => None,
        })
        .collect();
    let [collected] = collected.as_slice() else { panic!("{reports:?}") };
    let [edge] = collected.edges.as_slice() else { panic!("{collected:?}") };
    let columns: Vec<_> = edge.columns.iter().map(|column| (&*column.from, &*column.to, column.r#use())).collect();
    let expected =
        [("id", "", ColumnUse::Filter), ("id", "key", ColumnUse::Identity), ("state", "word", ColumnUse::Identity)];
    assert_eq!(columns, expected);
    let keys: Vec<_> = collected.assets.iter().map(|asset| asset.key.as_str()).collect();
    assert_eq!(keys, [edge.to.as_str(), edge.from.as_str()]);
    assert!(edge.to.ends_with("public.made") && edge.to.starts_with("postgres://localhost:"), "{}", edge.to);
    let operation = &collected.operations[0];
    assert_eq!((operation.asset.as_str(), operation.external_id.as_str()), (edge.to.as_str(), edge.operation.as_str()));
    stage.shut_down().await;
}

#[tokio::test]
async fn tests_judge_by_their_thresholds_and_change_nothing() {
    let Some(postgres) = Postgres::start().await else { return };
    let (mut stage, _folder) = stage(&postgres, &postgres.fields()).await;
    let cases = [
        ("SELECT * FROM orders WHERE state = 'lost'", "> 0", "> 0", "succeeded", "0 rows", 0),
        ("SELECT * FROM orders", "> 0", "> 0", "failed", "brought 2 rows, which is > 0", 2),
        ("SELECT * FROM orders", "> 2", ">= 2", "warning", "brought 2 rows, which is >= 2", 2),
        ("SELECT count(*) FROM orders WHERE id > 9", "> 0", "> 0", "succeeded", "says 0", 0),
        ("SELECT 250", "> 100", "> 0", "failed", "says 250", 250),
        ("SELECT generate_series(1, 123456)", "> 123456", "= 123456", "warning", "123456 rows", 123_456),
        ("SELECT state FROM orders LIMIT 1", "> 0", "> 0", "failed", "1 rows", 1),
        ("DELETE FROM orders RETURNING id", "> 0", "> 0", "misconfigured", "SQLSTATE", -1),
        ("SELECT 1; SELECT 2", "> 0", "> 0", "misconfigured", "multiple commands", -1),
        ("SELECT txid_current()", "> 0", "> 0", "failed", "says", -2),
    ];
    for ((statement, error, warn, word, expected, failures), task) in cases.into_iter().zip(1..) {
        let parameters =
            json!({ "statement": statement, "error_threshold_expression": error, "warn_threshold_expression": warn });
        let (said, text, operation) = run(&mut stage, task, "POSTGRES_RUN_TEST", parameters).await;
        assert_eq!(said, word, "{statement}: {text}");
        assert!(text.contains(expected), "{statement}: {text}");
        let operation = operation.unwrap();
        assert_eq!(operation.r#type, "TEST");
        assert!(failures == -2 || operation.failures == failures, "{statement}: {operation:?}");
    }
    let wrong = json!({ "statement": "SELECT 1", "warn_threshold_expression": "> 1.5" });
    let (said, text, _) = run(&mut stage, 50, "POSTGRES_RUN_TEST", wrong).await;
    assert!(said == "misconfigured" && text.contains("warn_threshold_expression"), "{text}");
    stage.shut_down().await;
}

#[tokio::test]
async fn a_stop_ends_the_statement_on_the_server_and_rolls_it_back() {
    let Some(postgres) = Postgres::start().await else { return };
    let (mut stage, _folder) = stage(&postgres, &postgres.fields()).await;
    for (job, statement, task) in [
        ("POSTGRES_RUN_QUERY", "INSERT INTO orders VALUES (70); SELECT pg_sleep(1000)", 1),
        ("POSTGRES_RUN_TEST", "SELECT pg_sleep(1000)", 2),
    ] {
        stage.offer(vec![offer(task, "POSTGRES", job, json!({ "statement": statement }))]).await;
        let token = format!("application_name = 'downbeat {}-{task}-1'", uuid::Uuid::from_u128(1));
        postgres.wait_for(&format!("SELECT 1 FROM pg_stat_activity WHERE {token} AND query ~ 'pg_sleep|FETCH'")).await;
        stage.stop(task).await;
        let (said, text, operation) = stage.told(task).await;
        assert_eq!((said, operation.unwrap().status.as_str()), ("stopped", "CANCELLED"), "{text}");
        postgres.wait_for(&format!("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE {token})")).await;
    }
    postgres.wait_for("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM orders WHERE id = 70)").await;

    let mut slow = offer(3, "POSTGRES", "POSTGRES_RUN_QUERY", json!({ "statement": "SELECT pg_sleep(1000)" }));
    slow.timeout_seconds = 1;
    stage.offer(vec![slow]).await;
    assert_eq!(stage.told(3).await.0, "timed out");
    stage.shut_down().await;
}

/// A worker that is lost is carried on for: what it began is settled by the server, and carried out once.
#[tokio::test]
async fn what_a_lost_worker_began_is_carried_out_once() {
    let Some(postgres) = Postgres::start().await else { return };
    let (mut stage, _folder) = stage(&postgres, &postgres.fields()).await;
    let committed = postgres.value("INSERT INTO orders VALUES (91) RETURNING txid_current()").await;
    let aborted = postgres.value("SELECT txid_current()").await;
    postgres
        .run(&format!("BEGIN; SELECT txid_current(); INSERT INTO orders VALUES (92); ROLLBACK; SELECT {aborted}"))
        .await;
    let rolled_back: u64 = aborted.parse::<u64>().unwrap() + 1;
    let insert = |id: u32| format!("INSERT INTO orders VALUES ({id})");
    let cases = [
        // (what was said of it, statement, outputs wanted, word, text, id of a row, how many there are of it)
        (format!("1 txid {committed}"), insert(91), false, "succeeded", "", 91, 1),
        (format!("1 txid {rolled_back}"), insert(92), false, "succeeded", "1 rows affected", 92, 1),
        (String::new(), insert(93), false, "unknown", "nobody knows", 93, 0),
        ("1 untraced".to_owned(), "CALL committing()".to_owned(), false, "unknown", "nobody knows", 50, 0),
        (format!("1 txid {committed}"), insert(94), true, "unknown", "its rows were lost", 94, 0),
        (String::new(), "SELECT 1 AS one".to_owned(), true, "succeeded", "[[1]]", 0, 0),
        ("2 from a later version".to_owned(), insert(95), false, "unknown", "nobody knows", 95, 0),
    ];
    for ((handle, statement, set_outputs, word, expected, id, rows), task) in cases.into_iter().zip(1..) {
        let parameters = json!({ "statement": statement, "set_outputs": set_outputs });
        let mut again = offer(task, "POSTGRES", "POSTGRES_RUN_QUERY", parameters);
        again.resume = Some(Resume { token_attempt: 1, handle: handle.clone().into(), ..Resume::default() });
        again.attempt.as_mut().unwrap().number = 1;
        stage.offer(vec![again]).await;
        let (said, text, _) = stage.told(task).await;
        assert_eq!(said, word, "{handle} {statement}: {text}");
        assert!(text.contains(expected), "{handle} {statement}: {text}");
        postgres.wait_for(&format!("SELECT 1 WHERE (SELECT count(*) FROM orders WHERE id = {id}) = {rows}")).await;
    }
    stage.shut_down().await;
}

/// The session of a lost worker may hold its transaction open for hours: whoever carries on ends it first.
#[tokio::test]
async fn a_session_that_a_lost_worker_left_is_ended() {
    let Some(postgres) = Postgres::start().await else { return };
    let (mut stage, _folder) = stage(&postgres, &postgres.fields()).await;
    let token = format!("downbeat {}-1-1", uuid::Uuid::from_u128(1));
    let (left, number) = postgres.leave(&token, "INSERT INTO orders VALUES (96)").await;
    let mut again =
        offer(1, "POSTGRES", "POSTGRES_RUN_QUERY", json!({ "statement": "INSERT INTO orders VALUES (96)" }));
    again.resume = Some(Resume { token_attempt: 1, handle: format!("1 txid {number}").into(), ..Resume::default() });
    stage.offer(vec![again]).await;
    let (said, text, _) = stage.told(1).await;
    assert_eq!((said, text.as_str()), ("succeeded", "1 rows affected"));
    postgres.wait_for("SELECT 1 WHERE (SELECT count(*) FROM orders WHERE id = 96) = 1").await;
    drop(left);
    stage.shut_down().await;
}

/// It commits by itself, so the server cannot be asked.
const OWN: &str = "BEGIN; INSERT INTO orders VALUES (83); COMMIT";

/// Nobody saw how the transaction ended: the server is asked, and the statement is carried out once or not at all.
#[tokio::test]
async fn an_end_that_nobody_saw_is_settled_by_asking_the_server() {
    let Some(postgres) = Postgres::start().await else { return };
    let wire = Wire::to(postgres.port).await;
    let mut fields = postgres.fields();
    fields["port"] = json!(wire.port);
    let (mut stage, _folder) = stage(&postgres, &fields).await;
    for (cut, statement, word, expected, rows, task) in [
        (Cut::After("COMMIT"), "INSERT INTO orders VALUES (80)", "succeeded", "", 1, 1),
        (Cut::Before("COMMIT"), "INSERT INTO orders VALUES (81)", "transient", "nothing of it was carried out", 0, 2),
        (
            Cut::Before("INSERT INTO orders VALUES (82), (83)"),
            "INSERT INTO orders VALUES (82), (83)",
            "transient",
            "",
            0,
            3,
        ),
        (Cut::After(OWN), OWN, "unknown", "nobody knows whether", 1, 4),
    ] {
        wire.cut(cut);
        let (said, text, _) = run(&mut stage, task, "POSTGRES_RUN_QUERY", json!({ "statement": statement })).await;
        assert_eq!(said, word, "{statement}: {text}\n{}", stage.log(task).await);
        assert!(text.contains(expected), "{statement}: {text}");
        let id = 79 + task;
        postgres.wait_for(&format!("SELECT 1 WHERE (SELECT count(*) FROM orders WHERE id = {id}) = {rows}")).await;
    }
    stage.shut_down().await;
}
