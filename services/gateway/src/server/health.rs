//! Health and metrics, on an address of their own: no path of the API is open because of how it is spelled.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, http::StatusCode, http::header::CONTENT_TYPE, response::IntoResponse, routing::get};
use downbeat_runtime::shutdown::{self, ShutdownSignal};
use prometheus_client::encoding::text::encode;
use tokio::net::TcpListener;

use super::Edge;

/// Of the text format, as its specification names it.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves until the signal.
pub(super) async fn serve(listen: SocketAddr, edge: Arc<Edge>, mut signal: ShutdownSignal) -> std::io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    tracing::info!(address = %listener.local_addr()?, "health at /health and /ready, metrics at /metrics");
    let registry = edge.metrics.registry();
    let metrics = move || {
        let mut text = String::new();
        // Writing into memory has no way to fail.
        let _ = encode(&mut text, &registry);
        async move { ([(CONTENT_TYPE, TEXT)], text).into_response() }
    };
    // Ready once it is known who may do what.
    let ready = move || {
        let known = edge.doors.are_known();
        async move { if known { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE } }
    };
    let app = Router::new()
        .route("/health", get(async || StatusCode::OK))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics));
    tokio::spawn(async move {
        let ended = async move { shutdown::wait(&mut signal).await };
        if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(ended).await {
            tracing::error!(%error, "health is not served any more");
        }
    });
    Ok(())
}
