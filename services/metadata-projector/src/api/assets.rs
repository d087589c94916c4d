//! `AssetService`: convert, ask, convert.

use downbeat_proto::metadata::v1::{self as wire, asset_service_server::AssetService};
use tonic::{Request, Response, Status};

use super::Metadata;
use crate::{
    published::View,
    query::{assets, page::Page},
};

#[tonic::async_trait]
impl AssetService for Metadata {
    async fn get_asset(
        &self,
        request: Request<wire::GetAssetRequest>,
    ) -> Result<Response<wire::GetAssetResponse>, Status> {
        let wire::GetAssetRequest { asset, at_least } = request.into_inner();
        let (answer, position) = self.ask(at_least, move |view: &View<'_>| assets::get(view, &asset)).await?;
        Ok(Response::new(wire::GetAssetResponse { position, ..answer }))
    }

    async fn list_test_results(
        &self,
        request: Request<wire::ListTestResultsRequest>,
    ) -> Result<Response<wire::ListTestResultsResponse>, Status> {
        let wire::ListTestResultsRequest { asset, name, at_least, page_size: size, page_token } = request.into_inner();
        let question =
            move |view: &View<'_>| assets::test_results(view, &asset, &name, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListTestResultsResponse { results: paged.rows, next_page_token: paged.next, position }))
    }

    async fn list_schema_changes(
        &self,
        request: Request<wire::ListSchemaChangesRequest>,
    ) -> Result<Response<wire::ListSchemaChangesResponse>, Status> {
        let wire::ListSchemaChangesRequest { asset, at_least, page_size: size, page_token } = request.into_inner();
        let question = move |view: &View<'_>| assets::schema_changes(view, &asset, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListSchemaChangesResponse {
            changes: paged.rows,
            next_page_token: paged.next,
            position,
        }))
    }
}
