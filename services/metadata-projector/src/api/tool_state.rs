//! `ToolStateQueryService`: convert, ask, convert.

use downbeat_proto::metadata::v1::{self as wire, tool_state_query_service_server::ToolStateQueryService};
use tonic::{Request, Response, Status};

use super::Metadata;
use crate::{
    limits,
    published::View,
    query::{page::Page, tool_state},
};

#[tonic::async_trait]
impl ToolStateQueryService for Metadata {
    async fn list_tool_state(
        &self,
        request: Request<wire::ListToolStateRequest>,
    ) -> Result<Response<wire::ListToolStateResponse>, Status> {
        let wire::ListToolStateRequest { integration, at_least, page_size, page_token } = request.into_inner();
        // A tool asks for all that it remembers: pages as large as they may be.
        let size = if page_size == 0 { limits::PAGE_SIZE_MAX } else { page_size };
        let question = move |view: &View<'_>| tool_state::list(view, &integration, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListToolStateResponse { entries: paged.rows, next_page_token: paged.next, position }))
    }
}
