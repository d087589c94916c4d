//! A server that takes events of OpenLineage as it is told, and keeps what it was given.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::to_bytes,
    extract::Request,
    http::{HeaderMap, Method},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// How long a test waits for what must come.
const COMES_WITHIN: Duration = Duration::from_secs(180);

/// One request, and what was answered.
#[derive(Clone, Debug)]
pub struct Given {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
    pub status: u16,
    pub at: Instant,
}

impl Given {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The server; it ends when this is dropped.
pub struct Receiver {
    pub address: SocketAddr,
    given: Arc<Mutex<Vec<Given>>>,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// `answer` is asked with the number of the request, from 0.
    pub async fn start<A>(at: SocketAddr, answer: A) -> Self
    where
        A: Fn(usize, &Given) -> Response + Clone + Send + Sync + 'static,
    {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        let given: Arc<Mutex<Vec<Given>>> = Arc::default();
        let keep = Arc::clone(&given);
        let router = Router::new().fallback(move |request: Request| {
            let (answer, keep) = (answer.clone(), Arc::clone(&keep));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, 4 << 20).await.unwrap();
                let mut one = Given {
                    method: parts.method,
                    path: parts.uri.to_string(),
                    headers: parts.headers,
                    body: String::from_utf8(body.to_vec()).unwrap(),
                    status: 0,
                    at: Instant::now(),
                };
                let mut all = keep.lock().unwrap_or_else(PoisonError::into_inner);
                let answer = answer(all.len(), &one);
                one.status = answer.status().as_u16();
                all.push(one);
                answer
            }
        });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, given, serving }
    }

    /// One that takes everything.
    pub async fn taking(at: SocketAddr) -> Self {
        Self::start(at, |_, _| ().into_response()).await
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn given(&self) -> Vec<Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that was given, once this holds of it.
    pub async fn once(&self, holds: impl Fn(&[Given]) -> bool) -> Vec<Given> {
        let begun = Instant::now();
        loop {
            let given = self.given();
            if holds(&given) {
                return given;
            }
            assert!(begun.elapsed() < COMES_WITHIN, "what must come has not come: {given:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A free port of this machine.
pub fn anywhere() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}
