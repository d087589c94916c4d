//! HTTP tasks against a real server.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use axum::{Router, http::StatusCode, response::Redirect, routing::any};
use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::report::Report as ReportKind;
use serde_json::json;
use support::{Stage, offer};

async fn serve() -> String {
    let router = Router::new()
        .route(
            "/echo",
            any(|headers: axum::http::HeaderMap, body: String| async move {
                let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
                axum::Json(json!({ "body": body, "x": text("x-a"), "key": text("idempotency-key").is_some() }))
            }),
        )
        .route("/busy", any(|| async { (StatusCode::SERVICE_UNAVAILABLE, "later") }))
        .route("/missing", any(|| async { (StatusCode::NOT_FOUND, "nothing here") }))
        .route("/hop", any(|| async { Redirect::temporary("/echo") }))
        .route("/loop", any(|| async { Redirect::temporary("/loop") }))
        .route("/metadata", any(|| async { Redirect::temporary("http://169.254.169.254/latest/meta-data") }))
        .route("/huge", any(|| async { "x".repeat(17 << 20) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

#[tokio::test]
async fn requests_end_as_their_answers_say() {
    use FailureClass::{JobFailed, Misconfigured, Transient};
    let base = serve().await;
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let mut stage = Stage::new().await;
    let cases = [
        ("/busy", Transient, "503"),
        ("/missing", JobFailed, "nothing here"),
        ("/loop", JobFailed, "redirects more than 3 times"),
        ("/metadata", Misconfigured, "link-local"),
        ("/huge", JobFailed, "larger than 16 MiB"),
    ];
    for ((path, class, text), task) in cases.into_iter().zip(1..) {
        check_failure(&mut stage, task, &format!("{base}{path}"), class, text).await;
    }
    for ((url, class, text), task) in
        [(closed.as_str(), Transient, "cannot reach"), ("/relative", Misconfigured, "absolute URL")]
            .into_iter()
            .zip(20..)
    {
        check_failure(&mut stage, task, url, class, text).await;
    }
    for (path, task) in [("/echo", 30), ("/hop", 31)] {
        let parameters = json!({
            "method": "POST", "path": format!("{base}{path}?token=hidden"), "body": "{}",
            "custom_headers": "{\"x-a\": \"secret\"}", "set_outputs": true,
        });
        let end = stage.run(offer(task, "HTTP", "HTTP_REQUEST", parameters)).await;
        let ReportKind::Succeeded(done) = end else { panic!("{end:?}") };
        let outputs: serde_json::Value = serde_json::from_str(&done.outputs).unwrap();
        assert_eq!(outputs, json!({ "response": { "body": "{}", "x": "secret", "key": true }, "status_code": 200 }));
        let log = stage.log(task).await;
        let own: String = log.lines().filter(|line| line.starts_with("[downbeat]")).collect();
        assert!(
            own.contains("POST") && own.contains("200") && !own.contains("secret") && !own.contains("hidden"),
            "{log}"
        );
    }
    stage.shut_down().await;
}

async fn check_failure(stage: &mut Stage, task: u32, url: &str, class: FailureClass, text: &str) {
    let end = stage.run(offer(task, "HTTP", "HTTP_REQUEST", json!({ "method": "GET", "path": url }))).await;
    let ReportKind::Failed(failed) = end else { panic!("{url}: {end:?}") };
    assert_eq!(failed.failure_class(), class, "{}", failed.message);
    assert!(failed.message.contains(text), "{}", failed.message);
}

#[tokio::test]
async fn a_connection_says_where_and_its_headers_are_told_to_its_own_host_only() {
    let base = serve().await;
    let folder = tempfile::tempdir().unwrap();
    let fields = json!({ "base_url": base, "headers": { "x-a": "api-s3cret" } });
    support::servers::connection(folder.path(), "default_http", "HTTP", &fields);
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let other = serve().await;
    for (path, told, task) in
        [("/echo", true, 1), (&format!("{base}/echo"), true, 2), (&format!("{other}/echo"), false, 3)]
    {
        let parameters = json!({ "method": "POST", "path": path, "set_outputs": true });
        stage.offer(vec![offer(task, "HTTP", "HTTP_REQUEST", parameters)]).await;
        let (said, text, _) = stage.told(task).await;
        assert_eq!(said, "succeeded", "{path}: {text}");
        // What the server repeats of a credential is hidden.
        assert!(text.contains(if told { r#""x":"***""# } else { r#""x":null"# }), "{path}: {text}");
        assert!(!stage.log(task).await.contains("s3cret"));
    }
    servers_named(folder.path(), &base);
    let mut elsewhere = offer(4, "HTTP", "HTTP_REQUEST", json!({ "method": "GET", "path": format!("{other}/echo") }));
    elsewhere.connection = "api".to_owned();
    stage.offer(vec![elsewhere]).await;
    let (said, text, _) = stage.told(4).await;
    assert!(said == "misconfigured" && text.contains("the connection is one to"), "{text}");
    stage.shut_down().await;
}

#[tokio::test]
async fn a_post_of_a_lost_worker_is_not_sent_again() {
    let base = serve().await;
    let mut stage = Stage::new().await;
    for (method, word, task) in [("POST", "unknown", 1), ("PUT", "succeeded", 2), ("GET", "succeeded", 3)] {
        let parameters = json!({ "method": method, "path": format!("{base}/echo") });
        let mut again = offer(task, "HTTP", "HTTP_REQUEST", parameters);
        again.resume = Some(downbeat_proto::worker::v1::Resume { token_attempt: 1, ..Default::default() });
        stage.offer(vec![again]).await;
        let (said, text, _) = stage.told(task).await;
        assert_eq!(said, word, "{method}: {text}");
    }
    stage.shut_down().await;
}

fn servers_named(folder: &std::path::Path, base: &str) {
    support::servers::connection(
        folder,
        "api",
        "HTTP",
        &json!({ "base_url": base, "headers": { "x-a": "api-s3cret" } }),
    );
}
