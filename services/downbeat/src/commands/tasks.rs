//! `downbeat tasks`: task runs over all runs, or of one.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::ListTaskRunsRequest;

use super::{find, listing};
use crate::{cli::Tasks, client, error::Error, render};

pub(super) async fn run(tasks: &Tasks) -> Result<ExitCode, Error> {
    let (from, to) = listing::window(&tasks.window)?;
    let run_id = match &tasks.run {
        Some(run) => find::run_id(run, &tasks.servers).await?,
        None => String::new(),
    };
    let mut metadata = client::metadata(&tasks.servers).await?;
    let mut request = ListTaskRunsRequest {
        run_id,
        pipeline_ids: find::pipelines(&tasks.pipelines, &tasks.servers).await?,
        task_run_ids: tasks.ids.clone(),
        statuses: listing::words(&tasks.statuses),
        integrations: listing::words(&tasks.integrations),
        from,
        to,
        page_size: tasks.limit.clamp(1, 1_000),
        count: tasks.count,
        ..ListTaskRunsRequest::default()
    };
    if tasks.count {
        request.page_size = 1;
        return listing::total(metadata.list_task_runs(request).await.map_err(client::refused)?.into_inner().total);
    }
    let mut found = Vec::new();
    while (found.len() as u32) < tasks.limit {
        let page = metadata.list_task_runs(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.task_runs);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(tasks.limit as usize);
    if found.is_empty() {
        eprintln!("no such task run so far");
    } else {
        render::print(&format!("{}\n", render::task_run_table(&found, render::columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}
