//! A git server over HTTP: git's own program for that, behind one door that wants a token.

use std::{path::Path, process::Stdio};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::any,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{io::AsyncWriteExt as _, process::Command};

#[derive(Clone)]
struct Door {
    root: String,
    header: String,
}

/// Serves the repositories below `root` to whoever shows the token; its base URL.
pub(super) async fn serve(root: &Path, token: &str) -> String {
    let header = format!("Basic {}", STANDARD.encode(format!("x-access-token:{token}")));
    let door = Door { root: root.to_str().unwrap().to_owned(), header };
    let router = Router::new()
        .route("/moved/{*rest}", any(|| async { Redirect::permanent("/code/.git/info/refs") }))
        .route("/metadata/{*rest}", any(|| async { Redirect::permanent("http://169.254.169.254/latest") }))
        .route("/busy/{*rest}", any(|| async { StatusCode::SERVICE_UNAVAILABLE }))
        .fallback(answer)
        .with_state(door);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

async fn answer(State(door): State<Door>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match header("authorization") {
        "" => return (StatusCode::UNAUTHORIZED, [("www-authenticate", "Basic realm=\"code\"")]).into_response(),
        shown if shown != door.header => return StatusCode::FORBIDDEN.into_response(),
        _ => {}
    }
    let body = axum::body::to_bytes(Body::new(body), 16 << 20).await.unwrap();
    let length = body.len().to_string();
    let variables = [
        ("GIT_PROJECT_ROOT", door.root.as_str()),
        ("GIT_HTTP_EXPORT_ALL", "1"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("PATH_INFO", head.uri.path()),
        ("QUERY_STRING", head.uri.query().unwrap_or_default()),
        ("REQUEST_METHOD", head.method.as_str()),
        ("CONTENT_TYPE", header("content-type")),
        ("CONTENT_LENGTH", length.as_str()),
        ("HTTP_CONTENT_ENCODING", header("content-encoding")),
        ("GIT_PROTOCOL", header("git-protocol")),
    ];
    said(&run(&variables, &body).await)
}

async fn run(variables: &[(&str, &str)], body: &Bytes) -> Vec<u8> {
    let mut command = Command::new("git");
    command.arg("http-backend").envs(variables.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let body = body.clone();
    let writing = tokio::spawn(async move { input.write_all(&body).await });
    let output = child.wait_with_output().await.unwrap().stdout;
    // One that wants no more has its reasons.
    writing.await.unwrap().ok();
    output
}

/// What such a program prints is headers, an empty line, and the body.
fn said(output: &[u8]) -> Response {
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer with headers");
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response = if name == "Status" { response.status(&value[..3]) } else { response.header(name, value) };
    }
    response.body(Body::from(output[end + 4..].to_vec())).unwrap()
}
