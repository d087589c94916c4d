//! `downbeat sync`: a pipeline becomes what stands in its repository.

use std::process::ExitCode;

use downbeat_proto::control::v1::SyncPipelineRequest;

use crate::{cli::Sync, client, error::Error, render::clean};

pub(super) async fn run(sync: &Sync) -> Result<ExitCode, Error> {
    let request =
        SyncPipelineRequest { pipeline: sync.pipeline.clone(), actor: sync.by.actor.clone().unwrap_or_default() };
    let mut pipelines = client::pipelines(&sync.servers).await?;
    let synced = pipelines.sync_pipeline(client::asked(request, &sync.by)).await.map_err(client::refused)?.into_inner();
    for warning in &synced.warnings {
        eprintln!("warning: {warning}");
    }
    let origin = synced.origin.unwrap_or_default();
    let what = if synced.changed { "synced" } else { "unchanged" };
    println!(
        "{what}: pipeline `{}` version {} is branch {}, commit {}",
        clean(&sync.pipeline),
        synced.version,
        clean(&origin.branch),
        origin.commit
    );
    Ok(ExitCode::SUCCESS)
}
