//! `downbeat run operations`: what a run, or any, did inside other systems.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::ListOperationsRequest;

use super::{super::listing, find};
use crate::{cli::RunOperations, client, error::Error, render};

pub(super) async fn run(wanted: &RunOperations) -> Result<ExitCode, Error> {
    let (from, to) = listing::window(&wanted.window)?;
    let run_id = match &wanted.run {
        Some(run) => find::run_id(run, &wanted.servers).await?,
        None => String::new(),
    };
    let mut metadata = client::metadata(&wanted.servers).await?;
    let mut request = ListOperationsRequest {
        run_id,
        task_run_id: wanted.task_run.clone().unwrap_or_default(),
        types: listing::words(&wanted.types),
        statuses: listing::words(&wanted.statuses),
        integrations: listing::words(&wanted.integrations),
        external_ids: wanted.external_ids.clone(),
        from,
        to,
        page_size: wanted.limit.saturating_add(1).min(1_000),
        count: wanted.count,
        ..ListOperationsRequest::default()
    };
    if wanted.count {
        request.page_size = 1;
        return listing::total(metadata.list_operations(request).await.map_err(client::refused)?.into_inner().total);
    }
    let limit = wanted.limit as usize;
    let mut found = Vec::new();
    loop {
        let page = metadata.list_operations(request.clone()).await.map_err(client::refused)?.into_inner();
        let ours = |task: &str| wanted.task.as_ref().is_none_or(|only| task == only);
        found.extend(page.operations.into_iter().filter(|operation| ours(&operation.task_id)));
        if page.next_page_token.is_empty() || found.len() > limit {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let more = found.len() > limit;
    found.truncate(limit);
    if found.is_empty() {
        eprintln!("nothing of that kind was reported of what was done inside other systems");
        return Ok(ExitCode::SUCCESS);
    }
    let over_all = wanted.run.is_none() && wanted.task_run.is_none();
    render::print(&format!("{}\n", render::operation_table(&found, over_all, render::columns())))?;
    if more {
        eprintln!("there are more than {limit}; --limit shows more of them");
    }
    Ok(ExitCode::SUCCESS)
}
