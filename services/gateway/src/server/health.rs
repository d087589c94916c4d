//! Health and metrics, on an address of their own: no path of the API is open because of how it is spelled.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, http::StatusCode, routing::get};
use downbeat_runtime::{
    metrics,
    shutdown::{self, ShutdownSignal},
};
use tokio::net::TcpListener;

use super::Edge;

/// Serves until the signal.
pub(super) async fn serve(listen: SocketAddr, edge: Arc<Edge>, mut signal: ShutdownSignal) -> std::io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    tracing::info!(address = %listener.local_addr()?, "health at /health and /ready, metrics at /metrics");
    let measured = metrics::router(edge.metrics.registry());
    // Ready once it is known who may do what.
    let ready = move || {
        let known = edge.doors.are_known();
        async move { if known { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE } }
    };
    let app = Router::new().route("/health", get(async || StatusCode::OK)).route("/ready", get(ready)).merge(measured);
    tokio::spawn(async move {
        let ended = async move { shutdown::wait(&mut signal).await };
        if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(ended).await {
            tracing::error!(%error, "health is not served any more");
        }
    });
    Ok(())
}
