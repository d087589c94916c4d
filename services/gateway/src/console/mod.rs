//! The console: pages, scripts and styles that were built beside this gateway and are part of it.
//!
//! Promises: a path from outside is looked up in a table and never reaches a file system; a page runs our own scripts and styles only, asks
//! nobody but this gateway, and stands in no frame; nothing here waits, and nothing takes the room of requests to the API. Knows nothing about
//! who looks at it: everything that a page shows it asks the API for, with a key or a login.

mod encoding;
mod file;
mod missing;
mod serve;

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};

use file::File;
use serve::Console;

/// What was built, by path.
static BUILT: &[File] = include!(concat!(env!("OUT_DIR"), "/console.rs"));
/// Where it lies.
const BASE: &str = "/console/";

/// Its routes. They are none of the API, and stand in none of its tables.
pub(crate) fn routes(router: Router) -> Router {
    let console = Console::of(BUILT);
    let served = get(move |request: axum::extract::Request| {
        let answer = console.answer(request.method(), request.uri().path(), request.headers());
        async move { answer }
    });
    router
        .route("/", get(async || to_console()))
        .route("/console", get(async || to_console()))
        .route("/console/", served.clone())
        .route("/console/{*path}", served)
}

fn to_console() -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, HeaderValue::from_static(BASE))]).into_response()
}
