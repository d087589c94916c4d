//! `downbeat runs`.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::ListRunsRequest;

use super::{find, listing};
use crate::{cli::Runs, client, error::Error, render};

pub(super) async fn run(runs: &Runs) -> Result<ExitCode, Error> {
    let (from, to) = listing::window(&runs.window)?;
    let mut metadata = client::metadata(&runs.servers).await?;
    let mut request = ListRunsRequest {
        pipeline: runs.pipeline.clone().unwrap_or_default(),
        pipeline_ids: find::pipelines(&runs.pipelines, &runs.servers).await?,
        statuses: listing::words(&runs.statuses),
        environments: runs.environments.clone(),
        from,
        to,
        page_size: runs.limit.clamp(1, 1_000),
        count: runs.count,
        ..ListRunsRequest::default()
    };
    if runs.count {
        request.page_size = 1;
        return listing::total(metadata.list_runs(request).await.map_err(client::refused)?.into_inner().total);
    }
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
    if !found.is_empty() {
        render::print(&format!("{}\n", render::run_table(&found, render::columns())))?;
    } else if is_filtered(&request) {
        eprintln!("no such run so far");
    } else {
        eprintln!("no runs yet; start one with `downbeat run PIPELINE`");
    }
    Ok(ExitCode::SUCCESS)
}

fn is_filtered(request: &ListRunsRequest) -> bool {
    let filters = [&request.pipeline_ids, &request.statuses, &request.environments];
    filters.iter().any(|values| !values.is_empty()) || request.from != 0 || request.to != 0
}
