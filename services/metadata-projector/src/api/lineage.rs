//! `LineageService`: convert, ask, convert.

use downbeat_proto::metadata::v1::{self as wire, lineage_service_server::LineageService};
use tonic::{Request, Response, Status};

use super::Metadata;
use crate::{
    limits,
    published::View,
    query::lineage::{self, Question},
};

#[tonic::async_trait]
impl LineageService for Metadata {
    async fn get_lineage(
        &self,
        request: Request<wire::GetLineageRequest>,
    ) -> Result<Response<wire::GetLineageResponse>, Status> {
        let request = request.into_inner();
        let direction = request.direction();
        let wire::GetLineageRequest { asset, depth, column, at_time: at, at_least, .. } = request;
        let question = Question {
            asset,
            column,
            depth: if depth == 0 { limits::LINEAGE_DEPTH_DEFAULT } else { depth },
            at,
            up: direction != wire::LineageDirection::Downstream,
            down: direction != wire::LineageDirection::Upstream,
            any_use: false,
        };
        let ask = move |view: &View<'_>| lineage::lineage(view, &question);
        let (answer, position) = self.ask(at_least, ask).await?;
        Ok(Response::new(wire::GetLineageResponse { position, ..answer }))
    }

    async fn get_impact(
        &self,
        request: Request<wire::GetImpactRequest>,
    ) -> Result<Response<wire::GetImpactResponse>, Status> {
        let wire::GetImpactRequest { asset, column, at_time, at_least } = request.into_inner();
        let ask = move |view: &View<'_>| lineage::impact(view, &asset, &column, at_time);
        let (answer, position) = self.ask(at_least, ask).await?;
        Ok(Response::new(wire::GetImpactResponse { position, ..answer }))
    }

    async fn find_lineage_path(
        &self,
        request: Request<wire::FindLineagePathRequest>,
    ) -> Result<Response<wire::FindLineagePathResponse>, Status> {
        let wire::FindLineagePathRequest { from, to, at_time, at_least } = request.into_inner();
        let ask = move |view: &View<'_>| lineage::path(view, &from, &to, at_time);
        let (answer, position) = self.ask(at_least, ask).await?;
        Ok(Response::new(wire::FindLineagePathResponse { position, ..answer }))
    }

    async fn diff_runs(
        &self,
        request: Request<wire::DiffRunsRequest>,
    ) -> Result<Response<wire::DiffRunsResponse>, Status> {
        let wire::DiffRunsRequest { before_run_id: before, after_run_id: after, at_least } = request.into_inner();
        let ask = move |view: &View<'_>| lineage::diff(view, &before, &after);
        let (answer, position) = self.ask(at_least, ask).await?;
        Ok(Response::new(wire::DiffRunsResponse { position, ..answer }))
    }
}
