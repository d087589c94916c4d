//! `downbeat pipeline show`.

use std::process::ExitCode;

use downbeat_proto::{control::v1::GetPipelineSyncRequest, metadata::v1::GetPipelineSourceRequest};

use crate::{
    cli::PipelineShow,
    client,
    error::Error,
    render::{pipeline_lines, print},
};

pub(super) async fn run(show: &PipelineShow) -> Result<ExitCode, Error> {
    let mut metadata = client::metadata(&show.servers).await?;
    let request = GetPipelineSourceRequest { pipeline: show.pipeline.clone(), ..Default::default() };
    let found = metadata.get_pipeline_source(request).await.map_err(client::refused)?.into_inner();
    let pipeline = found.pipeline.unwrap_or_default();
    let in_repository = pipeline.storage.as_ref().is_some_and(|storage| !storage.repository.is_empty());
    let sync = if in_repository {
        let request = GetPipelineSyncRequest { pipeline: pipeline.id.clone() };
        let asked = client::pipelines(&show.servers).await?.get_pipeline_sync(request).await;
        Some(asked.map_err(client::refused)?.into_inner())
    } else {
        None
    };
    print(&format!("{}\n", pipeline_lines(&pipeline, found.origin.as_ref(), sync.as_ref()).join("\n")))?;
    Ok(ExitCode::SUCCESS)
}
