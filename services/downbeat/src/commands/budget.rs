//! `downbeat budget`.

use std::process::ExitCode;

use downbeat_domain::cost::{Currency, read_amount};
use downbeat_proto::{
    control::v1::{ReleaseRunRequest, SetBudgetRequest},
    events::v1::{Budget, BudgetPeriod},
    metadata::v1::ListBudgetsRequest,
};

use crate::{
    cli::{BudgetCommand, BudgetList, BudgetRelease, BudgetRemove, BudgetSet, BudgetSub, Period},
    client,
    error::Error,
    render,
};

pub(super) async fn run(command: &BudgetCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        BudgetSub::List(list) => self::list(list).await,
        BudgetSub::Set(set) => self::set(set).await,
        BudgetSub::Remove(remove) => self::remove(remove).await,
        BudgetSub::Release(release) => self::release(release).await,
    }
}

async fn list(list: &BudgetList) -> Result<ExitCode, Error> {
    let mut service = client::costs(&list.servers).await?;
    let mut request = ListBudgetsRequest { page_size: 1_000, ..ListBudgetsRequest::default() };
    let mut found = Vec::new();
    loop {
        let page = service.list_budgets(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.budgets);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    if found.is_empty() {
        eprintln!("no budgets; `meta.downbeat.budget` gives one to a pipeline, `downbeat budget set` to an owner");
    } else {
        render::print(&format!("{}\n", render::budget_table(&found, render::columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(set: &BudgetSet) -> Result<ExitCode, Error> {
    let micros = read_amount(&set.amount).map_err(Error::Usage)?;
    let currency: Currency = set.currency.parse().map_err(Error::Usage)?;
    let period = match set.period {
        Period::Day => BudgetPeriod::Day,
        Period::Week => BudgetPeriod::Week,
        Period::Month => BudgetPeriod::Month,
    };
    let mut alert_at = if set.alert_at.is_empty() { vec![100] } else { set.alert_at.clone() };
    alert_at.sort_unstable();
    alert_at.dedup();
    let budget = Budget {
        micros,
        currency: currency.to_string(),
        period: period as i32,
        timezone: set.timezone.clone(),
        alert_at,
        enforce: set.enforce,
    };
    let request = SetBudgetRequest {
        owner: set.owner.clone(),
        budget: Some(budget),
        idempotency_key: set.key.key.clone().unwrap_or_default(),
        actor: set.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::control(&set.servers).await?.set_budget(request).await.map_err(client::refused)?;
    let what = if answer.into_inner().changed { "set" } else { "unchanged" };
    println!("{what}: budget of `{}`: {} {currency} a {}", set.owner, set.amount, render::period(period as i32));
    Ok(ExitCode::SUCCESS)
}

async fn remove(remove: &BudgetRemove) -> Result<ExitCode, Error> {
    let request = SetBudgetRequest {
        owner: remove.owner.clone(),
        budget: None,
        idempotency_key: String::new(),
        actor: remove.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::control(&remove.servers).await?.set_budget(request).await.map_err(client::refused)?;
    let what = if answer.into_inner().changed { "removed" } else { "there is none" };
    println!("{what}: budget of `{}`", remove.owner);
    Ok(ExitCode::SUCCESS)
}

async fn release(release: &BudgetRelease) -> Result<ExitCode, Error> {
    let request =
        ReleaseRunRequest { run_id: release.run.clone(), actor: release.by.actor.clone().unwrap_or_default() };
    let answer = client::control(&release.servers).await?.release_run(request).await.map_err(client::refused)?;
    let what = if answer.into_inner().changed { "released" } else { "it was let go before" };
    println!("{what}: run {}", release.run);
    Ok(ExitCode::SUCCESS)
}
