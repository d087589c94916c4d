//! What programs are told of how people log in here: RFC 8414, and RFC 9728 for clients of the Model Context Protocol.

use axum::{http::Method, response::Response};
use serde_json::json;

use super::{SCOPES, here};
use crate::http::{Call, Fault, Need, Route, Routes, json};

/// Where it lies.
const SERVER: &str = "/.well-known/oauth-authorization-server";
/// See [`SERVER`].
pub(super) const RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// The same of the assistants' endpoint, which their clients ask for first.
const RESOURCE_MCP: &str = "/.well-known/oauth-protected-resource/mcp";

pub(super) fn routes(routes: &mut Routes) {
    let says = "How people log in (RFC 8414)";
    routes.add(Route::new(Method::GET, SERVER, Need::Nothing, says, server).gives_text("application/json"));
    let says = "Whose access tokens are taken here (RFC 9728)";
    routes.add(Route::new(Method::GET, RESOURCE, Need::Nothing, says, resource).gives_text("application/json"));
    routes.add(Route::new(Method::GET, RESOURCE_MCP, Need::Nothing, says, resource_mcp).gives_text("application/json"));
}

async fn server(call: Call) -> Result<Response, Fault> {
    let origin = &here(&call)?.origin;
    json(
        200,
        &json!({
            "issuer": origin.to_string(),
            "authorization_endpoint": format!("{origin}/oauth/authorize"),
            "token_endpoint": format!("{origin}/oauth/token"),
            "registration_endpoint": format!("{origin}/oauth/register"),
            "revocation_endpoint": format!("{origin}/oauth/revoke"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": SCOPES,
            "authorization_response_iss_parameter_supported": true,
        }),
    )
}

async fn resource(call: Call) -> Result<Response, Fault> {
    described(&call, "")
}

async fn resource_mcp(call: Call) -> Result<Response, Fault> {
    described(&call, "/mcp")
}

fn described(call: &Call, path: &str) -> Result<Response, Fault> {
    let origin = &here(call)?.origin;
    json(
        200,
        &json!({
            "resource": format!("{origin}{path}"),
            "authorization_servers": [origin.to_string()],
            "scopes_supported": SCOPES,
            "bearer_methods_supported": ["header"],
        }),
    )
}
