//! `downbeat login`: one file per command.

mod end;
mod list;

use std::process::ExitCode;

use crate::{
    cli::{LoginCommand, LoginSub},
    error::Error,
};

pub(super) async fn run(command: &LoginCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        LoginSub::List(list) => list::run(list).await,
        LoginSub::End(end) => end::run(end).await,
    }
}
