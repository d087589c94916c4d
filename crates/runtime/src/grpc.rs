//! gRPC plumbing: every server speaks health and reflection, says clearly when its port is taken, and ends when asked to.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tonic::{
    service::RoutesBuilder,
    transport::{Endpoint, Server, server::TcpIncoming},
};

use crate::{
    error::Error,
    limits,
    shutdown::{self, ShutdownSignal},
};

/// Binds, so that a taken port is known before anything else starts.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "there is no authentication in this version: whoever reaches this address may do everything");
    }
    TcpListener::bind(address).await.map_err(|source| Error::Bind { address, source })
}

/// Serves until the signal. `descriptors` feeds reflection; `services` are the names that health reports as serving.
pub async fn serve(
    listener: TcpListener,
    mut routes: RoutesBuilder,
    descriptors: &'static [u8],
    services: &[&str],
    mut signal: ShutdownSignal,
) -> Result<(), Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    for service in services {
        reporter.set_service_status(*service, tonic_health::ServingStatus::Serving).await;
    }
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(descriptors)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(|error| Error::Reflection(error.to_string()))?;
    routes.add_service(health).add_service(reflection);
    // Set on the listener: the server's own setting is not applied to connections that it did not accept itself, and without it
    // small messages wait up to 40 ms for the other side's delayed acknowledgement.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .http2_keepalive_interval(Some(limits::KEEPALIVE_INTERVAL))
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION_MAX)
        .add_routes(routes.routes())
        .serve_with_incoming_shutdown(incoming, async move { shutdown::wait(&mut signal).await })
        .await
        .map_err(Error::Serve)
}

/// A lazily connected channel's address, with the time-outs that every client of ours uses.
pub fn endpoint(address: &str) -> Result<Endpoint, Error> {
    let endpoint = Endpoint::from_shared(address.to_owned())
        .map_err(|source| Error::Address { address: address.to_owned(), source })?;
    Ok(endpoint
        .connect_timeout(limits::CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(limits::KEEPALIVE_INTERVAL)
        .keep_alive_while_idle(true))
}
