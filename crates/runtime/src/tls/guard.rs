//! Who may call what: asked for every call, of the certificate that its connection came with.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{self, Next},
    response::Response,
};
use tonic::{Status, transport::server::TcpConnectInfo};

use super::Rule;

/// What is known of the other side of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(super) tcp: TcpConnectInfo,
    /// The service that its certificate names; empty = none of ours.
    pub(super) service: Arc<str>,
}

/// The same services, behind the rule.
pub(crate) fn guarded(services: Router, rule: Rule) -> Router {
    services.layer(middleware::from_fn(move |request: Request, next: Next| admit(rule, request, next)))
}

async fn admit(rule: Rule, mut request: Request, next: Next) -> Response {
    let Some(peer) = request.extensions().get::<Peer>().cloned() else {
        return Status::internal("nothing is known of this connection").into_http::<Body>();
    };
    let path = request.uri().path();
    if !rule(&peer.service, path) {
        let caller = if peer.service.is_empty() { "a certificate that names no service" } else { &*peer.service };
        tracing::warn!(caller, path, from = ?peer.tcp.remote_addr(), "a call was refused");
        return Status::permission_denied(format!(
            "{caller} may not call {path}: the certificate that is shown decides who may (docs/security.md)"
        ))
        .into_http::<Body>();
    }
    // As it stands there without TLS.
    request.extensions_mut().insert(peer.tcp);
    next.run(request).await
}
