//! The accounts that a credential covers: of a key, the one it was made in.

use axum::{http::Method, response::Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::{Call, Fault, Need, Route, Routes, json};

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
struct Account {
    id: String,
    name: String,
}

pub(super) fn routes(routes: &mut Routes) {
    let says = "The accounts that the credential covers";
    routes.add(Route::new(Method::GET, "/public/v1/accounts", Need::Key, says, list).gives::<Vec<Account>>(200));
}

async fn list(call: Call) -> Result<Response, Fault> {
    json(200, &[Account { id: call.table.account_id.clone(), name: call.table.account_name.clone() }])
}
