//! `AnswerService`: convert, ask, convert. The clock is read here, once per answer.

use downbeat_proto::metadata::v1::{self as wire, answer_service_server::AnswerService};
use downbeat_runtime::clock::wall_now;
use tonic::{Request, Response, Status};

use super::Metadata;
use crate::{published::View, query::answers};

#[tonic::async_trait]
impl AnswerService for Metadata {
    async fn get_now(&self, request: Request<wire::GetNowRequest>) -> Result<Response<wire::GetNowResponse>, Status> {
        let wire::GetNowRequest { limit, at_least } = request.into_inner();
        // Read after the position was waited for, so that nothing of the answer lies after its moment.
        let ask = move |view: &View<'_>| answers::now(view, limit, wall_now().as_microsecond());
        let (answer, position) = self.ask(at_least, ask).await?;
        Ok(Response::new(wire::GetNowResponse { position, ..answer }))
    }

    async fn get_broken(
        &self,
        request: Request<wire::GetBrokenRequest>,
    ) -> Result<Response<wire::GetBrokenResponse>, Status> {
        let wire::GetBrokenRequest { limit, at_least } = request.into_inner();
        let ask = move |view: &View<'_>| answers::broken(view, limit, wall_now().as_microsecond());
        let (answer, position) = self.ask(at_least, ask).await?;
        Ok(Response::new(wire::GetBrokenResponse { position, ..answer }))
    }
}
