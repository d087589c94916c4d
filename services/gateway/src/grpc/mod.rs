//! gRPC: the services of the coordinator and of the projector, for client libraries. Each method is a route like any other, with what it needs
//! beside it; messages pass as they are, but for what decides whether their caller may send them.
//!
//! Promises: the same keys, roles and labels count as for the public API; a method that is not in the table is nobody's. Knows nothing of
//! what methods do.

mod answer;
mod refused;
mod table;

pub(crate) use refused::{is_grpc, refused, unknown};

use axum::http::Method as HttpMethod;

use crate::{
    http::{Need, Route, Routes},
    limits,
    rest::about::About,
};
use table::TABLE;

pub(crate) fn routes(routes: &mut Routes) {
    for entry in TABLE {
        let need = match entry.about {
            About::Everything | About::Named(_) => Need::Account(entry.role),
            _ => Need::Something(entry.role),
        };
        let path = entry.path;
        let mut route =
            Route::new(HttpMethod::POST, path, need, "A method over gRPC", move |call| answer::answer(call, entry));
        route.body_bytes_max = limits::GRPC_BODY_BYTES_MAX;
        routes.add(route);
    }
}
