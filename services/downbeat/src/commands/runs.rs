//! `downbeat runs`.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::ListRunsRequest;

use crate::{cli::Runs, client, error::Error, render};

pub(super) async fn run(runs: &Runs) -> Result<ExitCode, Error> {
    let mut metadata = client::metadata(&runs.servers).await?;
    let mut request = ListRunsRequest {
        pipeline: runs.pipeline.clone().unwrap_or_default(),
        page_size: runs.limit.clamp(1, 1_000),
        ..ListRunsRequest::default()
    };
    let mut found = Vec::new();
    while (found.len() as u32) < runs.limit {
        let page = metadata.list_runs(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.runs);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.truncate(runs.limit as usize);
    if found.is_empty() {
        eprintln!("no runs yet; start one with `downbeat run PIPELINE`");
    } else {
        render::print(&format!("{}\n", render::run_table(&found, render::columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}
