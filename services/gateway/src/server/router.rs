//! From the table of routes to what hyper serves.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, RawPathParams, Request, rejection::RawPathParamsRejection},
    http::{Method, StatusCode},
    response::IntoResponse,
    routing::{MethodFilter, MethodRouter, on},
};

use super::{Edge, admit};
use crate::{
    console, grpc,
    http::{Fault, Route},
    rest,
};

/// Everything that is served.
pub(super) fn router(edge: Arc<Edge>) -> Router {
    let mut by_path: BTreeMap<String, MethodRouter> = BTreeMap::new();
    for (path, route) in rest::served() {
        let Some(filter) = filter(&route.method) else { continue };
        let served = on(filter, handler(Arc::new(route), Arc::clone(&edge)));
        let before = by_path.remove(&path).unwrap_or_default();
        by_path.insert(path, before.merge(served));
    }
    let mut router = Router::new();
    for (path, served) in by_path {
        router = router.route(
            &path,
            served.fallback(async || {
                Fault::Text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed".to_owned()).into_response()
            }),
        );
    }
    console::routes(router)
        .fallback(async |request: Request| match grpc::is_grpc(request.headers()) {
            true => grpc::unknown(),
            false => Fault::unknown("Not Found").into_response(),
        })
        .layer(axum::middleware::map_response(admit::finished))
}

fn filter(method: &Method) -> Option<MethodFilter> {
    MethodFilter::try_from(method.clone()).ok()
}

fn handler(
    route: Arc<Route>,
    edge: Arc<Edge>,
) -> impl Fn(
    ConnectInfo<SocketAddr>,
    Result<RawPathParams, RawPathParamsRejection>,
    Request,
) -> futures::future::BoxFuture<'static, axum::response::Response>
+ Clone
+ Send
+ Sync
+ 'static {
    move |ConnectInfo(peer), params, request| {
        let Ok(params) = params else {
            // A path that is no UTF-8 names nothing.
            return Box::pin(async { Fault::unknown("Not Found").into_response() });
        };
        let params = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (route, edge) = (Arc::clone(&route), Arc::clone(&edge));
        Box::pin(async move { admit::admit(edge, route, peer.ip(), params, request).await })
    }
}
