//! SQL jobs and checks on a real MariaDB server.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use downbeat_proto::events::v1::Operation;
use downbeat_proto::worker::v1::Resume;
use serde_json::{Value, json};
use support::{
    Stage, check,
    mariadb::MariaDb,
    offer, said, servers,
    wire::{Cut, Wire},
};

const TABLES: &str = "
    CREATE TABLE orders (id int PRIMARY KEY, state text);
    INSERT INTO orders VALUES (1, 'new'), (2, 'done');
    CREATE TABLE old (id int) ENGINE = MyISAM;
    CREATE PROCEDURE writing() BEGIN COMMIT; INSERT INTO orders VALUES (50, NULL); END;
    CREATE FUNCTION adds() RETURNS int BEGIN INSERT INTO orders VALUES (99, 'forged'); RETURN 1; END;
";

/// A worker with a connection to the server.
async fn stage(server: &MariaDb, fields: &Value) -> (Stage, tempfile::TempDir) {
    // The client ends statements at a semicolon unless it is told otherwise.
    let parts: Vec<&str> = TABLES.lines().map(|line| line.trim().trim_end_matches(';')).collect();
    server.run(&format!("DELIMITER $$\n{}", parts.join("$$\n")));
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_mariadb", "MARIADB", fields);
    servers::connection(folder.path(), "default_mysql", "MYSQL", fields);
    (Stage::with(|config| config.connections = Some(folder.path().to_owned())).await, folder)
}

/// What became of one query: its word, outputs or message, and its operation.
async fn run(stage: &mut Stage, task: u32, parameters: Value) -> (&'static str, String, Option<Operation>) {
    stage.offer(vec![offer(task, "MARIADB", "MARIADB_RUN_QUERY", parameters)]).await;
    stage.told(task).await
}

