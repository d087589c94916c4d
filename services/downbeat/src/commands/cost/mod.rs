//! `downbeat cost`: sums, entries, prices, bills, savings.

mod bills;
mod file;
mod prices;
mod savings;

use std::process::ExitCode;

use downbeat_proto::metadata::v1::{
    CostFilter, CostGroup, CostSum, GetCostRequest, GetCostResponse, ListCostEntriesRequest, VerifyLedgerRequest,
};
use serde_json::json;

use crate::{
    cli::{CostBy, CostCommand, CostEntries, CostOnly, CostSub, CostVerify},
    client,
    error::Error,
    render,
};

pub(super) async fn run(command: &CostCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        None => sums(command).await,
        Some(CostSub::Entries(list)) => entries(list).await,
        Some(CostSub::Prices(command)) => prices::run(command).await,
        Some(CostSub::Record(record)) => bills::record(record).await,
        Some(CostSub::Savings(command)) => savings::run(command).await,
        Some(CostSub::Verify(verify)) => self::verify(verify).await,
    }
}

async fn sums(command: &CostCommand) -> Result<ExitCode, Error> {
    let request = GetCostRequest {
        by: command.by.iter().map(|by| group(*by) as i32).collect(),
        filter: Some(filter(&command.only)?),
        at_least: None,
    };
    let mut service = client::costs(&command.servers).await?;
    let answer = service.get_cost(request).await.map_err(client::refused)?.into_inner();
    if command.json {
        render::print(&format!("{:#}\n", as_json(&answer)))?;
        return Ok(ExitCode::SUCCESS);
    }
    if answer.sums.is_empty() {
        eprintln!("no such costs; `downbeat cost prices apply FILE` says what quantities cost");
    } else {
        render::print(&format!("{}\n", render::cost_table(&answer.sums, render::columns())))?;
    }
    for line in render::unpriced_lines(&answer.unpriced) {
        eprintln!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

fn group(by: CostBy) -> CostGroup {
    match by {
        CostBy::Pipeline => CostGroup::Pipeline,
        CostBy::Task => CostGroup::Task,
        CostBy::Asset => CostGroup::Asset,
        CostBy::Owner => CostGroup::Owner,
        CostBy::Unit => CostGroup::Unit,
        CostBy::Integration => CostGroup::Integration,
        CostBy::Day => CostGroup::Day,
        CostBy::Week => CostGroup::Week,
        CostBy::Month => CostGroup::Month,
    }
}

fn filter(only: &CostOnly) -> Result<CostFilter, Error> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let when = |option: &str, written: &Option<String>| match written {
        None => Ok(0),
        Some(written) => instant(written).ok_or_else(|| {
            Error::Usage(format!(
                "--{option}: `{written}` is no day such as 2026-11-01 and no instant such as 2026-11-01T06:00:00Z"
            ))
        }),
    };
    Ok(CostFilter {
        pipeline: text(&only.pipeline),
        task: text(&only.task),
        asset: text(&only.asset),
        owner: text(&only.owner),
        unit: text(&only.unit),
        integration: text(&only.integration),
        currency: text(&only.currency),
        from: when("from", &only.from)?,
        to: when("to", &only.to)?,
    })
}

/// A day is meant as sums are kept: UTC.
pub(super) fn instant(written: &str) -> Option<i64> {
    if written.trim().len() == 10 {
        return render::moment(&format!("{}T00:00:00Z", written.trim()));
    }
    render::moment(written)
}

fn as_json(answer: &GetCostResponse) -> serde_json::Value {
    let sum = |sum: &CostSum| {
        json!({
            "pipeline_id": sum.pipeline_id, "pipeline": sum.pipeline, "task": sum.task, "asset": sum.asset,
            "owner": sum.owner, "unit": sum.unit, "integration": sum.integration, "since": sum.since,
            "currency": sum.currency, "estimated": render::money(&sum.estimated), "billed": render::money(&sum.billed),
            "total": render::money(&sum.total), "entries": sum.entries,
        })
    };
    let unpriced = answer
        .unpriced
        .iter()
        .map(|it| json!({"unit": it.unit, "quantity": render::money(&it.quantity), "count": it.count}));
    json!({
        "sums": answer.sums.iter().map(sum).collect::<Vec<_>>(),
        "unpriced": unpriced.collect::<Vec<_>>(),
    })
}

async fn entries(list: &CostEntries) -> Result<ExitCode, Error> {
    let mut service = client::costs(&list.servers).await?;
    let mut request = ListCostEntriesRequest {
        filter: Some(filter(&list.only)?),
        page_size: list.limit.clamp(1, 1_000),
        ..ListCostEntriesRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < list.limit {
        let page = service.list_cost_entries(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.entries);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(list.limit as usize);
    if found.is_empty() {
        eprintln!("no such entry so far");
    } else {
        render::print(&format!("{}\n", render::entry_table(&found, render::columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(verify: &CostVerify) -> Result<ExitCode, Error> {
    let mut service = client::costs(&verify.servers).await?;
    let answer = service.verify_ledger(VerifyLedgerRequest::default()).await.map_err(client::refused)?.into_inner();
    for difference in &answer.differences {
        eprintln!("{}", render::clean(difference));
    }
    if !answer.differences.is_empty() {
        return Ok(ExitCode::from(1));
    }
    let sums = answer.sums.iter().map(|sum| format!("{} {}", render::money(&sum.total), sum.currency));
    let sums: Vec<String> = sums.collect();
    let told = if sums.is_empty() { String::new() } else { format!(": {}", sums.join(", ")) };
    println!("{} entries, and every sum agrees{told}", answer.entries);
    Ok(ExitCode::SUCCESS)
}
