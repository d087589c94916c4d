//! `downbeat pipeline pause`.

use std::process::ExitCode;

use downbeat_proto::control::v1::PausePipelineRequest;

use crate::{cli::PipelinePause, client, error::Error};

pub(super) async fn run(pause: &PipelinePause) -> Result<ExitCode, Error> {
    let request = PausePipelineRequest {
        pipeline: pause.pipeline.clone(),
        reason: pause.reason.clone(),
        idempotency_key: pause.key.key.clone().unwrap_or_default(),
        actor: pause.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::control(&pause.servers)
        .await?
        .pause_pipeline(client::asked(request, &pause.by))
        .await
        .map_err(client::refused)?;
    let what = if answer.into_inner().changed { "paused" } else { "paused already" };
    println!("{what}: pipeline `{}`", pause.pipeline);
    Ok(ExitCode::SUCCESS)
}
