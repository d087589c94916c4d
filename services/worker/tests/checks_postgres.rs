//! Checks of a real PostgreSQL server.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use serde_json::{Value, json};
use support::{Stage, check, said, servers, servers::Postgres};

const TABLES: &str = "
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE DOMAIN positive AS int CHECK (value > 0);
    CREATE TABLE orders (id int PRIMARY KEY, state text);
    INSERT INTO orders VALUES (1, 'new'), (2, 'done');
    CREATE SEQUENCE numbers;
    CREATE FUNCTION adds() RETURNS int LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO orders VALUES (99, 'forged'); RETURN 1; END $$;
    CREATE ROLE reader LOGIN PASSWORD 'reader-s3cret';
";

fn query(query: &str) -> downbeat_proto::worker::v1::Check {
    check("POSTGRES", "POSTGRES_QUERY", json!({ "query": query }))
}

async fn answer(stage: &mut Stage, connection: &str, text: &str) -> (&'static str, String) {
    let mut asked = query(text);
    asked.connection = connection.to_owned();
    let answer = said(&stage.check(asked).await);
    assert!(!answer.1.contains(Postgres::PASSWORD), "{}", answer.1);
    answer
}

fn results(answer: &(&str, String)) -> (Value, bool) {
    assert_eq!(answer.0, "passed", "{}", answer.1);
    let outputs: Value = serde_json::from_str(&answer.1).unwrap();
    (outputs["results"].clone(), outputs["truncated"].as_bool().unwrap())
}

