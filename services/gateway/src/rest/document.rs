//! The document of the API, and whether it is there.

use axum::{
    http::{Method, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    http::{Call, Fault, Need, Route, Routes, json},
    openapi,
};

/// It is there.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    status: &'static str,
}

pub(super) fn routes(routes: &mut Routes) {
    routes.add(
        Route::new(Method::GET, "/health", Need::Nothing, "Whether the API is there", async |_| {
            json(200, &Health { status: "ok" })
        })
        .gives::<Health>(200),
    );
    routes.add(
        Route::new(Method::GET, "/openapi.json", Need::Nothing, "This document", document)
            .gives_text("application/json"),
    );
}

async fn document(_: Call) -> Result<Response, Fault> {
    Ok(([(CONTENT_TYPE, "application/json")], openapi::text()).into_response())
}
