//! How people sign in here, and what that makes them: what the operator has set, for admins to look up.

use axum::{http::Method, response::Response};
use downbeat_domain::access::Role;

use crate::{
    http::{Call, Fault, Need, Route, Routes, json},
    login::{SignInShown, shown},
};

pub(super) fn routes(routes: &mut Routes) {
    let says = "How people sign in, and what groups of the identity provider may";
    routes.add(Route::new(Method::GET, "/sign_in", Need::Account(Role::Admin), says, get).gives::<SignInShown>(200));
}

async fn get(call: Call) -> Result<Response, Fault> {
    json(200, &shown(call.edge.login.as_ref()))
}