#[tokio::test]
async fn queries_pass_with_rows_and_say_what_is_wrong_otherwise() {
    let Some(postgres) = Postgres::start().await else { return };
    postgres.run(TABLES).await;
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_postgres", "POSTGRES", &postgres.fields());
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;

    let typed = "SELECT 1 AS n, 9007199254740993 AS big, 1.5::float8 AS f, 12.50::numeric AS exact, true AS yes, NULL::text AS nothing,
        'é' AS text, '{\"a\": [1]}'::jsonb AS json, ARRAY[1,NULL,3] AS list, ARRAY['a,b', 'c\"d'] AS texts, 'good'::mood AS mood,
        3::positive AS domain, DATE '2026-01-31' AS day, '00000000-0000-4000-8000-000000000000'::uuid AS id, '\\x00ff'::bytea AS raw";
    let expected = json!([{
        "n": 1, "big": 9_007_199_254_740_993_i64, "f": 1.5, "exact": 12.5, "yes": true, "nothing": null, "text": "é",
        "json": { "a": [1] }, "list": [1, null, 3], "texts": ["a,b", "c\"d"], "mood": "good", "domain": 3,
        "day": "2026-01-31", "id": "00000000-0000-4000-8000-000000000000", "raw": "\\x00ff",
    }]);
    assert_eq!(results(&answer(&mut stage, "", typed).await), (expected, false));

    for (text, word, expected) in [
        ("SELECT id FROM orders WHERE state = 'done'; -- the last one", "passed", r#"[{"id":2}]"#),
        ("WITH x AS (SELECT 7 AS seven) SELECT * FROM x", "passed", r#"[{"seven":7}]"#),
        ("TABLE orders", "passed", r#"{"id":1,"state":"new"}"#),
        ("SELECT id FROM orders WHERE state = 'lost'", "pending", "no row"),
        ("SELECT id FRM orders", "misconfigured", "SQLSTATE 42601) at character 15 of the query"),
        ("SELECT id FROM bills", "misconfigured", "relation \"bills\" does not exist"),
        ("SELECT 1; SELECT 2", "misconfigured", "multiple commands"),
        ("SELECT 1; DROP TABLE orders", "misconfigured", "multiple commands"),
        ("; SELECT 1", "misconfigured", "SQLSTATE 42601"),
        ("SELECT id FROM orders WHERE state = $1", "misconfigured", "$1"),
        ("DELETE FROM orders", "misconfigured", "must be a SELECT"),
        ("DELETE FROM orders RETURNING id", "misconfigured", "SQLSTATE"),
        ("COMMIT", "misconfigured", "must be a SELECT"),
        ("SELECT adds()", "misconfigured", "a check only looks"),
        ("SELECT nextval('numbers')", "misconfigured", "a check only looks"),
        ("SELECT set_config('transaction_read_only', 'off', false)", "misconfigured", "read-write mode"),
        ("SELECT 1 / (id - id) FROM orders", "failed", "division by zero"),
        ("SELECT '\0'", "misconfigured", "null character"),
    ] {
        let answer = answer(&mut stage, "", text).await;
        assert_eq!(answer.0, word, "{text}: {}", answer.1);
        assert!(answer.1.contains(expected), "{text}: {}", answer.1);
    }
    let all = results(
        &answer(&mut stage, "", "SELECT count(*) AS n, (SELECT last_value FROM numbers) AS last FROM orders").await,
    );
    assert_eq!(all.0, json!([{ "n": 2, "last": 1 }]), "nothing was changed");
    stage.shut_down().await;
}

#[tokio::test]
async fn what_is_large_is_cut_and_what_is_slow_ends() {
    let Some(postgres) = Postgres::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_postgres", "POSTGRES", &postgres.fields());
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    for (text, rows, cut) in [
        ("SELECT n FROM generate_series(1, 100) AS n", 100, false),
        ("SELECT n FROM generate_series(1, 101) AS n", 100, true),
        ("SELECT generate_series(1, 1000000000)", 100, true),
        ("SELECT repeat('x', 20000) FROM generate_series(1, 10)", 3, true),
        ("SELECT repeat('x', 1000000)", 0, true),
    ] {
        let (rows_found, truncated) = results(&answer(&mut stage, "", text).await);
        assert_eq!((rows_found.as_array().unwrap().len(), truncated), (rows, cut), "{text}");
    }
    let answer = answer(&mut stage, "", "SELECT repeat('x', 500000000)").await;
    assert!(answer.0 == "misconfigured" && answer.1.contains("more than 16 MiB"), "{answer:?}");

    let mut asked = query("SELECT pg_sleep(1000)");
    asked.timeout_seconds = 1;
    let answer = said(&stage.check(asked).await);
    assert_eq!(answer.0, "timed out", "{answer:?}");
    stage.shut_down().await;
}

#[tokio::test]
async fn wrong_connections_are_explained_without_credentials() {
    let Some(postgres) = Postgres::start().await else { return };
    postgres.run(TABLES).await;
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let certificate = format!("file:{}", postgres.folder.path().join("server.pem").display());
    let cases = [
        (json!({ "password": "wrong-s3cret" }), "misconfigured", "password authentication failed"),
        (json!({ "password": null }), "misconfigured", "password"),
        (json!({ "username": "wr\"ong" }), "misconfigured", "password authentication failed"),
        (json!({ "database": "absent" }), "misconfigured", "database \"absent\" does not exist"),
        (json!({ "username": "reader", "password": "reader-s3cret" }), "misconfigured", "permission denied"),
        (json!({ "port": servers::free_port() }), "transient", "cannot reach"),
        (json!({ "host": "no-such-host.invalid" }), "transient", "cannot reach"),
        (json!({ "sslmode": "prefer" }), "misconfigured", "sslmode must be"),
        (json!({ "sslmode": "verify-full" }), "misconfigured", "certificate"),
        (json!({ "sslmode": null }), "misconfigured", "certificate"),
        (json!({ "sslmode": "require" }), "passed", ""),
        (json!({ "sslmode": "verify-full", "ca_certificate": certificate }), "passed", ""),
        (json!({ "sslmode": "verify-full", "ca_certificate": "no pem" }), "misconfigured", "ca_certificate holds no"),
        (
            json!({ "host": "localhost", "sslmode": "verify-full", "ca_certificate": certificate }),
            "misconfigured",
            "certificate",
        ),
        (json!({ "password": format!("file:{}", postgres.folder.path().join("password").display()) }), "passed", ""),
    ];
    for (changes, word, text) in cases {
        let mut fields = postgres.fields();
        for (name, value) in changes.as_object().unwrap() {
            fields[name] = value.clone();
        }
        servers::connection(folder.path(), "orders", "POSTGRES", &fields);
        let answer = answer(&mut stage, "orders", "SELECT id FROM orders").await;
        assert_eq!(answer.0, word, "{changes}: {}", answer.1);
        assert!(answer.1.contains(text) && !answer.1.contains("s3cret"), "{changes}: {}", answer.1);
    }
    // Encrypted it was, as the server sees it.
    servers::connection(folder.path(), "orders", "POSTGRES", &{
        let mut fields = postgres.fields();
        fields["sslmode"] = json!("require");
        fields
    });
    let seen = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(results(&answer(&mut stage, "orders", seen).await).0, json!([{ "ssl": true }]));
    drop(postgres);
    let gone = answer(&mut stage, "orders", "SELECT 1").await;
    assert_eq!(gone.0, "transient", "{}", gone.1);
    stage.shut_down().await;
}
