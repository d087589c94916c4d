//! Metrics of a process, for Prometheus to read: `GET /metrics` in its text format, on an address of its own and only where one is named.
//!
//! Knows nothing about what is measured. What is asked of it costs a little time and changes nothing.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, http::header::CONTENT_TYPE, response::IntoResponse, routing::get};
use prometheus_client::{encoding::text::encode, registry::Registry};
use tokio::net::TcpListener;

use crate::shutdown::{self, ShutdownSignal};

/// Of the text format, as its specification names it.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves until the signal; returns the address once it listens, so that port 0 can be asked for.
///
/// # Errors
/// The address cannot be listened on.
pub async fn serve(listen: SocketAddr, registry: Registry, mut signal: ShutdownSignal) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let app = router(registry);
    tokio::spawn(async move {
        let ended = async move { shutdown::wait(&mut signal).await };
        if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(ended).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    });
    tracing::info!(%address, "metrics at /metrics");
    Ok(address)
}

/// `GET /metrics`, for whoever serves something beside it.
pub fn router(registry: Registry) -> Router {
    let registry = Arc::new(registry);
    Router::new().route("/metrics", get(move || text(Arc::clone(&registry))))
}

async fn text(registry: Arc<Registry>) -> impl IntoResponse {
    let mut text = String::new();
    // Writing into memory has no way to fail.
    let _ = encode(&mut text, &registry);
    ([(CONTENT_TYPE, TEXT)], text)
}
