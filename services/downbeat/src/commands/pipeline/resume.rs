//! `downbeat pipeline resume`.

use std::process::ExitCode;

use downbeat_proto::control::v1::ResumePipelineRequest;

use crate::{cli::PipelineResume, client, error::Error};

pub(super) async fn run(resume: &PipelineResume) -> Result<ExitCode, Error> {
    let request = ResumePipelineRequest {
        pipeline: resume.pipeline.clone(),
        idempotency_key: resume.key.key.clone().unwrap_or_default(),
        actor: resume.by.actor.clone().unwrap_or_default(),
    };
    let answer = client::control(&resume.servers)
        .await?
        .resume_pipeline(client::asked(request, &resume.by))
        .await
        .map_err(client::refused)?;
    let what = if answer.into_inner().changed { "resumed" } else { "not paused" };
    println!("{what}: pipeline `{}`", resume.pipeline);
    Ok(ExitCode::SUCCESS)
}
