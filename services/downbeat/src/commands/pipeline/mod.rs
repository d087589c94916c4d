//! `downbeat pipeline`: one file per command.

mod delete;
mod health;
mod list;
mod pause;
mod resume;
mod show;

use std::process::ExitCode;

use crate::{
    cli::{PipelineCommand, PipelineSub},
    error::Error,
};

pub(super) async fn run(command: &PipelineCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        PipelineSub::List(list) => list::run(list).await,
        PipelineSub::Show(show) => show::run(show).await,
        PipelineSub::Health(health) => health::run(health).await,
        PipelineSub::Pause(pause) => pause::run(pause).await,
        PipelineSub::Resume(resume) => resume::run(resume).await,
        PipelineSub::Delete(delete) => delete::run(delete).await,
    }
}
