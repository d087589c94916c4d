//! `downbeat key`: one file per command.

mod create;
mod list;
mod revoke;

use std::process::ExitCode;

use crate::{
    cli::{KeyCommand, KeySub},
    error::Error,
};

pub(super) async fn run(command: &KeyCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        KeySub::Create(create) => create::run(create).await,
        KeySub::List(list) => list::run(list).await,
        KeySub::Revoke(revoke) => revoke::run(revoke).await,
    }
}
