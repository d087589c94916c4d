//! A server for the tests of channels: it answers as it is told, and keeps what it heard.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::Request,
    http::HeaderMap,
    response::Response,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

const BODY_BYTES_MAX: usize = 1024 * 1024;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) method: String,
    /// With the query.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Everything that was said, as a server shows it that explains what it does not like.
    pub(super) fn everything(&self) -> String {
        format!("cannot {} {} with {:?}: {}", self.method, self.path, self.headers, self.body)
    }
}

/// The server; it ends when this is dropped.
pub(super) struct Server {
    pub(super) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    serving: JoinHandle<()>,
}

impl Server {
    pub(super) async fn serve(answer: impl Fn(&Heard) -> Response + Clone + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let keep = Arc::clone(&heard);
        let router = Router::new().fallback(move |request: Request| {
            let (answer, keep) = (answer.clone(), Arc::clone(&keep));
            async move {
                let one = read(request).await;
                let answer = answer(&one);
                keep.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                answer
            }
        });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, heard, serving }
    }

    /// All requests since this was last asked.
    pub(super) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn read(request: Request) -> Heard {
    let (parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, BODY_BYTES_MAX).await.unwrap();
    Heard {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

/// An answer.
pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<axum::body::Body>) -> Response {
    let builder =
        headers.iter().fold(Response::builder().status(status), |builder, (name, value)| builder.header(*name, *value));
    builder.body(body.into()).unwrap()
}
