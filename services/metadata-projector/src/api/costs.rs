//! `CostService`: convert, ask, convert.

use downbeat_proto::metadata::v1::{self as wire, cost_service_server::CostService};
use tonic::{Request, Response, Status};

use super::{Metadata, trends::instant};
use crate::{
    published::View,
    query::{costs, page::Page, savings},
};

#[tonic::async_trait]
impl CostService for Metadata {
    async fn get_cost(
        &self,
        request: Request<wire::GetCostRequest>,
    ) -> Result<Response<wire::GetCostResponse>, Status> {
        let mut request = request.into_inner();
        let at_least = request.at_least.take();
        let (answer, position) = self.ask(at_least, move |view: &View<'_>| costs::get(view, &request)).await?;
        Ok(Response::new(wire::GetCostResponse { position, ..answer }))
    }

    async fn list_cost_entries(
        &self,
        request: Request<wire::ListCostEntriesRequest>,
    ) -> Result<Response<wire::ListCostEntriesResponse>, Status> {
        let wire::ListCostEntriesRequest { filter, at_least, page_size: size, page_token } = request.into_inner();
        let filter = filter.unwrap_or_default();
        let question = move |view: &View<'_>| costs::entries(view, &filter, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListCostEntriesResponse { entries: paged.rows, next_page_token: paged.next, position }))
    }

    async fn list_budgets(
        &self,
        request: Request<wire::ListBudgetsRequest>,
    ) -> Result<Response<wire::ListBudgetsResponse>, Status> {
        let wire::ListBudgetsRequest { at_least, page_size: size, page_token } = request.into_inner();
        let question = move |view: &View<'_>| costs::budgets(view, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListBudgetsResponse { budgets: paged.rows, next_page_token: paged.next, position }))
    }

    async fn get_prices(
        &self,
        request: Request<wire::GetPricesRequest>,
    ) -> Result<Response<wire::GetPricesResponse>, Status> {
        let (prices, position) = self.ask(request.into_inner().at_least, |view: &View<'_>| costs::prices(view)).await?;
        Ok(Response::new(wire::GetPricesResponse { prices: Some(prices), position }))
    }

    async fn verify_ledger(
        &self,
        request: Request<wire::VerifyLedgerRequest>,
    ) -> Result<Response<wire::VerifyLedgerResponse>, Status> {
        let (answer, position) = self.ask(request.into_inner().at_least, |view: &View<'_>| costs::verify(view)).await?;
        Ok(Response::new(wire::VerifyLedgerResponse { position, ..answer }))
    }

    async fn get_savings(
        &self,
        request: Request<wire::GetSavingsRequest>,
    ) -> Result<Response<wire::GetSavingsResponse>, Status> {
        let mut request = request.into_inner();
        let (at_least, now) = (request.at_least.take(), instant(request.at));
        let (answer, position) = self.ask(at_least, move |view: &View<'_>| savings::find(view, &request, now)).await?;
        Ok(Response::new(wire::GetSavingsResponse { position, ..answer }))
    }
}
