//! Prices, bills and budgets.

use std::sync::Arc;

use downbeat_domain::{
    Command,
    cost::{Bill, CostCommand, Origin},
    limits as domain_limits,
    metadata::Quantity,
};
use downbeat_proto::{control::v1 as wire, convert, event};
use tonic::Status;

use super::{
    Control,
    asker::Asker,
    request::{at_most, command_id, pipeline_of, run_of},
};

impl Control {
    pub(super) async fn set_price_list(
        &self,
        request: wire::SetPricesRequest,
        asker: &Asker,
    ) -> Result<wire::SetPricesResponse, Status> {
        at_most("prices", request.prices.len(), domain_limits::PRICES_MAX)?;
        let read = |(place, price): (usize, downbeat_proto::events::v1::Price)| {
            let currency: String = price.currency.chars().take(20).collect();
            event::price_of(price).ok_or_else(|| {
                Status::invalid_argument(format!("price {}: `{currency}` is no currency such as EUR", place + 1))
            })
        };
        let prices = request.prices.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let key = command_id(&["prices"], &request.idempotency_key)?;
        let command = Command::Cost(CostCommand::SetPrices(Arc::new(prices)));
        let (changed, tail) = self.change(asker, command, key, "").await?;
        Ok(wire::SetPricesResponse { changed, position: self.position(tail) })
    }

    pub(super) async fn record_bills(
        &self,
        request: wire::RecordCostsRequest,
        asker: &Asker,
    ) -> Result<wire::RecordCostsResponse, Status> {
        at_most("bills", request.bills.len(), domain_limits::BILLS_PER_COMMAND_MAX)?;
        let now = self.handle.ask(|_, now| now.wall).await.map_err(|error| super::refused(&error))?;
        let bills = request.bills.into_iter().enumerate().map(|(place, bill)| {
            bill_of(bill, now).map_err(|why| Status::invalid_argument(format!("bill {}: {why}", place + 1)))
        });
        let bills = bills.collect::<Result<Vec<_>, _>>()?;
        let command = Command::Cost(CostCommand::Record(Arc::new(bills)));
        let (changed, tail) = self.change(asker, command, None, "").await?;
        Ok(wire::RecordCostsResponse { changed, position: self.position(tail) })
    }

    pub(super) async fn release(
        &self,
        request: wire::ReleaseRunRequest,
        asker: &Asker,
    ) -> Result<wire::ReleaseRunResponse, Status> {
        let command = Command::Cost(CostCommand::ReleaseRun(run_of(&request.run_id)?));
        let (changed, tail) = self.change(asker, command, None, "").await?;
        Ok(wire::ReleaseRunResponse { changed, position: self.position(tail) })
    }

    pub(super) async fn set_budget_of(
        &self,
        request: wire::SetBudgetRequest,
        asker: &Asker,
    ) -> Result<wire::SetBudgetResponse, Status> {
        let budget = match request.budget {
            None => None,
            Some(budget) => Some(event::budget_of(budget).ok_or_else(|| {
                Status::invalid_argument("budget: needs a currency such as EUR, and a period: day, week or month")
            })?),
        };
        let key = command_id(&["budget", &request.owner], &request.idempotency_key)?;
        let command = Command::Cost(CostCommand::SetBudget { owner: request.owner, budget });
        let (changed, tail) = self.change(asker, command, key, "").await?;
        Ok(wire::SetBudgetResponse { changed, position: self.position(tail) })
    }
}

fn bill_of(bill: wire::Bill, now: jiff::Timestamp) -> Result<Bill, String> {
    let pipeline = match bill.pipeline.as_str() {
        "" => None,
        named => Some(pipeline_of(named).map_err(|status| status.message().to_owned())?),
    };
    let quantity = if bill.quantity.is_empty() { Some(Quantity::default()) } else { Quantity::read(&bill.quantity) };
    let corrects = match bill.corrects.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|error| format!("corrects: {error}"))?),
    };
    let incurred_at = if bill.incurred_at == 0 { Some(now) } else { convert::instant(bill.incurred_at) };
    Ok(Bill {
        source: bill.source,
        external_id: bill.external_id,
        micros: bill.micros,
        currency: bill.currency.parse()?,
        quantity: quantity.ok_or("its quantity is no decimal number such as 12.5")?,
        unit: bill.unit,
        origin: Origin { pipeline, attempt: None, task: bill.task, owner: bill.owner, integration: bill.integration },
        asset: bill.asset,
        incurred_at: incurred_at.ok_or("its incurred_at is no instant")?,
        corrects,
    })
}
