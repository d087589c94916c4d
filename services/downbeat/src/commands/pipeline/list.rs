//! `downbeat pipeline list`.

use std::process::ExitCode;

use downbeat_proto::metadata::v1::ListPipelinesRequest;

use crate::{
    cli::PipelineList,
    client,
    error::Error,
    render::{columns, pipeline_table, print},
};

/// Pipelines that are asked for at once.
const PAGE: u32 = 1_000;

pub(super) async fn run(list: &PipelineList) -> Result<ExitCode, Error> {
    let mut metadata = client::metadata(&list.servers).await?;
    let mut request = ListPipelinesRequest { page_size: PAGE, ..ListPipelinesRequest::default() };
    let mut found = Vec::new();
    loop {
        let page = metadata.list_pipelines(request.clone()).await.map_err(client::refused)?.into_inner();
        found.extend(page.pipelines);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    if found.is_empty() {
        eprintln!("no pipelines yet; apply one with `downbeat apply FILE`");
    } else {
        print(&format!("{}\n", pipeline_table(&found, columns())))?;
    }
    Ok(ExitCode::SUCCESS)
}
