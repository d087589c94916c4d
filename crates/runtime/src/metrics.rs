//! Metrics of a process, for Prometheus to read: `GET /metrics` in its text format, on an address of its own and only where one is named. The
//! same registry is told over OTLP where a receiver is named ([`crate::otlp`]).
//!
//! Knows nothing about what is measured. What is asked of it costs a little time and changes nothing.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, http::header::CONTENT_TYPE, response::IntoResponse, routing::get};
use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    registry::Registry,
};
use tokio::net::TcpListener;

use crate::{
    otlp,
    shutdown::{self, ShutdownSignal},
};

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

/// The same where an address is named; told over OTLP either way. `None`: none is named.
///
/// # Errors
/// As [`serve`].
pub async fn serve_if(
    listen: Option<SocketAddr>,
    registry: Registry,
    signal: ShutdownSignal,
) -> std::io::Result<Option<SocketAddr>> {
    match listen {
        Some(listen) => serve(listen, registry, signal).await.map(Some),
        None => {
            otlp::measures(Arc::new(registry));
            Ok(None)
        }
    }
}

/// `GET /metrics`, for whoever serves something beside it.
pub fn router(registry: Registry) -> Router {
    let registry = Arc::new(registry);
    otlp::measures(Arc::clone(&registry));
    Router::new().route("/metrics", get(move || text(Arc::clone(&registry))))
}

async fn text(registry: Arc<Registry>) -> impl IntoResponse {
    let mut text = String::new();
    // Writing into memory has no way to fail.
    let _ = encode_registry(&mut text, &registry);
    if let Some(own) = otlp::registry() {
        let _ = encode_registry(&mut text, &own);
    }
    let _ = encode_eof(&mut text);
    ([(CONTENT_TYPE, TEXT)], text)
}