#[tokio::test]
async fn queries_write_bring_rows_and_say_what_is_wrong() {
    let Some(server) = MariaDb::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    let typed = "SELECT 1, 18446744073709551615, 1.5e0, 12.50, NULL, 'é', b'101' + 0, x'ff00', DATE '2026-01-31', '', id FROM orders WHERE id = 1";
    let mut task = 0;
    for (statement, outputs, word, expected, rows) in [
        ("INSERT INTO orders VALUES (3, 'x'), (4, 'x')", false, "succeeded", "2 rows affected", 2),
        ("INSERT INTO orders VALUES (5, NULL) RETURNING id", true, "succeeded", r#"[[5]],"columns":["id"]"#, 1),
        (typed, true, "succeeded", r#"[[1,18446744073709551615,1.5,12.5,null,"é",5,"0xFF00","2026-01-31","",1]]"#, -1),
        ("SELECT seq FROM seq_1_to_20000", true, "succeeded", r#""truncated":true"#, -1),
        ("CREATE TABLE copy AS SELECT * FROM orders", false, "succeeded", "5 rows affected", 5),
        (
            "INSERT INTO copy VALUES (7, ''); UPDATE copy SET state = 'y' WHERE id = 1; SELECT count(*) FROM copy",
            true,
            "succeeded",
            "[[6]]",
            2,
        ),
        ("CALL writing()", false, "succeeded", "", 1),
        ("BEGIN; DELETE FROM copy WHERE id = 7; COMMIT", false, "succeeded", "1 rows affected", 1),
        ("INSERT INTO orders VALUES (1, '')", false, "failed", "error 1062, SQLSTATE 23000", -1),
        ("INSERT INTO copy VALUES (8, ''); INSERT INTO orders VALUES (1, '')", false, "failed", "Duplicate", -1),
        ("INSERT INTO old VALUES (1); INSERT INTO orders VALUES (1, '')", false, "failed", "without transactions", -1),
        ("INSERT INTO nowhere VALUES (8)", false, "misconfigured", "Table 'shop.nowhere' doesn't exist", -1),
        ("SELEC 1", false, "misconfigured", "error 1064, SQLSTATE 42000", -1),
        ("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE copy", false, "failed", "local infile", -1),
        ("SELECT repeat('x', 900000000)", false, "misconfigured", "64 MiB", -1),
        ("-- nothing", false, "succeeded", "0 rows affected", 0),
    ] {
        task += 1;
        let parameters = json!({ "statement": statement, "set_outputs": outputs });
        let (said, text, operation) = run(&mut stage, task, parameters).await;
        assert_eq!(said, word, "{statement}: {text}");
        assert!(text.contains(expected), "{statement}: {text}");
        let operation = operation.unwrap();
        assert_eq!((operation.rows_affected, operation.r#type.as_str()), (rows, "QUERY"), "{statement}: {text}");
    }
    assert_eq!(server.value("SELECT count(*) FROM copy WHERE id IN (7, 8)"), "0", "what failed was rolled back");
    let other = json!({ "statement": "SELECT database()", "database": "mysql", "set_outputs": true });
    assert!(run(&mut stage, 101, other).await.1.contains("[[\"mysql\"]]"));
    let absent = json!({ "statement": "SELECT 1", "database": "absent" });
    let (word, text, _) = run(&mut stage, 102, absent).await;
    assert!(word == "misconfigured" && text.contains("Unknown database"), "{text}");
    let as_mysql = json!({ "statement": "DELETE FROM copy WHERE id = 1" });
    stage.offer(vec![offer(103, "MYSQL", "MYSQL_RUN_QUERY", as_mysql)]).await;
    assert_eq!(stage.told(103).await.1, "1 rows affected");
    stage.shut_down().await;
}

#[tokio::test]
async fn who_signs_in_and_to_whom_is_checked() {
    let Some(server) = MariaDb::start().await else { return };
    server.run(
        "INSTALL SONAME 'auth_ed25519'; CREATE USER nobody@'127.0.0.1'; CREATE USER other@'127.0.0.1' IDENTIFIED VIA ed25519 USING PASSWORD('x');
         CREATE USER sure@'127.0.0.1' IDENTIFIED BY 'sure-s3cret' REQUIRE SSL",
    );
    let authority = format!("file:{}", server.folder.path().join("server.pem").display());
    let with = |changes: Value| {
        let mut fields = server.fields();
        fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        fields
    };
    for (changes, word, expected) in [
        (json!({}), "succeeded", ""),
        (json!({ "sslmode": "require" }), "succeeded", ""),
        (json!({ "sslmode": "verify-full", "ca_certificate": authority }), "succeeded", ""),
        (json!({ "sslmode": "verify-full", "host": "localhost", "ca_certificate": authority }), "misconfigured", "TLS"),
        (json!({ "sslmode": "verify-full" }), "misconfigured", "TLS handshake"),
        (json!({ "sslmode": "perhaps" }), "misconfigured", "the field sslmode must be"),
        (json!({ "username": "sure", "password": "sure-s3cret", "sslmode": "require" }), "succeeded", ""),
        (json!({ "username": "sure", "password": "sure-s3cret" }), "misconfigured", "Access denied"),
        (json!({ "password": "another-s3cret" }), "misconfigured", "Access denied"),
        (json!({ "username": "other" }), "misconfigured", "client_ed25519"),
        (json!({ "username": "nobody", "password": "", "database": "" }), "succeeded", ""),
        (json!({ "port": 1 }), "transient", "cannot reach the database \"shop\" at 127.0.0.1:1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        servers::connection(folder.path(), "default_mariadb", "MARIADB", &with(changes.clone()));
        let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
        let (said, text, _) = run(&mut stage, 1, json!({ "statement": "SELECT 1" })).await;
        assert_eq!(said, word, "{changes}: {text}");
        assert!(text.contains(expected), "{changes}: {text}");
        stage.shut_down().await;
    }
}

#[tokio::test]
async fn checks_look_and_change_nothing() {
    let Some(server) = MariaDb::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    for (query, word, expected) in [
        ("SELECT id FROM orders WHERE state = 'done'", "passed", r#"[{"id":2}]"#),
        ("(SELECT 1 AS a)", "passed", r#"[{"a":1}]"#),
        ("SHOW TABLES", "passed", "orders"),
        ("SELECT seq FROM seq_1_to_100000", "passed", r#""truncated":true"#),
        ("SELECT id FROM orders WHERE id > 9", "pending", "no row"),
        ("SELECT adds()", "misconfigured", "a check only looks"),
        ("WITH a AS (SELECT 1) DELETE FROM orders", "misconfigured", ""),
        ("DELETE FROM orders", "misconfigured", "does not only look"),
        ("CALL writing()", "misconfigured", "does not only look"),
        ("/*! CALL writing() */", "misconfigured", "does not only look"),
        ("SELECT 1; DELETE FROM orders", "misconfigured", "1064"),
        ("SELECT 1 INTO OUTFILE '/tmp/downbeat-out'", "misconfigured", "OUTFILE"),
        ("SELECT 1 INTO @a", "misconfigured", "brings no rows"),
        ("SELECT repeat('x', 100000000)", "misconfigured", "16 MiB"),
    ] {
        let answer = said(&stage.check(check("MARIADB", "MARIADB_QUERY", json!({ "query": query }))).await);
        assert_eq!(answer.0, word, "{query}: {}", answer.1);
        assert!(answer.1.contains(expected), "{query}: {}", answer.1);
    }
    assert_eq!(server.value("SELECT count(*) FROM orders"), "2");
    stage.shut_down().await;
}

#[tokio::test]
async fn a_stop_ends_the_statement_on_the_server_and_rolls_it_back() {
    let Some(server) = MariaDb::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    let statement = "INSERT INTO orders VALUES (70, ''); SELECT sleep(1000) FROM orders";
    stage.offer(vec![offer(1, "MARIADB", "MARIADB_RUN_QUERY", json!({ "statement": statement }))]).await;
    let running = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(1000)%'";
    server.wait_for(running).await;
    stage.stop(1).await;
    let (said, text, operation) = stage.told(1).await;
    assert_eq!((said, operation.unwrap().status.as_str()), ("stopped", "CANCELLED"), "{text}");
    assert_eq!(server.value(running), "");
    assert_eq!(server.value("SELECT count(*) FROM orders WHERE id = 70"), "0");

    let mut slow = offer(2, "MARIADB", "MARIADB_RUN_QUERY", json!({ "statement": "SELECT sleep(1000)" }));
    slow.timeout_seconds = 1;
    stage.offer(vec![slow]).await;
    assert_eq!(stage.told(2).await.0, "timed out");
    stage.shut_down().await;
}

/// A worker that is lost is carried on for: what it left there is ended, and only what looks is run again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_worker_began_is_ended_and_never_begun_twice() {
    let Some(server) = MariaDb::start().await else { return };
    let (mut stage, _folder) = stage(&server, &server.fields()).await;
    let token = format!("{}-1-1", uuid::Uuid::from_u128(1));
    let lock = format!("downbeat {}", &blake3::hash(token.as_bytes()).to_hex()[..40]);
    let left = format!("SELECT get_lock('{lock}', 0); INSERT INTO orders SELECT 90 + sleep(1000), ''");
    let orphan = std::thread::scope(|threads| {
        let left = threads.spawn(|| server.value(&left));
        let held = format!("SELECT 1 FROM (SELECT is_used_lock('{lock}') AS holder) AS held WHERE holder IS NOT NULL");
        while server.value(&held).is_empty() {}
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                for (task, handle, statement, word, expected) in [
                    (1, "1 lock", "INSERT INTO orders VALUES (90, '')", "unknown", "nobody knows"),
                    (2, "", "INSERT INTO orders VALUES (91, '')", "unknown", "nobody knows"),
                    (3, "1 lock", "SELECT 1 AS one", "succeeded", "[[1]]"),
                    (4, "1 uncommitted", "INSERT INTO orders VALUES (92, '')", "succeeded", "\"rows_affected\":1"),
                    (5, "2 from a later version", "INSERT INTO orders VALUES (93, '')", "unknown", "nobody knows"),
                ] {
                    let parameters = json!({ "statement": statement, "set_outputs": true });
                    let mut again = offer(task, "MARIADB", "MARIADB_RUN_QUERY", parameters);
                    let handle = handle.to_owned().into();
                    again.resume = Some(Resume { token_attempt: 1, handle, ..Resume::default() });
                    stage.offer(vec![again]).await;
                    let (said, text, _) = stage.told(task).await;
                    assert_eq!(said, word, "{statement}: {text}");
                    assert!(text.contains(expected), "{statement}: {text}");
                }
            });
        });
        left.join()
    });
    assert!(orphan.is_err(), "its session was ended");
    assert_eq!(server.value("SELECT group_concat(id) FROM orders WHERE id >= 90"), "92");
    stage.shut_down().await;
}

/// It commits by itself, so nothing is known of it.
const OWN: &str = "BEGIN; INSERT INTO orders VALUES (83, ''); COMMIT";

/// Nobody saw how it ended. Where COMMIT was not said, nothing of it is left; else nobody knows.
#[tokio::test]
async fn an_end_that_nobody_saw_is_settled_as_far_as_it_can_be() {
    let Some(server) = MariaDb::start().await else { return };
    let wire = Wire::to(server.port).await;
    let mut fields = server.fields();
    fields["port"] = json!(wire.port);
    let (mut stage, _folder) = stage(&server, &fields).await;
    let slow = "INSERT INTO orders SELECT 81 + sleep(2), ''";
    for (cut, statement, word, expected, rows, task) in [
        (Cut::After("COMMIT"), "INSERT INTO orders VALUES (80, '')", "unknown", "nobody knows whether", 1, 1),
        (Cut::Before("COMMIT"), "INSERT INTO orders VALUES (81, '')", "unknown", "nobody knows whether", 0, 2),
        (Cut::Before(slow), slow, "transient", "nothing of it was carried out", 0, 3),
        (Cut::After(OWN), OWN, "unknown", "nobody knows whether", 1, 4),
    ] {
        wire.cut(cut);
        let (said, text, _) = run(&mut stage, task, json!({ "statement": statement })).await;
        assert_eq!(said, word, "{statement}: {text}\n{}", stage.log(task).await);
        assert!(text.contains(expected), "{statement}: {text}");
        let count = server.value(&format!("SELECT count(*) FROM orders WHERE id = {}", 79 + task));
        assert_eq!(count, rows.to_string(), "{statement}");
    }
    stage.shut_down().await;
}
