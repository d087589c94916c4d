//! `TrendService`: convert, ask, convert.

use downbeat_proto::metadata::v1::{self as wire, trend_service_server::TrendService};
use downbeat_runtime::clock::wall_now;
use tonic::{Request, Response, Status};

use super::Metadata;
use crate::{published::View, query::trends};

/// The instant that somebody asks about; 0 = now.
pub(super) fn instant(asked: i64) -> i64 {
    if asked == 0 { wall_now().as_microsecond() } else { asked }
}

#[tonic::async_trait]
impl TrendService for Metadata {
    async fn get_durations(
        &self,
        request: Request<wire::GetDurationsRequest>,
    ) -> Result<Response<wire::GetDurationsResponse>, Status> {
        let mut request = request.into_inner();
        let (at_least, now) = (request.at_least.take(), instant(request.at));
        let question = move |view: &View<'_>| trends::durations(view, &request, now);
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::GetDurationsResponse { durations: paged.rows, next_page_token: paged.next, position }))
    }

    async fn list_schedules(
        &self,
        request: Request<wire::ListSchedulesRequest>,
    ) -> Result<Response<wire::ListSchedulesResponse>, Status> {
        let mut request = request.into_inner();
        let at_least = request.at_least.take();
        let question = move |view: &View<'_>| trends::schedules(view, &request);
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListSchedulesResponse { schedules: paged.rows, next_page_token: paged.next, position }))
    }

    async fn list_integrations(
        &self,
        request: Request<wire::ListIntegrationsRequest>,
    ) -> Result<Response<wire::ListIntegrationsResponse>, Status> {
        let mut request = request.into_inner();
        let (at_least, now) = (request.at_least.take(), instant(request.at));
        let question = move |view: &View<'_>| trends::integrations(view, &request, now);
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListIntegrationsResponse {
            integrations: paged.rows,
            next_page_token: paged.next,
            position,
        }))
    }
}
