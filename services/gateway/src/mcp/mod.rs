//! The API as tools for assistants: the Model Context Protocol over HTTP, in single answers without sessions.
//!
//! Promises: a tool is a route and nothing else, so who may do what is decided where it is for everybody; somebody who may only read is not even
//! shown what changes things. Each call is told to the audit, also one that reads, and what changes things stands there like any other command.

mod ask;
mod calls;
mod table;

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request},
    response::Response,
};
use bytes::Bytes;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, Implementation, ListToolsResult, PaginatedRequestParams,
        ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};

use crate::http::{Call, Fault, Need, Route, Routes};
pub(crate) use calls::Calls;

/// What assistants are told of all this.
const INSTRUCTIONS: &str = "Downbeat runs data pipelines across the tools of a data team and keeps what they did. Ask `whats_happening` and `whats_broken` \
    first; `diagnose` says why a run went as it did, `why` what it waits for, `lineage_impact` what breaks with an asset, `what_does_it_cost` what runs cost. \
    Pipelines are named by id or alias, runs and task runs by id.";

pub(crate) fn routes(routes: &mut Routes) {
    let says = "The Model Context Protocol: JSON-RPC, one answer per request";
    routes.add(Route::new(Method::POST, "/mcp", Need::Key, says, speak).takes_much().gives_text("application/json"));
}

async fn speak(call: Call) -> Result<Response, Fault> {
    let mut request =
        Request::post("/mcp").body(Body::from(call.body.clone())).map_err(|_| Fault::bad("no request"))?;
    *request.headers_mut() = call.headers.clone();
    request.extensions_mut().insert(Arc::new(call));
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        // Nobody gets here without a key, which no page of a browser has.
        .disable_allowed_hosts()
        .with_max_request_body_bytes(crate::limits::LARGE_BODY_BYTES_MAX);
    let service = StreamableHttpService::new(|| Ok(Tools), Arc::<NeverSessionManager>::default(), config);
    let answer = service.handle(request).await;
    Ok(answer.map(Body::new))
}

/// The tools of whoever asks.
#[derive(Clone, Copy, Debug)]
struct Tools;

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("downbeat", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(ask::offered(&*caller(&context)?)))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        Ok(ask::ask(&*caller(&context)?, &request.name, arguments).await?.into())
    }
}

/// The call that brought the message.
fn caller(context: &RequestContext<RoleServer>) -> Result<Arc<Call>, ErrorData> {
    let parts = context.extensions.get::<axum::http::request::Parts>();
    let call = parts.and_then(|parts| parts.extensions.get::<Arc<Call>>());
    call.cloned().ok_or_else(|| ErrorData::internal_error("nobody asks", None))
}

/// An answer's body.
async fn whole(response: Response) -> Result<Bytes, Fault> {
    let read = axum::body::to_bytes(response.into_body(), crate::limits::MCP_ANSWER_BYTES_MAX).await;
    read.map_err(|_| {
        let most = crate::limits::MCP_ANSWER_BYTES_MAX / 1024;
        Fault::bad(format!("the answer has more than {most} KiB: ask for less, with filters, pages or a smaller range"))
    })
}
