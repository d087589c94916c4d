//! What Downbeat adds to the published API: lineage, costs, quality, usage, the audit, answers, schedules, backfills, and what people decide
//! about runs. Each route is a method of a service (`proto/` says its shape), with who may ask and about what.

mod ask;
mod table;

use axum::http::Method;

use crate::{
    http::{Need, Route, Routes},
    rest::about::About,
};
use table::TABLE;

pub(super) fn routes(routes: &mut Routes) {
    for entry in TABLE {
        let need = match entry.about {
            About::Everything => Need::Account(entry.role),
            _ => Need::Something(entry.role),
        };
        let route = Route::new(method(entry.method), entry.path, need, entry.says, move |call| ask::ask(call, entry));
        routes.add(route.speaks(entry.calls, entry.method != "GET"));
    }
}

fn method(word: &str) -> Method {
    match word {
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "DELETE" => Method::DELETE,
        _ => Method::GET,
    }
}
