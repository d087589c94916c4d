//! `downbeat alert`.

use std::process::ExitCode;

use downbeat_proto::{control::v1::RetryAlertRequest, metadata::v1::ListAlertsRequest};

use crate::{
    cli::{AlertCommand, AlertList, AlertRetry, AlertSub},
    client,
    error::Error,
    render,
};

pub(super) async fn run(command: &AlertCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        AlertSub::List(list) => self::list(list).await,
        AlertSub::Retry(retry) => self::retry(retry).await,
    }
}

async fn list(list: &AlertList) -> Result<ExitCode, Error> {
    let mut metadata = client::metadata(&list.servers).await?;
    let mut request = ListAlertsRequest {
        pipeline: list.pipeline.clone().unwrap_or_default(),
        state: list.state.map(|state| state.word().to_owned()).unwrap_or_default(),
        page_size: list.limit.clamp(1, 1_000),
        ..ListAlertsRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < list.limit {
        let page = metadata.list_alerts(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.alerts);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(list.limit as usize);
    if found.is_empty() {
        eprintln!("no such alert so far");
    } else {
        render::print(&format!("{}\n", render::alert_table(&found, render::columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn retry(retry: &AlertRetry) -> Result<ExitCode, Error> {
    let mut control = client::control(&retry.servers).await?;
    for alert in &retry.alerts {
        let request = RetryAlertRequest {
            alert_id: alert.clone(),
            idempotency_key: String::new(),
            actor: retry.by.actor.clone().unwrap_or_default(),
        };
        control.retry_alert(client::asked(request, &retry.by)).await.map_err(client::refused)?;
        render::print(&format!("{alert} is tried once more; `downbeat alert list` shows what becomes of it\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
