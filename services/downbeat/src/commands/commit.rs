//! `downbeat commit`: another text of a pipeline goes to a branch of its repository.
//!
//! Promises that nothing is written over which the caller has not seen: the text that the change began from goes along.

use std::process::ExitCode;

use downbeat_proto::{control::v1::CommitPipelineFileRequest, metadata::v1::GetPipelineSourceRequest};

use crate::{cli::Commit, client, error::Error, render::clean};

pub(super) async fn run(commit: &Commit) -> Result<ExitCode, Error> {
    let source = super::apply::read(&commit.file)?;
    let (pipeline, version) = (commit.pipeline.clone(), commit.base);
    let before = GetPipelineSourceRequest { pipeline: pipeline.clone(), version, at_least: None };
    let mut metadata = client::metadata(&commit.servers).await?;
    let before = metadata.get_pipeline_source(before).await.map_err(client::refused)?.into_inner();
    let request = CommitPipelineFileRequest {
        pipeline,
        source,
        base_source: Some(before.source),
        branch: commit.branch.clone().unwrap_or_default(),
        message: commit.message.clone(),
        new_branch: commit.new,
        actor: commit.by.actor.clone().unwrap_or_default(),
    };
    let mut pipelines = client::pipelines(&commit.servers).await?;
    let done = pipelines.commit_pipeline_file(client::asked(request, &commit.by)).await;
    let done = done.map_err(client::refused)?.into_inner();
    for warning in &done.warnings {
        eprintln!("warning: {}", clean(warning));
    }
    let origin = done.origin.unwrap_or_default();
    let what = if done.changed { "committed" } else { "unchanged" };
    let version = match (done.version, done.counts) {
        (0, _) => "not stored yet".to_owned(),
        (version, true) => format!("version {version}"),
        (version, false) => format!("draft {version}"),
    };
    println!(
        "{what}: pipeline `{}` is branch {}, commit {} ({version})",
        clean(&commit.pipeline),
        clean(&origin.branch),
        origin.commit
    );
    Ok(ExitCode::SUCCESS)
}
