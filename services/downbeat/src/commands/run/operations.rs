//! `downbeat run operations`: what a run did inside other systems.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::ListOperationsRequest;

use crate::{cli::RunOperations, client, error::Error, render};

pub(super) async fn run(wanted: &RunOperations) -> Result<ExitCode, Error> {
    let mut metadata = client::metadata(&wanted.servers).await?;
    let mut request =
        ListOperationsRequest { run_id: wanted.run.clone(), page_size: 1_000, ..ListOperationsRequest::default() };
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
        eprintln!("nothing was reported of what it did inside other systems");
        return Ok(ExitCode::SUCCESS);
    }
    render::print(&format!("{}\n", render::operation_table(&found, render::columns())))?;
    if more {
        eprintln!("there are more than {limit}; --limit shows more of them");
    }
    Ok(ExitCode::SUCCESS)
}
