//! Asking the server's monitoring port whether it syncs every write. Advice only: no answer stops nothing.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::JetStreamOptions;
use crate::limits;

/// Says in the process's own log whether the server makes records durable before it acknowledges them.
pub(super) async fn report_sync(options: &JetStreamOptions) {
    let stream = &options.stream;
    let Some(url) = &options.monitor_url else {
        tracing::info!(
            stream,
            "could not check that NATS syncs every write: no monitor_url is set; the server's configuration must say \
             `jetstream {{ sync_interval: always }}`"
        );
        return;
    };
    match sync_always(url).await {
        Ok(true) => tracing::debug!(stream, "NATS syncs every write"),
        Ok(false) => tracing::warn!(
            stream,
            monitor_url = url,
            "NATS DOES NOT SYNC EVERY WRITE: acknowledged records are lost when the machine dies. Set \
             `jetstream {{ sync_interval: always }}` in the server's configuration"
        ),
        Err(reason) => {
            tracing::info!(stream, monitor_url = url, reason, "could not check that NATS syncs every write");
        }
    }
}

/// Whether the server at the monitoring address `url` has `sync_interval: always`.
///
/// # Errors
/// Why it could not be found out, as text.
pub(super) async fn sync_always(url: &str) -> Result<bool, String> {
    let asked = tokio::time::timeout(limits::MONITOR_TIMEOUT, varz(url)).await;
    let varz = asked.map_err(|_| format!("no answer within {:?}", limits::MONITOR_TIMEOUT))??;
    let config = &varz["jetstream"]["config"];
    match config.is_object() {
        true => Ok(config["sync_always"].as_bool().unwrap_or(false)),
        false => Err("the server says nothing about JetStream".to_owned()),
    }
}

async fn varz(url: &str) -> Result<Value, String> {
    let host = url.strip_prefix("http://").ok_or("only http:// addresses are understood")?.trim_end_matches('/');
    let failed = |error: std::io::Error| error.to_string();
    let mut connection = TcpStream::connect(host).await.map_err(failed)?;
    let request = format!("GET /varz HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut answer = Vec::new();
    let limit = limits::MONITOR_BYTES_MAX as u64;
    connection.take(limit).read_to_end(&mut answer).await.map_err(failed)?;
    let text = String::from_utf8_lossy(&answer);
    let (_, body) = text.split_once("\r\n\r\n").ok_or("the answer is no HTTP")?;
    serde_json::from_str(body).map_err(|error| format!("the answer is no JSON: {error}"))
}
