//! Checks over HTTP, against a real server, and how the worker keeps house with checks.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, http::StatusCode, response::Redirect, routing::any};
use serde_json::{Value, json};
use support::{Stage, check, said, servers};
use tokio::sync::watch;

/// How many requests hang at `/slow` now and were there in all, and what lets them go.
#[derive(Clone)]
struct Slow {
    now: Arc<AtomicUsize>,
    ever: Arc<AtomicUsize>,
    released: watch::Receiver<bool>,
}

struct Hanging(Arc<AtomicUsize>);

impl Drop for Hanging {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve() -> (String, Slow, watch::Sender<bool>) {
    let (release, released) = watch::channel(false);
    let slow = Slow { now: Arc::default(), ever: Arc::default(), released };
    let hang = slow.clone();
    let router = Router::new()
        .route("/json", any(|| async { axum::Json(json!({ "state": "done", "rows": [1, 2] })) }))
        .route("/text", any(|| async { "the file is there" }))
        .route("/empty", any(|| async { StatusCode::NO_CONTENT }))
        .route("/missing", any(|| async { (StatusCode::NOT_FOUND, "not yet") }))
        .route("/busy", any(|| async { (StatusCode::SERVICE_UNAVAILABLE, "later") }))
        .route("/closed", any(|| async { StatusCode::UNAUTHORIZED }))
        .route("/large", any(|| async { axum::Json(json!("x".repeat(70_000))) }))
        .route("/huge", any(|| async { format!("{}the end", "x".repeat(17 << 20)) }))
        .route("/hop", any(|| async { Redirect::temporary("/json") }))
        .route("/loop", any(|| async { Redirect::temporary("/loop") }))
        .route(
            "/echo",
            any(|headers: axum::http::HeaderMap| async move {
                let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
                axum::Json(json!({ "own": text("x-own"), "key": text("x-api-key") }))
            }),
        )
        .route(
            "/slow",
            any(move || {
                let mut hang = hang.clone();
                async move {
                    hang.now.fetch_add(1, Ordering::SeqCst);
                    hang.ever.fetch_add(1, Ordering::SeqCst);
                    let _hanging = Hanging(Arc::clone(&hang.now));
                    hang.released.wait_for(|released| *released).await.ok();
                    "at last"
                }
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (format!("http://{address}"), slow, release)
}

fn get(parameters: Value) -> downbeat_proto::worker::v1::Check {
    check("HTTP", "HTTP_REQUEST", parameters)
}

async fn until(what: &str, mut fact: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !fact() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn requests_are_judged_by_status_and_body() {
    let (base, _slow, _release) = serve().await;
    let mut stage = Stage::new().await;
    let url = |path: &str| format!("{base}{path}");
    let nobody = format!("http://127.0.0.1:{}/", servers::free_port());
    let cases = [
        (json!({ "url": url("/json") }), "passed", r#"{"status":200,"body":{"state":"done","rows":[1,2]}}"#),
        (json!({ "url": url("/hop"), "body_contains": "done" }), "passed", r#""status":200"#),
        (json!({ "url": url("/text"), "body_contains": "is there" }), "passed", r#"{"status":200}"#),
        (json!({ "url": url("/text"), "body_contains": "nowhere" }), "pending", "without the wanted text"),
        (json!({ "url": url("/text"), "method": "HEAD" }), "passed", r#"{"status":200}"#),
        (json!({ "url": url("/empty") }), "passed", r#"{"status":204}"#),
        (json!({ "url": url("/missing") }), "pending", "answered 404 Not Found, not 200-299"),
        (json!({ "url": url("/missing"), "expected_status": "404" }), "passed", r#"{"status":404}"#),
        (json!({ "url": url("/busy?token=hidden") }), "pending", "503"),
        (json!({ "url": url("/closed") }), "misconfigured", "credentials"),
        (json!({ "url": url("/closed"), "expected_status": [401] }), "passed", "401"),
        (json!({ "url": url("/large") }), "passed", r#"{"status":200}"#),
        (json!({ "url": url("/huge"), "body_contains": "the end" }), "pending", "its first 16 MiB were looked at"),
        (json!({ "url": url("/loop") }), "failed", "redirects more than 3 times"),
        (json!({ "url": url("/echo"), "headers": { "x-own": "mine" } }), "passed", r#"{"own":"mine","key":null}"#),
        (json!({ "url": url("/echo"), "headers": "{\"x-own\": \"mine\"}" }), "passed", r#""own":"mine""#),
        (json!({ "url": nobody }), "transient", "cannot reach"),
        (json!({ "url": "http://169.254.169.254/latest" }), "misconfigured", "link-local"),
        (json!({ "url": "http://no-such-host.invalid/" }), "transient", "cannot reach"),
        (json!({ "url": "/json" }), "misconfigured", "must be an absolute URL"),
        (json!({ "url": "file:///etc/passwd" }), "misconfigured", "must be an absolute URL"),
        (json!({ "url": url("/json"), "method": "POST" }), "misconfigured", "GET, HEAD"),
        (json!({ "url": url("/json"), "method": "HEAD", "body_contains": "x" }), "misconfigured", "body_contains"),
        (json!({ "url": url("/json"), "headers": { "bad name": "hidden" } }), "misconfigured", "bad name"),
        (json!({ "url": url("/json"), "headers": "hidden" }), "misconfigured", "parameter headers"),
    ];
    for (parameters, word, text) in cases {
        let answer = said(&stage.check(get(parameters.clone())).await);
        assert_eq!(answer.0, word, "{parameters}: {}", answer.1);
        assert!(answer.1.contains(text) && !answer.1.contains("hidden"), "{parameters}: {}", answer.1);
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn the_headers_of_a_connection_go_to_its_own_host_only() {
    let (base, _slow, _release) = serve().await;
    let (other, _slow, _release) = serve().await;
    let folder = tempfile::tempdir().unwrap();
    let fields = json!({ "base_url": base, "headers": { "x-api-key": "api-s3cret" } });
    servers::connection(folder.path(), "default_http", "HTTP", &fields);
    servers::connection(folder.path(), "named", "HTTP", &fields);
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let cases = [
        // What is repeated of a credential is taken out of the outputs.
        ("/echo".to_owned(), "", "passed", r#"{"own":null,"key":"***"}"#),
        ("/echo".to_owned(), "named", "passed", r#""key":"***""#),
        (format!("{other}/echo"), "", "passed", r#""key":null"#),
        (format!("{other}/echo"), "named", "misconfigured", "but the connection is one to"),
        (format!("//{}/echo", other.trim_start_matches("http://")), "named", "misconfigured", "but the connection"),
        ("/echo".to_owned(), "../named", "misconfigured", "letters, digits"),
        ("/echo".to_owned(), "absent", "misconfigured", "absent.json"),
    ];
    for (url, connection, word, text) in cases {
        let mut asked = get(json!({ "url": url }));
        asked.connection = connection.to_owned();
        let answer = said(&stage.check(asked).await);
        assert_eq!(answer.0, word, "{url} {connection}: {}", answer.1);
        assert!(answer.1.contains(text) && !answer.1.contains("api-s3cret"), "{url}: {}", answer.1);
    }
    stage.shut_down().await;
}

#[tokio::test]
async fn a_check_that_does_not_end_in_its_time_is_answered_and_dropped() {
    let (base, slow, _release) = serve().await;
    let mut stage = Stage::new().await;
    let mut asked = get(json!({ "url": format!("{base}/slow") }));
    asked.timeout_seconds = 1;
    let answer = said(&stage.check(asked).await);
    // Its own time-out, or that of whoever keeps the time.
    assert!(matches!(answer.0, "timed out" | "transient"), "{answer:?}");
    until("the request is gone", || slow.now.load(Ordering::SeqCst) == 0).await;
    stage.shut_down().await;
}

#[tokio::test]
async fn so_many_are_made_at_once_so_many_wait_and_the_rest_hears_that_the_worker_is_busy() {
    let (base, slow, release) = serve().await;
    let mut stage = Stage::with(|config| config.slots = 1).await;
    stage.ask((0..300).map(|_| get(json!({ "url": format!("{base}/slow") }))).collect()).await;
    let busy = stage.answers(300 - 32 - 256).await;
    for answer in &busy {
        let answer = said(answer.answer.as_ref().unwrap());
        assert!(answer.0 == "transient" && answer.1.contains("busy"), "{answer:?}");
    }
    until("32 are made", || slow.now.load(Ordering::SeqCst) == 32).await;
    release.send(true).unwrap();
    let rest = stage.answers(32 + 256).await;
    assert!(rest.iter().all(|answer| said(answer.answer.as_ref().unwrap()).0 == "passed"));
    assert_eq!(slow.ever.load(Ordering::SeqCst), 32 + 256);
    stage.shut_down().await;
}

#[tokio::test]
async fn a_lost_connection_drops_what_was_asked_on_it() {
    let (base, slow, release) = serve().await;
    let mut stage = Stage::new().await;
    stage.ask((0..40).map(|_| get(json!({ "url": format!("{base}/slow") }))).collect()).await;
    until("32 are made", || slow.now.load(Ordering::SeqCst) == 32).await;
    stage.reconnect().await;
    until("all are gone", || slow.now.load(Ordering::SeqCst) == 0).await;
    assert_eq!(slow.ever.load(Ordering::SeqCst), 32, "those that waited were never made");

    release.send(true).unwrap();
    let asked = get(json!({ "url": format!("{base}/slow") }));
    assert_eq!(said(&stage.check(asked).await).0, "passed", "and the only answer is the one that was asked for now");
    stage.shut_down().await;
}

#[tokio::test]
async fn the_worker_says_what_it_can_check_and_ends_while_checks_are_made() {
    let (base, slow, _release) = serve().await;
    let kinds = |stage: &Stage| -> Vec<String> {
        stage.hello.checks.iter().map(|kind| format!("{}/{}", kind.integration, kind.sensor_type)).collect()
    };
    let without = Stage::new().await;
    let only = |sealed: bool| without.hello.checks.iter().filter(move |kind| kind.sealed_only == sealed).count();
    // Requests over HTTP, and what is asked about repositories and done to them.
    assert_eq!((only(false), only(true)), (4, kinds(&without).len() - 4), "the others need connections");
    without.shut_down().await;
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let looks = [
        "HTTP/HTTP_REQUEST",
        "POSTGRES/POSTGRES_QUERY",
        "MYSQL/MYSQL_QUERY",
        "MARIADB/MARIADB_QUERY",
        "CLICKHOUSE/CLICKHOUSE_QUERY",
        "SQL_SERVER/SQL_SERVER_QUERY",
        "MONGODB/MONGODB_QUERY",
        "AWS_S3/AWS_S3_FILE",
        "AZURE_DATA_LAKE_STORAGE/ADLS_FILE",
        "SFTP/SFTP_FILE",
    ];
    let alerts =
        ["SLACK/ALERT", "MICROSOFT_TEAMS/ALERT", "PAGER_DUTY/ALERT", "DATADOG/ALERT", "WEBHOOK/ALERT", "EMAIL/ALERT"];
    let trials: Vec<String> = [
        "POSTGRES",
        "MYSQL",
        "MARIADB",
        "CLICKHOUSE",
        "SQL_SERVER",
        "SFTP",
        "LINUX_SSH",
        "WINDOWS_SSH",
        "MONGODB",
        "HTTP",
        "AWS_S3",
    ]
    .map(|integration| format!("{integration}/CONNECTION"))
    .to_vec();
    let repositories = ["GIT/READ_FILE", "GIT/COMMIT_FILE", "GIT/COMMIT_STATUS"].map(str::to_owned);
    let looks = looks.iter().chain(&alerts).map(|kind| (*kind).to_owned());
    let all: Vec<String> = looks.chain(trials).chain(repositories).collect();
    assert_eq!(kinds(&stage), all);
    assert!(stage.hello.checks.iter().all(|kind| !kind.sealed_only), "it has files");
    let answer = said(&stage.check(check("SNOWFLAKE", "SNOWFLAKE_QUERY", json!({}))).await);
    assert!(answer.0 == "misconfigured" && answer.1.contains("POSTGRES/POSTGRES_QUERY"), "{answer:?}");
    stage.ask(vec![get(json!({ "url": format!("{base}/slow") }))]).await;
    until("it is made", || slow.now.load(Ordering::SeqCst) == 1).await;
    stage.shut_down().await;
    until("it is gone", || slow.now.load(Ordering::SeqCst) == 0).await;
}
