//! The routes of the public API, one file per kind of thing. Each converts, asks a service, and converts the answer.

pub(crate) mod about;
mod accounts;
mod additions;
mod artifacts;
mod assets;
mod catalogue;
mod connections;
mod document;
mod endpoints;
mod environments;
mod hooks;
mod links;
mod live;
mod logs;
mod me;
mod openlineage;
mod operations;
mod pipelines;
mod range;
mod rates;
mod runs;
mod sign_in;
mod sought;
mod task_runs;
mod tool_state;
mod webhook;

use crate::{
    grpc,
    http::{Route, Routes},
    login, mcp,
};

pub(crate) use hooks::Hooks;
pub(crate) use rates::Rates;
pub(crate) use webhook::Callbacks;

/// Where the public API lies; older documentation names it without `/api`.
const BASES: [&str; 2] = ["/api/engine/public", "/engine/public"];

/// The routes below the base of the public API, in the order of the document.
pub(crate) fn public() -> Routes {
    let mut routes = Routes::default();
    pipelines::routes(&mut routes);
    runs::routes(&mut routes);
    live::routes(&mut routes);
    task_runs::routes(&mut routes);
    logs::routes(&mut routes);
    artifacts::routes(&mut routes);
    operations::routes(&mut routes);
    assets::routes(&mut routes);
    environments::routes(&mut routes);
    tool_state::routes(&mut routes);
    additions::routes(&mut routes);
    connections::routes(&mut routes);
    me::routes(&mut routes);
    sign_in::routes(&mut routes);
    catalogue::routes(&mut routes);
    document::routes(&mut routes);
    routes
}

/// The routes that lie elsewhere.
fn others() -> Routes {
    let mut routes = Routes::default();
    accounts::routes(&mut routes);
    webhook::routes(&mut routes);
    hooks::routes(&mut routes);
    endpoints::routes(&mut routes);
    openlineage::routes(&mut routes);
    mcp::routes(&mut routes);
    grpc::routes(&mut routes);
    login::routes(&mut routes);
    routes
}

/// Every route with its whole path.
pub(crate) fn served() -> Vec<(String, Route)> {
    let public = public();
    let based = BASES
        .iter()
        .flat_map(|base| public.0.iter().map(move |route| (format!("{base}{}", route.path), route.clone())));
    based.chain(others().0.into_iter().map(|route| (route.path.to_owned(), route))).collect()
}
