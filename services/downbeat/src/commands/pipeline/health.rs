//! `downbeat pipeline health`.

use std::process::ExitCode;

use downbeat_proto::control::v1::GetPipelineHealthRequest;

use crate::{
    cli::PipelineHealth,
    client,
    error::Error,
    render::{clean, columns, health_lines, print},
};

pub(super) async fn run(arguments: &PipelineHealth) -> Result<ExitCode, Error> {
    let request = GetPipelineHealthRequest { pipeline: arguments.pipeline.clone() };
    let answer = client::control(&arguments.servers).await?.get_pipeline_health(request).await;
    let health = answer.map_err(client::refused)?.into_inner();
    let lines = health_lines(&health, columns());
    if lines.is_empty() {
        let name = clean(&arguments.pipeline);
        eprintln!(
            "{name} watches no asset, has no deadline, no asset trigger and no budget (docs/assets.md, docs/cost.md)"
        );
    } else {
        print(&format!("{}\n", lines.join("\n")))?;
    }
    Ok(ExitCode::SUCCESS)
}
