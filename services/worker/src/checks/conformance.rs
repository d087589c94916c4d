//! What every check must do, asked of each of them as the coordinator would ask.

use std::{path::Path, time::Duration};

use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::Check;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::timeout,
};

use super::Checks;
use crate::attempt::Failure;
use crate::connections::Connections;
use crate::verdict::Verdict;

const CREDENTIAL: &str = "conformance-s3cret";
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known here of one check.
struct Known {
    kind: (&'static str, &'static str),
    /// Fields of a connection to a server on that port.
    fields: fn(u16) -> Value,
    /// Parameters with which it would have something to look at.
    useful: Value,
    /// Parameters that are wrong, and what of them is named.
    wrong: Vec<(Value, &'static str)>,
    needs_connection: bool,
}

fn all() -> [Known; 10] {
    [
        Known {
            kind: ("HTTP", "HTTP_REQUEST"),
            fields: |port| json!({ "base_url": format!("http://127.0.0.1:{port}"), "headers": { "k": CREDENTIAL } }),
            useful: json!({ "url": "/x" }),
            wrong: vec![
                (json!({}), "url"),
                (json!({ "url": "/x", "method": "DELETE" }), "method"),
                (json!({ "url": "/x", "expected_status": "ok" }), "expected_status"),
                (json!({ "url": "/x", "headers": [1] }), "headers"),
            ],
            needs_connection: false,
        },
        database(("POSTGRES", "POSTGRES_QUERY")),
        database(("MYSQL", "MYSQL_QUERY")),
        database(("MARIADB", "MARIADB_QUERY")),
        database(("CLICKHOUSE", "CLICKHOUSE_QUERY")),
        database(("SQL_SERVER", "SQL_SERVER_QUERY")),
        Known {
            useful: json!({ "query": r#"{"find": "a"}"# }),
            wrong: vec![
                (json!({}), "query"),
                (json!({ "query": "SELECT 1" }), "query"),
                (json!({ "query": r#"{"drop": "a"}"# }), "query"),
            ],
            ..database(("MONGODB", "MONGODB_QUERY"))
        },
        Known {
            kind: ("AWS_S3", "AWS_S3_FILE"),
            fields: |port| {
                json!({
                    "endpoint": format!("http://127.0.0.1:{port}"), "access_key_id": CREDENTIAL,
                    "secret_access_key": CREDENTIAL, "session_token": CREDENTIAL,
                })
            },
            useful: json!({ "bucket_name": "b", "prefix": "p" }),
            wrong: vec![
                (json!({ "prefix": "p" }), "bucket_name"),
                (json!({ "bucket_name": "a/../b" }), "bucket_name"),
                (json!({ "bucket_name": "evil.example.com#" }), "bucket_name"),
                (json!({ "bucket_name": "b", "check_latest": "maybe" }), "check_latest"),
            ],
            needs_connection: true,
        },
        Known {
            kind: ("AZURE_DATA_LAKE_STORAGE", "ADLS_FILE"),
            fields: |port| {
                json!({
                    "account_name": "account", "endpoint": format!("http://127.0.0.1:{port}"), "sas_token": CREDENTIAL,
                })
            },
            useful: json!({ "container_name": "landing", "prefix": "p" }),
            wrong: vec![
                (json!({ "prefix": "p" }), "container_name"),
                (json!({ "container_name": "a/../b" }), "container_name"),
                (json!({ "container_name": "landing", "account_name": "evil.example.com#" }), "account_name"),
                (json!({ "container_name": "landing", "check_latest": "maybe" }), "check_latest"),
            ],
            needs_connection: true,
        },
        Known {
            kind: ("SFTP", "SFTP_FILE"),
            fields: |port| {
                json!({
                    "host": "127.0.0.1", "port": port, "username": "u", "password": CREDENTIAL,
                    "insecure_accept_any_host_key": true,
                })
            },
            useful: json!({}),
            wrong: vec![
                (json!({ "path": "*/x" }), "path"),
                (json!({ "path": "a\u{0}b" }), "path"),
                (json!({ "check_latest": 1 }), "check_latest"),
            ],
            needs_connection: true,
        },
    ]
}

fn database(kind: (&'static str, &'static str)) -> Known {
    Known {
        kind,
        fields: |port| {
            json!({
                "host": "127.0.0.1", "port": port, "database": "d", "username": "u", "password": CREDENTIAL,
                "sslmode": "disable",
            })
        },
        useful: json!({ "query": "SELECT 1" }),
        wrong: vec![(json!({}), "query"), (json!({ "query": " " }), "query")],
        needs_connection: true,
    }
}

/// What a server says before it is said anything.
fn greeting(integration: &str) -> &'static [u8] {
    match integration {
        "MYSQL" | "MARIADB" => {
            b"\x47\0\0\0\x0A8.0\0\x01\0\0\0abcdefgh\0\xFF\xFF\x2D\x02\0\xFF\xDF\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0mysql_native_password\0"
        }
        _ => b"",
    }
}

fn checks(folder: &Path, port: u16) -> Checks {
    for known in all() {
        let integration = known.kind.0;
        let text = json!({ "integration": integration, "fields": (known.fields)(port) }).to_string();
        std::fs::write(folder.join(format!("default_{}.json", integration.to_lowercase())), text).unwrap();
    }
    Checks::new(Connections::new(Some(folder.to_owned())))
}

fn check(known: &Known, parameters: &Value) -> Check {
    Check {
        integration: known.kind.0.to_owned(),
        sensor_type: known.kind.1.to_owned(),
        parameters: parameters.to_string(),
        timeout_seconds: 30,
        ..Check::default()
    }
}

async fn failure(checks: &Checks, check: &Check) -> Failure {
    match timeout(PATIENCE, checks.make(check)).await.expect("a check ends") {
        Verdict::Failed(failure) => {
            assert!(!failure.message.contains(CREDENTIAL), "{}", failure.message);
            failure
        }
        other => panic!("{}: {other:?}", check.sensor_type),
    }
}

#[tokio::test]
async fn every_check_is_known_here() {
    let folder = tempfile::tempdir().unwrap();
    let made: Vec<_> = checks(folder.path(), 1).all.iter().map(|check| check.kind()).collect();
    assert_eq!(made, all().map(|known| known.kind));
    for known in all() {
        let check = checks(folder.path(), 1).find(known.kind.0, known.kind.1).unwrap();
        assert_eq!(check.needs_connection(), known.needs_connection, "{:?}", known.kind);
    }
}

#[tokio::test]
async fn bad_parameters_are_misconfigured_and_named_and_nothing_is_reached_for() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let checks = checks(folder.path(), listener.local_addr().unwrap().port());
    for known in all() {
        for (parameters, named) in &known.wrong {
            let failure = failure(&checks, &check(&known, parameters)).await;
            assert_eq!(failure.class, FailureClass::Misconfigured, "{parameters}: {}", failure.message);
            assert!(failure.message.contains(named), "{parameters}: {}", failure.message);
        }
        for text in ["[]", "{", "7"] {
            let failure = failure(&checks, &Check { parameters: text.to_owned(), ..check(&known, &json!({})) }).await;
            assert!(failure.message.contains("JSON"), "{}", failure.message);
        }
    }
    assert!(timeout(Duration::ZERO, listener.accept()).await.is_err(), "somebody was asked");
}

#[tokio::test]
async fn a_connection_that_is_not_there_or_of_something_else_is_named() {
    let empty = tempfile::tempdir().unwrap();
    let without = Checks::new(Connections::new(Some(empty.path().to_owned())));
    let folder = tempfile::tempdir().unwrap();
    let with = checks(folder.path(), 1);
    std::fs::write(folder.path().join("other.json"), r#"{"integration": "OTHER", "fields": {}}"#).unwrap();
    for known in all() {
        let asked = check(&known, &known.useful);
        if known.needs_connection {
            let message = failure(&without, &asked).await.message;
            assert!(message.contains(&format!("default_{}.json", known.kind.0.to_lowercase())), "{message}");
        }
        for (name, text) in [("gone", "gone.json"), ("../x", "letters"), ("other", "is a connection of OTHER")] {
            let failure = failure(&with, &Check { connection: name.to_owned(), ..asked.clone() }).await;
            assert_eq!(failure.class, FailureClass::Misconfigured);
            assert!(failure.message.contains(text), "{}", failure.message);
        }
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_worth_another_look() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let checks = checks(folder.path(), port);
    for known in all() {
        let failure = failure(&checks, &check(&known, &known.useful)).await;
        assert_eq!(failure.class, FailureClass::Transient, "{}", failure.message);
        assert!(failure.message.contains(&format!("127.0.0.1:{port}")), "{}", failure.message);
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_check_that_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let checks = checks(folder.path(), listener.local_addr().unwrap().port());
    for known in all() {
        let asked = check(&known, &known.useful);
        let mut made = Box::pin(checks.make(&asked));
        let mut stream = tokio::select! {
            accepted = listener.accept() => accepted.unwrap().0,
            verdict = &mut made => panic!("{:?} ended: {verdict:?}", known.kind),
        };
        stream.write_all(greeting(known.kind.0)).await.unwrap();
        // Something is said, so that the check is in the middle of it.
        let mut first = [0; 1];
        tokio::select! {
            read = stream.read(&mut first) => assert_eq!(read.unwrap(), 1),
            verdict = &mut made => panic!("{:?} ended: {verdict:?}", known.kind),
        }
        drop(made);
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{:?} keeps its connection", known.kind);
    }
}

#[tokio::test]
async fn servers_that_talk_nonsense_for_ever_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let checks = checks(folder.path(), listener.local_addr().unwrap().port());
    let nonsense: [&[u8]; 4] = [b"\xff", b"\r\n", b"SSH-2.0-x\r\n\0\0\0", b"HTTP/1.1 200 OK\r\n\r\n<x"];
    for known in all() {
        for word in nonsense {
            let talk = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let chunk = word.repeat(64 * 1024 / word.len());
                while stream.write_all(&chunk).await.is_ok() {}
                std::future::pending::<()>().await;
            };
            let asked = check(&known, &known.useful);
            let verdict = tokio::select! {
                verdict = timeout(PATIENCE, checks.make(&asked)) => verdict.expect("a check ends"),
                () = talk => unreachable!("it never ends"),
            };
            // An endless page with status 200 is one that answers as wanted.
            let fine = known.kind.0 == "HTTP" && matches!(verdict, Verdict::Passed { .. });
            assert!(fine || matches!(verdict, Verdict::Failed(_)), "{:?} {word:?}: {verdict:?}", known.kind);
        }
    }
}

/// The text of a page of the documentation.
fn page(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("docs");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[tokio::test]
async fn the_documentation_names_every_check_and_field_and_its_examples_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let checks = checks(folder.path(), 1);
    let connections = page("connections.md");
    for check in &checks.all {
        let (integration, kind) = check.kind();
        assert!(page("checks.md").contains(&format!("| `{integration}` | `{kind}` |")), "{kind}");
        let section = connections.split("\n## ").find(|section| section.starts_with(integration)).expect(integration);
        let fields = check.fields();
        for field in fields.open.iter().chain(fields.secret) {
            let mark = if fields.secret.contains(field) { format!("`{field}` *") } else { format!("`{field}`") };
            assert!(section.lines().any(|line| line.starts_with('|') && line.contains(&mark)), "{integration}: {mark}");
        }
        let examples: Vec<&str> =
            section.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
        assert!(!examples.is_empty(), "{integration} has no example");
        for example in examples {
            let parsed: Value = serde_json::from_str(example).unwrap();
            assert_eq!(parsed["integration"], integration);
            for field in parsed["fields"].as_object().unwrap().keys() {
                let known = fields.open.iter().chain(fields.secret).any(|known| known == field);
                assert!(known, "{integration}: the example has the unknown field {field}");
            }
        }
    }
}
