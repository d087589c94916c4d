//! `downbeat trigger`: one file per command.

mod dead;
mod publish;

use std::process::ExitCode;

use crate::{
    cli::{TriggerCommand, TriggerSub},
    error::Error,
};

pub(super) async fn run(command: &TriggerCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        TriggerSub::Publish(publish) => publish::run(publish).await,
        TriggerSub::Dead(dead) => dead::run(dead).await,
    }
}
